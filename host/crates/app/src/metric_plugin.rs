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
use nl2sql_plugin_host::{
    self as plugin_host, MatchOutcome, MatchPair, QueryError, QueryService, ServiceError, Services,
};

use crate::database_registry::DatabaseRegistry;
use crate::llm_service::StageLlm;
use crate::off_runtime;
use crate::plugins::{call_failure, inspect};

/// One metric plugin; it gets an instance of its own for each database whose dialect or rows it asks for.
pub struct BoundMetric {
    digest: String,
    metrics: Vec<MetricInfo>,
    /// The database whose instance describes and aggregates.
    home: String,
    instances: Arc<Instances>,
}

/// Instances of a metric plugin by database.
struct Instances {
    name: String,
    options: String,
    databases: Arc<DatabaseRegistry>,
    /// Whether the plugin uses a database at all.
    asks: bool,
    /// Whether it asks the language model, and the profile names one.
    asks_model: bool,
    bound: Mutex<BTreeMap<String, Arc<plugin_host::MetricSession>>>,
}

impl Instances {
    fn get(&self, database: &str) -> Result<Arc<plugin_host::MetricSession>, String> {
        let key = if self.asks { database } else { "" };
        if let Some(session) = self.bound.lock().unwrap_or_else(PoisonError::into_inner).get(key) {
            return Ok(session.clone());
        }
        let plugin = self.load(database)?;
        let catalog = if self.asks {
            let asked = self.databases.get(database).map_err(|error| error.to_string())?;
            Some(asked.catalog.clone())
        } else {
            None
        };
        let session = Arc::new(plugin.open(catalog.as_deref(), &self.options));
        self.bound
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.to_owned(), session.clone());
        Ok(session)
    }

    /// The plugin with the services of a database.
    fn load(&self, database: &str) -> Result<plugin_host::MetricPlugin, String> {
        let mut services = Services::none();
        if self.asks {
            let asked = self.databases.get(database).map_err(|error| error.to_string())?;
            let queries = MetricQueries {
                databases: self.databases.clone(),
                database: database.to_owned(),
            };
            services = services.with_sql(asked.session.clone()).with_query(Arc::new(queries));
        }
        if self.asks_model {
            let session = self.databases.session();
            let client = session
                .language_model(session.cancellation().clone())
                .map_err(|error| error.to_string())?;
            services = services.with_llm(Arc::new(StageLlm::new(client, session.runtime().clone(), "evaluate")));
        }
        let plugins = self.databases.session().plugins().map_err(|error| error.to_string())?;
        plugins.metric(&self.name, services).map_err(|error| error.to_string())
    }
}

impl BoundMetric {
    /// The plugin of this name with its options as JSON. `database` is one of those asked: a plugin describes itself with its services at hand.
    ///
    /// # Errors
    /// When the plugin cannot be loaded, or the database not be opened.
    pub fn load(
        name: &str,
        options: String,
        databases: Arc<DatabaseRegistry>,
        database: &str,
    ) -> Result<Self, Failure> {
        let artifact = inspect(databases.session().plugins()?, "metric", name)?;
        let asks = ["sql", "query"]
            .iter()
            .any(|service| artifact.manifest.imports.contains_key(*service));
        let names_model = !databases.session().profile().llm.provider.is_empty();
        let asks_model = names_model && artifact.manifest.imports.contains_key("llm");
        let instances = Instances {
            name: name.to_owned(),
            options,
            databases,
            asks,
            asks_model,
            bound: Mutex::default(),
        };
        let plugin = instances
            .load(database)
            .map_err(|message| Failure::new(name, "unavailable", message))?;
        let metrics = plugin.describe().map_err(|error| call_failure(&error))?;
        // Options that it refuses would be refused on every row. An empty row may well fail, which says nothing of others.
        let probe = instances
            .get(database)
            .map_err(|message| Failure::new(name, "unavailable", message))?;
        if let Err(error) = probe.score(&[MetricRow::default()])
            && (error.is_lasting() || matches!(error.failure, plugin_host::Failure::Service { .. }))
        {
            return Err(call_failure(&error));
        }
        Ok(Self {
            digest: artifact.sha256,
            metrics,
            home: database.to_owned(),
            instances: Arc::new(instances),
        })
    }
}

#[async_trait]
impl MetricPlugin for BoundMetric {
    fn name(&self) -> &str {
        &self.instances.name
    }

    fn digest(&self) -> &str {
        &self.digest
    }

    fn describe(&self) -> Vec<MetricInfo> {
        self.metrics.clone()
    }

    async fn score(&self, database: &str, rows: Arc<[MetricRow]>) -> Result<Vec<RowScore>, String> {
        let (instances, database) = (self.instances.clone(), database.to_owned());
        let scored = off_runtime(move || {
            instances
                .get(&database)?
                .score(&rows)
                .map_err(|error| call_failure(&error).to_string())
        });
        let scores = scored.await?;
        scores.iter().try_for_each(|score| self.check_ranges(&score.values))?;
        Ok(scores)
    }

    async fn aggregate(&self, scores: Arc<[RowScore]>) -> Result<Vec<Option<f64>>, String> {
        let (instances, home) = (self.instances.clone(), self.home.clone());
        let aggregated = off_runtime(move || {
            instances
                .get(&home)?
                .aggregate(&scores)
                .map_err(|error| call_failure(&error).to_string())
        });
        let figures = aggregated.await?;
        self.check_ranges(&figures)?;
        Ok(figures)
    }
}

impl BoundMetric {
    /// Its options as JSON.
    pub(crate) fn options(&self) -> &str {
        &self.instances.options
    }

    /// Whether it asks the profile's language model.
    pub(crate) fn asks_model(&self) -> bool {
        self.instances.asks_model
    }

    /// Refuses figures that their unit does not have.
    fn check_ranges(&self, values: &[Option<f64>]) -> Result<(), String> {
        for (info, value) in self.metrics.iter().zip(values) {
            let Some(value) = value else { continue };
            let most = if info.unit == "percent" { 100.0 } else { f64::INFINITY };
            let least = if info.unit == "percent" { 0.0 } else { f64::NEG_INFINITY };
            if !value.is_finite() || !(least..=most).contains(value) {
                return Err(format!("it gave {value} as `{}`, which is no {}", info.name, info.unit));
            }
        }
        Ok(())
    }
}

/// The service `query` of a metric: the databases examples are asked of.
struct MetricQueries {
    databases: Arc<DatabaseRegistry>,
    database: String,
}

impl QueryService for MetricQueries {
    fn run(&self, sql: &str, max_rows: u32) -> Result<ResultSet, QueryError> {
        let runner = self.databases.runner();
        let runtime = self.databases.session().runtime();
        let rows = runtime.block_on(|| runner.run(&self.database, sql, max_rows as usize));
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

    fn execution_match(&self, pairs: &[MatchPair], definition: &str) -> Result<Vec<MatchOutcome>, ServiceError> {
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
        let judgements = self
            .databases
            .session()
            .runtime()
            .block_on(|| judge.judge_all(pairs.collect()));
        Ok(judgements
            .into_iter()
            .map(|judged| MatchOutcome {
                outcome: judged.outcome,
                detail: judged.detail,
            })
            .collect())
    }
}
