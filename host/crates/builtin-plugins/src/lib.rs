//! The plugins compiled into the binary, as `cargo xtask plugins` built them.
//!
//! ```no_run
//! let host = nl2sql_plugin_host::PluginHost::builder().embedded(nl2sql_builtin_plugins::PLUGINS).build();
//! ```

use nl2sql_plugin_host::Embedded;

include!(concat!(env!("OUT_DIR"), "/plugins.rs"));
