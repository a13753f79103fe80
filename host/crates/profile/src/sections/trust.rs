//! `[trust]`

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whose plugins are trusted.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TrustSettings {
    /// Public keys of minisign whose signatures count, by names of yours.
    pub keys: BTreeMap<String, String>,
    /// List of plugins and keys that are known to be bad; what stands in it is refused.
    pub revoked: Option<PathBuf>,
    /// Lock of the plugins that have a `source`; unset: the profile's name with the extension `lock`, beside the profile.
    pub lock: Option<PathBuf>,
    /// Logins and certificate authorities of registries, by host and port.
    pub registries: BTreeMap<String, RegistrySettings>,
}

/// Who we are to a registry, and how it proves who it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RegistrySettings {
    /// Name of the user.
    pub user: String,
    /// Variable that holds the password or token.
    pub password_env: Option<String>,
    /// File that holds the password or token.
    pub password_file: Option<PathBuf>,
    /// PEM file of a certificate authority trusted besides the system's; with it, a registry of this machine is encrypted as well.
    pub ca: Option<PathBuf>,
}
