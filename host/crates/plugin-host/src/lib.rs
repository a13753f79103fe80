//! Loads, checks, limits and calls the WASM plugins of `nl2sql`. wasmtime appears in this crate alone.
//!
//! ```no_run
//! use std::sync::Arc;
//! use nl2sql_plugin_host::{CodeCache, PluginHost, Services};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (database, samples) = (nl2sql_catalog::Database::default(), Vec::new());
//! // `.embedded(nl2sql_builtin_plugins::PLUGINS)`, `.folder(path)` and `.settings(profile.plugins)` say where plugins come from
//! // and what they may do.
//! let host = PluginHost::builder().folder("plugins").code_cache(CodeCache::open("cache")?).build()?;
//!
//! // A dialect bound to a catalog answers calls itself and is the service `sql` of other plugins.
//! let dialect = host.dialect("sqlite")?;
//! let session = Arc::new(dialect.open(&database));
//! let services = Services::none().with_sql(session.clone());
//!
//! let validator = host.validator("validator-schema", services)?.open(&database, "{}");
//! for findings in validator.check(&samples)? {
//!     println!("{findings:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Handles and sessions are `Send + Sync`; every call takes a warm instance, or makes one, and parks it after a clean return. Calls block:
//! use threads of your own (or `spawn_blocking`) with at least 2 MiB of stack.

mod artifact;
mod bindings;
mod bounds;
mod check;
mod code_cache;
mod compile_notice;
mod contract;
mod dialect;
mod disclosure;
mod engine;
mod error;
mod generator;
mod grants;
mod guest_output;
mod host;
mod kind;
mod library;
mod limits;
mod loaded;
mod manifest;
mod metric;
mod pack;
mod planner;
mod plugin_use;
mod pool;
mod scaffold;
mod services;
mod settings;
mod state;
mod supply;
mod validator;
mod wasi;

pub use artifact::{Artifact, PluginSummary, componentize, sha256_hex};
pub use bounds::FILE as MAX_PLUGIN_BYTES;
pub use check::{CheckReport, CheckSetup, CheckedCall, ProbeError};
pub use code_cache::CodeCache;
pub use compile_notice::CompileNotice;
pub use dialect::{DialectPlugin, DialectSession};
pub use disclosure::{BAD_OPTIONS, DISCLOSE_ROWS};
pub use error::{CallError, Failure, LoadError, Refusal, SupplyRefusal};
pub use generator::{GeneratorPlugin, GeneratorSession};
pub use grants::Grants;
pub use host::{PluginHost, PluginHostBuilder};
pub use kind::{CONTRACT, Kind, SERVED_VERSIONS};
pub use library::{Embedded, Entry, Library, Origin};
pub use limits::{Limits, STACK};
pub use manifest::{MANIFEST_SECTION, Manifest, is_plugin_name};
pub use metric::{MetricPlugin, MetricSession};
pub use nl2sql_profile::{PluginLimits, PluginSettings};
pub use pack::pack;
pub use planner::PlannerPlugin;
pub use plugin_use::{PluginRecord, PluginUse};
pub use scaffold::{Language, ScaffoldError, scaffold};
pub use services::{
    ChatError, LlmService, LogLevel, LogSink, MatchOutcome, MatchPair, QueryError, QueryService, ServiceError,
    Services, SqlService, TracingSink,
};
pub use supply::Supply;
pub use validator::{ValidatorPlugin, ValidatorSession};
