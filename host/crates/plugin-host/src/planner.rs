//! Planners.

use std::sync::Arc;

use nl2sql_catalog::{Plan, PlanRequest};
use wasmtime::Store;

use crate::contract::PlannerInstance;
use crate::error::CallError;
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::pool::Pool;
use crate::services::Services;
use crate::state::State;

/// A loaded planner; usable from several threads at once.
#[derive(Clone)]
pub struct PlannerPlugin {
    pool: Arc<Pool<Box<dyn PlannerInstance>>>,
}

impl Kinded for PlannerPlugin {
    const KIND: crate::Kind = crate::Kind::Planner;

    fn bind(plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Self> {
        let binding = plugin.contract().planner(plugin.pre.clone())?;
        let bind = move |store: &mut Store<State>| Ok(Ok(binding.instantiate(store)?));
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
        self.pool
            .answer("planner.plan", |store, planner| planner.plan(store, request))
    }
}
