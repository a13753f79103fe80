//! How people write values in a question.

use crate::random::Draw;
use crate::sql::Literal;
use nl2sql_schema::Column;

/// The value as a person would write it: numbers as they are, texts bare or in quotes.
pub fn say(literal: &Literal, draw: &mut Draw) -> String {
    match literal {
        Literal::Number(number) => grouped(number, draw),
        Literal::Boolean(value) => value.to_string(),
        Literal::Text(text) => quoted(text, draw),
    }
}

/// The value of a column: a number with what it counts, where the glossary says that.
pub fn say_of(column: &Column, literal: &Literal, draw: &mut Draw) -> String {
    let value = say(literal, draw);
    match (literal, column.unit[0].as_str()) {
        (Literal::Number(_), unit) if !unit.is_empty() => format!("{value} {unit}"),
        _ => value,
    }
}

/// A text, bare more often the plainer it looks.
pub fn quoted(text: &str, draw: &mut Draw) -> String {
    let plain = text
        .chars()
        .all(|character| character.is_alphanumeric() || character == ' ' || character == '-');
    let words = text.split(' ').count();
    let bare = match (plain, words) {
        (true, 1) => 0.62,
        (true, 2..=3) => 0.5,
        _ => 0.12,
    };
    if draw.chance(bare) {
        text.to_owned()
    } else if draw.chance(0.75) || text.contains('\'') {
        format!("\"{text}\"")
    } else {
        format!("'{text}'")
    }
}

/// Thousands are sometimes grouped with commas.
fn grouped(number: &str, draw: &mut Draw) -> String {
    let digits = number.len() >= 5 && number.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || draw.chance(0.8) {
        return number.to_owned();
    }
    let mut text = String::new();
    for (index, digit) in number.chars().enumerate() {
        if index > 0 && (number.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A small number in words or digits.
pub fn count(number: &str, draw: &mut Draw) -> String {
    const WORDS: &[&str] = &[
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    ];
    match number.parse::<usize>().ok().and_then(|index| WORDS.get(index)) {
        Some(word) if draw.chance(0.45) => (*word).to_owned(),
        _ => number.to_owned(),
    }
}
