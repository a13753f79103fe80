//! The pipeline's traits over plugins, drivers and language models.

mod asked_databases;
mod connection;
mod endpoint;
mod llm_service;
mod local_model;
mod local_provider;
mod metrics;
mod names_mask;
mod parts;
mod plugin_library;
mod queries;
mod source;
mod stage_plugins;
mod weights_identity;

pub use asked_databases::AskedDatabases;
pub use connection::{connection_settings, dialect_name};
pub use endpoint::Endpoint;
pub use llm_service::{connect as connect_providers, open_provider};
pub use local_model::{LocalModel, LocalModelSettings};
pub use metrics::BoundMetric;
pub use parts::RunParts;
pub use plugin_library::{call_failure, code_cache, inspect, load_failure, plugin_host};
