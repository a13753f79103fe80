//! How to reach a database.

use std::path::PathBuf;
use std::time::Duration;

use nl2sql_profile::TlsMode;

use crate::adbc::AdbcSettings;
use crate::{ConnectError, DialectFacts, Limits, Secret};

/// Everything needed to open one database: `[database]` with its URL read and its secrets fetched.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// Name of the driver, as it is registered.
    pub driver: String,
    /// Host name, IP address, or the folder (PostgreSQL) or path (MySQL) of a Unix socket.
    pub host: String,
    /// Port; `None` is the driver's own until the connection is opened.
    pub port: Option<u16>,
    /// Login name.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Database on the server.
    pub database: String,
    /// Database file of SQLite, or the script of the driver `ddl`.
    pub path: PathBuf,
    /// The driver library of the driver `adbc`.
    pub adbc: AdbcSettings,
    /// The dialect that the database speaks, for drivers of many.
    pub dialect: DialectFacts,
    /// Encryption.
    pub tls: TlsMode,
    /// PEM file of the certificate authority to trust.
    pub ca_file: Option<PathBuf>,
    /// Seconds to wait for a connection.
    pub connect_timeout_s: u64,
    /// Limits of statements that bring none of their own.
    pub limits: Limits,
    /// Connections kept at most.
    pub pool_size: usize,
    /// Schemas to extract; empty means the login's default.
    pub schemas: Vec<String>,
    /// Schema in which names without one are looked up (PostgreSQL); the login's own where there is none.
    pub current_schema: Option<String>,
    /// Globs of tables to extract, matched against `table` and `schema.table`; empty means all.
    pub include: Vec<String>,
    /// Globs of tables to leave out; wins over `include`.
    pub exclude: Vec<String>,
    /// Functions that users made and that statements may call, as `function` or `schema.function`.
    pub allow_functions: Vec<String>,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            driver: "sqlite".into(),
            host: "localhost".into(),
            port: None,
            user: String::new(),
            password: Secret::default(),
            database: String::new(),
            path: PathBuf::new(),
            adbc: AdbcSettings::default(),
            dialect: DialectFacts::default(),
            tls: TlsMode::Prefer,
            ca_file: None,
            connect_timeout_s: 10,
            limits: Limits::default(),
            pool_size: 4,
            schemas: Vec::new(),
            current_schema: None,
            include: Vec::new(),
            exclude: Vec::new(),
            allow_functions: Vec::new(),
        }
    }
}

impl ConnectionSettings {
    /// Settings of an SQLite file.
    pub fn sqlite(path: impl Into<PathBuf>) -> Self {
        Self {
            driver: "sqlite".into(),
            path: path.into(),
            ..Self::default()
        }
    }

    /// The port; 0 where there is no server.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or_default()
    }

    /// How long to wait for a connection.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_s.max(1))
    }

    /// The functions that users made and that may be called, in lower case.
    pub(crate) fn allowed_functions(&self) -> Vec<String> {
        self.allow_functions.iter().map(|name| name.to_lowercase()).collect()
    }

    /// Where the database is, for messages: `host:port`, the socket or the file. Never holds a secret.
    pub fn address(&self) -> String {
        match self.port {
            _ if !self.path.as_os_str().is_empty() => self.path.display().to_string(),
            _ if self.driver == "adbc" => self.adbc.library.display().to_string(),
            Some(port) if !self.host.starts_with('/') => format!("{}:{port}", self.host),
            _ => self.host.clone(),
        }
    }

    /// A missing certificate is told before anything is sent to a server.
    pub(crate) fn check_ca_file(&self) -> Result<(), ConnectError> {
        let Some(file) = self.ca_file.as_ref().filter(|_| self.tls == TlsMode::Verify) else {
            return Ok(());
        };
        let unreadable = |error| ConnectError::Settings(format!("ca_file {} cannot be read: {error}", file.display()));
        std::fs::File::open(file).map(drop).map_err(unreadable)
    }
}
