//! `POST /v1/chat/completions`

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Json, Response};
use futures::StreamExt;
use nl2sql_app::{ModelEntry, ServedModel};
use nl2sql_inference::{Completion, GenerationEvent, TokenLogprobs};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::conversation::{Conversation, Message};
use super::generation::{Answers, Prompt, finish_reason, submit};
use super::json_body::{JsonBody, with_ignored};
use super::receive::{Received, receive};
use super::response_format::ResponseFormat;
use super::sampling::SamplingFields;
use super::usage::Usage;
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::event_stream::{DONE, event_stream};
use crate::identifier::{now, unique};
use crate::state::ServerState;

/// Most likeliest tokens per step.
const MAX_TOP_LOGPROBS: u32 = 20;

/// A conversation to continue.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct ChatRequest {
    /// Name of the model or adapter.
    pub model: String,
    /// The conversation, the last turn the user's.
    #[schema(value_type = Vec<Message>)]
    pub messages: Vec<Value>,
    /// How tokens are chosen.
    #[serde(flatten)]
    pub sampling: SamplingFields,
    /// Most tokens of an answer.
    pub max_tokens: Option<u32>,
    /// As `max_tokens`.
    pub max_completion_tokens: Option<u32>,
    /// Whether to tell how likely each token was.
    pub logprobs: Option<bool>,
    /// Likeliest tokens to tell of in each step, up to 20.
    #[schema(maximum = 20)]
    pub top_logprobs: Option<u32>,
    /// What an answer must be.
    pub response_format: Option<ResponseFormat>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// What else the stream tells.
    pub stream_options: Option<StreamOptions>,
    /// Fields that nothing reads; their names come back in a header.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// What else a stream tells.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct StreamOptions {
    /// Whether a last chunk tells of tokens.
    pub include_usage: Option<bool>,
}

/// An answered conversation.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChatResponse {
    /// Unique name.
    pub id: String,
    /// `chat.completion`
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: u64,
    /// Name of the model.
    pub model: String,
    /// Digest of the weights that answered.
    pub system_fingerprint: String,
    /// The answers.
    pub choices: Vec<ChatChoice>,
    /// Tokens.
    pub usage: Usage,
}

/// One answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ChatChoice {
    /// Number of the answer.
    pub index: u32,
    /// What was said.
    pub message: AnswerMessage,
    /// How likely its tokens were.
    pub logprobs: Option<Value>,
    /// `stop` or `length`.
    pub finish_reason: &'static str,
}

/// What was said.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AnswerMessage {
    /// `assistant`
    pub role: &'static str,
    /// The text.
    pub content: String,
    /// Always null.
    pub refusal: Option<String>,
}

/// Tokens of a conversation. Tokenising a long text takes a while, so it is done off the runtime.
pub(crate) async fn encoded(
    model: &Arc<ServedModel>,
    entry: &ModelEntry,
    conversation: Conversation,
) -> Result<Vec<u32>, ApiError> {
    let (model, entry) = (model.clone(), entry.clone());
    nl2sql_app::off_runtime(move || model.encode_chat(&entry, &conversation.system, &conversation.turns))
        .await
        .map_err(|error| ApiError::invalid("messages", error.to_string()))
}

/// Continue a conversation.
#[utoipa::path(post, path = "/v1/chat/completions", request_body = ChatRequest, responses(
    (status = 200, description = "The answer, or server-sent events where `stream` is true",
        content((ChatResponse = "application/json"), (String = "text/event-stream"))),
    (status = 400, description = "The request cannot be served as it stands", body = crate::api_error::ErrorBody),
    (status = 503, description = "Too many requests wait", body = crate::api_error::ErrorBody)))]
pub(crate) async fn chat(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, ApiError> {
    let (model, mut request): (_, ChatRequest) = match receive(&state, &caller, "chat/completions", body).await? {
        Received::Local(model, request) => (model, request),
        Received::Forwarded(response) => return Ok(response),
    };
    refuse_what_is_not_given(&request.unknown)?;
    let entry = state.model(model, &request.model)?;
    let conversation = Conversation::read("messages", std::mem::take(&mut request.messages))?;
    let ignored = conversation.ignored_with(&request.unknown);
    let response = answer(&state, model, &entry, request, conversation).await?;
    Ok(with_ignored(&ignored, response))
}

/// Passing these over in silence would make clients wait for calls or sounds that never come.
pub(crate) fn refuse_what_is_not_given(unknown: &Map<String, Value>) -> Result<(), ApiError> {
    let listed = |name: &str| unknown.get(name).and_then(Value::as_array).into_iter().flatten();
    for name in ["tools", "functions"] {
        if listed(name).next().is_some() {
            return Err(ApiError::invalid(name, "this server's models do not call tools"));
        }
    }
    if listed("modalities").any(|modality| modality != "text") {
        return Err(ApiError::invalid("modalities", "this server's models write text"));
    }
    Ok(())
}

async fn answer(
    state: &Arc<ServerState>,
    model: &Arc<ServedModel>,
    entry: &ModelEntry,
    request: ChatRequest,
    conversation: Conversation,
) -> Result<Response, ApiError> {
    let top = request.top_logprobs.unwrap_or(0);
    if top > MAX_TOP_LOGPROBS {
        return Err(ApiError::invalid(
            "top_logprobs",
            format!("it is at most {MAX_TOP_LOGPROBS}"),
        ));
    }
    let format = request.response_format.unwrap_or(ResponseFormat::Text);
    let constraint = format.constraint("response_format", model, entry).await?;
    let prompt = Prompt {
        tokens: encoded(model, entry, conversation).await?,
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        usual_max_tokens: state.settings.max_tokens,
        logprobs: request.logprobs.unwrap_or(false).then_some(top as usize),
        constraint,
    };
    let answers = submit(state, model, entry, prompt, &request.sampling).await?;
    let head = Head {
        id: unique("chatcmpl-"),
        created: now(),
        model: entry.name.clone(),
        system_fingerprint: entry.generation.clone(),
    };
    if request.stream.unwrap_or(false) {
        let usage = request
            .stream_options
            .and_then(|options| options.include_usage)
            .unwrap_or(false);
        return Ok(streamed(state, model.clone(), head, answers, usage));
    }
    let completions = state.in_time(answers.completions()).await??;
    Ok(Json(head.response(model, completions)).into_response())
}

/// What every chunk of an answer repeats.
struct Head {
    id: String,
    created: u64,
    model: String,
    system_fingerprint: String,
}

impl Head {
    fn response(self, model: &ServedModel, completions: Vec<Completion>) -> ChatResponse {
        let mut usage = Usage::default();
        completions.iter().for_each(|completion| usage.add(completion));
        let choices = completions.into_iter().zip(0..).map(|(completion, index)| ChatChoice {
            index,
            logprobs: (!completion.logprobs.is_empty()).then(|| logprobs(model, &completion.logprobs)),
            finish_reason: finish_reason(completion.finish),
            message: AnswerMessage {
                role: "assistant",
                content: completion.text,
                refusal: None,
            },
        });
        ChatResponse {
            choices: choices.collect(),
            id: self.id,
            object: "chat.completion",
            created: self.created,
            model: self.model,
            system_fingerprint: self.system_fingerprint,
            usage,
        }
    }

    fn chunk(&self, choices: Value, usage: Option<&Usage>) -> String {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": self.model,
            "system_fingerprint": self.system_fingerprint, "choices": choices,
        });
        if let Some(usage) = usage {
            chunk["usage"] = json!(usage);
        }
        chunk.to_string()
    }

    fn delta(&self, index: u32, delta: &Value, logprobs: Option<Value>, finish: Option<&str>) -> String {
        let choice = json!({ "index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish });
        self.chunk(json!([choice]), None)
    }
}

fn logprobs(model: &ServedModel, steps: &[TokenLogprobs]) -> Value {
    let told = |token: u32, logprob: f32| {
        let text = model.token_text(token);
        json!({ "token": text, "logprob": logprob, "bytes": text.as_bytes() })
    };
    let content = steps.iter().map(|step| {
        let mut entry = told(step.token, step.logprob);
        entry["top_logprobs"] = step.top.iter().map(|(token, logprob)| told(*token, *logprob)).collect();
        entry
    });
    json!({ "content": content.collect::<Vec<_>>(), "refusal": null })
}

fn streamed(
    state: &Arc<ServerState>,
    model: Arc<ServedModel>,
    head: Head,
    answers: Answers,
    include_usage: bool,
) -> Response {
    let mut usage = Usage::default();
    let mut begun = Vec::new();
    let events = answers.events().map(Some).chain(futures::stream::iter([None]));
    let chunks = events.flat_map(move |event| {
        let mut chunks = Vec::new();
        match event {
            Some((
                index,
                GenerationEvent::Token {
                    text, logprobs: step, ..
                },
            )) => {
                let mut delta = json!({ "content": text });
                if !begun.contains(&index) {
                    begun.push(index);
                    delta = json!({ "role": "assistant", "content": text });
                }
                let step = step.map(|step| logprobs(&model, &[step]));
                chunks.push(head.delta(index, &delta, step, None));
            }
            Some((index, GenerationEvent::Text(text))) => {
                chunks.push(head.delta(index, &json!({ "content": text }), None, None));
            }
            Some((index, GenerationEvent::Finished(completion))) => {
                usage.add(&completion);
                let reason = finish_reason(completion.finish);
                chunks.push(head.delta(index, &json!({}), None, Some(reason)));
            }
            Some((_, GenerationEvent::Failed(error))) => {
                chunks.push(json!(ApiError::from(error.as_ref()).body()).to_string());
            }
            None => {
                if include_usage {
                    chunks.push(head.chunk(json!([]), Some(&usage)));
                }
                chunks.push(DONE.to_owned());
            }
        }
        futures::stream::iter(chunks)
    });
    event_stream(state, chunks)
}
