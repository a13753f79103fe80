//! Metric plugins over the databases that examples are asked of.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use nl2sql_catalog::{MetricInfo, MetricRow, ResultSet, RowScore};
use nl2sql_evaluation::definition::Definition;
use nl2sql_evaluation::execution::{Judge, JudgeLimits, Pair};
use nl2sql_evaluation::query_runner::QueryFailure;
use nl2sql_evaluation::scoring::MetricPlugin;
use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::{self as plugin_host, Breakdown, MatchOutcome, MatchPair, QueryError, QueryService, Services};
use tokio::runtime::Handle;

use super::asked_databases::AskedDatabases;
use super::plugin_library::{call_failure, inspect};

/// One metric plugin; it gets an instance of its own for each database whose dialect or rows it asks for.
pub struct BoundMetric {
    name: String,
    digest: String,
    options: String,
    metrics: Vec<MetricInfo>,
    databases: Arc<AskedDatabases>,
    runtime: Handle,
    /// Whether it uses a database at all.
    asks: bool,
    /// The database whose instance describes and aggregates.
    home: String,
    bound: Arc<Mutex<BTreeMap<String, plugin_host::MetricPlugin>>>,
}

impl BoundMetric {
    /// The plugin of this name with its options as JSON. `database` is one of those asked: a plugin describes itself with its services at hand.
    ///
    /// # Errors
    /// When the plugin cannot be loaded, or the database not be opened.
    pub fn load(
        name: &str,
        options: String,
        databases: Arc<AskedDatabases>,
        runtime: Handle,
        database: &str,
    ) -> Result<Self, Failure> {
        let artifact = inspect(databases.plugins(), "metric", name)?;
        let asks = ["sql", "query"]
            .iter()
            .any(|service| artifact.manifest.imports.contains_key(*service));
        let mut metric = Self {
            name: name.to_owned(),
            digest: artifact.sha256,
            options,
            metrics: Vec::new(),
            databases,
            runtime,
            asks,
            home: database.to_owned(),
            bound: Arc::default(),
        };
        let plugin = metric
            .bind(database)
            .map_err(|message| Failure::new(name, "unavailable", message))?;
        metric.metrics = plugin.describe().map_err(|error| call_failure(&error))?;
        Ok(metric)
    }

    fn bind(&self, database: &str) -> Result<plugin_host::MetricPlugin, String> {
        let key = if self.asks { database } else { "" };
        if let Some(plugin) = self.bound.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(plugin.clone());
        }
        let mut services = Services::none();
        if self.asks {
            let asked = self.databases.get(database).map_err(|error| error.to_string())?;
            let queries = MetricQueries {
                databases: self.databases.clone(),
                database: database.to_owned(),
                runtime: self.runtime.clone(),
            };
            services = services.with_sql(asked.session.clone()).with_query(Arc::new(queries));
        }
        let plugin = self
            .databases
            .plugins()
            .metric(&self.name, services)
            .map_err(|error| error.to_string())?;
        self.bound
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.to_owned(), plugin.clone());
        Ok(plugin)
    }
}

#[async_trait]
impl MetricPlugin for BoundMetric {
    fn name(&self) -> &str {
        &self.name
    }

    fn digest(&self) -> &str {
        &self.digest
    }

    fn describe(&self) -> Vec<MetricInfo> {
        self.metrics.clone()
    }

    async fn score(&self, database: &str, rows: Vec<MetricRow>) -> Result<Vec<RowScore>, String> {
        // Plugins block and their services use the runtime, so they run off it.
        tokio::task::block_in_place(|| {
            let plugin = self.bind(database)?;
            plugin
                .score(&rows, &self.options)
                .map_err(|error| call_failure(&error).to_string())
        })
    }

    async fn aggregate(&self, scores: Vec<RowScore>) -> Result<Vec<Option<f64>>, String> {
        tokio::task::block_in_place(|| {
            let plugin = self.bind(&self.home)?;
            plugin
                .aggregate(&scores)
                .map_err(|error| call_failure(&error).to_string())
        })
    }
}

/// The service `query` of a metric: the databases examples are asked of.
struct MetricQueries {
    databases: Arc<AskedDatabases>,
    database: String,
    runtime: Handle,
}

impl QueryService for MetricQueries {
    fn run(&self, sql: &str, max_rows: u32) -> Result<ResultSet, QueryError> {
        let rows = self
            .runtime
            .block_on(self.databases.runner().run(&self.database, sql, max_rows as usize));
        rows.map(|rows| (*rows).clone()).map_err(|failure| {
            let code = match &failure {
                QueryFailure::Refused(_) => "refused",
                QueryFailure::Timeout(_) => "timeout",
                QueryFailure::Failed(_) => "failed",
                QueryFailure::Unavailable(_) => "unavailable",
            };
            QueryError {
                code,
                message: failure.to_string(),
            }
        })
    }

    fn execution_match(&self, pairs: &[MatchPair], definition: &str) -> Result<Vec<MatchOutcome>, Breakdown> {
        let definition: Definition = definition.parse()?;
        let judge = Arc::new(Judge::new(self.databases.runner(), definition, JudgeLimits::default()));
        let pairs = pairs.iter().map(|pair| Pair {
            database: if pair.database.is_empty() {
                self.database.clone()
            } else {
                pair.database.clone()
            },
            gold: pair.gold.clone(),
            predicted: pair.predicted.clone(),
        });
        let judgements = self.runtime.block_on(judge.judge_all(pairs.collect()));
        Ok(judgements
            .into_iter()
            .map(|judged| MatchOutcome {
                outcome: judged.outcome,
                detail: judged.detail,
            })
            .collect())
    }
}
