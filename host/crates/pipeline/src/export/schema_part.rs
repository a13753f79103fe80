//! The schema part of a prompt: every table, or those of a topic.

use nl2sql_catalog::{Column, Database, Table, Topic};
use nl2sql_profile::{ExportSettings, SchemaScope, SchemaStyle};

use super::column_codes::codes;
use super::outline::outline;
use crate::cards::estimate_tokens;
use crate::{CardsArtifact, Failure};

/// The text of every table, rendered once.
pub struct SchemaPart {
    /// Qualified name, plain name and text of each table.
    tables: Vec<(String, String, String)>,
    between: &'static str,
    scope: SchemaScope,
    limit: usize,
}

impl SchemaPart {
    /// Renders the tables in the style that the layout asks for. `values` are those of a column that may be shown; `ddl` writes a table as
    /// CREATE TABLE.
    ///
    /// # Errors
    /// As `ddl`.
    pub fn new<'v>(
        catalog: &Database,
        cards: &CardsArtifact,
        settings: &ExportSettings,
        values: impl Fn(&Table, &Column) -> &'v [String],
        ddl: impl Fn(&Table) -> Result<String, Failure>,
    ) -> Result<Self, Failure> {
        let mut tables = Vec::with_capacity(catalog.tables.len());
        for (index, table) in catalog.tables.iter().enumerate() {
            let text = match settings.schema_style {
                SchemaStyle::Ddl => ddl(&table.with_terms_in_comments())?.trim_end().to_owned(),
                SchemaStyle::Cards => cards.cards.get(index).map(|card| card.text.clone()).unwrap_or_default(),
                SchemaStyle::Outline => outline(table, |_| &[]),
                SchemaStyle::OutlineWithCodes => outline(table, |column| codes(table, values(table, column))),
            };
            tables.push((table.qualified_name(), table.name.clone(), text));
        }
        Ok(Self {
            tables,
            between: settings.schema_style.between_tables(),
            scope: settings.schema,
            limit: settings.schema_tokens as usize,
        })
    }

    /// Estimated tokens of all tables, where they are more than a prompt may show.
    pub fn outgrown(&self) -> Option<usize> {
        let tokens: usize = self.tables.iter().map(|(_, _, text)| estimate_tokens(text)).sum();
        (self.scope == SchemaScope::Database && tokens > self.limit).then_some(tokens)
    }

    /// Whether prompts show the tables of their topic alone.
    pub fn is_by_topic(&self) -> bool {
        self.scope == SchemaScope::Topic || self.outgrown().is_some()
    }

    /// Every table.
    pub fn whole(&self) -> String {
        self.joined(|_, _| true)
    }

    /// The tables of a topic.
    pub fn of_topic(&self, topic: &Topic) -> String {
        self.joined(|qualified, name| topic.tables.iter().any(|table| table == qualified || table == name))
    }

    fn joined(&self, shown: impl Fn(&str, &str) -> bool) -> String {
        let texts = self.tables.iter().filter(|(qualified, name, _)| shown(qualified, name));
        texts
            .map(|(_, _, text)| text.as_str())
            .collect::<Vec<_>>()
            .join(self.between)
    }
}
