//! Language models over the queue: the coordinator's answers, and the worker's questions.

use std::sync::Arc;

use nl2sql_catalog::{ChatAnswer, ChatRequest};
use nl2sql_plugin_host::{ChatError, LlmService};
use nl2sql_worker::{ChatExchange, ChatRelay, ChatResponder};

use crate::ServiceRuntime;

/// Answers workers as the run's own plugins are answered: from the store where the answer is paid for, within the budgets.
pub(super) struct CoordinatorChats(pub(super) Arc<dyn LlmService>);

impl ChatResponder for CoordinatorChats {
    fn answer(&self, request: ChatRequest) -> ChatExchange {
        self.0.chat(request).map_err(|error| (error.code, error.message))
    }
}

/// The service `llm` of a worker's plugins.
pub(crate) struct RelayedChats {
    relay: ChatRelay,
    runtime: ServiceRuntime,
    stage: &'static str,
}

impl RelayedChats {
    /// For the plugins of one stage.
    pub(crate) fn new(relay: ChatRelay, runtime: ServiceRuntime, stage: &'static str) -> Self {
        Self { relay, runtime, stage }
    }
}

impl LlmService for RelayedChats {
    fn chat(&self, request: ChatRequest) -> Result<ChatAnswer, ChatError> {
        let answer = self.chat_all(vec![request]).pop();
        answer.unwrap_or_else(|| {
            Err(ChatError {
                code: "unavailable".into(),
                message: "the coordinator gave no answer".into(),
            })
        })
    }

    fn chat_all(&self, requests: Vec<ChatRequest>) -> Vec<Result<ChatAnswer, ChatError>> {
        let requests: Vec<_> = requests
            .into_iter()
            .map(|request| ChatRequest {
                stage: self.stage.to_owned(),
                ..request
            })
            .collect();
        match self.runtime.block_on(|| self.relay.ask(&requests)) {
            Ok(answers) => answers
                .into_iter()
                .map(|answer| answer.map_err(|(code, message)| ChatError { code, message }))
                .collect(),
            Err(error) => requests
                .iter()
                .map(|_| {
                    Err(ChatError {
                        code: "unavailable".into(),
                        message: error.to_string(),
                    })
                })
                .collect(),
        }
    }
}
