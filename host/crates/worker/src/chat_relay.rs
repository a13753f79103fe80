//! Language models, asked through the coordinator.
//!
//! The coordinator has the store of paid answers, the budgets, the throttle and the keys, so over the whole fleet no answer is paid for twice and no
//! budget is passed. A worker that dies while it waits loses nothing: the answer is in the store, and the next worker gets it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::Request;
use async_nats::client::RequestErrorKind;
use futures::StreamExt;
use futures::future::try_join_all;
use nl2sql_catalog::{ChatAnswer, ChatRequest};
use tokio_util::sync::CancellationToken;

use crate::queue::chat_subject;
use crate::{Queue, QueueError};

/// How long an answer may take; providers have deadlines of their own.
const PATIENCE: Duration = Duration::from_secs(1_800);

/// An answer, or code and message of the reason why there is none.
pub type ChatExchange = Result<ChatAnswer, (String, String)>;

/// Answers chat requests of workers. Called on threads that may block, several at once.
pub trait ChatResponder: Send + Sync {
    /// Answers one.
    fn answer(&self, request: ChatRequest) -> ChatExchange;
}

/// Answers what workers of a job ask, until `beside` ends.
pub(crate) async fn answer_chats(
    queue: &Queue,
    job: &str,
    chats: Arc<dyn ChatResponder>,
    beside: CancellationToken,
) -> Result<(), QueueError> {
    let client = queue.client.clone();
    let mut asked = client
        .subscribe(chat_subject(job))
        .await
        .map_err(|error| QueueError::refused("take questions", error))?;
    tokio::spawn(async move {
        while let Some(Some(message)) = beside.run_until_cancelled(asked.next()).await {
            let (client, chats) = (client.clone(), chats.clone());
            tokio::spawn(async move {
                let Some(reply) = message.reply else { return };
                let answer = match serde_json::from_slice::<ChatRequest>(&message.payload) {
                    Ok(request) => tokio::task::spawn_blocking(move || chats.answer(request)).await,
                    Err(error) => {
                        tracing::warn!("a question of a worker cannot be understood: {error}");
                        return;
                    }
                };
                // A panic of the provider is the worker's to report: it gets no answer.
                let Ok(answer) = answer else { return };
                let text = serde_json::to_vec(&answer).unwrap_or_default();
                if let Err(error) = client.publish(reply, text.into()).await {
                    tracing::warn!("an answer could not be sent to its worker: {error}");
                }
            });
        }
    });
    Ok(())
}

/// The worker's side.
#[derive(Clone)]
pub struct ChatRelay {
    client: async_nats::Client,
    subject: String,
}

impl ChatRelay {
    pub(crate) fn new(queue: &Queue, job: &str) -> Self {
        Self {
            client: queue.client.clone(),
            subject: chat_subject(job),
        }
    }

    /// Asks the coordinator several things at once; answers come in the order of the requests.
    ///
    /// # Errors
    /// When it is gone. The task can be done by whoever is there when it is back.
    pub async fn ask(&self, requests: &[ChatRequest]) -> Result<Vec<ChatExchange>, QueueError> {
        try_join_all(requests.iter().map(|request| self.ask_one(request))).await
    }

    async fn ask_one(&self, request: &ChatRequest) -> Result<ChatExchange, QueueError> {
        let text = serde_json::to_vec(request).map_err(|error| QueueError::malformed("a question", error))?;
        let request = Request::new().payload(text.into()).timeout(Some(PATIENCE));
        let reply = self
            .client
            .send_request(self.subject.clone(), request)
            .await
            .map_err(|error| match error.kind() {
                RequestErrorKind::NoResponders => QueueError::refused("answer", "the coordinator is gone"),
                _ => QueueError::refused("answer", error),
            })?;
        serde_json::from_slice(&reply.payload).map_err(|error| QueueError::malformed("an answer", error))
    }
}
