//! `[run]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Name, folder and seed of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunSettings {
    /// Name of the run; its folder is `<dir>/<name>`. Empty: the name of the database.
    pub name: String,
    /// Folder that holds the runs.
    pub dir: PathBuf,
    /// Everything random is drawn from this seed.
    pub seed: u64,
}

impl Default for RunSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            dir: "runs".into(),
            seed: 1,
        }
    }
}
