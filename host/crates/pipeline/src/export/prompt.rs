//! Prompts by the profile's layout.

use std::collections::BTreeMap;

use nl2sql_catalog::Sample;
use nl2sql_profile::{SchemaScope, SchemaStyle};

use super::Export;
use super::layout::PromptFacts;
use super::llama_factory::{AlpacaRow, SharegptRow};
use super::outline::outline;
use crate::Failure;
use crate::cards::estimate_tokens;

/// Schema texts rendered once, and the layout to fill.
pub(super) struct Prompts<'a> {
    export: &'a Export<'a>,
    /// Every table; `None` where the profile shows the topic's, or all are too many.
    whole: Option<String>,
    by_topic: BTreeMap<&'a str, String>,
    notes: String,
    /// What the user should know about the schema part.
    pub(super) note: Option<String>,
}

impl<'a> Prompts<'a> {
    pub(super) fn new(export: &'a Export<'a>) -> Result<Self, Failure> {
        let mut texts = Vec::with_capacity(export.catalog.tables.len());
        for (index, table) in export.catalog.tables.iter().enumerate() {
            let text = match export.settings.schema_style {
                SchemaStyle::Ddl => export.dialect.render_ddl(table)?.trim_end().to_owned(),
                SchemaStyle::Cards => export
                    .cards
                    .cards
                    .get(index)
                    .map(|card| card.text.clone())
                    .unwrap_or_default(),
                SchemaStyle::Outline => outline(table),
            };
            texts.push((table, text));
        }
        let between = export.settings.schema_style.between_tables();
        let joined = |of: &dyn Fn(&nl2sql_catalog::Table) -> bool| {
            let chosen: Vec<_> = texts
                .iter()
                .filter(|(table, _)| of(table))
                .map(|(_, text)| text.as_str())
                .collect();
            chosen.join(between)
        };
        let by_topic = export
            .plan
            .topics
            .iter()
            .map(|topic| {
                let member = |table: &nl2sql_catalog::Table| {
                    topic.tables.contains(&table.qualified_name()) || topic.tables.contains(&table.name)
                };
                (topic.name.as_str(), joined(&member))
            })
            .collect();
        let tokens: usize = texts.iter().map(|(_, text)| estimate_tokens(text)).sum();
        let limit = export.settings.schema_tokens as usize;
        let outgrown = export.settings.schema == SchemaScope::Database && tokens > limit;
        let whole = (export.settings.schema == SchemaScope::Database && !outgrown).then(|| joined(&|_| true));
        Ok(Self {
            export,
            note: outgrown.then(|| {
                format!(
                    "the schema takes about {tokens} tokens, more than export.schema_tokens = {limit}; prompts show the tables of \
                     their topic"
                )
            }),
            whole,
            by_topic,
            notes: export.dialect.info().prompt_notes.join("\n"),
        })
    }

    pub(super) fn alpaca(&self, sample: &Sample) -> AlpacaRow {
        let settings = self.export.settings;
        let system = self.fill(&settings.system, sample);
        AlpacaRow {
            instruction: self.fill(&settings.instruction, sample),
            input: self.fill(&settings.prompt, sample),
            output: sample.sql.clone(),
            system: Some(system).filter(|text| !text.is_empty()),
        }
    }

    pub(super) fn sharegpt(&self, sample: &Sample) -> SharegptRow {
        self.alpaca(sample).into()
    }

    fn fill(&self, layout: &str, sample: &Sample) -> String {
        let by_topic = || self.by_topic.get(sample.topic.as_str());
        let schema = self.whole.as_ref().or_else(by_topic).map_or("", String::as_str);
        let facts = PromptFacts {
            question: &sample.question,
            schema,
            dialect: &self.export.dialect.info().name,
            database: &self.export.catalog.name,
            topic: &sample.topic,
            notes: &self.notes,
        };
        facts.fill(layout)
    }
}
