//! `POST /v1/responses`: one turn; conversations are not kept.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Json, Response};
use futures::StreamExt;
use nl2sql_app::ServedModel;
use nl2sql_inference::{Finish, GenerationEvent};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::chat::{encoded, refuse_what_is_not_given};
use super::conversation::{Conversation, Message};
use super::generation::{Answers, Prompt, submit};
use super::json_body::{JsonBody, with_ignored};
use super::receive::{Received, receive};
use super::response_format::{NamedSchema, ResponseFormat};
use super::response_object::{OutputText, ResponseHead, ResponseObject};
use super::sampling::SamplingFields;
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::event_stream::named_event_stream;
use crate::identifier::{now, unique};
use crate::state::ServerState;

/// A turn of a conversation.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ResponsesRequest {
    /// Name of the model or adapter.
    pub model: String,
    /// A question, or the turns so far.
    pub input: Input,
    /// System text.
    pub instructions: Option<String>,
    /// Most tokens of the answer.
    pub max_output_tokens: Option<u32>,
    /// 0, the default, takes the likeliest token; up to 2.
    #[schema(minimum = 0, maximum = 2)]
    pub temperature: Option<f32>,
    /// Nucleus mass, above 0 and up to 1.
    #[schema(exclusive_minimum = 0, maximum = 1)]
    pub top_p: Option<f32>,
    /// What the answer must be.
    pub text: Option<TextFormat>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// Refused where it is given: conversations are not kept.
    pub previous_response_id: Option<String>,
    /// Fields that nothing reads; their names come back in a header.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// A question, or turns.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "`input` is neither text nor a list of messages")]
pub enum Input {
    /// A question.
    Text(String),
    /// Turns.
    #[schema(value_type = Vec<Message>)]
    Turns(Vec<Value>),
}

/// What an answer must be.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct TextFormat {
    /// Text, a JSON object, or a value of a schema.
    pub format: Option<FlatFormat>,
}

/// As [`ResponseFormat`], with the schema beside its name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FlatFormat {
    /// Text.
    Text,
    /// A JSON object.
    JsonObject,
    /// A value of a JSON schema.
    JsonSchema(NamedSchema),
}

impl FlatFormat {
    fn nested(self) -> ResponseFormat {
        match self {
            Self::Text => ResponseFormat::Text,
            Self::JsonObject => ResponseFormat::JsonObject,
            Self::JsonSchema(json_schema) => ResponseFormat::JsonSchema { json_schema },
        }
    }
}

/// Answer a turn.
#[utoipa::path(post, path = "/v1/responses", request_body = ResponsesRequest, responses(
    (status = 200, description = "The answer, or server-sent events where `stream` is true",
        content((ResponseObject = "application/json"), (String = "text/event-stream"))),
    (status = 400, description = "The request cannot be served as it stands", body = crate::api_error::ErrorBody)))]
pub(crate) async fn respond(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, ApiError> {
    let (model, request): (_, ResponsesRequest) = match receive(&state, &caller, "responses", body).await? {
        Received::Local(model, request) => (model, request),
        Received::Forwarded(response) => return Ok(response),
    };
    refuse_what_is_not_kept(&request)?;
    refuse_what_is_not_given(&request.unknown)?;
    let conversation = conversation(&request)?;
    let ignored = conversation.ignored_with(&request.unknown);
    Ok(with_ignored(
        &ignored,
        answer(&state, model, request, conversation).await?,
    ))
}

/// Nothing of a request stays after its answer.
fn refuse_what_is_not_kept(request: &ResponsesRequest) -> Result<(), ApiError> {
    let given = |name: &str| request.unknown.get(name).is_some_and(|value| !value.is_null());
    let conversation = given("conversation").then_some("conversation");
    let previous = request.previous_response_id.as_ref().map(|_| "previous_response_id");
    if let Some(name) = previous.or(conversation) {
        let message = "conversations are not kept: send all turns as `input`";
        return Err(ApiError::invalid(name, message));
    }
    if request.unknown.get("background") == Some(&Value::Bool(true)) {
        let message = "answers are not kept: wait for this one, or stream it";
        return Err(ApiError::invalid("background", message));
    }
    Ok(())
}

/// What the model is shown: the instructions as system text, and the turns.
fn conversation(request: &ResponsesRequest) -> Result<Conversation, ApiError> {
    let turns = match &request.input {
        Input::Text(text) => vec![json!({ "role": "user", "content": text })],
        Input::Turns(turns) => turns.clone(),
    };
    let mut conversation = Conversation::read("input", turns)?;
    if let Some(instructions) = &request.instructions {
        conversation.instruct(instructions);
    }
    Ok(conversation)
}

async fn answer(
    state: &Arc<ServerState>,
    model: &Arc<ServedModel>,
    request: ResponsesRequest,
    conversation: Conversation,
) -> Result<Response, ApiError> {
    let entry = state.model(model, &request.model)?;
    let format = request.text.and_then(|text| text.format);
    let format = format.map_or(ResponseFormat::Text, FlatFormat::nested);
    let constraint = format.constraint("text.format", model, &entry).await?;
    let prompt = Prompt {
        tokens: encoded(model, &entry, conversation).await?,
        max_tokens: request.max_output_tokens,
        usual_max_tokens: state.settings.max_tokens,
        logprobs: None,
        constraint,
    };
    let fields = SamplingFields {
        temperature: request.temperature,
        top_p: request.top_p,
        ..SamplingFields::default()
    };
    let answers = submit(state, model, &entry, prompt, &fields).await?;
    let head = ResponseHead {
        id: unique("resp_"),
        item: unique("msg_"),
        created: now(),
        model: entry.name,
    };
    if request.stream.unwrap_or(false) {
        return Ok(streamed(state, head, answers));
    }
    let completions = state.in_time(answers.completions()).await??;
    let completion = completions
        .first()
        .ok_or_else(|| ApiError::internal("the model gave no answer"))?;
    Ok(Json(head.finished(completion)).into_response())
}

/// The events of an answer, in the order in which the official clients expect them.
fn streamed(state: &Arc<ServerState>, head: ResponseHead, answers: Answers) -> Response {
    let mut number = 0;
    let mut numbered = move |name: &'static str, mut event: Value| {
        event["type"] = json!(name);
        event["sequence_number"] = json!(number);
        number += 1;
        (Some(name), event.to_string())
    };
    let item = head.item.clone();
    let place = move |mut event: Value| {
        event["item_id"] = json!(item);
        event["output_index"] = json!(0);
        event["content_index"] = json!(0);
        event
    };
    let begun = head.begun();
    let opening = vec![
        numbered("response.created", json!({ "response": begun })),
        numbered("response.in_progress", json!({ "response": begun })),
        numbered(
            "response.output_item.added",
            json!({ "output_index": 0, "item": head.begun_message() }),
        ),
        numbered(
            "response.content_part.added",
            place(json!({ "part": OutputText::of("") })),
        ),
    ];
    let events = answers.events().flat_map(move |(_, event)| {
        let events = match event {
            GenerationEvent::Token { text, .. } | GenerationEvent::Text(text) => {
                vec![numbered(
                    "response.output_text.delta",
                    place(json!({ "delta": text, "logprobs": [] })),
                )]
            }
            GenerationEvent::Finished(completion) => {
                let response = head.finished(&completion);
                let name = match completion.finish {
                    Finish::Length => "response.incomplete",
                    _ => "response.completed",
                };
                let text = &completion.text;
                vec![
                    numbered(
                        "response.output_text.done",
                        place(json!({ "text": text, "logprobs": [] })),
                    ),
                    numbered(
                        "response.content_part.done",
                        place(json!({ "part": OutputText::of(text) })),
                    ),
                    numbered(
                        "response.output_item.done",
                        json!({ "output_index": 0, "item": response.output[0] }),
                    ),
                    numbered(name, json!({ "response": response })),
                ]
            }
            GenerationEvent::Failed(error) => {
                let message = ApiError::from(error.as_ref());
                let event = json!({ "code": "server_error", "message": message.message(), "param": null });
                vec![numbered("error", event)]
            }
        };
        futures::stream::iter(events)
    });
    named_event_stream(state, futures::stream::iter(opening).chain(events))
}
