//! `/v1/runs`, `/v1/workers` and `/v1/events`: runs to see and pairs to review. What is told comes from the run folder; see [`nl2sql_app::runs`].

pub(crate) mod access;
pub(crate) mod coverage;
pub(crate) mod evaluation;
pub(crate) mod events;
pub(crate) mod listing;
pub(crate) mod pairs;
pub(crate) mod parameters;
pub(crate) mod review;
pub(crate) mod training;
pub(crate) mod workers;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{get, post};
use nl2sql_app::FleetWatch;
use nl2sql_app::runs::{RunError, RunLibrary};
use nl2sql_profile::ServeRight;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// WebSockets open at once.
const MAX_SOCKETS: usize = 64;

/// The runs that the server shows, and who watches them.
pub(crate) struct ShownRuns {
    library: OnceLock<Arc<RunLibrary>>,
    workers: OnceLock<Arc<FleetWatch>>,
    sockets: Arc<Semaphore>,
    closing: OnceLock<CancellationToken>,
}

impl Default for ShownRuns {
    fn default() -> Self {
        Self {
            library: OnceLock::new(),
            workers: OnceLock::new(),
            sockets: Arc::new(Semaphore::new(MAX_SOCKETS)),
            closing: OnceLock::new(),
        }
    }
}

impl ShownRuns {
    /// Shows these runs; the first ones count.
    pub(crate) fn show(&self, library: Arc<RunLibrary>) {
        let _ = self.library.set(library);
    }

    /// Shows the workers at this queue; the first one counts.
    pub(crate) fn watch(&self, workers: Arc<FleetWatch>) {
        let _ = self.workers.set(workers);
    }

    /// Closes the sockets when the server stops.
    pub(crate) fn close_with(&self, stop: &CancellationToken) {
        let _ = self.closing.set(stop.clone());
    }
}

/// The routes, for whoever has a key.
pub(crate) fn routes() -> Router<Arc<ServerState>> {
    Router::new()
        .route("/v1/access", get(access::access))
        .route("/v1/runs", get(listing::list))
        .route("/v1/runs/{run}", get(listing::one))
        .route("/v1/runs/{run}/coverage", get(coverage::coverage))
        .route("/v1/runs/{run}/pairs", get(pairs::list))
        .route("/v1/runs/{run}/pairs/facets", get(pairs::facets))
        .route("/v1/runs/{run}/pairs/{pair}", get(pairs::one))
        .route("/v1/runs/{run}/pairs/{pair}/review", post(review::review))
        .route("/v1/runs/{run}/training", get(training::training))
        .route("/v1/runs/{run}/evaluation", get(evaluation::evaluation))
        .route("/v1/runs/{run}/evaluation/questions", get(evaluation::questions))
        .route("/v1/workers", get(workers::workers))
        .route("/v1/events", get(events::events))
}

/// The runs, for a caller who may do this with them. A key that is kept to some tables sees no runs: their pairs and figures are about all.
fn runs_for(state: &ServerState, caller: &Caller, right: ServeRight) -> Result<Arc<RunLibrary>, ApiError> {
    caller.require(right)?;
    if !caller.key.tables.is_empty() || !caller.key.hidden_columns.is_empty() {
        return Err(ApiError::new(
            StatusCode::FORBIDDEN,
            "permission_error",
            "restricted_key",
            "this key is kept to some tables or columns, and runs are about all of them",
        ));
    }
    let missing = || ApiError::not_found("no_runs", "this server shows no runs");
    state.runs.library.get().cloned().ok_or_else(missing)
}

/// Does work that reads files, away from the threads that serve.
async fn reading<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RunError> + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ApiError::internal("the run could not be read; this is a defect of nl2sql"))?
        .map_err(|error| of_run(&error))
}

/// An error in the API's shape.
fn of_run(error: &RunError) -> ApiError {
    let message = error.to_string();
    match error {
        RunError::NotFound(_) => ApiError::not_found("not_found", message),
        RunError::Refused(_) => ApiError::invalid("action", message),
        RunError::Outdated => ApiError::new(StatusCode::CONFLICT, "invalid_request_error", "outdated", message),
        RunError::Unavailable(_) => ApiError::busy(message),
    }
}
