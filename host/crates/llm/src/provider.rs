//! The one thing a provider does.

use async_trait::async_trait;

use crate::{ChatAnswer, ChatRequest, ProviderFault, ProviderSettings};

/// Something that answers chat requests: an HTTP service or a model in this process.
#[async_trait]
pub trait ChatProvider: Send + Sync {
    /// Name in the profile.
    fn name(&self) -> &str;

    /// Model, price and limits.
    fn settings(&self) -> &ProviderSettings;

    /// Sends one request once.
    ///
    /// # Errors
    /// [`ProviderFault`], telling trouble that may pass from a final no.
    async fn complete(&self, request: &ChatRequest, idempotency_key: &str) -> Result<ChatAnswer, ProviderFault>;
}
