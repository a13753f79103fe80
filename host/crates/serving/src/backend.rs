//! Where answers come from.

mod endpoint;

use std::sync::Arc;

use nl2sql_app::ServedModel;

pub use endpoint::{OpenAiEndpoint, OpenAiEndpointSettings};

/// A model in this process, or one behind a URL.
pub enum Backend {
    /// In this process.
    Local(Arc<ServedModel>),
    /// Behind an endpoint that speaks OpenAI's API.
    Endpoint(OpenAiEndpoint),
}

impl Backend {
    /// Name of the model without adapters.
    pub(crate) fn model_name(&self) -> &str {
        match self {
            Self::Local(model) => &model.base().name,
            Self::Endpoint(endpoint) => endpoint.model(),
        }
    }
}
