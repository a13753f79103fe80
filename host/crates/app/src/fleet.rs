//! Work on more than one machine: what a run or an evaluation hands to the queue, and what a worker does with it.

mod chats;
mod evaluation;
mod executor;
mod job_bundle;
mod offered_job;
mod open_evaluation;
mod open_pairs;
mod plugin_report;
mod runner;
mod worker_plugins;
mod worker_process;

pub(crate) use chats::RelayedChats;
pub(crate) use evaluation::{EvaluationFleet, RemoteScorer};
pub(crate) use executor::Fleet;
pub(crate) use offered_job::OfferedJob;
pub(crate) use plugin_report::{LoggedMessage, ReportedLog};
pub use runner::WorkerSettings;
pub use worker_process::{FleetWatch, fleet_status, work_at};

use nl2sql_pipeline::Failure;
use nl2sql_worker::QueueError;

use crate::sentence;

/// A queue that cannot be used, in the pipeline's words.
pub(crate) fn queue_failure(error: &QueueError) -> Failure {
    let code = match error {
        QueueError::Cancelled => "cancelled",
        _ => "unavailable",
    };
    let failure = Failure::new("queue", code, error.to_string());
    match miette::Diagnostic::help(error) {
        Some(help) => failure.with_hint(sentence(&help.to_string())),
        None => failure,
    }
}
