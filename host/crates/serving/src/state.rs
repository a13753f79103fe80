//! What all requests share.

use std::sync::Arc;
use std::time::Duration;

use nl2sql_app::ask::Assistant;
use nl2sql_app::{ModelEntry, ServedModel};
use nl2sql_profile::ServeSettings;

use crate::api_error::ApiError;
use crate::ask::no_database;
use crate::authentication::Keys;
use crate::backend::Backend;
use crate::identifier::now;
use crate::metrics::Metrics;
use crate::runs::ShownRuns;

/// The server's backend, settings, keys and figures.
pub struct ServerState {
    pub(crate) settings: ServeSettings,
    pub(crate) backend: Backend,
    /// Answers questions, where there is a database.
    pub(crate) assistant: Option<Arc<Assistant>>,
    pub(crate) keys: Keys,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) runs: ShownRuns,
    /// Seconds since 1970 when the server began.
    pub(crate) started: u64,
}

impl ServerState {
    pub(crate) fn new(
        settings: ServeSettings,
        backend: Backend,
        assistant: Option<Arc<Assistant>>,
        keys: Keys,
    ) -> Result<Self, prometheus::Error> {
        let metrics = Arc::new(Metrics::new(backend.model_name())?);
        Ok(Self {
            settings,
            metrics,
            backend,
            assistant,
            keys,
            runs: ShownRuns::default(),
            started: now(),
        })
    }

    /// What answers questions.
    pub(crate) fn assistant(&self) -> Result<&Arc<Assistant>, ApiError> {
        self.assistant.as_ref().ok_or_else(no_database)
    }

    /// The model of a request.
    pub(crate) fn model(&self, model: &ServedModel, name: &str) -> Result<ModelEntry, ApiError> {
        model.model(name).ok_or_else(|| ApiError::no_model(name))
    }

    /// Name of the model without adapters.
    pub(crate) fn base_name(&self) -> String {
        self.backend.model_name().to_owned()
    }

    pub(crate) fn request_timeout(&self) -> Duration {
        Duration::from_secs(u64::from(self.settings.request_timeout_s))
    }

    /// The error of a request whose time is over.
    pub(crate) fn timed_out(&self) -> ApiError {
        ApiError::timed_out(self.settings.request_timeout_s)
    }

    /// Waits for an answer as long as a request may take.
    pub(crate) async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<T, ApiError> {
        tokio::time::timeout(self.request_timeout(), work)
            .await
            .map_err(|_| self.timed_out())
    }
}
