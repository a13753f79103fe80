//! `[database]`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much TLS a connection wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// No TLS.
    Off,
    /// TLS where the server offers it.
    #[default]
    Prefer,
    /// TLS or no connection.
    Require,
    /// TLS with a certificate that names the host and is signed by `ca`, or by an authority on Mozilla's list.
    Verify,
}

impl TlsMode {
    /// As a profile writes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::Verify => "verify",
        }
    }
}

impl FromStr for TlsMode {
    type Err = String;

    /// Reads the names of profiles, PostgreSQL's `sslmode` and MySQL's `ssl-mode`.
    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name.to_ascii_lowercase().replace('_', "-").as_str() {
            "off" | "disable" | "disabled" => Self::Off,
            "prefer" | "preferred" | "allow" => Self::Prefer,
            "require" | "required" => Self::Require,
            "verify" | "verify-ca" | "verify-full" | "verify-identity" => Self::Verify,
            _ => return Err(format!("expected off, prefer, require or verify, found `{name}`")),
        })
    }
}

/// `[database.adbc]`: an ADBC driver library, which is native code with all the rights of this program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdbcSettings {
    /// The library or a driver manifest by its path, or the name of an installed manifest.
    pub library: String,
    /// Function that fills in the driver; the manifest's by default, or the one ADBC derives from the name of the library.
    pub entrypoint: Option<String>,
    /// SHA-256 of the library; another file is not loaded.
    pub sha256: String,
    /// Options of the database, as its driver names them.
    #[serde(serialize_with = "crate::redact::options")]
    pub options: BTreeMap<String, String>,
    /// Options of the database that keep the driver from writing.
    pub read_only: BTreeMap<String, String>,
    /// Options of the database that are secrets, each with the environment variable that holds it.
    pub secrets: BTreeMap<String, String>,
}

/// The database to read, by URL, by file or by fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatabaseSettings {
    /// Dialect plugin, e.g. `sqlite`, `postgres`, `mysql`, `tsql`; empty: derived from `url` or `path`.
    pub dialect: String,
    /// Driver: `sqlite`, `postgres`, `mysql`, `mssql`, `adbc` or `ddl` (`nl2sql doctor` lists them); empty: the dialect's own.
    pub driver: String,
    /// Connection URL. A password in it is used and never shown or recorded; better name it in `password_env` or `password_file`.
    #[serde(serialize_with = "crate::redact::optional_url")]
    pub url: Option<String>,
    /// SQLite file.
    pub path: Option<PathBuf>,
    /// Script of CREATE statements in place of a database; nothing runs.
    pub ddl: Option<PathBuf>,
    /// ADBC driver library that opens the database.
    pub adbc: AdbcSettings,
    /// Server host or socket folder.
    pub host: Option<String>,
    /// Server port; the driver's usual one by default.
    pub port: Option<u16>,
    /// Login.
    pub user: Option<String>,
    /// Database on the server.
    pub database: Option<String>,
    /// Environment variable that holds the password.
    pub password_env: Option<String>,
    /// File that holds the password.
    pub password_file: Option<PathBuf>,
    /// TLS mode.
    pub tls: TlsMode,
    /// PEM file of the certificate authority.
    pub ca: Option<PathBuf>,
    /// Schemas to read; empty: the login's default schema.
    pub schemas: Vec<String>,
    /// Globs over `schema.table` or `table`; empty: every table.
    pub include: Vec<String>,
    /// Globs of tables left out; overrides `include`.
    pub exclude: Vec<String>,
    /// Time limit for connecting, milliseconds.
    pub connect_timeout_ms: u64,
    /// Time limit of one statement, milliseconds.
    pub statement_timeout_ms: u64,
    /// Maximum rows kept of one result.
    pub max_rows: u32,
    /// Maximum bytes kept of one result.
    pub max_bytes: u64,
    /// Connections open at once.
    pub pool: u32,
    /// Continue with a login that may write.
    pub allow_write_login: bool,
    /// Functions that users made and that statements may call, as `function` or `schema.function`; all others are refused.
    pub allow_functions: Vec<String>,
}

impl DatabaseSettings {
    /// Whether they name a database, a driver or a dialect at all.
    pub fn is_named(&self) -> bool {
        let place = self.path.is_some() || self.url.is_some() || self.ddl.is_some() || !self.adbc.library.is_empty();
        place || !(self.driver.is_empty() && self.dialect.is_empty())
    }
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            dialect: String::new(),
            driver: String::new(),
            url: None,
            path: None,
            ddl: None,
            adbc: AdbcSettings::default(),
            host: None,
            port: None,
            user: None,
            database: None,
            password_env: None,
            password_file: None,
            tls: TlsMode::default(),
            ca: None,
            schemas: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            connect_timeout_ms: 10_000,
            statement_timeout_ms: 5_000,
            max_rows: 10_000,
            max_bytes: 64 << 20,
            pool: 4,
            allow_write_login: false,
            allow_functions: Vec::new(),
        }
    }
}
