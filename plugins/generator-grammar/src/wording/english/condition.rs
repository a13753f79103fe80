//! Filters in words: behind a noun ("singers from France") and as a predicate ("are from France").

use super::phrase::Phraser;
use super::scale::scale;
use super::value::{quoted, say};
use super::verb::{between, is_place};
use crate::grammar::{Attribute, Filter, Kinship, Match, Relation, Test};
use crate::random::Draw;
use nl2sql_schema::inflect::with_article;
use nl2sql_schema::{Column, Role};
use crate::sql::{Compare, Literal};

/// A restriction in the forms that sentences need; first singular, then plural.
pub struct Phrase {
    /// Behind the noun.
    pub behind: [String; 2],
    /// As predicate.
    pub predicate: [String; 2],
}

impl Phrase {
    /// "from France", "are from France"
    fn be(text: &str) -> Self {
        Self {
            behind: [text.to_owned(), text.to_owned()],
            predicate: [format!("is {text}"), format!("are {text}")],
        }
    }

    /// "with a price of 3", "have a price of 3"
    fn have(text: &str, who: &str, draw: &mut Draw) -> Self {
        let behind = match draw.below(5) {
            0 => [format!("{who} has {text}"), format!("{who} have {text}")],
            1 => [format!("having {text}"), format!("having {text}")],
            _ => [format!("with {text}"), format!("with {text}")],
        };
        Self { behind, predicate: [format!("has {text}"), format!("have {text}")] }
    }

    /// "whose price is 3", and `have` for the predicate.
    fn whose(text: &str, have: &str) -> Self {
        let behind = format!("whose {text}");
        Self { behind: [behind.clone(), behind], predicate: [format!("has {have}"), format!("have {have}")] }
    }
}

impl Phraser<'_> {
    /// A filter of rows of `subject`.
    pub fn filter(&self, filter: &Filter, subject: usize, draw: &mut Draw) -> Phrase {
        match filter {
            Filter::Own(attribute, test) => self.own(*attribute, test, subject, draw),
            Filter::Related(relation, tests) => self.related(relation, tests, draw),
        }
    }

    /// A test of an attribute of `subject`.
    pub fn own(&self, attribute: Attribute, test: &Test, subject: usize, draw: &mut Draw) -> Phrase {
        let column = self.column(attribute);
        let who = self.who(subject);
        let name = self.attribute_name(attribute, draw);
        if let Some(phrase) = self.special(column, test, subject, draw) {
            return phrase;
        }
        let (is, of) = comparison(column, test, draw);
        let number_of = name.strip_prefix("number of ").filter(|_| column.role == Role::Measure);
        if let (Some(counted), Test::Compare(operator, literal)) = (number_of, test)
            && draw.chance(0.6)
        {
            return Phrase::have(&format!("{} {counted}", amount(*operator, &say(literal, draw), draw)), who, draw);
        }
        let have = match test {
            Test::Compare(Compare::Equal, _) if draw.chance(0.5) => format!("{name} {}", of.trim_start_matches("of ")),
            Test::Null(false) => format!("no {name}"),
            Test::Null(true) => with_article(&name),
            _ => format!("{} {of}", with_article(&name)),
        };
        match draw.below(10) {
            0..=4 => Phrase::whose(&format!("{name} {is}"), &have),
            _ => Phrase::have(&have, who, draw),
        }
    }

    /// Wordings that leave the column's name out, where people do.
    fn special(&self, column: &Column, test: &Test, subject: usize, draw: &mut Draw) -> Option<Phrase> {
        let name = column.noun.one.as_str();
        let last = name.rsplit(' ').next().unwrap_or(name);
        let person = self.schema.tables[subject].person;
        match test {
            Test::Compare(operator, literal) => match (column.role, operator) {
                (Role::Flag, _) => flag(name, literal, self.who(subject), draw),
                (Role::Category | Role::Text | Role::Name, Compare::Equal | Compare::NotEqual) => {
                    self.special_text(column, last, *operator, literal, person, draw)
                }
                (Role::Measure, Compare::Greater | Compare::Less) => {
                    let words = scale(column);
                    let adjective = if *operator == Compare::Greater { words.up? } else { words.down? };
                    let comparable = adjective.1.contains("er") && draw.chance(0.45);
                    comparable.then(|| Phrase::be(&format!("{} than {}", adjective.1, say(literal, draw))))
                }
                (Role::Year, _) => year(name, &self.schema.tables[subject].noun.one, *operator, &say(literal, draw), draw),
                _ => None,
            },
            Test::Either(first, second) if matches!(last, "country" | "city" | "state" | "nationality") && draw.chance(0.5) => {
                let preposition = if person { "from" } else { "in" };
                Some(Phrase::be(&format!("{preposition} {} or {}", say(first, draw), say(second, draw))))
            }
            _ => None,
        }
    }

    fn special_text(
        &self,
        column: &Column,
        last: &str,
        operator: Compare,
        literal: &Literal,
        person: bool,
        draw: &mut Draw,
    ) -> Option<Phrase> {
        let not = if operator == Compare::NotEqual { "not " } else { "" };
        let Literal::Text(text) = literal else { return None };
        if matches!(last, "gender" | "sex") && draw.chance(0.7) {
            let word = match text.to_lowercase().as_str() {
                "m" | "male" => "male",
                "f" | "female" => "female",
                _ => return None,
            };
            let relative = if draw.chance(0.5) { "who are" } else { "that are" };
            let behind = format!("{relative} {not}{word}");
            return Some(Phrase {
                behind: [behind.replace(" are ", " is "), behind],
                predicate: [format!("is {not}{word}"), format!("are {not}{word}")],
            });
        }
        let value = quoted(text, draw);
        let place = matches!(last, "country" | "city" | "state" | "county" | "location" | "region" | "continent" | "province" | "hometown" | "district" | "nation" | "nationality" | "venue" | "headquarters");
        if place && draw.chance(0.55) {
            let options: &[&str] = if person { &["from", "from", "who come from", "in"] } else { &["in", "in", "located in", "located in", "from"] };
            let preposition = *draw.pick(options)?;
            let text = if not.is_empty() { format!("{preposition} {value}") } else { format!("not {} {value}", preposition.trim_start_matches("who come ")) };
            return Some(if text.starts_with("who come") {
                Phrase {
                    behind: [text.replace("come", "comes"), text.clone()],
                    predicate: [format!("comes from {value}"), format!("come from {value}")],
                }
            } else {
                Phrase::be(&text)
            });
        }
        if column.role == Role::Name && not.is_empty() && draw.chance(0.6) {
            let verb = *draw.pick(&["named", "called", "named", "with the name"])?;
            let verb = if column.noun.one.ends_with("title") { "titled" } else { verb };
            return Some(Phrase::be(&format!("{verb} {value}")));
        }
        if matches!(last, "type" | "kind" | "genre" | "category" | "class" | "level" | "style") && not.is_empty() && draw.chance(0.4) {
            let text = if draw.chance(0.5) { format!("of {} {value}", column.noun.one) } else { format!("in the {} {value}", column.noun.one) };
            return Some(Phrase::be(&text));
        }
        None
    }

    /// Rows by what they are related to.
    fn related(&self, relation: &Relation, tests: &[(Attribute, Test)], draw: &mut Draw) -> Phrase {
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
            draw.pick(&[format!("{} {value}", noun.one), format!("the {} {value}", noun.one), value.clone()]).cloned()
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
            0..=2 => [format!("{who} {} {object}", verb.one), format!("{who} {} {object}", verb.many)],
            3 => [format!("{who} has {object}"), format!("{who} have {object}")],
            4 if !named => [format!("having {object}"), format!("having {object}")],
            5 if relation.kinship == Kinship::Through => [format!("in {object}"), format!("in {object}")],
            _ => [format!("with {object}"), format!("with {object}")],
        };
        Phrase { behind, predicate: [format!("{} {object}", verb.one), format!("{} {object}", verb.many)] }
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
            let text = format!("{} {predicate}", noun.one);
            let parts = self.join(&self.phrases(tests, relation.to, draw), 0, false);
            let have = format!("{} {parts}", with_article(&noun.one));
            return Phrase::whose(&text, &have);
        }
        let object = if named {
            let value = self.named_value(tests, draw);
            draw.pick(&[format!("{} {value}", noun.one), format!("the {} {value}", noun.one), value.clone()]).cloned()
        } else {
            let many = self.join(&self.phrases(tests, relation.to, draw), 1, false);
            let one = self.join(&self.phrases(tests, relation.to, draw), 0, false);
            draw.pick(&[format!("{} {many}", noun.many), format!("{} {one}", with_article(&noun.one))]).cloned()
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
        matches!(test, Test::Compare(Compare::Equal, _)) && table.label.len() == 1 && table.label[0] == attribute.column
    }

    /// The name that the first test asks for.
    pub fn named_value(&self, tests: &[(Attribute, Test)], draw: &mut Draw) -> String {
        match tests.first() {
            Some((_, Test::Compare(_, literal))) => say(literal, draw),
            _ => String::new(),
        }
    }

    fn phrases(&self, tests: &[(Attribute, Test)], table: usize, draw: &mut Draw) -> Vec<Phrase> {
        tests.iter().map(|(attribute, test)| self.own(*attribute, test, table, draw)).collect()
    }

    /// Phrases behind the noun, clauses with "whose" last; `number` 0 is singular.
    pub fn join(&self, phrases: &[Phrase], number: usize, any: bool) -> String {
        let mut parts: Vec<&str> = phrases.iter().map(|phrase| phrase.behind[number].as_str()).collect();
        parts.sort_by_key(|part| part.starts_with("whose "));
        let mut text = String::new();
        for (index, part) in parts.iter().enumerate() {
            let mut part = *part;
            if index > 0 {
                text.push_str(if any { " or " } else { " and " });
                // "whose age is 3 and whose name is x" is said with one "whose" as often as with two.
                for word in ["whose ", "with "] {
                    let both = parts[index - 1].starts_with(word) && part.len() % 2 == 0;
                    part = if both { part.strip_prefix(word).unwrap_or(part) } else { part };
                }
            }
            text.push_str(part);
        }
        text
    }

    fn join_predicates(&self, phrases: &[Phrase], number: usize) -> String {
        let parts: Vec<&str> = phrases.iter().map(|phrase| phrase.predicate[number].as_str()).collect();
        parts.join(" and ")
    }
}

/// A truth value: "is male", "has dog", "active".
fn flag(name: &str, literal: &Literal, who: &str, draw: &mut Draw) -> Option<Phrase> {
    let yes = match literal {
        Literal::Boolean(value) => *value,
        Literal::Number(text) => text == "1",
        Literal::Text(text) => nl2sql_schema::truth(text)?,
    };
    if let Some(thing) = name.strip_prefix("has ") {
        return Some(Phrase::have(&format!("{}{thing}", if yes { "" } else { "no " }), who, draw));
    }
    let quality = name.strip_suffix(" status").or_else(|| name.strip_prefix("is ")).unwrap_or(name);
    let not = if yes { "" } else { "not " };
    Some(Phrase {
        behind: [format!("{who} is {not}{quality}"), format!("{who} are {not}{quality}")],
        predicate: [format!("is {not}{quality}"), format!("are {not}{quality}")],
    })
}

/// Years: "after 2000", "released in 2014".
fn year(name: &str, noun: &str, operator: Compare, value: &str, draw: &mut Draw) -> Option<Phrase> {
    const EVENTS: &[(&str, &str)] = &[
        ("release", "released"), ("opening", "opened"), ("open", "opened"), ("founded", "founded"), ("founding", "founded"),
        ("built", "built"), ("birth", "born"), ("establish", "established"), ("publication", "published"), ("made", "made"),
        ("hire", "hired"), ("join", "joined"), ("start", "started"), ("construction", "built"),
    ];
    let when = match operator {
        Compare::Equal => "in",
        Compare::Greater => "after",
        Compare::Less => "before",
        _ => return None,
    };
    if let Some((_, event)) = EVENTS.iter().find(|(word, _)| name.split(' ').any(|part| part.starts_with(word)))
        && draw.chance(0.5)
    {
        let text = format!("{event} {when} {value}");
        return Some(Phrase {
            behind: [text.clone(), text.clone()],
            predicate: [format!("was {text}"), format!("were {text}")],
        });
    }
    const HAPPENINGS: &[(&[&str], &str)] = &[
        (&["concert", "event", "match", "race", "competition", "game", "exhibition", "festival", "debate", "meeting"], "held"),
        (&["car", "model", "product", "phone", "device", "movie", "film", "wine"], "made"),
        (&["song", "album", "track", "single"], "released"),
        (&["book", "paper", "article", "publication"], "published"),
        (&["order", "booking"], "placed"),
        (&["building", "bridge", "ship", "house", "stadium"], "built"),
    ];
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    let happening = HAPPENINGS.iter().find(|(nouns, _)| nouns.contains(&last)).map(|(_, verb)| *verb);
    if let Some(verb) = happening.filter(|_| name.ends_with("year"))
        && draw.chance(0.35)
    {
        let text = format!("{verb} {when} {value}");
        return Some(Phrase {
            behind: [text.clone(), text.clone()],
            predicate: [format!("was {text}"), format!("were {text}")],
        });
    }
    let year = if draw.chance(0.3) && when == "in" { "the year " } else { "" };
    let plain = matches!(name, "year") || name.ends_with(" year") && draw.chance(0.4);
    (plain && draw.chance(0.7)).then(|| Phrase {
        behind: [format!("{when} {year}{value}"), format!("{when} {year}{value}")],
        predicate: [format!("is {when} {year}{value}"), format!("are {when} {year}{value}")],
    })
}

/// "at least 3", "more than 5" before a noun.
pub fn amount(operator: Compare, number: &str, draw: &mut Draw) -> String {
    let options: &[&str] = match operator {
        Compare::Greater => &["more than #", "more than #", "over #"],
        Compare::AtLeast => &["at least #", "at least #", "# or more", "no less than #"],
        Compare::Less => &["less than #", "fewer than #"],
        Compare::AtMost => &["at most #", "no more than #"],
        Compare::Equal => &["exactly #", "#"],
        Compare::NotEqual => &["other than #"],
    };
    draw.pick(options).copied().unwrap_or("#").replace('#', number)
}

/// A test as it stands after "is", and as it stands after the attribute's name.
fn comparison(column: &Column, test: &Test, draw: &mut Draw) -> (String, String) {
    let temporal = matches!(column.role, Role::Year | Role::Date);
    match test {
        Test::Compare(operator, literal) => {
            let value = say(literal, draw);
            let options: &[&str] = match (operator, temporal) {
                (Compare::Equal, _) => return (format!("is {value}"), format!("of {value}")),
                (Compare::NotEqual, _) => return (format!("is not {value}"), format!("other than {value}")),
                (Compare::Greater, true) => &["after #", "later than #"],
                (Compare::Less, true) => &["before #", "earlier than #"],
                (Compare::AtLeast, true) => &["# or later"],
                (Compare::AtMost, true) => &["# or earlier"],
                (Compare::Greater, false) => {
                    &["greater than #", "more than #", "above #", "over #", "higher than #", "larger than #", "bigger than #"]
                }
                (Compare::Less, false) => &["less than #", "below #", "under #", "lower than #", "smaller than #"],
                (Compare::AtLeast, false) => &["at least #", "# or more", "no less than #", "greater than or equal to #"],
                (Compare::AtMost, false) => &["at most #", "# or less", "no more than #", "less than or equal to #"],
            };
            let text = draw.pick(options).copied().unwrap_or("#").replace('#', &value);
            (format!("is {text}"), text)
        }
        Test::Between(low, high) => {
            let (low, high) = (say(low, draw), say(high, draw));
            let text = format!("between {low} and {high}");
            (format!("is {text}"), text)
        }
        Test::Either(first, second) => {
            let (first, second) = (say(first, draw), say(second, draw));
            let either = if draw.chance(0.3) { "either " } else { "" };
            (format!("is {either}{first} or {second}"), format!("of {either}{first} or {second}"))
        }
        Test::Like(kind, text, negated) => like(*kind, text, *negated, draw),
        Test::Null(false) => {
            let word = *draw.pick(&["missing", "null", "unknown", "not recorded"]).unwrap_or(&"null");
            (format!("is {word}"), String::new())
        }
        Test::Null(true) => {
            let word = *draw.pick(&["not null", "known", "recorded"]).unwrap_or(&"not null");
            (format!("is {word}"), String::new())
        }
        Test::Year(operator, year) => match operator {
            Compare::Greater => (format!("is after {year}"), format!("after {year}")),
            _ => {
                let words = *draw.pick(&["in", "in", "in the year"]).unwrap_or(&"in");
                (format!("is {words} {year}"), format!("{words} {year}"))
            }
        },
        Test::Month(month) => {
            let month = MONTHS.get((*month as usize).saturating_sub(1)).copied().unwrap_or("January");
            (format!("is in {month}"), format!("in {month}"))
        }
    }
}

const MONTHS: &[&str] = &[
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
];

fn like(kind: Match, text: &str, negated: bool, draw: &mut Draw) -> (String, String) {
    let what = if text.chars().count() == 1 {
        *draw.pick(&["the letter ", "the letter ", ""]).unwrap_or(&"")
    } else {
        *draw.pick(&["", "the word ", "the substring ", "the string "]).unwrap_or(&"")
    };
    let mark = if draw.chance(0.55) { "\"" } else { "'" };
    let piece = format!("{what}{mark}{text}{mark}");
    let (third, participle): (&[&str], &[&str]) = match kind {
        Match::Contains => (&["contains", "includes", "contains", "has"], &["containing", "that contains", "including"]),
        Match::Starts => (&["starts with", "begins with"], &["starting with", "beginning with"]),
        Match::Ends => (&["ends with"], &["ending with", "that ends with"]),
    };
    let verb = draw.pick(third).copied().unwrap_or("contains");
    let participle = draw.pick(participle).copied().unwrap_or("containing");
    if negated {
        let base = match kind {
            Match::Contains => "contain",
            Match::Starts => "start with",
            Match::Ends => "end with",
        };
        return (format!("does not {base} {piece}"), format!("not {participle} {piece}").replace("not that", "that not"));
    }
    (format!("{verb} {piece}"), format!("{participle} {piece}"))
}
