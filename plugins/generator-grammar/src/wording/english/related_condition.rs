//! Filters in words that go across a relation: "singers who performed in concerts in 2014".

use super::condition::Phrase;
use super::phrase::Phraser;
use super::value::say;
use super::verb::{between, is_place};
use crate::grammar::{Attribute, Kinship, Relation, Test};
use crate::random::Draw;
use crate::sql::Compare;
use nl2sql_schema::Role;
use nl2sql_schema::inflect::with_article;

impl Phraser<'_> {
    /// Rows by what they are related to.
    pub fn related(&self, relation: &Relation, tests: &[(Attribute, Test)], draw: &mut Draw) -> Phrase {
        let noun = self.relation_noun(relation);
        let subject = self.noun_of(relation.from).one.as_str();
        let named = tests.len() == 1 && self.names(relation.to, &tests[0]);
        if relation.is_single() {
            return self.with_parent(relation, tests, &noun, named, draw);
        }
        let verb = between(subject, &noun.one);
        let who = self.who(relation.from);
        let object = if named {
            let value = self.named_value(tests, draw);
            draw.pick(&[
                format!("{} {value}", noun.one),
                format!("the {} {value}", noun.one),
                value.clone(),
            ])
            .cloned()
        } else {
            let parts = self.join(&self.phrases(tests, relation.to, draw), 1, false);
            let one = self.join(&self.phrases(tests, relation.to, draw), 0, false);
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
        tests: &[(Attribute, Test)],
        noun: &nl2sql_schema::Noun,
        named: bool,
        draw: &mut Draw,
    ) -> Phrase {
        let subject = self.noun_of(relation.from).one.as_str();
        if !named && draw.chance(0.5) {
            let predicate = self.join_predicates(&self.phrases(tests, relation.to, draw), 0);
            let parts = self.join(&self.phrases(tests, relation.to, draw), 0, false);
            let have = format!("{} {parts}", with_article(&noun.one));
            return Phrase::whose(&noun.one, &predicate, &have);
        }
        let object = if named {
            let value = self.named_value(tests, draw);
            draw.pick(&[
                format!("{} {value}", noun.one),
                format!("the {} {value}", noun.one),
                value.clone(),
            ])
            .cloned()
        } else {
            let many = self.join(&self.phrases(tests, relation.to, draw), 1, false);
            let one = self.join(&self.phrases(tests, relation.to, draw), 0, false);
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
        } else if is_place(&noun.one) && draw.chance(0.7) {
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

    /// The test picks rows by their name.
    pub fn names(&self, table: usize, (attribute, test): &(Attribute, Test)) -> bool {
        let table = &self.schema.tables[table];
        let by_label = table.label.len() == 1 && table.label[0] == attribute.column;
        matches!(test, Test::Compare(Compare::Equal, _)) && by_label && self.is_name(*attribute)
    }

    /// The column is called a name, so that its value alone says which row is meant.
    pub fn is_name(&self, attribute: Attribute) -> bool {
        let column = self.column(attribute);
        let last = column.noun.one.rsplit(' ').next().unwrap_or_default();
        column.role == Role::Name && matches!(last, "name" | "title")
    }

    /// The name that the first test asks for.
    pub fn named_value(&self, tests: &[(Attribute, Test)], draw: &mut Draw) -> String {
        match tests.first() {
            Some((_, Test::Compare(_, literal))) => say(literal, draw),
            _ => String::new(),
        }
    }
}
