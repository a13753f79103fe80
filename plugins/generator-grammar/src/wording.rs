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

    /// One of the ways to ask `ask`, built unlike those that are used up; empty when all are.
    pub fn word(self, ask: &Ask, schema: &Schema, used: &mut Used, draw: &mut Draw) -> String {
        match self {
            Self::English => english::word(ask, schema, used, draw),
            Self::Chinese => chinese::word(ask, schema, used, draw),
        }
    }
}

/// The templates that a statement's questions have used up.
#[derive(Clone, Debug, Default)]
pub struct Used(Vec<&'static str>);

impl Used {
    /// One of the templates that is not used up yet, which it is then; a template that stands twice in the list is twice as likely.
    fn pick(&mut self, templates: &[&'static str], draw: &mut Draw) -> Option<&'static str> {
        let left: Vec<&'static str> = templates
            .iter()
            .filter(|template| !self.0.contains(template))
            .copied()
            .collect();
        let picked = draw.pick(&left).copied()?;
        self.0.push(picked);
        Some(picked)
    }
}
