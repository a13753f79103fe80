//! What a profile says about one plugin, `[plugins.<name>]`, as the host applies it.

use std::time::Duration;

use nl2sql_profile::{PluginLimits, PluginSettings};

use crate::artifact::Artifact;
use crate::grants::Grants;
use crate::limits::Limits;

/// The usual limits with the profile's on top.
pub(crate) fn limits_over(limits: &PluginLimits, usual: Limits) -> Limits {
    let bytes = |mib: u32| (mib as usize).saturating_mul(1 << 20);
    Limits {
        time: limits.time_ms.map_or(usual.time, Duration::from_millis),
        memory: limits.memory_mib.map_or(usual.memory, bytes),
        output: limits.output_mib.map_or(usual.output, bytes),
    }
}

/// The services granted to a plugin found at a place the user trusts (`built_in`) or elsewhere.
pub(crate) fn grants(settings: &PluginSettings, artifact: &Artifact, built_in: bool) -> Grants {
    let granted = match &settings.grant {
        Some(granted) => Grants::of(granted),
        None if built_in => Grants::of(artifact.manifest.imports.keys()),
        None => Grants::none(),
    };
    if built_in { granted.reviewed() } else { granted }
}
