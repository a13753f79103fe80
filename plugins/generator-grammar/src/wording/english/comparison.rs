//! Single tests in words: truth values, years, comparisons, parts of texts.

use super::condition::Phrase;
use super::value::{say, say_of};
use crate::grammar::{Match, Test};
use crate::random::Draw;
use crate::sql::{Compare, Literal};
use nl2sql_schema::{Column, Role};

/// A truth value: "is male", "has dog", "active".
pub fn flag(name: &str, literal: &Literal, who: &str, draw: &mut Draw) -> Option<Phrase> {
    let yes = match literal {
        Literal::Boolean(value) => *value,
        Literal::Number(text) => text == "1",
        Literal::Text(text) => nl2sql_schema::truth(text)?,
    };
    if let Some(thing) = name.strip_prefix("has ") {
        return Some(Phrase::have(
            &format!("{}{thing}", if yes { "" } else { "no " }),
            who,
            draw,
        ));
    }
    let quality = name
        .strip_suffix(" status")
        .or_else(|| name.strip_prefix("is "))
        .or_else(|| name.strip_prefix("if "))
        .unwrap_or(name);
    let not = if yes { "" } else { "not " };
    Some(Phrase {
        behind: [format!("{who} is {not}{quality}"), format!("{who} are {not}{quality}")],
        predicate: [format!("is {not}{quality}"), format!("are {not}{quality}")],
        across: None,
    })
}

/// Years: "after 2000", "released in 2014".
pub fn year(name: &str, noun: &str, operator: Compare, value: &str, draw: &mut Draw) -> Option<Phrase> {
    const EVENTS: &[(&str, &str)] = &[
        ("release", "released"),
        ("opening", "opened"),
        ("open", "opened"),
        ("founded", "founded"),
        ("founding", "founded"),
        ("built", "built"),
        ("birth", "born"),
        ("establish", "established"),
        ("publication", "published"),
        ("made", "made"),
        ("hire", "hired"),
        ("join", "joined"),
        ("start", "started"),
        ("construction", "built"),
    ];
    let when = match operator {
        Compare::Equal => "in",
        Compare::Greater => "after",
        Compare::Less => "before",
        _ => return None,
    };
    // The release of a song is not the singer's own.
    if let Some((_, event)) = EVENTS.iter().find(|(word, _)| name.starts_with(word))
        && draw.chance(0.5)
    {
        let text = format!("{event} {when} {value}");
        return Some(Phrase {
            behind: [text.clone(), text.clone()],
            predicate: [format!("was {text}"), format!("were {text}")],
            across: None,
        });
    }
    const HAPPENINGS: &[(&[&str], &str)] = &[
        (
            &[
                "concert",
                "event",
                "match",
                "race",
                "competition",
                "game",
                "exhibition",
                "festival",
                "debate",
                "meeting",
            ],
            "held",
        ),
        (
            &["car", "model", "product", "phone", "device", "movie", "film", "wine"],
            "made",
        ),
        (&["song", "album", "track", "single"], "released"),
        (&["book", "paper", "article", "publication"], "published"),
        (&["order", "booking"], "placed"),
        (&["building", "bridge", "ship", "house", "stadium"], "built"),
    ];
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    let happening = HAPPENINGS
        .iter()
        .find(|(nouns, _)| nouns.contains(&last))
        .map(|(_, verb)| *verb);
    if name != "year" {
        return None;
    }
    if let Some(verb) = happening.filter(|_| draw.chance(0.75)) {
        let text = format!("{verb} {when} {value}");
        return Some(Phrase {
            behind: [text.clone(), text.clone()],
            predicate: [format!("was {text}"), format!("were {text}")],
            across: None,
        });
    }
    let year = if draw.chance(0.3) && when == "in" {
        "the year "
    } else {
        ""
    };
    // "from 2014", but "after 2014"
    let when = if when == "in" {
        "from".to_owned()
    } else {
        format!("from {when}")
    };
    (happening.is_none() && draw.chance(0.6)).then(|| Phrase {
        behind: [format!("{when} {year}{value}"), format!("{when} {year}{value}")],
        predicate: [format!("is {when} {year}{value}"), format!("are {when} {year}{value}")],
        across: None,
    })
}

/// "at least 3", "more than 5" before a noun.
pub fn amount(operator: Compare, number: &str, draw: &mut Draw) -> String {
    let options: &[&str] = match operator {
        // "over one" is hardly said of things that are counted.
        Compare::Greater if matches!(number, "1" | "one") => &["more than #"],
        Compare::Greater => &["more than #", "more than #", "over #"],
        Compare::AtLeast => &["at least #", "at least #", "# or more", "no fewer than #"],
        Compare::Less => &["fewer than #"],
        Compare::AtMost => &["at most #", "no more than #"],
        Compare::Equal => &["exactly #"],
        Compare::NotEqual => &["other than #"],
    };
    draw.pick(options).copied().unwrap_or("#").replace('#', number)
}

/// A test as it stands after "is", and as it stands after the attribute's name.
pub fn comparison(column: &Column, test: &Test, draw: &mut Draw) -> (String, String) {
    let temporal = matches!(column.role, Role::Year | Role::Date);
    match test {
        Test::Compare(operator, literal) => {
            let value = say_of(column, literal, draw);
            let options: &[&str] = match (operator, temporal) {
                (Compare::Equal, _) => return (format!("is {value}"), format!("of {value}")),
                (Compare::NotEqual, _) => return (format!("is not {value}"), format!("other than {value}")),
                (Compare::Greater, true) => &["after #", "later than #"],
                (Compare::Less, true) => &["before #", "earlier than #"],
                (Compare::AtLeast, true) if column.role == Role::Date => &["on or after #"],
                (Compare::AtMost, true) if column.role == Role::Date => &["on or before #"],
                (Compare::AtLeast, true) => &["# or later"],
                (Compare::AtMost, true) => &["# or earlier"],
                (Compare::Greater, false) => &["greater than #", "more than #", "above #", "over #", "higher than #"],
                (Compare::Less, false) => &["less than #", "below #", "under #", "lower than #"],
                (Compare::AtLeast, false) => &[
                    "at least #",
                    "# or more",
                    "no less than #",
                    "greater than or equal to #",
                ],
                (Compare::AtMost, false) => &["at most #", "# or less", "no more than #", "less than or equal to #"],
            };
            let picked = draw.pick(options).copied().unwrap_or("#");
            let text = picked.replace('#', &value);
            // "a grade of 10 or more", "a grade of at least 10", but "a grade above 10"
            let bare = ["#", "more", "at ", "no ", "less", "over"];
            let of = if !temporal && bare.iter().any(|start| picked.starts_with(start)) || picked.starts_with('#') {
                "of "
            } else {
                ""
            };
            (format!("is {text}"), format!("{of}{text}"))
        }
        Test::Between(low, high) => {
            let (low, high) = (say(low, draw), say_of(column, high, draw));
            let text = format!("between {low} and {high}");
            (format!("is {text}"), text)
        }
        Test::Either(first, second) => {
            let (first, second) = (say(first, draw), say_of(column, second, draw));
            let either = if draw.chance(0.3) { "either " } else { "" };
            (
                format!("is {either}{first} or {second}"),
                format!("of {either}{first} or {second}"),
            )
        }
        Test::Like(kind, text, negated) => like(*kind, text, *negated, draw),
        Test::Null(false) => {
            let word = *draw
                .pick(&["missing", "null", "unknown", "not recorded"])
                .unwrap_or(&"null");
            (format!("is {word}"), word.to_owned())
        }
        Test::Null(true) => {
            let word = *draw.pick(&["known", "recorded"]).unwrap_or(&"known");
            (format!("is {word}"), word.to_owned())
        }
        Test::Year(operator, year) => match operator {
            Compare::Greater => (format!("is after {year}"), format!("after {year}")),
            _ => {
                let words = *draw.pick(&["in", "in", "in the year"]).unwrap_or(&"in");
                (format!("is {words} {year}"), format!("{words} {year}"))
            }
        },
        // Said by `against_others`.
        Test::Average(_) | Test::Column(..) | Test::Than(..) | Test::Modal(_) => (String::new(), String::new()),
        Test::Month(month) => {
            let month = MONTHS
                .get((*month as usize).saturating_sub(1))
                .copied()
                .unwrap_or("January");
            (format!("is in {month}"), format!("in {month}"))
        }
    }
}

const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn like(kind: Match, text: &str, negated: bool, draw: &mut Draw) -> (String, String) {
    let what = if text.chars().count() == 1 {
        *draw.pick(&["the letter ", "the letter ", ""]).unwrap_or(&"")
    } else {
        *draw
            .pick(&["", "the word ", "the substring ", "the string "])
            .unwrap_or(&"")
    };
    let mark = if draw.chance(0.55) { "\"" } else { "'" };
    let piece = format!("{what}{mark}{text}{mark}");
    let (third, participle): (&[&str], &[&str]) = match kind {
        Match::Contains => (
            &["contains", "includes", "contains", "has"],
            &["containing", "that contains", "including"],
        ),
        Match::Starts => (&["starts with", "begins with"], &["starting with", "beginning with"]),
        Match::Ends => (&["ends with"], &["ending with", "that ends with"]),
    };
    let verb = draw.pick(third).copied().unwrap_or("contains");
    if negated {
        let base = match kind {
            Match::Contains => "contain",
            Match::Starts => "start with",
            Match::Ends => "end with",
        };
        return (
            format!("does not {base} {piece}"),
            format!("that does not {base} {piece}"),
        );
    }
    let participle = draw.pick(participle).copied().unwrap_or("containing");
    (format!("{verb} {piece}"), format!("{participle} {piece}"))
}
