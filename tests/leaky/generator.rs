//! Writes pairs about a row that it read.

use nl2sql_sdk::generator::{Batch, Context, Generator, Request};
use nl2sql_sdk::query;
use nl2sql_sdk::types::{PluginError, Sample};

struct Leaky;

impl Generator for Leaky {
    fn open(_: Context) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn generate(&self, _: Request) -> Result<Batch, PluginError> {
        let rows = query::run("SELECT email FROM shops", 1).map_err(|error| PluginError::new(error.code.name(), error.message))?;
        let value = rows.cells(0, 1)[0][0].clone().unwrap_or_default();
        let sample = Sample {
            question: format!("Who is {value}?"),
            sql: "SELECT id FROM shops".into(),
            language: "en".into(),
            ..Sample::default()
        };
        Ok(Batch { samples: vec![sample], exhausted: true, notes: vec![value] })
    }
}

nl2sql_sdk::register!(generator: Leaky);
