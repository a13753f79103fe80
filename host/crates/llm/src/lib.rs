//! Chat providers for the LLM stages.
//!
//! [`LlmClient`] answers a [`ChatRequest`] from its cache, or asks the first provider of its chain that can answer. On the way it keeps to
//! the budgets of run and stage, to each provider's rate and concurrency limits, retries what may pass, and stores every answer on disk
//! **before** anybody sees it, so that nothing paid for is asked for twice.
//!
//! ```text
//! ChatRequest -> AnswerStore (hit: done) -> Budget.reserve -> Provider chain { Throttle -> ChatProvider -> retry } -> AnswerStore -> Budget.settle
//! ```
//!
//! A provider is a [`ChatProvider`]: [`HttpProvider`] speaks the OpenAI-compatible and Anthropic protocols, and a host can add one of
//! its own, e.g. over a local model.

mod answers;
mod api_error;
mod budget;
mod chat;
mod client;
mod error;
mod estimate;
mod http;
mod provider;
mod provider_state;
mod request_leases;
mod retry;
mod secret;
mod sse;
mod thinking;
mod throttle;
mod usage;
mod wire;

pub use answers::{AnswerStore, RequestDigest, StoredAnswer, Turn};
pub use budget::{Amount, Budget, Reservation};
pub use chat::without_schema;
pub use client::{LlmClient, LlmClientBuilder};
pub use error::{LlmError, ProviderFault};
pub use estimate::{Estimate, GenerationShape, estimate_tokens};
pub use http::HttpProvider;
pub use nl2sql_catalog::{ChatAnswer, ChatRequest, FinishReason, Message, Role};
pub use nl2sql_profile::{BudgetCaps, Price, Protocol, ProviderSettings, RateLimits, Sampling, StructuredOutput};
pub use provider::ChatProvider;
pub use retry::RetryPolicy;
pub use secret::Secret;
pub use usage::{UsageLine, UsageReport};
