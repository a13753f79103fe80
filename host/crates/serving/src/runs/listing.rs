//! `GET /v1/runs` and `/v1/runs/{run}`.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::runs::{RunEntry, RunOverview};
use nl2sql_profile::ServeRight;
use schemars::JsonSchema;
use serde::Serialize;

use super::parameters::Named;
use super::{reading, runs_for};
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// The runs.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RunList {
    /// The latest news first.
    pub runs: Vec<RunEntry>,
}

/// List the runs.
#[utoipa::path(get, path = "/v1/runs", responses((status = 200, description = "The runs, the latest news first", body = Object),
    (status = 403, description = "The key may not see runs", body = crate::api_error::ErrorBody)))]
pub(crate) async fn list(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
) -> Result<Json<RunList>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    let runs = reading(move || library.list()).await?;
    Ok(Json(RunList { runs }))
}

/// Tell how a run is: stages with rates and time left, cost, notes.
#[utoipa::path(get, path = "/v1/runs/{run}", params(("run" = String, Path, description = "Name of the run")),
    responses((status = 200, description = "How it is", body = Object), (status = 404, description = "There is none of this name", body = crate::api_error::ErrorBody)))]
pub(crate) async fn one(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
) -> Result<Json<RunOverview>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    Ok(Json(reading(move || library.overview(&run)).await?))
}
