//! `GET /v1/runs/{run}/coverage`

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::runs::CoverageReport;
use nl2sql_profile::ServeRight;

use super::parameters::Named;
use super::{reading, runs_for};
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// Tell what the pairs of a run use: by topic, table, column, foreign key, feature, hardness and language.
#[utoipa::path(get, path = "/v1/runs/{run}/coverage", params(("run" = String, Path, description = "Name of the run")),
    responses((status = 200, description = "Topics with their pairs, and what was measured", body = Object),
    (status = 404, description = "There is no such run, or it has no plan", body = crate::api_error::ErrorBody)))]
pub(crate) async fn coverage(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
) -> Result<Json<CoverageReport>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    Ok(Json(reading(move || library.coverage(&run)).await?))
}
