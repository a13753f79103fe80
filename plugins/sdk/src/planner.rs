//! Planners: cut a database into business topics and give each its share of the samples.

use crate::bindings::planner::exports::nl2sql::plugin::planner::{self, Guest, GuestSession};
pub use crate::bindings::planner::exports::nl2sql::plugin::planner::{Context, PlanRequest, TopicPlan};
use crate::types::PluginError;

/// A planner bound to one catalog, its cards and options.
pub trait Planner: Sized + 'static {
    /// Binds the planner. An error here is the answer to every request.
    fn open(context: Context) -> Result<Self, PluginError>;

    /// Topics whose budgets sum to `request.total`.
    fn plan(&self, request: PlanRequest) -> Result<TopicPlan, PluginError>;
}

/// Stands between the exported interface and a [`Planner`].
#[doc(hidden)]
pub struct Exported<P>(core::marker::PhantomData<P>);

#[doc(hidden)]
pub struct Session<P>(P);

impl<P: Planner> Guest for Exported<P> {
    type Session = Session<P>;

    fn open(context: Context) -> Result<planner::Session, PluginError> {
        crate::install_panic_report();
        P::open(context).map(|open| planner::Session::new(Session(open)))
    }
}

impl<P: Planner> GuestSession for Session<P> {
    fn plan(&self, request: PlanRequest) -> Result<TopicPlan, PluginError> {
        self.0.plan(request)
    }
}
