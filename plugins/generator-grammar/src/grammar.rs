//! The weighted grammar: every family draws a question and the query that answers it.

mod analytic;
mod ask;
mod choose;
mod dated;
mod family;
mod filters;
mod grouped;
mod joined;
mod nested;
mod plain;
mod referring;
mod related;
mod relation;
mod rowsets;
mod selfjoin;
mod sets;
mod value_tests;
mod values;

pub use ask::{Ask, Attribute, Filter, Match, Pattern, Test};
pub use choose::Chooser;
pub use family::{FAMILIES, Family};
pub use relation::{Kinship, Relation, relations};

use crate::sql::Statement;

/// A question and its answer, before either is put into words.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What is asked.
    pub ask: Ask,
    /// The query.
    pub statement: Statement,
}

impl Pair {
    fn new(ask: Ask, body: crate::sql::Select) -> Option<Self> {
        Some(Self {
            ask,
            statement: Statement { ctes: Vec::new(), body },
        })
    }
}
