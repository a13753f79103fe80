//! Filters in words that go across a relation: "singers who performed in concerts in 2014".

use super::comparison::amount;
use super::condition::Phrase;
use super::phrase::Phraser;
use super::value::{self, say};
use super::verb::{HAVE, between, is_known_by_name, is_place};
use crate::grammar::{Attribute, Filter, Kinship, Relation, Test};
use crate::random::Draw;
use crate::sql::Compare;
use nl2sql_schema::inflect::with_article;
use nl2sql_schema::{Noun, Role};

impl Phraser<'_> {
    /// Rows by what they are related to.
    pub fn related(&self, relation: &Relation, inner: &[Filter], draw: &mut Draw) -> Phrase {
        let noun = self.relation_noun(relation);
        let subject = self.noun_of(relation.from).one.as_str();
        let named = matches!(inner, [Filter::Own(attribute, test)] if self.names(relation.to, *attribute, test));
        if relation.is_single() {
            return self.with_parent(relation, inner, &noun, named, draw);
        }
        let verb = between(subject, &noun.one);
        let who = self.who(relation.from);
        let object = if named {
            let value = inner
                .first()
                .map_or(String::new(), |filter| self.named_value(filter, draw));
            // A name alone would be taken for another thing of its own kind.
            let alone = self.goes_by_name(relation.to, &noun) && relation.from != relation.to;
            Some(match alone && draw.chance(0.35) {
                true => value,
                false => format!("the {} {value}", noun.one),
            })
        } else {
            let parts = self.join(&self.phrases(inner, relation.to, draw), 1);
            let one = self.join(&self.phrases(inner, relation.to, draw), 0);
            draw.pick(&[
                format!("{} {parts}", noun.many),
                format!("{} {parts}", noun.many),
                format!("{} {one}", with_article(&noun.one)),
            ])
            .cloned()
        }
        .unwrap_or_default();
        // "pets owned by students", where students own pets
        let passive = between(&noun.one, subject).passive;
        if std::ptr::eq(verb, &HAVE) && !passive.is_empty() && !relation.names_children(self.schema) {
            let done = format!("{passive} {object}");
            return Phrase {
                behind: [done.clone(), done.clone()],
                predicate: [format!("is {done}"), format!("are {done}")],
                across: None,
            };
        }
        let behind = match draw.below(8) {
            0..=2 => [
                format!("{who} {} {object}", verb.one),
                format!("{who} {} {object}", verb.many),
            ],
            3 => [format!("{who} has {object}"), format!("{who} have {object}")],
            4 if !named => [format!("having {object}"), format!("having {object}")],
            5 if relation.kinship == Kinship::Through && is_place(&noun.one) => {
                [format!("in {object}"), format!("in {object}")]
            }
            _ => [format!("with {object}"), format!("with {object}")],
        };
        Phrase {
            behind,
            predicate: [format!("{} {object}", verb.one), format!("{} {object}", verb.many)],
            across: None,
        }
    }

    /// Rows by the one row they belong to.
    fn with_parent(&self, relation: &Relation, inner: &[Filter], noun: &Noun, named: bool, draw: &mut Draw) -> Phrase {
        if relation.from == relation.to && self.reports(relation).is_some() {
            return self.answering_to(relation, inner, draw);
        }
        let subject = self.noun_of(relation.from).one.as_str();
        if !named && draw.chance(0.5) {
            let predicate = self.join_predicates(&self.phrases(inner, relation.to, draw), 0);
            let parts = self.join(&self.phrases(inner, relation.to, draw), 0);
            let have = format!("{} {parts}", with_article(&noun.one));
            return Phrase::whose(&noun.one, &predicate, &have);
        }
        if relation.kinship == Kinship::Counterpart {
            return self.with_counterpart(relation, inner, noun, named, draw);
        }
        let object = if named {
            let value = inner
                .first()
                .map_or(String::new(), |filter| self.named_value(filter, draw));
            Some(match self.goes_by_name(relation.to, noun) && draw.chance(0.35) {
                true => value,
                false => format!("the {} {value}", noun.one),
            })
        } else {
            let many = self.join(&self.phrases(inner, relation.to, draw), 1);
            let one = self.join(&self.phrases(inner, relation.to, draw), 0);
            draw.pick(&[
                format!("{} {many}", noun.many),
                format!("{} {one}", with_article(&noun.one)),
            ])
            .cloned()
        }
        .unwrap_or_default();
        let phrase = match relation.hops.as_slice() {
            [hop] => self.schema.links[hop.link].phrase.as_deref(),
            _ => None,
        };
        let passive = phrase.unwrap_or_else(|| between(&self.noun_of(relation.to).one, subject).passive);
        let (behind, predicate) = if !passive.is_empty() && draw.chance(0.6) {
            (passive, format!("{} {object}", passive))
        } else if is_place(&noun.one) {
            ("in", format!("in {object}"))
        } else {
            let preposition = *draw.pick(&["of", "for", "with", "of", "belonging to"]).unwrap_or(&"of");
            let predicate = if preposition == "belonging to" || preposition == "of" {
                return Phrase {
                    behind: [format!("{preposition} {object}"), format!("{preposition} {object}")],
                    predicate: [format!("belongs to {object}"), format!("belong to {object}")],
                    across: None,
                };
            } else if preposition == "with" {
                return Phrase {
                    behind: [format!("with {object}"), format!("with {object}")],
                    predicate: [format!("has {object}"), format!("have {object}")],
                    across: None,
                };
            } else {
                format!("for {object}")
            };
            (preposition, predicate)
        };
        Phrase {
            behind: [format!("{behind} {object}"), format!("{behind} {object}")],
            predicate: [format!("is {predicate}"), format!("are {predicate}")],
            across: None,
        }
    }

    /// Rows by the one row that refers to each by a key of its own: "with a passport issued in 2020".
    fn with_counterpart(
        &self,
        relation: &Relation,
        inner: &[Filter],
        noun: &Noun,
        named: bool,
        draw: &mut Draw,
    ) -> Phrase {
        let object = match inner.first() {
            Some(filter) if named => format!("the {} {}", noun.one, self.named_value(filter, draw)),
            _ => {
                let tests = self.join(&self.phrases(inner, relation.to, draw), 0);
                format!("{} {tests}", with_article(&noun.one))
            }
        };
        Phrase {
            behind: [format!("with {object}"), format!("with {object}")],
            predicate: [format!("has {object}"), format!("have {object}")],
            across: None,
        }
    }

    /// "who report to employees in Oslo"
    fn answering_to(&self, relation: &Relation, inner: &[Filter], draw: &mut Draw) -> Phrase {
        let noun = self.noun_of(relation.to);
        let whom = match inner {
            [Filter::Own(attribute, test)] if self.names(relation.to, *attribute, test) => {
                format!("the {} {}", noun.one, self.named_value(&inner[0], draw))
            }
            _ => {
                let one = self.join(&self.phrases(inner, relation.to, draw), 0);
                format!("{} {one}", with_article(&noun.one))
            }
        };
        let who = self.who(relation.from);
        Phrase {
            behind: [format!("{who} reports to {whom}"), format!("{who} report to {whom}")],
            predicate: [format!("reports to {whom}"), format!("report to {whom}")],
            across: None,
        }
    }

    /// Rows without related ones: "without any concerts in 2014".
    pub fn lacking(&self, relation: &Relation, inner: &[Filter], draw: &mut Draw) -> Phrase {
        let noun = self.relation_noun(relation);
        let verb = between(&self.noun_of(relation.from).one, &noun.one);
        let who = self.who(relation.from);
        if relation.kinship == Kinship::Counterpart {
            let restriction = self.join(&self.phrases(inner, relation.to, draw), 0);
            let object = format!("{} {restriction}", noun.one);
            let object = object.trim_end();
            let (one, many) = (format!("has no {object}"), format!("have no {object}"));
            let behind = match draw.below(3) {
                0 => [format!("{who} {one}"), format!("{who} {many}")],
                1 => [format!("with no {object}"), format!("with no {object}")],
                _ => {
                    let without = format!("without {}", with_article(object));
                    [without.clone(), without]
                }
            };
            return Phrase {
                behind,
                predicate: [one, many],
                across: None,
            };
        }
        let restriction = self.join(&self.phrases(inner, relation.to, draw), 1);
        let objects = format!("{} {restriction}", noun.many);
        let objects = objects.trim_end();
        let (one, many) = match draw.below(5) {
            0 => (
                format!("does not {} any {objects}", verb.many),
                format!("do not {} any {objects}", verb.many),
            ),
            1 => (
                format!("has never {} any {objects}", verb.participle),
                format!("have never {} any {objects}", verb.participle),
            ),
            2 => (
                format!("does not have any {objects}"),
                format!("do not have any {objects}"),
            ),
            _ => (format!("has no {objects}"), format!("have no {objects}")),
        };
        let behind = match draw.below(5) {
            0 => [format!("without any {objects}"), format!("without any {objects}")],
            1 => [format!("without {objects}"), format!("without {objects}")],
            2 => [format!("with no {objects}"), format!("with no {objects}")],
            _ => [format!("{who} {one}"), format!("{who} {many}")],
        };
        Phrase {
            behind,
            predicate: [one, many],
            across: None,
        }
    }

    /// Rows by the number of related ones: "with at least two concerts".
    pub fn counted(&self, relation: &Relation, bound: &(Compare, String), draw: &mut Draw) -> Phrase {
        let noun = self.relation_noun(relation);
        let verb = between(&self.noun_of(relation.from).one, &noun.one);
        let objects = if bound.1 == "1" { &noun.one } else { &noun.many };
        let text = format!("{} {objects}", amount(bound.0, &value::count(&bound.1, draw), draw));
        if draw.chance(0.4) {
            let who = self.who(relation.from);
            return Phrase {
                behind: [
                    format!("{who} {} {text}", verb.one),
                    format!("{who} {} {text}", verb.many),
                ],
                predicate: [format!("{} {text}", verb.one), format!("{} {text}", verb.many)],
                across: None,
            };
        }
        Phrase::have(&text, self.who(relation.from), draw)
    }

    /// Rows by the extreme row that they belong to: "of the largest stadium".
    pub fn of_extreme(&self, relation: &Relation, by: Attribute, descending: bool, draw: &mut Draw) -> Phrase {
        let noun = self.relation_noun(relation);
        let superlative = self.superlative_by((relation.to, &noun), (by, descending), 1, &[], draw);
        let superlative = superlative.split_whitespace().collect::<Vec<_>>().join(" ");
        let (behind, predicate) = match (is_place(&noun.one), draw.below(2)) {
            (true, _) => (format!("in {superlative}"), ["is in", "are in"]),
            (false, 0) => (format!("of {superlative}"), ["belongs to", "belong to"]),
            (false, _) => (format!("belonging to {superlative}"), ["belongs to", "belong to"]),
        };
        Phrase {
            behind: [behind.clone(), behind],
            predicate: predicate.map(|verb| format!("{verb} {superlative}")),
            across: None,
        }
    }

    /// People and places are known by their names alone; of other things a name does not say what they are.
    fn goes_by_name(&self, table: usize, noun: &Noun) -> bool {
        self.schema.tables[table].person || is_known_by_name(&noun.one)
    }

    /// The test picks rows by their name.
    pub fn names(&self, table: usize, attribute: Attribute, test: &Test) -> bool {
        let table = &self.schema.tables[table];
        let by_label = table.label.len() == 1 && table.label[0] == attribute.column;
        matches!(test, Test::Compare(Compare::Equal, _)) && by_label && self.is_name(attribute)
    }

    /// The column is called a name, so that its value alone says which row is meant.
    pub fn is_name(&self, attribute: Attribute) -> bool {
        let column = self.column(attribute);
        let last = column.noun.one.rsplit(' ').next().unwrap_or_default();
        column.role == Role::Name && matches!(last, "name" | "title")
    }

    /// The name that the filter asks for.
    pub fn named_value(&self, filter: &Filter, draw: &mut Draw) -> String {
        match filter {
            Filter::Own(_, Test::Compare(_, literal)) => say(literal, draw),
            _ => String::new(),
        }
    }
}
