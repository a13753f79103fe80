//! `GET /v1/runs/{run}/training`

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::runs::TrainingReport;
use nl2sql_profile::ServeRight;

use super::parameters::Named;
use super::{reading, runs_for};
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// Tell how far the training of a run is, with its curves.
#[utoipa::path(get, path = "/v1/runs/{run}/training", params(("run" = String, Path, description = "Name of the run")),
    responses((status = 200, description = "Progress, curves and settings", body = Object),
    (status = 404, description = "There is no such run, or it has trained nothing", body = crate::api_error::ErrorBody)))]
pub(crate) async fn training(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
) -> Result<Json<TrainingReport>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    Ok(Json(reading(move || library.training(&run)).await?))
}
