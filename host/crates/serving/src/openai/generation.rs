//! Answers to one prompt: submitted together, read as one stream.

use std::sync::Arc;
use std::time::Instant;

use futures::{Stream, StreamExt, stream};
use nl2sql_app::{ModelEntry, ServedModel};
use nl2sql_inference::{
    Completion, Finish, Generation, GenerationEvent, GenerationRequest, JsonConstraint, LogitsMask, Sampling,
};

use super::sampling::SamplingFields;
use crate::api_error::ApiError;
use crate::metrics::Metrics;
use crate::state::ServerState;

/// What is asked of a model, once its prompt is tokens.
pub(crate) struct Prompt {
    pub(crate) tokens: Vec<u32>,
    /// Most tokens of an answer, where the request names them.
    pub(crate) max_tokens: Option<u32>,
    /// Most tokens of an answer otherwise.
    pub(crate) usual_max_tokens: u32,
    pub(crate) logprobs: Option<usize>,
    /// What answers are held to.
    pub(crate) constraint: Option<JsonConstraint>,
}

/// Answers under way.
pub(crate) struct Answers {
    generations: Vec<Generation>,
    submitted: Instant,
    metrics: Arc<Metrics>,
}

/// Submits as many requests as answers are wanted. Each has its own seed; the prompt is read once.
pub(crate) async fn submit(
    state: &ServerState,
    model: &Arc<ServedModel>,
    entry: &ModelEntry,
    prompt: Prompt,
    fields: &SamplingFields,
) -> Result<Answers, ApiError> {
    let (count, sampling) = (fields.answers()?, fields.sampling()?);
    let (stop_texts, logit_bias) = (fields.stop_texts()?, fields.biases()?);
    let max_new_tokens = room(model.context(), &prompt)?;
    let mut generations = Vec::new();
    for number in 0..count {
        let request = GenerationRequest {
            sampling: Sampling {
                seed: sampling.seed.wrapping_add(u64::from(number)),
                ..sampling
            },
            stop_texts: stop_texts.clone(),
            logit_bias: logit_bias.clone(),
            logprobs: prompt.logprobs,
            mask: (prompt.constraint.clone()).map(|constraint| Box::new(constraint) as Box<dyn LogitsMask>),
            ..GenerationRequest::greedy(prompt.tokens.clone(), max_new_tokens, Vec::new())
        };
        generations.push(model.submit(entry, request).map_err(|error| ApiError::from(&error))?);
    }
    Ok(Answers {
        generations,
        submitted: Instant::now(),
        metrics: state.metrics.clone(),
    })
}

/// Tokens that an answer may have.
fn room(context: usize, prompt: &Prompt) -> Result<usize, ApiError> {
    let length = prompt.tokens.len();
    let wanted = prompt.max_tokens.unwrap_or(1) as usize;
    if length + wanted > context {
        let message = format!(
            "this model's context is {context} tokens, and the request takes {} ({length} in the prompt, {wanted} in the answer); \
             shorten the prompt or lower max_tokens",
            length + wanted
        );
        let error = ApiError::invalid("messages", message).with_code("context_length_exceeded");
        return Err(error);
    }
    let usual = prompt.usual_max_tokens as usize;
    Ok(prompt
        .max_tokens
        .map_or(usual.min(context - length), |asked| asked as usize))
}

impl Answers {
    /// These, and then others.
    #[must_use]
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.generations.extend(others.generations);
        self
    }

    /// Waits for all answers, in their order.
    pub(crate) async fn completions(self) -> Result<Vec<Completion>, ApiError> {
        let mut finished = Vec::new();
        let mut events = Box::pin(self.events());
        while let Some((number, event)) = events.next().await {
            match event {
                GenerationEvent::Finished(completion) => finished.push((number, completion)),
                GenerationEvent::Failed(error) => return Err(ApiError::from(error.as_ref())),
                GenerationEvent::Token { .. } | GenerationEvent::Text(_) => {}
            }
        }
        finished.sort_by_key(|(number, _)| *number);
        Ok(finished.into_iter().map(|(_, completion)| completion).collect())
    }

    /// What happens to all answers, with their numbers, as it happens.
    pub(crate) fn events(self) -> impl Stream<Item = (u32, GenerationEvent)> + Send + 'static {
        let Self {
            generations,
            submitted,
            metrics,
        } = self;
        let streams = generations.into_iter().enumerate().map(move |(number, generation)| {
            let metrics = metrics.clone();
            stream::unfold((generation, false), move |(mut generation, begun)| {
                let metrics = metrics.clone();
                async move {
                    let event = generation.next().await?;
                    if !begun {
                        metrics.first_token(submitted.elapsed());
                    }
                    Some(((number as u32, event), (generation, true)))
                }
            })
            .boxed()
        });
        stream::select_all(streams)
    }
}

/// OpenAI's word for why an answer ended.
pub(crate) fn finish_reason(finish: Finish) -> &'static str {
    match finish {
        Finish::Length => "length",
        Finish::StopToken | Finish::StopText | Finish::NothingAllowed => "stop",
    }
}
