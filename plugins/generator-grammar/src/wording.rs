//! Questions in words: templates with alternatives, and what fills them in each language.

mod chinese;
mod english;
mod template;

use crate::grammar::Ask;
use crate::random::Draw;
use nl2sql_schema::Schema;

/// A language that questions are worded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// English.
    English,
    /// Chinese.
    Chinese,
}

impl Language {
    /// The language of a BCP 47 tag; `None` when there is no grammar for it.
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag
            .split(['-', '_'])
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
            .as_str()
        {
            "en" => Some(Self::English),
            "zh" => Some(Self::Chinese),
            _ => None,
        }
    }

    /// One of the ways to ask `ask`.
    pub fn word(self, ask: &Ask, schema: &Schema, draw: &mut Draw) -> String {
        match self {
            Self::English => english::word(ask, schema, draw),
            Self::Chinese => chinese::word(ask, schema, draw),
        }
    }
}
