//! Asks for the rows of every table of a topic.

use nl2sql_sdk::generator::{Batch, Context, Generator, Request};
use nl2sql_sdk::types::{Difficulty, PluginError, Sample};

struct Plugin;

impl Generator for Plugin {
    fn open(_: Context) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn generate(&self, request: Request) -> Result<Batch, PluginError> {
        // One round says all there is to say.
        let tables = if request.round == 0 { request.topic.tables } else { Vec::new() };
        let sample = |table: String| Sample {
            topic: request.topic.name.clone(),
            question: format!("Show everything about {table}."),
            sql: format!("SELECT * FROM {table}"),
            language: "en".into(),
            difficulty: Difficulty::Easy,
            ..Sample::default()
        };
        let samples = tables.into_iter().take(request.want as usize).map(sample).collect();
        Ok(Batch { samples, exhausted: true, notes: Vec::new() })
    }
}

nl2sql_sdk::register!(generator: Plugin);

#[cfg(test)]
mod tests {
    use nl2sql_sdk::types::Topic;

    use super::*;

    #[test]
    fn every_table_gets_a_pair() {
        let topic = Topic { tables: vec!["singer".into()], ..Topic::default() };
        let request = Request { topic, want: 5, ..Request::default() };
        let batch = Plugin.generate(request).unwrap();
        assert_eq!(batch.samples[0].sql, "SELECT * FROM singer");
        assert!(batch.exhausted);
    }
}
