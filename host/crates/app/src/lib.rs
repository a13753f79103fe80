//! `nl2sql` as a library: a [`Session`] owns a resolved profile and hands out plugins, databases and language models; jobs run in it.
//!
//! Nothing here prints or parses arguments, and nothing is global to the process: several sessions with different profiles live side by side.

mod connection;
mod database_registry;
mod database_source;
pub mod diagnostic;
mod endpoint;
mod error;
mod event;
mod event_log;
mod event_reference;
pub mod job;
mod keyless_provider;
mod llm_service;
mod local_model;
mod local_models;
mod local_provider;
mod metric_plugin;
mod plugin_check;
mod plugin_log;
mod plugin_probe;
mod plugins;
mod prompt_settings;
mod prompt_writer;
mod query_service;
mod run_dependencies;
mod runtime;
mod server_databases;
mod session;
mod sqlite_databases;
mod stage_plugins;
mod starter_profile;
mod weights_identity;

pub use connection::{connection_settings, dialect_name};
pub use database_registry::DatabaseRegistry;
pub use diagnostic::{advised, sentence};
pub use endpoint::Endpoint;
pub use error::AppError;
pub use event::{EVENT_VERSION, Event, EventKind};
pub use event_reference::{EventDoc, FieldDoc, event_reference};
pub use local_model::{DecodingSettings, LocalModel, LocalModelSettings};
pub use local_models::LocalModels;
pub use metric_plugin::BoundMetric;
pub use plugin_check::check_plugin;
pub use plugins::{call_failure, code_cache, inspect, load_failure, plugin_host};
pub use prompt_settings::{PromptSettings, prompt_layout};
pub use prompt_writer::PromptWriter;
pub use run_dependencies::RunDependencies;
pub use runtime::{ServiceRuntime, off_runtime};
pub use session::{RunPlace, Session};
pub use sqlite_databases::SqliteDatabases;
pub use starter_profile::{PASSWORD_VARIABLE, StarterProfile};
