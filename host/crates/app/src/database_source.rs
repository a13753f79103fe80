//! The pipeline's database over a native driver and a dialect plugin.

use crate::ServiceRuntime;
use nl2sql_catalog::{Column, Database, Table};
use nl2sql_database::Connection;
use nl2sql_pipeline::{Failure, Source};
use nl2sql_plugin_host::DialectPlugin;

use crate::plugins::call_failure;

/// What a user has to know of a run without a database.
const NOTHING_RUNS: &str = "the catalog comes from a script: pairs are checked for syntax and schema alone, none is executed, and no values are sampled";

/// The database of a run.
pub struct DatabaseSource {
    pub connection: Connection,
    pub dialect: DialectPlugin,
    pub runtime: ServiceRuntime,
}

impl Source for DatabaseSource {
    fn catalog(&self) -> Result<(Database, Vec<String>), Failure> {
        let info = self.dialect.info().map_err(|error| call_failure(&error))?;
        let server = self.connection.server_info();
        let queries = match self.connection.executes() {
            true => self
                .dialect
                .catalog_queries(server)
                .map_err(|error| call_failure(&error))?,
            false => Vec::new(),
        };
        let extraction = self
            .runtime
            .block_on(|| self.connection.extract(&queries, &info.name))
            .map_err(|error| Failure::new("database", "unavailable", error.to_string()))?;
        let mut notes = extraction.notes;
        if !self.connection.executes() {
            notes.insert(0, NOTHING_RUNS.into());
        }
        Ok((extraction.database, notes))
    }

    fn values(&self, table: &Table, columns: &[&Column], limit: u32) -> Result<Vec<Vec<String>>, Failure> {
        if !self.connection.executes() {
            return Ok(vec![Vec::new(); columns.len()]);
        }
        let mut asked = table.clone();
        asked
            .columns
            .retain(|column| columns.iter().any(|wanted| wanted.name == column.name));
        let sampled = self
            .runtime
            .block_on(|| self.connection.sample_values(&asked, limit as usize))
            .map_err(|error| {
                Failure::new(
                    "database",
                    error.code(),
                    format!("sampling {}: {error}", table.qualified_name()),
                )
            })?;
        let texts = |column: &&Column| {
            let found = sampled.iter().find(|values| values.column == column.name);
            let values = found.into_iter().flat_map(|values| &values.values);
            values.filter_map(|(value, _)| value.display_text()).collect()
        };
        Ok(columns.iter().map(texts).collect())
    }
}
