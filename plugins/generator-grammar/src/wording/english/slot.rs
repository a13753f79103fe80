//! Which words go into which slot of a template.

use super::phrase::{Phraser, pick};
use super::value;
use super::verb::{between, is_place};
use crate::grammar::Kinship;
use crate::random::Draw;
use nl2sql_schema::inflect::with_article;
use nl2sql_schema::{Column, Role};

impl Phraser<'_> {
    /// The text of a slot.
    pub fn slot(&self, name: &str, draw: &mut Draw) -> String {
        let ask = self.ask;
        let noun = self.noun_of(ask.subject);
        match name {
            "S" => noun.one.clone(),
            "Ss" => noun.many.clone(),
            "O" => self.object().one,
            "Os" => self.object().many,
            "A" => self.attributes(self.own_shown(), true, draw),
            "a" => self.attributes(self.own_shown(), false, draw),
            "SA" => self.compound(self.own_shown(), draw),
            "OA" => self.attributes(self.their_shown(), true, draw),
            "Oa" => self.attributes(self.their_shown(), false, draw),
            "OA_full" => self.fulls_of(self.their_shown(), Some(&self.object().one)),
            "Alone1" => self.fulls(&ask.shown[..1]),
            "Alone2" => self.fulls(&ask.shown[1..]),
            "A1" => self.name_at(0),
            "A2" => self.name_at(1),
            "B" => self.by(false, draw),
            "Bs" => self.by(true, draw),
            "SB" => ask.by.map_or(String::new(), |by| self.compound(&[by], draw)),
            "c" => self.restriction(&ask.filters, 1, draw),
            "c1" => self.restriction(&ask.filters, 0, draw),
            // "who are from France and also", "who have an age above 30 but do not"
            "cand" if ask.filters.is_empty() => self.who(ask.subject).to_owned(),
            "cand" => format!(
                "{} {} and also",
                self.who(ask.subject),
                self.predicate(&ask.filters, 1, draw)
            ),
            "candnot" if ask.filters.is_empty() => format!("{} do not", self.who(ask.subject)),
            "candnot" => format!(
                "{} {} but do not",
                self.who(ask.subject),
                self.predicate(&ask.filters, 1, draw)
            ),
            "p" => self.predicate(&ask.filters, 1, draw),
            "p1" => self.predicate(&ask.filters, 0, draw),
            "op" => self.predicate(&ask.other_filters, 1, draw),
            "oc" => self.restriction(&ask.other_filters, 1, draw),
            "oc1" => self.restriction(&ask.other_filters, 0, draw),
            "v" => self.looked_up(draw),
            "n" => value::count(&ask.limit.to_string(), draw),
            "bn" => ask.bound.as_ref().map_or(String::new(), |bound| bound.1.clone()),
            "bound_S" => self.bounded(noun, draw),
            "bound_O" => self.bounded(&self.object(), draw),
            "cmp" => self.beyond_bound(draw),
            "who" => self.who(ask.subject).to_owned(),
            "ask" => imperative(draw).to_owned(),
            "give" => self.request(draw),
            "find" => pick(draw, &["find", "show", "list", "give", "return"]).to_owned(),
            "is_a" => self.is_or_are(&ask.shown, draw),
            "is_agg" if ask.aggregates.len() == 1 => "is".to_owned(),
            "is_agg" => pick(draw, &["is", "are", "are"]).to_owned(),
            "a_B" => with_article(&self.by(false, draw)),
            "a_O" => with_article(&self.object().one),
            "its" => self.its(ask.subject).to_owned(),
            "there_is" => if self.bounds_one() { "there is" } else { "there are" }.to_owned(),
            "who_is" => if self.schema.tables[ask.subject].person {
                "Who is"
            } else {
                "What is the name of"
            }
            .to_owned(),
            "sort" => pick(draw, &["Sort", "Order", "Sort"]).to_owned(),
            _ => self.aggregate_slot(name, draw),
        }
    }

    /// Slots about aggregates and extremes.
    fn aggregate_slot(&self, name: &str, draw: &mut Draw) -> String {
        let ask = self.ask;
        match name {
            "agg" => self.aggregates(&ask.aggregates, draw),
            "how_agg" => self.how(draw),
            "M" => ask
                .aggregates
                .first()
                .map_or(String::new(), |(_, of)| self.attribute_name(*of, draw)),
            "a_M" => ask
                .aggregates
                .first()
                .map_or(String::new(), |(_, of)| with_article(&self.attribute_name(*of, draw))),
            "ext_M" => ask.aggregates.first().map_or(String::new(), |(_, of)| {
                format!("{} {}", self.extreme(*of, draw), self.attribute_name(*of, draw))
            }),
            "ext_agg" => self.extreme_aggregate(draw),
            "of_Os" => {
                let many = self.object().many;
                let restriction = self.restriction(&ask.other_filters, 1, draw);
                pick(draw, &["of ^ #", "across ^ #", "over all ^ #"])
                    .replace('^', self.its(ask.subject))
                    .replace('#', &format!("{many} {restriction}"))
            }
            "most_common" => {
                let words: &[&str] = if ask.descending {
                    &["most common", "most frequent", "most common"]
                } else {
                    &["least common", "least frequent"]
                };
                pick(draw, words).to_owned()
            }
            "most" => if ask.descending { "most" } else { "fewest" }.to_owned(),
            "most_n" => {
                let words: &[&str] = if ask.descending {
                    &[
                        "most",
                        "most",
                        "largest number of",
                        "greatest number of",
                        "highest number of",
                    ]
                } else {
                    &["fewest", "least number of", "smallest number of", "lowest number of"]
                };
                pick(draw, words).to_owned()
            }
            "most_first" => {
                let words: &[&str] = if ask.descending {
                    &["in descending order", "from most to least", "in decreasing order"]
                } else {
                    &["in ascending order", "from least to most", "in increasing order"]
                };
                pick(draw, words).to_owned()
            }
            "from_most" => {
                let words: &[&str] = if ask.descending {
                    &[
                        "from highest to lowest",
                        "in descending order",
                        "with the highest first",
                    ]
                } else {
                    &["from lowest to highest", "in ascending order", "with the lowest first"]
                };
                pick(draw, words).to_owned()
            }
            "longest" => if ask.descending { "longest" } else { "shortest" }.to_owned(),
            _ => self.order_slot(name, draw),
        }
    }

    /// Slots about sorting and superlatives.
    fn order_slot(&self, name: &str, draw: &mut Draw) -> String {
        match name {
            "sup" => self.superlative(1, draw),
            "sup_n" => self.superlative(self.ask.limit as usize, draw),
            "is_sup" => self.is_superlative(false, draw),
            "are_sup" => self.is_superlative(true, draw),
            "ext" => self.ask.by.map_or(String::new(), |by| self.extreme(by, draw)),
            "dir" => self.direction(false, draw),
            "dir_only" => self.direction(true, draw),
            "for_B" => self
                .ask
                .by
                .map_or("for", |by| group_preposition(self.column(by), draw))
                .to_owned(),
            "beyond_avg" => self.beyond_average(draw).behind[1].clone(),
            "is_beyond_avg" => self.beyond_average(draw).predicate[1].clone(),
            "than_any" | "than_the" | "with_than_any" | "than_the_a" => self.beyond_group(name, draw),
            _ => self.relation_slot(name, draw),
        }
    }

    /// Slots about relations.
    fn relation_slot(&self, name: &str, draw: &mut Draw) -> String {
        let Some(relation) = &self.ask.other else {
            return String::new();
        };
        let object = self.object();
        let verb = between(&self.noun_of(relation.from).one, &object.one);
        match name {
            "verb_p" => verb.many.to_owned(),
            "verb_s" => verb.one.to_owned(),
            "they_have" => {
                let text = pick(
                    draw,
                    &["they #", "they have", "each has", "for each", "of each", "each ?"],
                );
                text.replace('#', verb.many).replace('?', verb.one)
            }
            "it_has" if self.schema.tables[relation.from].person => {
                pick(draw, &["they have", "they #"]).replace('#', verb.many)
            }
            "it_has" => pick(draw, &["it has", "it ?"]).replace('?', verb.one),
            "their_O" if relation.is_single() => format!("their {}", object.many),
            "their_O" if verb.many == "have" => format!("their {}", object.many),
            "their_O" => pick(draw, &["their #", "the # they ?"])
                .replace('#', &object.many)
                .replace('?', verb.many),
            // "the employee they report to", but "their manager"
            "its_O" | "role_of" if object.one.ends_with(" to") => format!("the {}", object.one),
            "its_O" if relation.is_single() => format!("{} {}", self.its(relation.from), object.one),
            "its_O" => format!("each of {} {}", self.its(relation.from), object.many),
            "none" => self.without(relation, false, draw),
            "do_none" => self.without(relation, true, draw),
            "both" => self.both(relation, false, draw),
            "do_both" => self.both(relation, true, draw),
            "of_sup_O" => {
                let superlative = self.superlative_of(relation.to, &object, 1, &[], draw);
                let preposition = match (relation.is_single(), is_place(&object.one)) {
                    _ if relation.kinship == Kinship::Counterpart => "with",
                    (true, true) => "in",
                    (true, false) => pick(draw, &["of", "of", "with"]),
                    (false, _) => "with",
                };
                format!("{preposition} {superlative}")
            }
            "has_sup_O" => {
                let superlative = self.superlative_of(relation.to, &object, 1, &[], draw);
                let has = match (relation.is_single(), is_place(&object.one)) {
                    _ if relation.kinship == Kinship::Counterpart => "has",
                    (true, true) => "is in",
                    (true, false) => pick(draw, &["has", "belongs to"]),
                    (false, _) => pick(draw, &["has", verb.one]),
                };
                format!("{has} {superlative}")
            }
            "junction" => self.junction().one.clone(),
            "first_role" => self.role_across(relation, 0),
            "second_role" => self.role_across(relation, 1),
            "role" => object.one,
            "roles" => object.many,
            "role_of" => format!("{} {}", self.its(relation.from), object.one),
            _ => String::new(),
        }
    }
}

fn imperative(draw: &mut Draw) -> &'static str {
    pick(
        draw,
        &[
            "Find",
            "Find",
            "Find",
            "Show",
            "Show",
            "Show",
            "List",
            "List",
            "List",
            "Return",
            "Return",
            "Give",
            "Give me",
            "Tell me",
            "Please show",
            "Show me",
            "Display",
            "Get",
        ],
    )
}

fn group_preposition(column: &Column, draw: &mut Draw) -> &'static str {
    let name = column.noun.one.as_str();
    let place = ["country", "city", "state", "region", "location", "continent", "county"];
    if matches!(column.role, Role::Year | Role::Date)
        || place.iter().any(|place| name.ends_with(place)) && !name.contains(" of ")
    {
        pick(draw, &["in", "for"])
    } else {
        "for"
    }
}
