//! `POST /v1/runs/{run}/pairs/{pair}/review`: people decide about a pair.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Json;
use nl2sql_app::runs::{Decision, WholePair};
use nl2sql_profile::ServeRight;
use serde::Deserialize;
use utoipa::ToSchema;

use super::parameters::Named;
use super::{reading, runs_for};
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::openai::json_body::JsonBody;
use crate::state::ServerState;

/// A decision.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReviewBody {
    /// What is decided.
    pub action: ReviewVerb,
    /// For `edit`: the question from now on.
    pub question: Option<String>,
    /// For `edit`: the statement from now on.
    pub sql: Option<String>,
    /// `last_step` of the pair as it was seen; the decision is refused when somebody else decided meanwhile.
    pub last_step: Option<String>,
}

/// What can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReviewVerb {
    /// It is right.
    Approve,
    /// It is to be left out.
    Ban,
    /// It is to read otherwise.
    Edit,
    /// The last decision that stands no longer does.
    Undo,
}

impl ReviewBody {
    fn decision(self) -> Result<Decision, ApiError> {
        let is_edit = self.action == ReviewVerb::Edit;
        match (self.action, self.question, self.sql) {
            (ReviewVerb::Edit, Some(question), Some(sql)) => Ok(Decision::Edit { question, sql }),
            (ReviewVerb::Approve, None, None) => Ok(Decision::Approve),
            (ReviewVerb::Ban, None, None) => Ok(Decision::Ban),
            (ReviewVerb::Undo, None, None) => Ok(Decision::Undo),
            _ if is_edit => Err(ApiError::invalid("sql", "an edit has a question and a statement")),
            _ => Err(ApiError::invalid("sql", "only an edit has a question or a statement")),
        }
    }
}

/// Decide about a pair. An edit is judged by the run's validators; the next export takes what is decided.
#[utoipa::path(post, path = "/v1/runs/{run}/pairs/{pair}/review", request_body = ReviewBody,
    params(("run" = String, Path, description = "Name of the run"), ("pair" = String, Path, description = "Id of the pair")),
    responses((status = 200, description = "The pair as it is now", body = Object),
    (status = 404, description = "There is none of this id", body = crate::api_error::ErrorBody),
    (status = 409, description = "Somebody else decided meanwhile", body = crate::api_error::ErrorBody),
    (status = 503, description = "A validator or the run folder does not answer", body = crate::api_error::ErrorBody)))]
pub(crate) async fn review(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    Named((run, pair)): Named<(String, String)>,
    JsonBody(body): JsonBody<ReviewBody>,
) -> Result<Json<WholePair>, ApiError> {
    let library = runs_for(&state, &caller, ServeRight::Review)?;
    let last_step = body.last_step.clone();
    let decision = body.decision()?;
    let by = caller.name;
    let work = reading(move || library.review(&run, &pair, decision, last_step.as_deref(), &by));
    Ok(Json(state.in_time(work).await??))
}
