//! `POST /v1/completions`

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::{IntoResponse, Json, Response};
use futures::StreamExt;
use nl2sql_app::ServedModel;
use nl2sql_inference::{Completion, GenerationEvent, TokenLogprobs};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::chat::StreamOptions;
use super::generation::{Answers, Prompt, finish_reason, submit};
use super::json_body::{JsonBody, with_ignored};
use super::receive::{Received, receive};
use super::sampling::{OneOrMany, SamplingFields};
use super::usage::Usage;
use crate::api_error::ApiError;
use crate::authentication::Caller;
use crate::event_stream::{DONE, event_stream};
use crate::identifier::{now, unique};
use crate::state::ServerState;

/// Most likeliest tokens per step.
const MAX_LOGPROBS: u32 = 20;
/// Most prompts of one request.
const MAX_PROMPTS: usize = 32;

/// A text to continue.
#[derive(Clone, Debug, Deserialize, ToSchema)]
pub struct CompletionRequest {
    /// Name of the model or adapter.
    pub model: String,
    /// The text, or several, each continued by itself.
    pub prompt: OneOrMany,
    /// How tokens are chosen.
    #[serde(flatten)]
    pub sampling: SamplingFields,
    /// Most tokens of an answer.
    pub max_tokens: Option<u32>,
    /// Likeliest tokens to tell of in each step, up to 20.
    #[schema(maximum = 20)]
    pub logprobs: Option<u32>,
    /// Whether the answer begins with the prompt.
    pub echo: Option<bool>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// What else the stream tells.
    pub stream_options: Option<StreamOptions>,
    /// Fields that nothing reads; their names come back in a header.
    #[serde(flatten)]
    pub unknown: Map<String, Value>,
}

/// A continued text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CompletionResponse {
    /// Unique name.
    pub id: String,
    /// `text_completion`
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: u64,
    /// Name of the model.
    pub model: String,
    /// Digest of the weights that answered.
    pub system_fingerprint: String,
    /// The answers, those to the first prompt first.
    pub choices: Vec<CompletionChoice>,
    /// Tokens; in a stream only at its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
}

/// One answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CompletionChoice {
    /// Number of the answer.
    pub index: u32,
    /// The text.
    pub text: String,
    /// How likely its tokens were.
    pub logprobs: Option<Value>,
    /// `stop` or `length`; null while a stream goes on.
    pub finish_reason: Option<&'static str>,
}

/// Continue a text.
#[utoipa::path(post, path = "/v1/completions", request_body = CompletionRequest, responses(
    (status = 200, description = "The answer, or server-sent events where `stream` is true",
        content((CompletionResponse = "application/json"), (String = "text/event-stream"))),
    (status = 400, description = "The request cannot be served as it stands", body = crate::api_error::ErrorBody)))]
pub(crate) async fn complete(
    State(state): State<Arc<ServerState>>,
    Extension(caller): Extension<Caller>,
    JsonBody(body): JsonBody<Value>,
) -> Result<Response, ApiError> {
    let (model, request): (_, CompletionRequest) = match receive(&state, &caller, "completions", body).await? {
        Received::Local(model, request) => (model, request),
        Received::Forwarded(response) => return Ok(response),
    };
    let ignored: Vec<String> = request.unknown.keys().cloned().collect();
    Ok(with_ignored(&ignored, answer(&state, model, request).await?))
}

async fn answer(
    state: &Arc<ServerState>,
    model: &Arc<ServedModel>,
    request: CompletionRequest,
) -> Result<Response, ApiError> {
    if request.logprobs.is_some_and(|count| count > MAX_LOGPROBS) {
        return Err(ApiError::invalid("logprobs", format!("it is at most {MAX_LOGPROBS}")));
    }
    let texts = request.prompt.clone().into_list();
    if !(1..=MAX_PROMPTS).contains(&texts.len()) {
        let message = format!("give between 1 and {MAX_PROMPTS} prompts");
        return Err(ApiError::invalid("prompt", message));
    }
    let entry = state.model(model, &request.model)?;
    let mut head = Head {
        id: unique("cmpl-"),
        created: now(),
        model: entry.name.clone(),
        system_fingerprint: entry.generation.clone(),
        echoed: Vec::new(),
        prompt_tokens: 0,
    };
    let mut answers: Option<Answers> = None;
    for text in texts {
        let echoed = if request.echo.unwrap_or(false) {
            text.clone()
        } else {
            String::new()
        };
        let prompt = prompt_of(state, model, &request, text).await?;
        head.prompt_tokens += prompt.tokens.len() as u64;
        head.echoed
            .extend(std::iter::repeat_n(echoed, request.sampling.answers()? as usize));
        let more = submit(state, model, &entry, prompt, &request.sampling).await?;
        answers = Some(match answers {
            Some(before) => before.and(more),
            None => more,
        });
    }
    let answers = answers.ok_or_else(|| ApiError::invalid("prompt", "there is none"))?;
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

/// A text in tokens, with what the request says of its continuation.
async fn prompt_of(
    state: &ServerState,
    model: &Arc<ServedModel>,
    request: &CompletionRequest,
    text: String,
) -> Result<Prompt, ApiError> {
    let encoder = model.clone();
    let tokens = nl2sql_app::off_runtime(move || encoder.encode_text(&text))
        .await
        .map_err(|error| ApiError::invalid("prompt", error.to_string()))?;
    Ok(Prompt {
        tokens,
        max_tokens: request.max_tokens,
        usual_max_tokens: state.settings.max_tokens,
        logprobs: request.logprobs.map(|count| count as usize),
        constraint: None,
    })
}

struct Head {
    id: String,
    created: u64,
    model: String,
    system_fingerprint: String,
    /// What each choice begins with.
    echoed: Vec<String>,
    /// Tokens of all prompts.
    prompt_tokens: u64,
}

impl Head {
    fn body(&self, choices: Vec<CompletionChoice>, usage: Option<Usage>) -> CompletionResponse {
        CompletionResponse {
            id: self.id.clone(),
            object: "text_completion",
            created: self.created,
            model: self.model.clone(),
            system_fingerprint: self.system_fingerprint.clone(),
            choices,
            usage: usage.map(|usage| usage.of_prompts(self.prompt_tokens)),
        }
    }

    fn response(&self, model: &ServedModel, completions: Vec<Completion>) -> CompletionResponse {
        let mut usage = Usage::default();
        let choices = (0..)
            .zip(&self.echoed)
            .zip(completions)
            .map(|((index, echoed), completion)| {
                usage.add(&completion);
                CompletionChoice {
                    index,
                    text: format!("{echoed}{}", completion.text),
                    logprobs: (!completion.logprobs.is_empty()).then(|| logprobs(model, &completion.logprobs)),
                    finish_reason: Some(finish_reason(completion.finish)),
                }
            });
        let choices: Vec<CompletionChoice> = choices.collect();
        self.body(choices, Some(usage))
    }

    fn chunk(&self, index: u32, text: &str, logprobs: Option<Value>, finish: Option<&'static str>) -> String {
        let choice = CompletionChoice {
            index,
            text: text.to_owned(),
            logprobs,
            finish_reason: finish,
        };
        json!(self.body(vec![choice], None)).to_string()
    }
}

/// Likelihoods in the layout that plain completions have.
fn logprobs(model: &ServedModel, steps: &[TokenLogprobs]) -> Value {
    let top = steps.iter().map(|step| {
        let entries = step
            .top
            .iter()
            .map(|(token, logprob)| (model.token_text(*token), json!(logprob)));
        entries.collect::<Map<String, Value>>()
    });
    json!({
        "tokens": steps.iter().map(|step| model.token_text(step.token)).collect::<Vec<_>>(),
        "token_logprobs": steps.iter().map(|step| step.logprob).collect::<Vec<_>>(),
        "top_logprobs": top.collect::<Vec<_>>(),
    })
}

fn streamed(
    state: &Arc<ServerState>,
    model: Arc<ServedModel>,
    head: Head,
    answers: Answers,
    include_usage: bool,
) -> Response {
    let mut usage = Usage::default();
    let echoed = head.echoed.iter().enumerate().filter(|(_, text)| !text.is_empty());
    let begin: Vec<String> = echoed
        .map(|(index, text)| head.chunk(index as u32, text, None, None))
        .collect();
    let events = answers.events().map(Some).chain(futures::stream::iter([None]));
    let chunks = events.flat_map(move |event| {
        let chunks = match event {
            Some((
                index,
                GenerationEvent::Token {
                    text, logprobs: step, ..
                },
            )) => {
                let step = step.map(|step| logprobs(&model, &[step]));
                vec![head.chunk(index, &text, step, None)]
            }
            Some((index, GenerationEvent::Text(text))) => vec![head.chunk(index, &text, None, None)],
            Some((index, GenerationEvent::Finished(completion))) => {
                usage.add(&completion);
                vec![head.chunk(index, "", None, Some(finish_reason(completion.finish)))]
            }
            Some((_, GenerationEvent::Failed(error))) => {
                vec![json!(ApiError::from(error.as_ref()).body()).to_string()]
            }
            None if include_usage => {
                let last = head.body(Vec::new(), Some(usage.clone()));
                vec![json!(last).to_string(), DONE.to_owned()]
            }
            None => vec![DONE.to_owned()],
        };
        futures::stream::iter(chunks)
    });
    event_stream(state, futures::stream::iter(begin).chain(chunks))
}
