//! `GET /v1/runs/{run}/evaluation`: figures before and after, and question by question.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::runs::{ChangeFilter, EvaluationReport, QuestionPage};
use nl2sql_profile::ServeRight;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::parameters::{Named, Parameters, given, rows};
use super::{reading, runs_for};
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// Which questions are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QuestionQuery {
    /// `gained`, `lost`, `wrong`, `right` or `unscored`.
    pub change: Option<String>,
    /// Part of the question or a statement, in any case.
    pub search: Option<String>,
    /// Questions to pass over.
    pub offset: Option<usize>,
    /// Most questions; 50 by default, 200 at most.
    pub limit: Option<usize>,
}

/// Tell the figures of a run's evaluation.
#[utoipa::path(get, path = "/v1/runs/{run}/evaluation", params(("run" = String, Path, description = "Name of the run")),
    responses((status = 200, description = "Metrics before and after with intervals, breakdowns, kinds of mistakes", body = Object),
    (status = 404, description = "There is no such run, or it was not evaluated", body = crate::api_error::ErrorBody)))]
pub(crate) async fn evaluation(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
) -> Result<Json<EvaluationReport>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    Ok(Json(reading(move || library.evaluation(&run)).await?))
}

/// List the questions of a run's evaluation, gained and lost first, with differences of statements. Result sets are shown to keys with the
/// right `ask`.
#[utoipa::path(get, path = "/v1/runs/{run}/evaluation/questions", params(("run" = String, Path, description = "Name of the run"), QuestionQuery),
    responses((status = 200, description = "A page of questions, and how many there are", body = Object),
    (status = 404, description = "There is no such run, or it was not evaluated", body = crate::api_error::ErrorBody)))]
pub(crate) async fn questions(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
    Parameters(query): Parameters<QuestionQuery>,
) -> Result<Json<QuestionPage>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    let with_rows = caller.key.rights.contains(&ServeRight::Ask);
    let rows = rows(query.offset, query.limit);
    let fields = json!({ "change": given(query.change), "search": given(query.search) });
    let filter: ChangeFilter =
        serde_json::from_value(fields).map_err(|error| ApiError::invalid("query", error.to_string()))?;
    let work = move || library.evaluated_questions(&run, &filter, rows, with_rows);
    Ok(Json(reading(work).await?))
}
