//! `[queue]`

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where workers on other machines take tasks from: a NATS server with JetStream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QueueSettings {
    /// `nats://host:4222`, or `tls://host:4222`. Empty: this process does everything.
    pub url: String,
    /// Credentials file of NATS (JWT and nkey seed).
    pub credentials_file: Option<PathBuf>,
    /// Variable that holds an nkey seed.
    pub nkey_env: Option<String>,
    /// User, with `password_env`.
    pub user: Option<String>,
    /// Variable that holds the user's password.
    pub password_env: Option<String>,
    /// Certificate of the authority that signed the server's, PEM. TLS is required then.
    pub ca_certificate: Option<PathBuf>,
    /// Time limit of connecting, milliseconds.
    pub connect_timeout_ms: u64,
    /// A task whose worker is silent for so long goes to another one, milliseconds.
    pub lease_ms: u64,
}

impl QueueSettings {
    /// The first fault as dotted key and reason.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        if self.lease_ms < 1_000 {
            return Err(("queue.lease_ms".into(), "a lease lasts at least a second".into()));
        }
        if self.user.is_some() != self.password_env.is_some() {
            return Err(("queue.user".into(), "it goes with queue.password_env".into()));
        }
        Ok(())
    }
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            url: String::new(),
            credentials_file: None,
            nkey_env: None,
            user: None,
            password_env: None,
            ca_certificate: None,
            connect_timeout_ms: 5_000,
            lease_ms: 20_000,
        }
    }
}
