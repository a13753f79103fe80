//! `GET /v1/runs/{run}/pairs`: the pairs of a run by page, and one with its history.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::runs::{PairFacets, PairFilter, PairPage, WholePair};
use nl2sql_profile::ServeRight;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

use super::parameters::{Named, Parameters, given, rows};
use super::{reading, runs_for};
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::state::ServerState;

/// Which pairs are wanted.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PairQuery {
    /// Part of question, statement or id, in any case.
    pub search: Option<String>,
    /// `accepted` or `rejected`, by the validators.
    pub state: Option<String>,
    /// `none`, `approved`, `edited` or `banned`.
    pub review: Option<String>,
    /// Topic.
    pub topic: Option<String>,
    /// Language of the question.
    pub language: Option<String>,
    /// `easy`, `medium`, `hard` or `extra`.
    pub difficulty: Option<String>,
    /// Validator that rejected it.
    pub layer: Option<String>,
    /// Rule by which it did.
    pub code: Option<String>,
    /// Pairs to pass over.
    pub offset: Option<usize>,
    /// Most pairs; 50 by default, 200 at most.
    pub limit: Option<usize>,
}

impl PairQuery {
    fn filter(self) -> Result<PairFilter, ApiError> {
        let fields = json!({
            "search": given(self.search), "state": given(self.state), "review": given(self.review), "topic": given(self.topic),
            "language": given(self.language), "difficulty": given(self.difficulty), "layer": given(self.layer), "code": given(self.code),
        });
        serde_json::from_value(fields).map_err(|error| ApiError::invalid("query", error.to_string()))
    }
}

/// List the pairs of a run.
#[utoipa::path(get, path = "/v1/runs/{run}/pairs", params(("run" = String, Path, description = "Name of the run"), PairQuery),
    responses((status = 200, description = "A page of pairs with verdicts and reviews, and how many there are", body = Object),
    (status = 404, description = "There is no such run", body = crate::api_error::ErrorBody)))]
pub(crate) async fn list(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
    Parameters(query): Parameters<PairQuery>,
) -> Result<Json<PairPage>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    let rows = rows(query.offset, query.limit);
    let filter = query.filter()?;
    Ok(Json(reading(move || library.pairs(&run, &filter, rows)).await?))
}

/// Tell what the pairs of a run can be told apart by: topics, languages, the rules that rejected some.
#[utoipa::path(get, path = "/v1/runs/{run}/pairs/facets", params(("run" = String, Path, description = "Name of the run")),
    responses((status = 200, description = "Counts by verdict, rule and review; names of topics, languages and levels", body = Object),
    (status = 404, description = "There is no such run", body = crate::api_error::ErrorBody)))]
pub(crate) async fn facets(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named(run): Named<String>,
) -> Result<Json<PairFacets>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    Ok(Json(reading(move || library.pair_facets(&run)).await?))
}

/// Tell everything about a pair.
#[utoipa::path(get, path = "/v1/runs/{run}/pairs/{pair}", params(("run" = String, Path, description = "Name of the run"),
    ("pair" = String, Path, description = "Id of the pair")), responses((status = 200, description = "The pair and the history of its review", body = Object),
    (status = 404, description = "There is none of this id", body = crate::api_error::ErrorBody)))]
pub(crate) async fn one(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named((run, pair)): Named<(String, String)>,
) -> Result<Json<WholePair>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::View)?;
    Ok(Json(reading(move || library.pair(&run, &pair)).await?))
}
