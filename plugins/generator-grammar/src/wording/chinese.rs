//! Chinese questions.

mod condition;
mod patterns;
mod phrase;
mod slot;

use crate::grammar::Ask;
use crate::random::Draw;
use nl2sql_schema::Schema;

use super::template::expand;
use phrase::Phraser;

/// One of the ways to ask `ask` in Chinese.
pub fn word(ask: &Ask, schema: &Schema, draw: &mut Draw) -> String {
    let phraser = Phraser {
        ask,
        schema,
        short: draw.chance(0.55),
    };
    let templates = patterns::templates(ask);
    let Some(template) = draw.pick(templates) else {
        return String::new();
    };
    let text = expand(template, draw, &mut |slot, draw| phraser.slot(slot, draw));
    spaced(&text)
}

/// English names inside Chinese keep a space from each other, not from Chinese.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
