//! Filters in words: behind a noun ("singers from France") and as a predicate ("are from France").

use super::comparison::{amount, comparison, flag, year};
use super::phrase::{Phraser, pick};
use super::scale::scale;
use super::value::{quoted, say, say_of};
use super::verb::is_place;
use crate::grammar::{Attribute, Filter, Test};
use crate::random::Draw;
use crate::sql::{Compare, Literal};
use nl2sql_schema::Role;
use nl2sql_schema::inflect::{is_plural_phrase, singular, with_article};

/// A restriction in the forms that sentences need; first singular, then plural.
pub struct Phrase {
    /// Behind the noun.
    pub behind: [String; 2],
    /// As predicate.
    pub predicate: [String; 2],
    /// It tells of rows of another table: "who" or "that", for the rows that it restricts.
    pub across: Option<&'static str>,
}

impl Phrase {
    /// "from France", "are from France"
    fn be(text: &str) -> Self {
        Self {
            behind: [text.to_owned(), text.to_owned()],
            predicate: [format!("is {text}"), format!("are {text}")],
            across: None,
        }
    }

    /// "with a price of 3", "have a price of 3"
    pub fn have(text: &str, who: &str, draw: &mut Draw) -> Self {
        let behind = match draw.below(5) {
            0 => [format!("{who} has {text}"), format!("{who} have {text}")],
            1 => [format!("having {text}"), format!("having {text}")],
            _ => [format!("with {text}"), format!("with {text}")],
        };
        Self {
            behind,
            predicate: [format!("has {text}"), format!("have {text}")],
            across: None,
        }
    }

    /// "whose price is 3", and `have` for the predicate.
    pub fn whose(name: &str, is: &str, have: &str) -> Self {
        let behind = format!("whose {name} {}", agreeing(name, is));
        Self {
            behind: [behind.clone(), behind],
            predicate: [format!("has {have}"), format!("have {have}")],
            across: None,
        }
    }
}

/// Places that go with an article.
const WITH_ARTICLE: &[&str] = &[
    "Bahamas",
    "Czech Republic",
    "Dominican Republic",
    "Gambia",
    "Maldives",
    "Netherlands",
    "Philippines",
    "Soviet Union",
    "UAE",
    "UK",
    "US",
    "USA",
    "USSR",
    "United Arab Emirates",
    "United Kingdom",
    "United States",
    "United States of America",
    "West Indies",
];

/// "in the UK"; `value` is `text` as it stands in the question.
fn with_its_article(value: &str, text: &str) -> String {
    if WITH_ARTICLE.contains(&text) {
        format!("the {value}")
    } else {
        value.to_owned()
    }
}

/// `is`, a predicate in the singular, in the number of `name`.
fn agreeing(name: &str, is: &str) -> String {
    if !is_plural_phrase(name) {
        return is.to_owned();
    }
    for (one, many) in [
        ("is ", "are "),
        ("has ", "have "),
        ("was ", "were "),
        ("does not ", "do not "),
        ("contains ", "contain "),
        ("includes ", "include "),
        ("starts ", "start "),
        ("begins ", "begin "),
        ("ends ", "end "),
    ] {
        if let Some(rest) = is.strip_prefix(one) {
            return format!("{many}{rest}");
        }
    }
    is.to_owned()
}

impl Phraser<'_> {
    /// A filter of rows of `subject`.
    pub fn filter(&self, filter: &Filter, subject: usize, draw: &mut Draw) -> Phrase {
        let (relation, phrase) = match filter {
            Filter::Own(attribute, test) => return self.own(*attribute, test, subject, draw),
            Filter::Related(relation, inner) => (relation, self.related(relation, inner, draw)),
            Filter::Without(relation, inner) => (relation, self.lacking(relation, inner, draw)),
            Filter::Counted(relation, bound) => (relation, self.counted(relation, bound, draw)),
            Filter::OfExtreme(relation, by, descending) => {
                (relation, self.of_extreme(relation, *by, *descending, draw))
            }
        };
        Phrase {
            across: Some(self.who(relation.from)),
            ..phrase
        }
    }

    /// A test of an attribute of `subject`.
    pub fn own(&self, attribute: Attribute, test: &Test, subject: usize, draw: &mut Draw) -> Phrase {
        let column = self.column(attribute);
        let who = self.who(subject);
        let name = self.attribute_name(attribute, draw);
        if let Some(phrase) = self.against_others(attribute, test, who, draw) {
            return phrase;
        }
        if let Some(phrase) = self.special(attribute, test, subject, draw) {
            return phrase;
        }
        let (is, of) = comparison(column, test, draw);
        let number_of = name.strip_prefix("number of ").filter(|_| column.role == Role::Measure);
        if let (Some(counted), Test::Compare(operator, literal)) = (number_of, test) {
            let one = matches!(literal, Literal::Number(number) if number == "1");
            let counted = if one { singular(counted) } else { counted.to_owned() };
            let have = format!("{} {counted}", amount(*operator, &say(literal, draw), draw));
            return match draw.chance(0.6) {
                true => Phrase::have(&have, who, draw),
                false => Phrase::whose(&name, &is, &have),
            };
        }
        let have = match test {
            Test::Compare(Compare::Equal, _)
                if !name.contains(" in ") && !name.contains(" of ") && draw.chance(0.35) =>
            {
                format!("the {name} {}", of.trim_start_matches("of "))
            }
            Test::Null(false) => format!("no recorded {name}"),
            Test::Null(true) => with_article(&format!("{of} {name}")),
            // "a number of pages above 3", and no "a number of pages of at least 3"
            _ if name.contains(" of ") => format!("{} {}", with_article(&name), of.trim_start_matches("of ")),
            _ => format!("{} {of}", with_article(&name)),
        };
        let equal = matches!(test, Test::Compare(Compare::Equal, _));
        match draw.below(10) {
            5..=6 if equal => Phrase::whose(&name, &is, &have),
            0..=4 => Phrase::whose(&name, &is, &have),
            _ => Phrase::have(&have, who, draw),
        }
    }

    /// Comparisons with the average and with another column.
    fn against_others(&self, attribute: Attribute, test: &Test, who: &'static str, draw: &mut Draw) -> Option<Phrase> {
        let column = self.column(attribute);
        let name = column.noun.one.as_str();
        let dated = column.role == Role::Date;
        if let Test::Modal(most) = test {
            let common = if *most {
                pick(draw, &["most common", "most frequent"])
            } else {
                "least common"
            };
            return Some(Phrase::have(&format!("the {common} {name}"), who, draw));
        }
        if let Test::Than(operator, _, literal) = test {
            return Some(self.than_row(attribute, *operator, literal, draw));
        }
        let (Test::Average(operator) | Test::Column(operator, _)) = test else {
            return None;
        };
        let above = *operator == Compare::Greater;
        let Test::Column(_, other) = test else {
            let side = if above { "above" } else { "below" };
            let than = if above { "higher" } else { "lower" };
            if draw.chance(0.4) {
                return Some(Phrase::have(
                    &format!("{} {name}", with_article(&format!("{side}-average"))),
                    who,
                    draw,
                ));
            }
            let is = format!(
                "is {}",
                pick(draw, &["# the average", "? than the average", "? than average"])
            )
            .replace('#', side)
            .replace('?', than);
            return Some(Phrase::whose(
                name,
                &is,
                &format!("{} {side} the average", with_article(name)),
            ));
        };
        let other = &self.schema.tables[attribute.table].columns[*other].noun.one;
        let words: &[&str] = match (above, dated) {
            (true, true) => &["after", "later than"],
            (false, true) => &["before", "earlier than"],
            (true, false) => &["greater than", "higher than", "above"],
            (false, false) => &["less than", "lower than", "below"],
        };
        let than = pick(draw, words);
        Some(Phrase::whose(
            name,
            &format!("is {than} the {other}"),
            &format!("{} {than} the {other}", with_article(name)),
        ))
    }

    /// "older than the singer Ann", "with a price higher than that of the product Tea"
    fn than_row(&self, attribute: Attribute, operator: Compare, literal: &Literal, draw: &mut Draw) -> Phrase {
        let column = self.column(attribute);
        let name = column.noun.one.as_str();
        let row = format!("the {} {}", self.noun_of(attribute.table).one, say(literal, draw));
        let above = operator == Compare::Greater;
        let words = scale(column);
        let adjective = if above { words.up } else { words.down };
        if let Some((_, comparative)) = adjective.filter(|(_, word)| word.contains("er"))
            && self.is_only_such(attribute)
            && draw.chance(0.5)
        {
            return Phrase::be(&format!("{comparative} than {row}"));
        }
        let than = if above {
            pick(draw, &["higher than", "greater than"])
        } else {
            pick(draw, &["lower than", "less than"])
        };
        let those = if is_plural_phrase(name) { "those" } else { "that" };
        Phrase::whose(
            name,
            &format!("is {than} {those} of {row}"),
            &format!("{} {than} {those} of {row}", with_article(name)),
        )
    }

    /// Wordings that leave the column's name out, where people do.
    fn special(&self, attribute: Attribute, test: &Test, subject: usize, draw: &mut Draw) -> Option<Phrase> {
        let column = self.column(attribute);
        let name = column.noun.one.as_str();
        // The head of a state is no place.
        let last = match name.contains(" of ") {
            true => name,
            false => name.rsplit(' ').next().unwrap_or(name),
        };
        let person = self.schema.tables[subject].person;
        match test {
            Test::Compare(operator, literal) => match (column.role, operator) {
                (Role::Flag, _) => flag(name, literal, self.who(subject), draw),
                (Role::Category | Role::Text | Role::Name, Compare::Equal | Compare::NotEqual) => {
                    self.special_text(attribute, last, *operator, literal, subject, draw)
                }
                (Role::Measure, Compare::Greater | Compare::Less) => {
                    let words = scale(column);
                    let adjective = if *operator == Compare::Greater {
                        words.up?
                    } else {
                        words.down?
                    };
                    let told = words.compares && self.is_only_such(attribute);
                    let comparable = told && adjective.1.contains("er") && draw.chance(0.45);
                    comparable.then(|| Phrase::be(&format!("{} than {}", adjective.1, say_of(column, literal, draw))))
                }
                (Role::Year, _) => year(
                    name,
                    &self.schema.tables[subject].noun.one,
                    *operator,
                    &say(literal, draw),
                    draw,
                ),
                _ => None,
            },
            Test::Either(first, second)
                if name == last && matches!(last, "country" | "city" | "state") && draw.chance(0.5) =>
            {
                let preposition = if person { "from" } else { "in" };
                let mut placed = |literal: &Literal| match literal {
                    Literal::Text(text) => with_its_article(&quoted(text, draw), text),
                    other => say(other, draw),
                };
                let (first, second) = (placed(first), placed(second));
                Some(Phrase::be(&format!("{preposition} {first} or {second}")))
            }
            _ => None,
        }
    }

    fn special_text(
        &self,
        attribute: Attribute,
        last: &str,
        operator: Compare,
        literal: &Literal,
        subject: usize,
        draw: &mut Draw,
    ) -> Option<Phrase> {
        let not = if operator == Compare::NotEqual { "not " } else { "" };
        let column = self.column(attribute);
        let Literal::Text(text) = literal else { return None };
        if matches!(last, "gender" | "sex") && draw.chance(0.7) {
            let word = match text.to_lowercase().as_str() {
                "m" | "male" => "male",
                "f" | "female" => "female",
                _ => return None,
            };
            let who = self.who(subject);
            return Some(Phrase {
                behind: [format!("{who} is {not}{word}"), format!("{who} are {not}{word}")],
                predicate: [format!("is {not}{word}"), format!("are {not}{word}")],
                across: None,
            });
        }
        let value = quoted(text, draw);
        // Where an order is shipped to it is not, and the capital city of a country is not where that is.
        let place = column.noun.one == last
            && matches!(
                last,
                "country"
                    | "city"
                    | "state"
                    | "county"
                    | "location"
                    | "region"
                    | "continent"
                    | "province"
                    | "hometown"
                    | "district"
                    | "nation"
                    | "venue"
                    | "headquarters"
            );
        let place = place.then(|| with_its_article(&value, text));
        if let Some(value) = place
            && draw.chance(0.8)
        {
            let table = &self.schema.tables[subject];
            let options: &[&str] = match (table.person, is_place(&table.noun.one)) {
                (true, _) => &["from", "from", "come from", "in"],
                // A city is from nowhere.
                (false, true) => &["in", "located in"],
                (false, false) => &["in", "in", "located in", "located in", "from"],
            };
            let preposition = *draw.pick(options)?;
            return Some(match (not.is_empty(), preposition) {
                (true, "come from") => Phrase {
                    behind: [format!("who comes from {value}"), format!("who come from {value}")],
                    predicate: [format!("comes from {value}"), format!("come from {value}")],
                    across: None,
                },
                (true, _) => Phrase::be(&format!("{preposition} {value}")),
                (false, _) => Phrase::be(&format!("not {} {value}", preposition.trim_start_matches("come "))),
            });
        }
        let names_rows = self.schema.tables[attribute.table].label == [attribute.column];
        if column.role == Role::Name && names_rows && not.is_empty() && draw.chance(0.6) {
            let verb = *draw.pick(&["named", "called", "named"])?;
            let verb = if column.noun.one.ends_with("title") {
                "titled"
            } else {
                verb
            };
            return Some(Phrase::be(&format!("{verb} {value}")));
        }
        if matches!(
            last,
            "type" | "kind" | "genre" | "category" | "class" | "level" | "style"
        ) && not.is_empty()
            && draw.chance(0.4)
        {
            let text = if draw.chance(0.5) || !matches!(last, "genre" | "category" | "class") {
                format!("of {} {value}", column.noun.one)
            } else {
                format!("in the {} {value}", column.noun.one)
            };
            return Some(Phrase::be(&text));
        }
        None
    }

    pub fn phrases(&self, filters: &[Filter], table: usize, draw: &mut Draw) -> Vec<Phrase> {
        filters.iter().map(|filter| self.filter(filter, table, draw)).collect()
    }

    /// Phrases behind the noun; `number` 0 is singular.
    pub fn join(&self, phrases: &[Phrase], number: usize) -> String {
        // "whose" stands last, unless another part ends with a clause that it would seem to go on; what tells of other rows stands behind
        // all that tells of these.
        let has_inner = |part: &str| [" whose ", " with ", " that "].iter().any(|word| part.contains(word));
        let is_whose = |phrase: &Phrase| phrase.behind[number].starts_with("whose ");
        let first = phrases
            .iter()
            .any(|phrase| !is_whose(phrase) && has_inner(&phrase.behind[number]));
        let mut parts: Vec<&Phrase> = phrases.iter().collect();
        parts.sort_by_key(|phrase| (phrase.across.is_some(), is_whose(phrase) != first));
        let mut text = String::new();
        for (index, phrase) in parts.iter().enumerate() {
            let mut part = phrase.behind[number].as_str();
            if index == 0 {
                text.push_str(part);
                continue;
            }
            text.push_str(" and ");
            if let Some(who) = phrase.across.filter(|_| !part.starts_with("whose ")) {
                text.push_str(&format!("{who} {}", phrase.predicate[number]));
                continue;
            }
            // "whose age is 3 and whose name is x" is said with one "whose" as often as with two.
            for word in ["whose ", "with ", "located "] {
                let both = parts[index - 1].behind[number].starts_with(word) && part.len().is_multiple_of(2);
                part = if both {
                    part.strip_prefix(word).unwrap_or(part)
                } else {
                    part
                };
            }
            text.push_str(part);
        }
        text
    }

    pub fn join_predicates(&self, phrases: &[Phrase], number: usize) -> String {
        let parts: Vec<&str> = phrases.iter().map(|phrase| phrase.predicate[number].as_str()).collect();
        parts.join(" and ")
    }
}
