//! A served model as a writer of statements.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use nl2sql_constrained_decoding::SchemaConstraint;
use nl2sql_evaluation::prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator};
use nl2sql_inference::{Generation, GenerationRequest, Sampling};
use nl2sql_model::ModelError;
use nl2sql_model::templates::ChatMessage;

use crate::local_model::finish_reason;
use crate::{ModelEntry, ServedModel, off_runtime};

/// A model or adapter that writes statements.
#[derive(Clone)]
pub struct ServedGenerator {
    /// The model.
    pub model: Arc<ServedModel>,
    /// Model or adapter.
    pub entry: ModelEntry,
    /// Most tokens of a statement.
    pub max_new_tokens: usize,
    /// Temperature of all but the first.
    pub temperature: f32,
    /// Seed of the first sample; further ones count from it.
    pub seed: u64,
    /// What statements may be written with; nothing where they are free.
    pub names: Option<Arc<SchemaConstraint>>,
}

impl ServedGenerator {
    /// The same writer over these names.
    pub(super) fn held_to(&self, names: Option<Arc<SchemaConstraint>>) -> Self {
        Self { names, ..self.clone() }
    }

    async fn submit(&self, prompt: &ChatPrompt) -> Result<Generation, String> {
        let history = prompt.history.iter();
        let shown = history.flat_map(|(user, assistant)| [ChatMessage::user(user), ChatMessage::assistant(assistant)]);
        let turns: Vec<ChatMessage> = shown.chain([ChatMessage::user(&prompt.user)]).collect();
        let sampling = self.sampling(prompt.attempt);
        let (model, entry, names) = (self.model.clone(), self.entry.clone(), self.names.clone());
        let system = prompt.system.clone().unwrap_or_default();
        let begun = off_runtime(move || {
            let mask = names.map(|names| model.schema_mask(&entry, names, sampling));
            Ok((model.encode_chat(&entry, &system, &turns)?, mask))
        })
        .await;
        let (tokens, mask) = begun.map_err(|error: ModelError| error.to_string())?;
        let room = self.model.context().saturating_sub(tokens.len());
        if room == 0 {
            return Err(format!(
                "the prompt has {} tokens, and the model's context ends at {}: show less of the schema, or fewer \
                 verified pairs (ask.similar_pairs)",
                tokens.len(),
                self.model.context()
            ));
        }
        let request = GenerationRequest {
            sampling,
            mask,
            ..GenerationRequest::greedy(tokens, self.max_new_tokens.min(room), Vec::new())
        };
        self.model
            .submit(&self.entry, request)
            .map_err(|error| error.to_string())
    }

    /// The first statement is the likeliest; each further one is a sample of its own.
    fn sampling(&self, attempt: u32) -> Sampling {
        if attempt == 0 {
            return Sampling::GREEDY;
        }
        Sampling {
            temperature: self.temperature,
            seed: self.seed.wrapping_add(u64::from(attempt)),
            ..Sampling::GREEDY
        }
    }
}

#[async_trait]
impl TextGenerator for ServedGenerator {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let mut under_way = FuturesUnordered::new();
        for (number, prompt) in prompts.iter().enumerate() {
            match self.submit(prompt).await {
                Ok(generation) => under_way.push(async move { (number, generation.completion().await) }),
                Err(reason) => on_completion(number, Err(reason)),
            }
        }
        while let Some((number, outcome)) = under_way.next().await {
            let completion = outcome.map_err(|error| error.to_string()).map(|completion| Completion {
                text: completion.text.trim().to_owned(),
                rendered_prompt: None,
                tokens: Some(completion.tokens.len() as u64),
                finish_reason: Some(finish_reason(completion.finish).name().to_owned()),
                agreement: None,
            });
            on_completion(number, completion);
        }
    }
}
