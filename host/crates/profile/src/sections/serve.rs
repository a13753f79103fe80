//! `[serve]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The API server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSettings {
    /// Address to listen on.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Environment variable that holds the key clients must present.
    pub key_env: Option<String>,
    /// File that holds that key.
    pub key_file: Option<PathBuf>,
    /// Requests decoded together.
    pub batch: u32,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".into(),
            port: 8_080,
            key_env: None,
            key_file: None,
            batch: 16,
        }
    }
}
