//! What drivers of many dialects have to know of the one that their database speaks.

use nl2sql_catalog::{DialectInfo, Table};
use nl2sql_ddl::ScriptRules;
use nl2sql_sql_lexer::LexicalRules;

use crate::statement_guard::GuardRules;
use crate::value_samples::quoted;

/// A dialect, as its plugin describes it.
#[derive(Clone, Debug)]
pub struct DialectFacts {
    /// Its name; empty where none was chosen.
    pub name: String,
    /// Opening and closing quote of names.
    pub quotes: (char, char),
    /// Schema in which unqualified names resolve first.
    pub default_schema: Option<String>,
    /// How a query asks for no more than some rows.
    pub row_limit: RowLimit,
    /// What the look at the text of statements knows.
    pub guard: GuardRules,
    /// How scripts of CREATE statements are read.
    pub scripts: ScriptRules,
}

/// How a query asks for no more than some rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowLimit {
    /// `LIMIT n` at the end.
    #[default]
    Limit,
    /// `FETCH FIRST n ROWS ONLY` at the end.
    FetchFirst,
    /// `TOP (n)` behind SELECT.
    Top,
}

impl Default for DialectFacts {
    fn default() -> Self {
        Self {
            name: String::new(),
            quotes: ('"', '"'),
            default_schema: None,
            row_limit: RowLimit::default(),
            guard: GuardRules::of_lexical_rules(LexicalRules::GENERIC),
            scripts: ScriptRules::of(&DialectInfo::default()),
        }
    }
}

impl DialectFacts {
    /// A query for up to `rows` rows of these columns of `table`.
    pub(crate) fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let (columns, table) = quoted(table, columns, self.quotes.0, self.quotes.1);
        match self.row_limit {
            RowLimit::Limit => format!("SELECT {columns} FROM {table} LIMIT {rows}"),
            RowLimit::FetchFirst => format!("SELECT {columns} FROM {table} FETCH FIRST {rows} ROWS ONLY"),
            RowLimit::Top => format!("SELECT TOP ({rows}) {columns} FROM {table}"),
        }
    }
}
