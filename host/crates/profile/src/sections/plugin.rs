//! `[plugins.<name>]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where a plugin comes from, what it may do, and how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PluginSettings {
    /// Component file; without it and without `source` the name must be that of a built-in plugin.
    pub path: Option<PathBuf>,
    /// Where somebody else's plugin was added from, as `nl2sql plugin add` writes it: a file, `https://...` or `oci://registry/name:tag`. What
    /// runs is what the lock holds.
    pub source: Option<String>,
    /// Whether the plugin of `source` may go without a signature.
    pub unsigned: bool,
    /// SHA-256 of the file in hex; a file with another digest is refused.
    pub sha256: Option<String>,
    /// Host services it may import: `llm`, `sql`, `query`; and `disclose-rows`, which lets its words carry what it read from rows into prompts,
    /// exports and logs. Unset: a built-in plugin gets what it asks for, any other nothing.
    pub grant: Option<Vec<String>>,
    /// What a call may use.
    pub limits: PluginLimits,
}

/// What one call of a plugin may use; what is unset is the host's usual.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PluginLimits {
    /// Time limit of a call, milliseconds.
    pub time_ms: Option<u64>,
    /// Memory in MiB.
    pub memory_mib: Option<u32>,
    /// Maximum answer in MiB.
    pub output_mib: Option<u32>,
}
