//! A model behind an endpoint, as an answerer of chats: the profile's providers, with their cache, budget and retries.

use async_trait::async_trait;
use futures::StreamExt;
use nl2sql_evaluation::prediction::{ChatPrompt, Completion, OnCompletion, TextGenerator};
use nl2sql_llm::{ChatRequest, FinishReason, LlmClient, Message, Role};
use tokio_util::sync::CancellationToken;

/// Chats on their way at once; the provider's own limits are stricter.
const AT_ONCE: usize = 64;

/// The profile's providers.
pub struct Endpoint {
    /// The client of the run.
    pub client: LlmClient,
    /// Sampling temperature.
    pub temperature: f32,
    /// Temperature of further candidates.
    pub candidate_temperature: f32,
    /// Most tokens of one answer.
    pub max_new_tokens: u32,
    /// Stops new requests; answers on their way are still taken.
    pub cancel: CancellationToken,
}

impl Endpoint {
    async fn ask(&self, chat: &ChatPrompt) -> Result<Completion, String> {
        let message = |role, content: &str| Message {
            role,
            content: content.to_owned(),
        };
        let system = chat.system.iter().map(|system| message(Role::System, system));
        let history = chat
            .history
            .iter()
            .flat_map(|(user, assistant)| [message(Role::User, user), message(Role::Assistant, assistant)]);
        let request = ChatRequest {
            messages: system.chain(history).chain([message(Role::User, &chat.user)]).collect(),
            schema: None,
            temperature: Some(if chat.attempt == 0 {
                self.temperature
            } else {
                self.candidate_temperature
            }),
            max_tokens: Some(self.max_new_tokens),
            stage: "predict".to_owned(),
            purpose: "predictions".to_owned(),
            attempt: chat.attempt,
        };
        let answer = self.client.chat(&request).await.map_err(|error| error.to_string())?;
        if answer.finish_reason == FinishReason::Length && answer.content.trim().is_empty() {
            return Err(cut_off(self.max_new_tokens));
        }
        Ok(Completion {
            text: answer.content,
            rendered_prompt: None,
            tokens: Some(u64::from(answer.output_tokens)),
            finish_reason: Some(answer.finish_reason.name().to_owned()),
            agreement: None,
        })
    }
}

/// Why a question has no prediction although the model wrote something: all of it were thoughts.
fn cut_off(max_new_tokens: u32) -> String {
    format!(
        "the answer was cut off at {max_new_tokens} tokens before it began (finish_reason length); raise \
         evaluate.max_new_tokens, for a model that thinks to 4096 or more, or switch thinking off in the provider's `body`"
    )
}

#[async_trait]
impl TextGenerator for Endpoint {
    async fn generate(&self, prompts: Vec<ChatPrompt>, on_completion: OnCompletion<'_>) {
        let answers = futures::stream::iter(prompts.iter().enumerate());
        answers
            .for_each_concurrent(AT_ONCE, |(number, chat)| async move {
                let answer = self.ask(chat).await;
                // What was not asked because the job was stopped is no failure of the model.
                if answer.is_ok() || !self.cancel.is_cancelled() {
                    on_completion(number, answer);
                }
            })
            .await;
    }
}
