//! `[plugins.<name>]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Where a plugin comes from, what it may do, and how much.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PluginSettings {
    /// Component file; without it the name must be that of a built-in plugin.
    pub path: Option<PathBuf>,
    /// SHA-256 of the file in hex; a file with another digest is refused.
    pub sha256: Option<String>,
    /// Host services it may import: `llm`, `sql`, `query`.
    pub grant: Option<Vec<String>>,
    /// Memory cap in MiB.
    pub memory_mib: Option<u64>,
    /// Longest call, milliseconds.
    pub timeout_ms: Option<u64>,
}
