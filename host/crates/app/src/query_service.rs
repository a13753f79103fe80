//! The service `query` over the run's database.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::ServiceRuntime;
use crate::sqlite_databases::query_failure;
use async_trait::async_trait;
use nl2sql_catalog::{Database, ResultSet, TableKind};
use nl2sql_database::{Connection, Limits, QueryReader};
use nl2sql_evaluation::definition::Definition;
use nl2sql_evaluation::execution::{Judge, JudgeLimits, Pair};
use nl2sql_evaluation::query_runner::{QueryFailure, QueryRunner, SchemaOutline};
use nl2sql_plugin_host::{MatchOutcome, MatchPair, QueryError, QueryService, ServiceError};

/// Runs statements on readers that are kept for the next call.
pub struct RunQueries {
    connection: Connection,
    catalog: Arc<Database>,
    runtime: ServiceRuntime,
    limits: Limits,
    idle: Mutex<Vec<Box<dyn QueryReader>>>,
}

impl RunQueries {
    /// Statements on `connection`, each at most `timeout` long.
    pub fn new(connection: Connection, catalog: Arc<Database>, runtime: ServiceRuntime, timeout: Duration) -> Self {
        let limits = connection.settings().limits.with_timeout(timeout);
        Self {
            connection,
            catalog,
            runtime,
            limits,
            idle: Mutex::default(),
        }
    }

    fn reader(&self) -> Result<Box<dyn QueryReader>, QueryError> {
        if let Some(reader) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(reader);
        }
        self.connection.reader().map_err(|error| QueryError {
            code: "unavailable",
            message: error.to_string(),
        })
    }
}

impl QueryService for RunQueries {
    fn run(&self, sql: &str, max_rows: u32) -> Result<ResultSet, QueryError> {
        let mut reader = self.reader()?;
        let limits = self.limits.with_max_rows(self.limits.max_rows.min(max_rows as usize));
        let outcome = reader.run(sql, &limits).map_err(|error| QueryError {
            code: error.code(),
            message: error.to_string(),
        });
        // A reader that lost its database is not used again.
        if !matches!(&outcome, Err(error) if error.code == "unavailable") {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
        }
        outcome
    }

    fn execution_match(&self, pairs: &[MatchPair], definition: &str) -> Result<Vec<MatchOutcome>, ServiceError> {
        let definition: Definition = definition.parse()?;
        let runner = Arc::new(RunDatabase {
            connection: self.connection.clone(),
            catalog: Arc::clone(&self.catalog),
            limits: self.limits,
        });
        let judge = Arc::new(Judge::new(runner, definition, JudgeLimits::default()));
        let pairs = pairs
            .iter()
            .map(|pair| Pair {
                database: pair.database.clone(),
                gold: pair.gold.clone(),
                predicted: pair.predicted.clone(),
            })
            .collect();
        let judgements = self.runtime.block_on(|| judge.judge_all(pairs));
        Ok(judgements
            .into_iter()
            .map(|judgement| MatchOutcome {
                outcome: judgement.outcome,
                detail: judgement.detail,
            })
            .collect())
    }
}

/// The run's one database for the judge; a name, if given, must be its own.
pub struct RunDatabase {
    pub connection: Connection,
    pub catalog: Arc<Database>,
    pub limits: Limits,
}

impl RunDatabase {
    /// The result of a statement.
    pub async fn run_here(&self, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        let rows = self.connection.run(sql, &self.limits.with_max_rows(max_rows)).await;
        rows.map(Arc::new).map_err(query_failure)
    }

    fn check_name(&self, database: &str) -> Result<(), QueryFailure> {
        let own = &self.connection.server_info().database;
        if database.is_empty() || database == own {
            return Ok(());
        }
        Err(QueryFailure::Unavailable(format!(
            "this run reads the database `{own}`, not `{database}`"
        )))
    }
}

#[async_trait]
impl QueryRunner for RunDatabase {
    async fn run(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        self.check_name(database)?;
        self.run_here(sql, max_rows).await
    }

    async fn outline(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure> {
        self.check_name(database)?;
        Ok(self.outline_here())
    }
}

impl RunDatabase {
    /// Tables, columns and foreign keys.
    pub fn outline_here(&self) -> Arc<SchemaOutline> {
        let tables = || {
            self.catalog
                .tables
                .iter()
                .filter(|table| table.kind == TableKind::Table)
        };
        let keys = tables().flat_map(|table| {
            table.foreign_keys.iter().flat_map(move |key| {
                let ends = key.columns.iter().zip(&key.ref_columns);
                ends.map(move |(from, to)| [(table.name.clone(), from.clone()), (key.ref_table.clone(), to.clone())])
            })
        });
        Arc::new(SchemaOutline {
            tables: tables()
                .map(|table| {
                    (
                        table.name.clone(),
                        table.columns.iter().map(|column| column.name.clone()).collect(),
                    )
                })
                .collect(),
            foreign_keys: keys.collect(),
        })
    }
}
