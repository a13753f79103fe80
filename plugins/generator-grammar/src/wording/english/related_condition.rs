//! Filters in words that go across a relation: "singers who performed in concerts in 2014".

use super::comparison::amount;
use super::condition::Phrase;
use super::phrase::Phraser;
use super::value::{self, say};
use super::verb::{between, is_place};
use crate::grammar::{Attribute, Filter, Kinship, Relation, Test};
use crate::random::Draw;
use crate::sql::Compare;
use nl2sql_schema::Role;
use nl2sql_schema::inflect::with_article;

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
            draw.pick(&[
                format!("{} {value}", noun.one),
                format!("the {} {value}", noun.one),
                // A name alone would be taken for another thing of its own kind.
                if relation.from == relation.to {
                    format!("{} {value}", noun.one)
                } else {
                    value.clone()
                },
            ])
            .cloned()
        } else {
            let parts = self.join(&self.phrases(inner, relation.to, draw), 1, false);
            let one = self.join(&self.phrases(inner, relation.to, draw), 0, false);
            draw.pick(&[
                format!("{} {parts}", noun.many),
                format!("{} {parts}", noun.many),
                format!("{} {one}", with_article(&noun.one)),
            ])
            .cloned()
        }
        .unwrap_or_default();
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
        }
    }

    /// Rows by the one row they belong to.
    fn with_parent(
        &self,
        relation: &Relation,
        inner: &[Filter],
        noun: &nl2sql_schema::Noun,
        named: bool,
        draw: &mut Draw,
    ) -> Phrase {
        if relation.from == relation.to && self.reports(relation).is_some() {
            return self.answering_to(relation, inner, draw);
        }
        let subject = self.noun_of(relation.from).one.as_str();
        if !named && draw.chance(0.5) {
            let predicate = self.join_predicates(&self.phrases(inner, relation.to, draw), 0);
            let parts = self.join(&self.phrases(inner, relation.to, draw), 0, false);
            let have = format!("{} {parts}", with_article(&noun.one));
            return Phrase::whose(&noun.one, &predicate, &have);
        }
        let object = if named {
            let value = inner
                .first()
                .map_or(String::new(), |filter| self.named_value(filter, draw));
            // People and places are known by their names alone; of other things a name does not say what they are.
            let alone = self.schema.tables[relation.to].person || is_place(&noun.one);
            let shortest = if alone {
                value.clone()
            } else {
                format!("the {} {value}", noun.one)
            };
            draw.pick(&[
                format!("{} {value}", noun.one),
                format!("the {} {value}", noun.one),
                shortest,
            ])
            .cloned()
        } else {
            let many = self.join(&self.phrases(inner, relation.to, draw), 1, false);
            let one = self.join(&self.phrases(inner, relation.to, draw), 0, false);
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
        } else if is_place(&noun.one) && (!object.contains(&noun.one) || draw.chance(0.7)) {
            ("in", format!("in {object}"))
        } else {
            let preposition = *draw.pick(&["of", "for", "with", "of", "belonging to"]).unwrap_or(&"of");
            let predicate = if preposition == "belonging to" || preposition == "of" {
                return Phrase {
                    behind: [format!("{preposition} {object}"), format!("{preposition} {object}")],
                    predicate: [format!("belongs to {object}"), format!("belong to {object}")],
                };
            } else if preposition == "with" {
                return Phrase {
                    behind: [format!("with {object}"), format!("with {object}")],
                    predicate: [format!("has {object}"), format!("have {object}")],
                };
            } else {
                format!("for {object}")
            };
            (preposition, predicate)
        };
        Phrase {
            behind: [format!("{behind} {object}"), format!("{behind} {object}")],
            predicate: [format!("is {predicate}"), format!("are {predicate}")],
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
                let one = self.join(&self.phrases(inner, relation.to, draw), 0, false);
                format!("{} {one}", with_article(&noun.one))
            }
        };
        let who = self.who(relation.from);
        Phrase {
            behind: [format!("{who} reports to {whom}"), format!("{who} report to {whom}")],
            predicate: [format!("reports to {whom}"), format!("report to {whom}")],
        }
    }

    /// Rows without related ones: "without any concerts in 2014".
    pub fn lacking(&self, relation: &Relation, inner: &[Filter], draw: &mut Draw) -> Phrase {
        let noun = self.relation_noun(relation);
        let verb = between(&self.noun_of(relation.from).one, &noun.one);
        let restriction = self.join(&self.phrases(inner, relation.to, draw), 1, false);
        let objects = format!("{} {restriction}", noun.many);
        let objects = objects.trim_end();
        let who = self.who(relation.from);
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
        }
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
