//! `[serve]`

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The HTTP server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServeSettings {
    /// Address to listen at. Beyond this machine it takes keys.
    #[schemars(with = "String")]
    pub address: IpAddr,
    /// Port to listen at; 0 takes a free one.
    pub port: u16,
    /// Name of the model in the API; empty: the name of its folder.
    pub name: String,
    /// Models of an endpoint that requests may name beside the provider's; `*`: every model that the endpoint has.
    pub endpoint_models: Vec<String>,
    /// Folder below which adapters may be loaded by request; without one, none may.
    pub adapters: Option<PathBuf>,
    /// Requests answered together.
    pub rows: u32,
    /// Requests that may wait; one more is refused with 503.
    pub queue: u32,
    /// Memory for keys and values, in MiB.
    pub key_value_mib: u32,
    /// Tokens of prompts read between two steps of running answers.
    pub prefill_tokens: u32,
    /// Most tokens of an answer where a request names no number.
    pub max_tokens: u32,
    /// Largest request body, in KiB.
    pub max_body_kib: u32,
    /// Most seconds a client may take to send the head of a request, and as many again for its body.
    pub header_timeout_s: u32,
    /// Most seconds a client may leave unread what is sent to it.
    pub stall_timeout_s: u32,
    /// Most seconds from a request to the end of its answer.
    pub request_timeout_s: u32,
    /// Seconds between two comments that keep a silent stream open.
    pub keep_alive_s: u32,
    /// Most seconds that answers under way may take after a stop was asked for.
    pub drain_s: u32,
    /// PEM file of the certificate chain; with it the server speaks TLS alone.
    pub certificate: Option<PathBuf>,
    /// PEM file of the certificate's private key.
    pub private_key: Option<PathBuf>,
    /// Origins of web pages that may call the server; none by default.
    pub allowed_origins: Vec<String>,
    /// Keys by the name that the audit log shows. Without any, everybody who reaches the server has every right.
    pub keys: BTreeMap<String, ServeKey>,
}

/// What the holder of a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ServeRight {
    /// Use the model: OpenAI's API.
    Chat,
    /// Ask the database: questions, guarded queries, feedback.
    Ask,
    /// See runs: pairs, coverage, trainings, evaluations.
    View,
    /// Decide about pairs; with `view`.
    Review,
    /// Load and unload adapters, read figures.
    Admin,
}

impl ServeRight {
    /// Every right.
    pub const ALL: [Self; 5] = [Self::Chat, Self::Ask, Self::View, Self::Review, Self::Admin];
}

/// A key of the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServeKey {
    /// Environment variable that holds the key.
    pub key_env: Option<String>,
    /// File that holds the key.
    pub key_file: Option<PathBuf>,
    /// `chat`, `ask`, `view`, `review`, `admin`.
    pub rights: Vec<ServeRight>,
    /// Most rows of a result; 0: as `ask.max_rows`.
    pub max_rows: u32,
    /// Tables that statements may read; empty: all.
    pub tables: Vec<String>,
    /// Columns that statements may not read, as `table.column`.
    pub hidden_columns: Vec<String>,
}

impl Default for ServeSettings {
    fn default() -> Self {
        Self {
            address: IpAddr::from([127, 0, 0, 1]),
            port: 8_000,
            name: String::new(),
            endpoint_models: Vec::new(),
            adapters: None,
            rows: 16,
            queue: 256,
            key_value_mib: 4_096,
            prefill_tokens: 512,
            max_tokens: 512,
            max_body_kib: 1_024,
            header_timeout_s: 10,
            stall_timeout_s: 60,
            request_timeout_s: 600,
            keep_alive_s: 15,
            drain_s: 30,
            certificate: None,
            private_key: None,
            allowed_origins: Vec::new(),
            keys: BTreeMap::new(),
        }
    }
}

impl ServeSettings {
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let fail = |key: &str, reason: &str| Err((format!("serve.{key}"), reason.to_owned()));
        let at_least_one = [
            ("rows", self.rows),
            ("queue", self.queue),
            ("key_value_mib", self.key_value_mib),
            ("prefill_tokens", self.prefill_tokens),
            ("max_tokens", self.max_tokens),
            ("max_body_kib", self.max_body_kib),
            ("header_timeout_s", self.header_timeout_s),
            ("stall_timeout_s", self.stall_timeout_s),
            ("request_timeout_s", self.request_timeout_s),
            ("keep_alive_s", self.keep_alive_s),
        ];
        if let Some((key, _)) = at_least_one.iter().find(|(_, value)| *value == 0) {
            return fail(key, "it must be at least 1");
        }
        if self.certificate.is_some() != self.private_key.is_some() {
            return fail("certificate", "certificate and private_key go together");
        }
        for (name, key) in &self.keys {
            if key.key_env.is_some() == key.key_file.is_some() {
                return fail(&format!("keys.{name}"), "name either key_env or key_file");
            }
            if key.rights.is_empty() {
                return fail(
                    &format!("keys.{name}.rights"),
                    "name at least one of chat, ask, view, review, admin",
                );
            }
            if let Some(column) = key.hidden_columns.iter().find(|column| !column.contains('.')) {
                let reason = format!("`{column}` is not of the form table.column");
                return fail(&format!("keys.{name}.hidden_columns"), &reason);
            }
        }
        if !self.address.is_loopback() && self.keys.is_empty() {
            return fail("keys", "a server that others can reach needs at least one key");
        }
        Ok(())
    }
}
