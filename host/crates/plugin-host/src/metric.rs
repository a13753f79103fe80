//! Metrics.

use std::sync::Arc;

use nl2sql_catalog::{Database, MetricInfo, MetricRow, RowScore};
use wasmtime::Store;

use crate::contract::{MetricBinding, MetricInstance};
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// Which way a metric gets better, as the contract spells it.
const DIRECTIONS: [&str; 2] = ["higher", "lower"];

/// A loaded metric plugin.
#[derive(Clone)]
pub struct MetricPlugin {
    plugin: Arc<Loaded>,
    binding: Arc<dyn MetricBinding>,
    services: Services,
}

impl Kinded for MetricPlugin {
    const KIND: crate::Kind = crate::Kind::Metric;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let binding = plugin.contract().metric(plugin.pre.clone())?.into();
        Ok(Self {
            plugin,
            binding,
            services,
        })
    }
}

impl MetricPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.plugin.name()
    }

    /// The metrics it computes, in the order of [`RowScore::values`].
    pub fn describe(&self) -> Result<Vec<MetricInfo>, CallError> {
        const CALL: &str = "metric.describe";
        // On an instance of its own, so that what scoring read cannot be told here.
        let pool = Pool::new(self.plugin.clone(), self.services.clone(), |_: &mut Store<State>| {
            Ok(Ok(()))
        });
        let (infos, has_read_rows) = pool.call(CALL, |store, ()| {
            let infos = self.binding.describe(store)?;
            Ok((infos, store.data().has_read_rows))
        })?;
        if has_read_rows && self.plugin.disclosure.is_coded() {
            return Err(pool.fault(CALL, Failure::DescribedFromRows));
        }
        let infos = infos.map_err(|failure| pool.fault(CALL, failure))?;
        match infos.iter().find(|info| !DIRECTIONS.contains(&info.direction.as_str())) {
            Some(info) => {
                let failure = Failure::unknown_name("direction of a metric", &info.direction, &DIRECTIONS);
                Err(pool.fault(CALL, failure))
            }
            None => Ok(infos),
        }
    }

    /// Binds the metric to its options (JSON) and, where it uses a database, to the database's catalog. Instances are made as threads call.
    pub fn open(&self, database: Option<&Database>, options: &str) -> MetricSession {
        let (binding, database, options) = (self.binding.clone(), database.cloned(), options.to_owned());
        let bind = move |store: &mut Store<State>| binding.open(store, database.as_ref(), &options);
        MetricSession {
            pool: Pool::new(self.plugin.clone(), self.services.clone(), bind),
        }
    }
}

/// A metric bound to its options; usable from several threads at once.
pub struct MetricSession {
    pool: Pool<Box<dyn MetricInstance>>,
}

impl MetricSession {
    /// Scores rows, one score per row in order.
    pub fn score(&self, rows: &[MetricRow]) -> Result<Vec<RowScore>, CallError> {
        const CALL: &str = "metric.session.score";
        let scores = self.pool.answer(CALL, |store, metric| metric.score(store, rows))?;
        if scores.len() != rows.len() {
            return Err(self.pool.fault(
                CALL,
                Failure::WrongCount {
                    what: "rows",
                    given: rows.len(),
                    answered: scores.len(),
                },
            ));
        }
        Ok(self.pool.plugin().disclosure.scores(scores))
    }

    /// One figure per metric over all rows of a run.
    pub fn aggregate(&self, scores: &[RowScore]) -> Result<Vec<Option<f64>>, CallError> {
        self.pool.answer("metric.session.aggregate", |store, metric| {
            metric.aggregate(store, scores)
        })
    }
}
