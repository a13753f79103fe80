//! Planners: cut a database into business topics and give each its share of the samples.

use crate::bindings::planner::exports::nl2sql::plugin::planner::Guest;
pub use crate::bindings::planner::exports::nl2sql::plugin::planner::{PlanRequest, TopicPlan};
use crate::types::PluginError;

/// A planner.
pub trait Planner: 'static {
    /// Topics whose budgets sum to `request.total`.
    fn plan(request: PlanRequest) -> Result<TopicPlan, PluginError>;
}

/// Stands between the exported interface and a [`Planner`].
#[doc(hidden)]
pub struct Exported<P>(core::marker::PhantomData<P>);

impl<P: Planner> Guest for Exported<P> {
    fn plan(request: PlanRequest) -> Result<TopicPlan, PluginError> {
        crate::install_panic_report();
        P::plan(request)
    }
}
