//! `GET /v1/workers`: who works for runs elsewhere, and what nobody could do.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::FleetStatus;
use nl2sql_profile::ServeRight;

use super::runs_for;
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// Tell of the workers at the queue: what they do, the runs that wait for them, and dead letters.
#[utoipa::path(get, path = "/v1/workers", responses((status = 200, description = "Workers, runs and dead letters", body = Object),
    (status = 404, description = "The server's profile names no queue", body = crate::api_error::ErrorBody),
    (status = 503, description = "The queue does not answer", body = crate::api_error::ErrorBody)))]
pub(crate) async fn workers(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<FleetStatus>, ApiError> {
    runs_for(&state, &caller, ServeRight::View)?;
    let Some(workers) = state.runs.workers.get().cloned() else {
        return Err(ApiError::not_found(
            "no_queue",
            "the profile of this server names no queue",
        ));
    };
    let status = tokio::task::spawn_blocking(move || workers.status()).await;
    let status = status.map_err(|_| ApiError::internal("the queue could not be read; this is a defect of nl2sql"))?;
    match status {
        Ok(status) => Ok(Json(status)),
        Err(error) => {
            // Addresses and files of the server are for its log, not for callers.
            tracing::warn!("the queue cannot be read: {error}");
            Err(ApiError::busy(
                "the queue does not answer; the server's log says why".to_owned(),
            ))
        }
    }
}
