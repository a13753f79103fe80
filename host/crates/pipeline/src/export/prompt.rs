//! Prompts by the profile's layout.

use std::collections::BTreeMap;

use nl2sql_catalog::Sample;
use nl2sql_profile::{SchemaScope, SchemaStyle};

use super::Export;
use super::layout::PromptFacts;
use super::llama_factory::{AlpacaRow, SharegptRow};
use crate::Failure;

/// Schema texts rendered once, and the layout to fill.
pub(super) struct Prompts<'a> {
    export: &'a Export<'a>,
    whole: String,
    by_topic: BTreeMap<&'a str, String>,
    notes: String,
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
            };
            texts.push((table, text));
        }
        let joined = |of: &dyn Fn(&nl2sql_catalog::Table) -> bool| {
            let chosen: Vec<_> = texts
                .iter()
                .filter(|(table, _)| of(table))
                .map(|(_, text)| text.as_str())
                .collect();
            chosen.join("\n\n")
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
        Ok(Self {
            export,
            whole: joined(&|_| true),
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
        let schema = match self.export.settings.schema {
            SchemaScope::Database => &self.whole,
            SchemaScope::Topic => self.by_topic.get(sample.topic.as_str()).unwrap_or(&self.whole),
        };
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
