//! English questions.

mod aggregate;
mod compare;
mod comparison;
mod condition;
mod grouped_patterns;
mod patterns;
mod phrase;
mod polish;
mod related_condition;
mod related_patterns;
mod scale;
mod slot;
mod style;
mod value;
mod verb;

use crate::grammar::Ask;
use crate::random::Draw;
use nl2sql_schema::Schema;

use super::Used;
use super::template::expand;
use phrase::Phraser;

/// One of the ways to ask `ask` in English.
pub fn word(ask: &Ask, schema: &Schema, used: &mut Used, draw: &mut Draw) -> String {
    let phraser = Phraser {
        ask,
        schema,
        short: draw.chance(0.6),
    };
    let templates = patterns::templates(ask, schema);
    let Some(template) = used.pick(templates, draw) else {
        return String::new();
    };
    let text = expand(template, draw, &mut |slot, draw| phraser.slot(slot, draw));
    style::styled(&polish::polish(&text), draw)
}
