//! Adjectives of quantities: an age is old or young, a price high or low, an expensive thing costs much.

use nl2sql_schema::{Column, Role};

/// The words of one kind of quantity.
#[derive(Debug)]
pub struct Scale {
    /// Superlatives and comparative of rows with much of it: "oldest", "older".
    pub up: Option<(&'static [&'static str], &'static str)>,
    /// The same with little of it.
    pub down: Option<(&'static [&'static str], &'static str)>,
    /// What the greatest value itself is called: "highest", "largest".
    pub most: &'static [&'static str],
    /// What the least value itself is called.
    pub least: &'static [&'static str],
    /// Question word: "How old".
    pub how: Option<&'static str>,
    /// Rows are compared with a bare number: "older than 30", but hardly "larger than 30".
    pub compares: bool,
}

const AGE: Scale = Scale {
    up: Some((&["oldest"], "older")),
    down: Some((&["youngest"], "younger")),
    most: &["highest", "greatest", "maximum"],
    least: &["lowest", "smallest", "minimum"],
    how: Some("old"),
    compares: true,
};
const PRICE: Scale = Scale {
    up: Some((&["most expensive"], "more expensive")),
    down: Some((&["cheapest", "least expensive"], "cheaper")),
    most: &["highest", "maximum", "largest"],
    least: &["lowest", "minimum", "smallest"],
    how: Some("expensive"),
    compares: true,
};
const HEIGHT: Scale = Scale {
    up: Some((&["tallest", "highest"], "taller")),
    down: Some((&["shortest", "lowest"], "shorter")),
    most: &["highest", "greatest", "maximum"],
    least: &["lowest", "smallest", "minimum"],
    how: Some("tall"),
    compares: true,
};
const WEIGHT: Scale = Scale {
    up: Some((&["heaviest"], "heavier")),
    down: Some((&["lightest"], "lighter")),
    most: &["highest", "greatest", "maximum", "largest"],
    least: &["lowest", "smallest", "minimum"],
    how: Some("heavy"),
    compares: true,
};
const LENGTH: Scale = Scale {
    up: Some((&["longest"], "longer")),
    down: Some((&["shortest"], "shorter")),
    most: &["longest", "greatest", "maximum"],
    least: &["shortest", "smallest", "minimum"],
    how: Some("long"),
    compares: true,
};
const SPEED: Scale = Scale {
    up: Some((&["fastest"], "faster")),
    down: Some((&["slowest"], "slower")),
    most: &["highest", "greatest", "maximum", "fastest"],
    least: &["lowest", "minimum", "slowest"],
    how: Some("fast"),
    compares: true,
};
const SIZE: Scale = Scale {
    up: Some((&["largest", "biggest"], "larger")),
    down: Some((&["smallest"], "smaller")),
    most: &["largest", "highest", "greatest", "biggest", "maximum"],
    least: &["smallest", "lowest", "minimum"],
    how: Some("large"),
    compares: false,
};
const TIME: Scale = Scale {
    up: None,
    down: None,
    most: &["latest", "most recent"],
    least: &["earliest"],
    how: None,
    compares: false,
};
const AMOUNT: Scale = Scale {
    up: None,
    down: None,
    most: &["highest", "highest", "largest", "greatest", "maximum"],
    least: &["lowest", "lowest", "smallest", "minimum"],
    how: None,
    compares: false,
};

/// The scale of a column.
pub fn scale(column: &Column) -> &'static Scale {
    let name = column.noun.one.as_str();
    let ends = |words: &[&str]| {
        words
            .iter()
            .any(|word| name == *word || name.ends_with(&format!(" {word}")))
    };
    if matches!(column.role, Role::Year | Role::Date) {
        &TIME
    } else if ends(&["age"]) {
        &AGE
    } else if ends(&["price", "cost", "unit price", "list price"]) {
        &PRICE
    } else if ends(&["height", "altitude", "elevation"]) {
        &HEIGHT
    } else if ends(&["weight"]) {
        &WEIGHT
    } else if ends(&["length", "duration"]) {
        &LENGTH
    } else if ends(&["speed", "velocity"]) {
        &SPEED
    } else if ends(&["area", "size", "capacity", "surface area"]) {
        &SIZE
    } else {
        &AMOUNT
    }
}
