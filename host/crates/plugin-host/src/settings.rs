//! What a profile says about one plugin: `[plugins.<name>]`.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::artifact::Artifact;
use crate::grants::Grants;
use crate::limits::Limits;

/// A profile entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PluginSettings {
    /// File that holds the plugin; otherwise it is looked for by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// SHA-256 the plugin's bytes must have, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Services it may use. When absent, a built-in plugin gets what its manifest asks for, any other nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<Vec<String>>,
    /// Bounds other than the usual ones.
    #[serde(skip_serializing_if = "LimitSettings::is_empty")]
    pub limits: LimitSettings,
}

/// `[plugins.<name>.limits]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitSettings {
    /// Longest a call may compute, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<u64>,
    /// Most memory of an instance, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// Most data in one answer, in MiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_mib: Option<u32>,
}

impl LimitSettings {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The usual limits with these on top.
    pub(crate) fn over(self, usual: Limits) -> Limits {
        let bytes = |mib: u32| (mib as usize).saturating_mul(1 << 20);
        Limits {
            time: self.time_ms.map_or(usual.time, Duration::from_millis),
            memory: self.memory_mib.map_or(usual.memory, bytes),
            output: self.output_mib.map_or(usual.output, bytes),
        }
    }
}

impl PluginSettings {
    /// The services granted to a plugin found at a place the user trusts (`built_in`) or elsewhere.
    pub(crate) fn grants(&self, artifact: &Artifact, built_in: bool) -> Grants {
        match &self.grant {
            Some(services) => Grants::of(services),
            None if built_in => Grants::of(artifact.manifest.imports.keys()),
            None => Grants::none(),
        }
    }
}
