//! A provider whose key is missing, in a chain where others can be asked.

use async_trait::async_trait;
use nl2sql_llm::{ChatAnswer, ChatProvider, ChatRequest, ProviderFault, ProviderSettings};

/// Stands at its place in the chain, so that what was answered before is found again, and denies every request with the reason.
pub struct KeylessProvider {
    name: String,
    settings: ProviderSettings,
    reason: String,
}

impl KeylessProvider {
    /// A provider that has no key for this reason.
    pub fn new(name: &str, settings: ProviderSettings, reason: String) -> Self {
        Self {
            name: name.to_owned(),
            settings,
            reason,
        }
    }
}

#[async_trait]
impl ChatProvider for KeylessProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    async fn complete(&self, _: &ChatRequest, _: &str) -> Result<ChatAnswer, ProviderFault> {
        Err(ProviderFault::Denied(self.reason.clone()))
    }
}
