//! Chinese questions.

mod condition;
mod grouped_patterns;
mod patterns;
mod phrase;
mod related_patterns;
mod slot;

use crate::grammar::Ask;
use crate::random::Draw;
use nl2sql_schema::Schema;

use super::Used;
use super::template::expand;
use phrase::Phraser;

/// One of the ways to ask `ask` in Chinese.
pub fn word(ask: &Ask, schema: &Schema, used: &mut Used, draw: &mut Draw) -> String {
    let phraser = Phraser {
        ask,
        schema,
        short: draw.chance(0.55),
    };
    let templates = patterns::templates(ask, schema);
    let Some(template) = used.pick(templates, draw) else {
        return String::new();
    };
    let text = expand(template, draw, &mut |slot, draw| phraser.slot(slot, draw));
    styled(spaced(&text), draw)
}

/// Some ask politely, some leave the end mark out.
fn styled(text: String, draw: &mut Draw) -> String {
    match draw.below(100) {
        0..=5 if text.ends_with('？') => format!("请问{text}"),
        6..=10 if text.ends_with(['？', '。']) && !text.contains('？') => {
            text.trim_end_matches(['？', '。']).to_owned()
        }
        _ => text,
    }
}

/// English names inside Chinese keep a space from each other, not from Chinese.
fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
