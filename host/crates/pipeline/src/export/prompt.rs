//! Prompts by the profile's layout.

use std::collections::BTreeMap;

use nl2sql_catalog::Sample;

use super::Export;
use super::layout::PromptFacts;
use super::llama_factory::{AlpacaRow, SharegptRow};
use super::schema_part::SchemaPart;
use super::similar_pairs::Shown;
use crate::{Failure, Mention, ValueSearch, values_of};

/// Schema texts rendered once, and the layout to fill.
pub(super) struct Prompts<'a> {
    export: &'a Export<'a>,
    /// Every table; `None` where the profile shows the topic's, or all are too many.
    whole: Option<String>,
    by_topic: BTreeMap<&'a str, String>,
    notes: String,
    /// Looks up what questions say, where the layout shows it.
    values: Option<ValueSearch>,
    /// What the user should know about the schema part.
    pub(super) note: Option<String>,
}

impl<'a> Prompts<'a> {
    pub(super) fn new(export: &'a Export<'a>) -> Result<Self, Failure> {
        let settings = export.settings;
        let values = &export.cards.searched_values;
        let schema = SchemaPart::new(
            export.catalog,
            export.cards,
            settings,
            |table, column| values_of(values, table, column),
            |table| export.dialect.render_ddl(table),
        )?;
        let by_topic = export
            .plan
            .topics
            .iter()
            .map(|topic| (topic.name.as_str(), schema.of_topic(topic)))
            .collect();
        Ok(Self {
            export,
            note: schema.outgrown().map(|tokens| {
                format!(
                    "the schema takes about {tokens} tokens, more than export.schema_tokens = {}; prompts show the tables of \
                     their topic",
                    settings.schema_tokens
                )
            }),
            whole: (!schema.is_by_topic()).then(|| schema.whole()),
            by_topic,
            notes: export.dialect.info().prompt_notes.join("\n"),
            values: settings
                .shows_values()
                .then(|| ValueSearch::new(export.catalog, values)),
        })
    }

    pub(super) fn alpaca(&self, sample: &Sample, shown: &Shown<'_>) -> AlpacaRow {
        let settings = self.export.settings;
        let system = self.fill(&settings.system, sample);
        AlpacaRow {
            instruction: self.fill(&settings.instruction, sample),
            input: self.fill(&settings.prompt, sample),
            output: sample.sql.clone(),
            history: shown
                .get(sample.id.as_str())
                .into_iter()
                .flatten()
                .map(|pair| [pair.question.clone(), pair.sql.clone()])
                .collect(),
            system: Some(system).filter(|text| !text.is_empty()),
        }
    }

    pub(super) fn sharegpt(&self, sample: &Sample, shown: &Shown<'_>) -> SharegptRow {
        self.alpaca(sample, shown).into()
    }

    fn fill(&self, layout: &str, sample: &Sample) -> String {
        let by_topic = || self.by_topic.get(sample.topic.as_str());
        let schema = self.whole.as_ref().or_else(by_topic).map_or("", String::as_str);
        let search = |values: &ValueSearch| Mention::text(&values.mentions(&sample.question, &|_, _| true));
        let facts = PromptFacts {
            question: &sample.question,
            schema,
            dialect: &self.export.dialect.info().name,
            database: &self.export.catalog.name,
            topic: &sample.topic,
            notes: &self.notes,
            values: &self.values.as_ref().map(search).unwrap_or_default(),
            ..PromptFacts::default()
        };
        facts.fill(layout)
    }
}
