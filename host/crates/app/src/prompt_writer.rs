//! Bare questions with the prompt layout around them.

use std::collections::BTreeMap;

use nl2sql_evaluation::dataset::Example;
use nl2sql_pipeline::{Failure, Mention, PromptFacts, SchemaPart};
use nl2sql_profile::ExportSettings;

use crate::DatabaseRegistry;
use crate::plugins::call_failure;

/// Which columns (table, column) may be named as holding a value.
type MayName<'a> = Box<dyn Fn(&str, &str) -> bool + 'a>;

/// Writes prompts in one layout; the schema of each database is rendered once.
pub struct PromptWriter<'a> {
    databases: &'a DatabaseRegistry,
    layout: &'a ExportSettings,
    schemas: BTreeMap<String, Schema>,
    may_name: MayName<'a>,
    /// Questions whose prompt shows every table although the layout shows a topic's, for they have no topic of the run.
    pub without_topic: usize,
    /// Questions that come with knowledge which the layout does not show.
    pub without_evidence: usize,
}

/// What prompts show of one database.
struct Schema {
    part: SchemaPart,
    dialect: String,
    notes: String,
}

impl<'a> PromptWriter<'a> {
    /// A writer for questions of these databases.
    pub fn new(databases: &'a DatabaseRegistry, layout: &'a ExportSettings) -> Self {
        Self {
            databases,
            layout,
            schemas: BTreeMap::new(),
            may_name: Box::new(|_, _| true),
            without_topic: 0,
            without_evidence: 0,
        }
    }

    /// Shows values only of columns that may be named, as (table, column).
    pub fn naming_only(mut self, may_name: impl Fn(&str, &str) -> bool + 'a) -> Self {
        self.may_name = Box::new(may_name);
        self
    }

    /// Puts the layout around a question. Blocks, as [`DatabaseRegistry::get`] does.
    ///
    /// # Errors
    /// When the database is not there, or its dialect fails.
    pub fn write(&mut self, example: &mut Example) -> Result<(), Failure> {
        let database = self.databases.get(&example.database)?;
        if !self.schemas.contains_key(&example.database) {
            let info = database.session.info().map_err(|error| call_failure(&error))?;
            let schema = Schema {
                part: database.schema_part(self.layout, self.databases.session().profile(), &*self.may_name)?,
                notes: info.prompt_notes.join("\n"),
                dialect: info.name.clone(),
            };
            self.schemas.insert(example.database.clone(), schema);
        }
        let schema = &self.schemas[&example.database];
        let topic_name = example.facts.get("topic").map_or("", String::as_str);
        let topic = database.topic(topic_name);
        let text = match topic {
            Some(topic) if schema.part.is_by_topic() => schema.part.of_topic(topic),
            _ => schema.part.whole(),
        };
        self.without_topic += usize::from(topic.is_none() && schema.part.is_by_topic());
        self.without_evidence += usize::from(!example.evidence.is_empty() && !self.layout.shows_evidence());
        let values = match self.layout.shows_values() {
            true => database
                .value_search(self.databases.session().profile())?
                .mentions(&example.question, &*self.may_name),
            false => Vec::new(),
        };
        let facts = PromptFacts {
            question: &example.question,
            schema: &text,
            dialect: &schema.dialect,
            database: &database.catalog.name,
            topic: topic_name,
            notes: &schema.notes,
            evidence: &example.evidence,
            values: &Mention::text(&values),
        };
        example.prompt = facts.user_message(self.layout);
        example.named_values = values.iter().map(|mention| mention.spellings.clone()).collect();
        let system = facts.fill(&self.layout.system);
        if !system.is_empty() {
            example.system = Some(system);
        }
        Ok(())
    }
}
