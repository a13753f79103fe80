//! Metrics.

use std::sync::Arc;

use nl2sql_catalog::{MetricInfo, MetricRow, RowScore};
use wasmtime::Store;

use crate::bindings::metric::exports::nl2sql::plugin::metric as wit;
use crate::bindings::metric::{MetricPlugin as World, MetricPluginPre};
use crate::convert::list;
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// Which way a metric gets better, as the contract spells it.
const DIRECTIONS: [&str; 2] = ["higher", "lower"];

/// A loaded metric plugin; usable from several threads at once.
#[derive(Clone)]
pub struct MetricPlugin {
    pool: Arc<Pool<World>>,
}

impl Kinded for MetricPlugin {
    const KIND: crate::Kind = crate::Kind::Metric;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let pre = MetricPluginPre::new(plugin.pre.clone())?;
        let bind = move |store: &mut Store<State>| pre.instantiate(store);
        Ok(Self {
            pool: Arc::new(Pool::new(plugin, services, bind)),
        })
    }
}

impl MetricPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// The metrics it computes, in the order of [`RowScore::values`].
    pub fn describe(&self) -> Result<Vec<MetricInfo>, CallError> {
        const CALL: &str = "metric.describe";
        let infos = self
            .pool
            .call(CALL, |store, world| world.nl2sql_plugin_metric().call_describe(store))?;
        match infos.iter().find(|info| !DIRECTIONS.contains(&info.direction.as_str())) {
            Some(info) => {
                let failure = Failure::unknown_name("direction of a metric", &info.direction, &DIRECTIONS);
                Err(self.pool.fault(CALL, failure))
            }
            None => Ok(list(infos)),
        }
    }

    /// Scores rows, one score per row in order; `options` is JSON.
    pub fn score(&self, rows: &[MetricRow], options: &str) -> Result<Vec<RowScore>, CallError> {
        const CALL: &str = "metric.score";
        let wit: Vec<wit::Row> = list(rows);
        let answer = self.pool.call(CALL, |store, world| {
            world.nl2sql_plugin_metric().call_score(store, &wit, options)
        })?;
        let scores = answer.map_err(|refusal| self.pool.fault(CALL, Failure::Refused(refusal.into())))?;
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
        Ok(list(scores))
    }

    /// One figure per metric over all rows of a run.
    pub fn aggregate(&self, scores: &[RowScore]) -> Result<Vec<Option<f64>>, CallError> {
        let scores: Vec<wit::RowScore> = list(scores);
        self.pool.call("metric.aggregate", |store, world| {
            world.nl2sql_plugin_metric().call_aggregate(store, &scores)
        })
    }
}
