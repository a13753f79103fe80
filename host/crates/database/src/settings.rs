//! How to reach a database.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Limits, Secret};

/// Native protocol a database speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriverKind {
    /// A file.
    #[default]
    Sqlite,
    /// PostgreSQL's wire protocol.
    Postgres,
    /// MySQL's wire protocol, MariaDB included.
    Mysql,
    /// Microsoft SQL Server's TDS.
    Mssql,
}

impl DriverKind {
    /// `sqlite`, `postgres`, `mysql` or `mssql`, as dialect plugins name their driver.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Mssql => "mssql",
        }
    }

    /// Port a server listens on by default; 0 for files.
    pub fn default_port(self) -> u16 {
        match self {
            Self::Sqlite => 0,
            Self::Postgres => 5432,
            Self::Mysql => 3306,
            Self::Mssql => 1433,
        }
    }
}

/// Whether and how the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsMode {
    /// Plain text.
    Off,
    /// Encrypted when the server can.
    #[default]
    Prefer,
    /// Encrypted or nothing; the certificate is not verified.
    Require,
    /// Encrypted, and the certificate must come from `ca_file` or an authority on Mozilla's list, and name the host.
    VerifyCa,
}

/// Everything needed to open one database.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConnectionSettings {
    /// Native protocol.
    pub driver: DriverKind,
    /// Host name, IP address, or the folder (PostgreSQL) or path (MySQL) of a Unix socket.
    pub host: String,
    /// Port; `None` is the driver's own.
    pub port: Option<u16>,
    /// Login name.
    pub user: String,
    /// Password.
    pub password: Secret,
    /// Database on the server.
    pub database: String,
    /// Database file of SQLite.
    pub path: PathBuf,
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
            driver: DriverKind::Sqlite,
            host: "localhost".into(),
            port: None,
            user: String::new(),
            password: Secret::default(),
            database: String::new(),
            path: PathBuf::new(),
            tls: TlsMode::Prefer,
            ca_file: None,
            connect_timeout_s: 10,
            limits: Limits::default(),
            pool_size: 4,
            schemas: Vec::new(),
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
            driver: DriverKind::Sqlite,
            path: path.into(),
            ..Self::default()
        }
    }

    /// Port asked for, or the driver's own.
    pub fn effective_port(&self) -> u16 {
        self.port.unwrap_or_else(|| self.driver.default_port())
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
        match self.driver {
            DriverKind::Sqlite => self.path.display().to_string(),
            _ if self.host.starts_with('/') => self.host.clone(),
            _ => format!("{}:{}", self.host, self.effective_port()),
        }
    }
}
