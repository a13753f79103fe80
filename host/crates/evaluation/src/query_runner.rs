//! What execution match needs of a database.

use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::ResultSet;

/// Why a statement gave no rows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryFailure {
    /// It is not one read-only statement.
    #[error("refused: {}", .0.strip_prefix("refused: ").unwrap_or(.0))]
    Refused(String),
    /// It ran into the time limit.
    #[error("timeout: {0}")]
    Timeout(String),
    /// The engine reported an error.
    #[error("{0}")]
    Failed(String),
    /// There is no such database or no connection to it.
    #[error("unavailable: {0}")]
    Unavailable(String),
}

/// Tables, columns and foreign keys of one database, as Spider's evaluator reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchemaOutline {
    /// Base tables with their columns, in catalog order.
    pub tables: Vec<(String, Vec<String>)>,
    /// Pairs of (table, column), one pair per column of a foreign key.
    pub foreign_keys: Vec<[(String, String); 2]>,
}

/// Runs statements on named databases. Must never change one.
#[async_trait]
pub trait QueryRunner: Send + Sync {
    /// Runs one read-only statement and keeps at most `max_rows` rows; more set `truncated`.
    ///
    /// # Errors
    /// The statement was refused, timed out or failed, or there is no such database.
    async fn run(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure>;

    /// Runs statements of any kind one after another on a copy that is thrown away afterwards; a statement without
    /// result gives no rows. The official evaluators let a prediction change the database they then ask for the gold
    /// result, so their verdicts need this.
    ///
    /// # Errors
    /// Copies are not to be had of this database.
    async fn run_on_copy(
        &self,
        database: &str,
        statements: &[&str],
        max_rows: usize,
    ) -> Result<Vec<Result<Arc<ResultSet>, QueryFailure>>, QueryFailure> {
        let _ = (statements, max_rows);
        Err(QueryFailure::Unavailable(format!(
            "`{database}` is not a SQLite file, and only those are copied"
        )))
    }

    /// The outline of a database's schema.
    ///
    /// # Errors
    /// There is no such database, or its catalog cannot be read.
    async fn outline(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure>;
}
