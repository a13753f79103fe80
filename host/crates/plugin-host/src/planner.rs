//! Planners.

use std::sync::Arc;

use nl2sql_catalog::{Plan, PlanRequest};
use wasmtime::Store;

use crate::bindings::planner::exports::nl2sql::plugin::planner as wit;
use crate::bindings::planner::{PlannerPlugin as World, PlannerPluginPre};
use crate::convert::list;
use crate::error::{CallError, Failure};
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// A loaded planner; usable from several threads at once.
#[derive(Clone)]
pub struct PlannerPlugin {
    pool: Arc<Pool<World>>,
}

impl Kinded for PlannerPlugin {
    const KIND: crate::Kind = crate::Kind::Planner;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let pre = PlannerPluginPre::new(plugin.pre.clone())?;
        let bind = move |store: &mut Store<State>| pre.instantiate(store);
        Ok(Self {
            pool: Arc::new(Pool::new(plugin, services, bind)),
        })
    }
}

impl PlannerPlugin {
    /// Name of the plugin.
    pub fn name(&self) -> &str {
        self.pool.plugin().name()
    }

    /// Topics with their budgets, as the plugin gives them; the caller checks that tables exist and budgets sum up.
    pub fn plan(&self, request: &PlanRequest<'_>) -> Result<Plan, CallError> {
        const CALL: &str = "planner.plan";
        let request = wit::PlanRequest {
            catalog: request.catalog.into(),
            cards: list(request.cards),
            total: request.total,
            minimum: request.minimum,
            language: request.language.to_owned(),
            options: request.options.to_owned(),
            seed: request.seed,
        };
        let answer = self.pool.call(CALL, |store, world| {
            world.nl2sql_plugin_planner().call_plan(store, &request)
        })?;
        match answer {
            Ok(plan) => Ok(Plan {
                topics: list(plan.topics),
                notes: plan.notes,
            }),
            Err(refusal) => Err(self.pool.fault(CALL, Failure::Refused(refusal.into()))),
        }
    }
}
