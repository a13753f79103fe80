//! The databases of the run's server, by the names that rows give them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use nl2sql_catalog::ResultSet;
use nl2sql_evaluation::query_runner::{QueryFailure, QueryRunner, SchemaOutline};

use crate::query_service::RunDatabase;

/// Runs statements on the database of a name. A name that nobody [added](Self::add) is refused.
#[derive(Default)]
pub struct ServerDatabases(Mutex<BTreeMap<String, Arc<RunDatabase>>>);

impl ServerDatabases {
    /// Makes a database known under a name.
    pub fn add(&self, name: &str, database: Arc<RunDatabase>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name.to_owned(), database);
    }

    fn get(&self, name: &str) -> Result<Arc<RunDatabase>, QueryFailure> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(name).cloned().ok_or_else(|| {
            QueryFailure::Unavailable(format!("the run does not read a database `{}`", name.escape_debug()))
        })
    }
}

#[async_trait]
impl QueryRunner for ServerDatabases {
    async fn run(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        self.get(database)?.run_here(sql, max_rows).await
    }

    async fn outline(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure> {
        Ok(self.get(database)?.outline_here())
    }
}
