//! A generator that asks for the rows of a table through every service there is.

use nl2sql_sdk::generator::{Batch, Context, Generator, Request};
use nl2sql_sdk::types::{PluginError, Sample};
use nl2sql_sdk::{llm, log, query, sql};

struct Plugin(Context);

impl Generator for Plugin {
    fn open(context: Context) -> Result<Self, PluginError> {
        Ok(Self(context))
    }

    fn generate(&self, request: Request) -> Result<Batch, PluginError> {
        let table = &request.topic.tables[0];
        let (open, close) = &self.0.dialect.identifier_quotes;
        let text = format!("SELECT * FROM {open}{table}{close}");
        log::info(format!("asking {}", self.0.dialect.driver));
        let rows = query::run(&text, 2).map_err(|error| PluginError::new(&error.code, error.message))?;
        let cells: Vec<String> = rows.cells(0, 2).into_iter().flatten().map(|cell| cell.unwrap_or("NULL".into())).collect();
        let answers = llm::chat_all(&[llm::Request {
            messages: vec![llm::Message::user(cells.join(","))],
            ..llm::Request::default()
        }]);
        let question = answers.into_iter().next().ok_or_else(|| PluginError::new("none", "no answer"))??.content;
        let findings = sql::diagnose(&text).map_err(|error| PluginError::new("syntax", error.message))?;
        Ok(Batch {
            samples: vec![Sample {
                topic: request.topic.name,
                question,
                sql: sql::normalise(&text).unwrap_or_default(),
                language: request.languages[0].0.clone(),
                difficulty: request.difficulties[0].0.clone(),
                tags: rows.columns(),
                ..Sample::default()
            }],
            exhausted: true,
            notes: vec![format!("{} findings, {} rows, {}", findings.len(), rows.row_count(), sql::info().name)],
        })
    }
}

nl2sql_sdk::register!(generator: Plugin);
