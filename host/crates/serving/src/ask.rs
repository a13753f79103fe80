//! `POST /v1/ask`, `/v1/query` and `/v1/feedback`: the database behind the guards.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Json, Response};
use futures::StreamExt;
use nl2sql_app::ask::{
    AccessPolicy, Answer, AskError, AskEvent, AskRequest, Assistant, AuditLine, Feedback, FeedbackVerdict, ResultTable,
};
use nl2sql_profile::ServeRight;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc;
use utoipa::ToSchema;

use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::event_stream::named_event_stream;
use crate::identifier::now;
use crate::openai::json_body::JsonBody;
use crate::router::REQUEST_ID;
use crate::state::ServerState;

/// A question to the database.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskBody {
    /// In any language.
    #[schema(min_length = 1)]
    pub question: String,
    /// Its language as a BCP 47 tag, e.g. `en` or `zh`; otherwise its letters or the profile's `plan.language` say it.
    pub language: Option<String>,
    /// Name of the database; it must be the server's.
    pub database: Option<String>,
    /// Most rows.
    pub limit: Option<u32>,
    /// Whether rows are wanted, which they are by default, or the statement alone.
    pub run: Option<bool>,
    /// Whether to tell what the statement reads.
    pub explain: Option<bool>,
    /// Whether to tell what happens on the way, as server-sent events.
    pub stream: Option<bool>,
}

/// A statement to run.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryBody {
    /// One query.
    pub sql: String,
    /// Most rows.
    pub limit: Option<u32>,
}

/// What somebody thinks of an answer.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedbackBody {
    /// The question.
    pub question: String,
    /// Its language as a BCP 47 tag; exported with the pair.
    pub language: Option<String>,
    /// The statement that was judged; for `corrected` the right one.
    pub sql: String,
    /// `right`, `wrong` or `corrected`.
    #[schema(value_type = String, pattern = "^(right|wrong|corrected)$")]
    pub verdict: FeedbackVerdict,
}

/// That a verdict stays.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Kept {
    /// Always true.
    pub kept: bool,
}

/// Ask the database a question.
#[utoipa::path(post, path = "/v1/ask", request_body = AskBody, responses(
    (status = 200, description = "Statement, rows and how sure they are, or why there is no answer; server-sent events where `stream` is true",
        content((Object = "application/json"), (String = "text/event-stream"))),
    (status = 400, description = "The question cannot be asked", body = crate::api_error::ErrorBody),
    (status = 503, description = "Model or database does not answer", body = crate::api_error::ErrorBody)))]
pub(crate) async fn ask(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<AskBody>,
) -> Result<Response, ApiError> {
    caller.require(ServeRight::Ask)?;
    let assistant = state.assistant()?.clone();
    check_database(&assistant, body.database.as_deref())?;
    let work = Asking {
        request: AskRequest {
            question: body.question,
            language: body.language,
            limit: body.limit,
            run: body.run.unwrap_or(true),
            explain: body.explain.unwrap_or(false),
        },
        caller,
        id: request_id(&headers),
        assistant,
    };
    if body.stream.unwrap_or(false) {
        return Ok(streamed(&state, work));
    }
    let answer = state.in_time(work.answer(&|_| {})).await??;
    Ok(Json(answer).into_response())
}

/// Run a statement under the guards.
#[utoipa::path(post, path = "/v1/query", request_body = QueryBody, responses(
    (status = 200, description = "Columns and rows", body = Object),
    (status = 400, description = "The statement is refused or wrong", body = crate::api_error::ErrorBody)))]
pub(crate) async fn query(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<QueryBody>,
) -> Result<Json<ResultTable>, ApiError> {
    let assistant = state.assistant()?.clone();
    let work = run_query(&assistant, &caller, request_id(&headers), &body.sql, body.limit);
    Ok(Json(state.in_time(work).await??))
}

/// Judge an answer.
#[utoipa::path(post, path = "/v1/feedback", request_body = FeedbackBody, responses(
    (status = 200, description = "Kept", body = Kept),
    (status = 400, description = "The statement is refused or wrong", body = crate::api_error::ErrorBody)))]
pub(crate) async fn feedback(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    JsonBody(body): JsonBody<FeedbackBody>,
) -> Result<Json<Kept>, ApiError> {
    caller.require(ServeRight::Ask)?;
    let assistant = state.assistant()?.clone();
    let policy = AccessPolicy::of_key(&caller.key);
    let entry = AuditLine {
        question: Some(body.question.clone()),
        sql: Some(body.sql.clone()),
        ..line(&assistant, &caller, request_id(&headers), "feedback")
    };
    let feedback = Feedback {
        time: now(),
        by: caller.name,
        question: body.question,
        language: body.language.unwrap_or_default(),
        sql: body.sql,
        verdict: body.verdict,
    };
    let checked = assistant.checked_feedback(feedback, &policy).await;
    let outcome = checked.as_ref().map_or_else(word, |_| "answered").into();
    let recorded = assistant.record(&AuditLine { outcome, ..entry });
    let feedback = recorded.and(checked).map_err(|error| of_ask(&error))?;
    assistant.keep(feedback).await.map_err(|error| of_ask(&error))?;
    Ok(Json(Kept { kept: true }))
}

/// A question under way.
struct Asking {
    request: AskRequest,
    caller: Caller,
    id: String,
    assistant: Arc<Assistant>,
}

impl Asking {
    /// The answer, once the audit log has it.
    async fn answer(&self, told: &(dyn Fn(AskEvent) + Sync)) -> Result<Answer, ApiError> {
        answer_question(&self.assistant, &self.caller, self.id.clone(), &self.request, told).await
    }
}

/// Answers a question, and writes it into the audit log before the answer leaves.
pub(crate) async fn answer_question(
    assistant: &Arc<Assistant>,
    caller: &Caller,
    id: String,
    request: &AskRequest,
    told: &(dyn Fn(AskEvent) + Sync),
) -> Result<Answer, ApiError> {
    caller.require(ServeRight::Ask)?;
    let started = Instant::now();
    let outcome = assistant.ask(request, &AccessPolicy::of_key(&caller.key), told).await;
    let entry = AuditLine {
        question: Some(request.question.clone()),
        seconds: started.elapsed().as_secs_f64(),
        ..line(assistant, caller, id, "ask")
    };
    let entry = match &outcome {
        Ok(answer) => AuditLine {
            sql: answer.sql.clone(),
            language: Some(answer.language.clone()),
            rows: answer.table.as_ref().map(|table| table.rows.len()),
            outcome: if answer.unanswered.is_some() {
                "unanswered"
            } else {
                "answered"
            }
            .into(),
            ..entry
        },
        Err(error) => AuditLine {
            outcome: word(error).into(),
            ..entry
        },
    };
    assistant.record(&entry).map_err(|error| of_ask(&error))?;
    outcome.map_err(|error| of_ask(&error))
}

/// Runs a statement, and writes it into the audit log before its rows leave.
pub(crate) async fn run_query(
    assistant: &Arc<Assistant>,
    caller: &Caller,
    id: String,
    sql: &str,
    limit: Option<u32>,
) -> Result<ResultTable, ApiError> {
    caller.require(ServeRight::Ask)?;
    let started = Instant::now();
    let outcome = assistant.query(sql, limit, &AccessPolicy::of_key(&caller.key)).await;
    let entry = AuditLine {
        sql: Some(sql.to_owned()),
        rows: outcome.as_ref().ok().map(|table| table.rows.len()),
        outcome: outcome.as_ref().map_or_else(word, |_| "answered").into(),
        seconds: started.elapsed().as_secs_f64(),
        ..line(assistant, caller, id, "query")
    };
    assistant.record(&entry).map_err(|error| of_ask(&error))?;
    outcome.map_err(|error| of_ask(&error))
}

fn line(assistant: &Assistant, caller: &Caller, id: String, kind: &str) -> AuditLine {
    AuditLine {
        time: now(),
        request: id,
        caller: caller.name.clone(),
        kind: kind.to_owned(),
        database: assistant.catalog().name.clone(),
        ..AuditLine::default()
    }
}

fn word(error: &AskError) -> &'static str {
    match error {
        AskError::Invalid { .. } | AskError::Refused { .. } => "refused",
        AskError::Unavailable { .. } => "failed",
    }
}

/// An error in the API's shape.
pub(crate) fn of_ask(error: &AskError) -> ApiError {
    match error {
        AskError::Invalid { field, message } => ApiError::invalid(field, message),
        AskError::Refused { code, message } => ApiError::invalid("sql", message).with_code(code),
        AskError::Unavailable { told, reason } => {
            tracing::warn!("{told}: {reason}");
            ApiError::busy(format!("{told}; the server's log says why"))
        }
    }
}

fn check_database(assistant: &Assistant, named: Option<&str>) -> Result<(), ApiError> {
    let own = &assistant.catalog().name;
    match named {
        Some(other) if other != own => Err(ApiError::not_found(
            "database_not_found",
            format!("this server answers for the database `{own}`"),
        )
        .about("database")),
        _ => Ok(()),
    }
}

fn request_id(headers: &HeaderMap) -> String {
    let id = headers.get(&REQUEST_ID).and_then(|id| id.to_str().ok());
    id.unwrap_or_default().to_owned()
}

/// What happens, then the answer as the event `answer`. Work goes on only as long as somebody reads the stream.
fn streamed(state: &Arc<ServerState>, work: Asking) -> Response {
    let (sender, receiver) = mpsc::unbounded_channel::<(&'static str, String)>();
    let events = futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|event| (event, receiver))
    });
    let driver = futures::stream::once(async move {
        // The receiver lives as long as this future.
        let told = |event: AskEvent| drop(sender.send((event.name(), json!(event).to_string())));
        let last = match work.answer(&told).await {
            Ok(answer) => ("answer", json!(answer).to_string()),
            Err(error) => ("error", json!(error.body()).to_string()),
        };
        drop(sender.send(last));
    });
    let silent = driver.filter_map(|()| async { None });
    let named = futures::stream::select(events, silent).map(|(name, data)| (Some(name), data));
    named_event_stream(state, named)
}

/// There is no database behind this server.
pub(crate) fn no_database() -> ApiError {
    ApiError::new(
        StatusCode::NOT_FOUND,
        "invalid_request_error",
        "no_database",
        "this server has a model and no database: name one in the profile, or serve a run",
    )
}
