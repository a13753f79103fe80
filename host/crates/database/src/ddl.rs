//! A script of CREATE statements in place of a database: a catalog, and nothing that runs.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};
use nl2sql_ddl::DdlCatalog;

use crate::catalog_rows::{CatalogRow, decoded};
use crate::driver::{Driver, DriverConnection, LoginRights};
use crate::statement_guard::GuardRules;
use crate::value_samples::quoted;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Largest script that is read, in bytes.
const MAX_SCRIPT_BYTES: u64 = 512 << 20;

/// What the guards promise.
const PROMISE: &str = "There is no database: nothing runs.";

/// Why nothing runs.
const NOTHING_RUNS: &str = "the catalog comes from a script (database.ddl): there is no database to run statements on";

/// The driver `ddl`.
pub(crate) struct DdlDriver;

#[async_trait]
impl Driver for DdlDriver {
    fn name(&self) -> &str {
        "ddl"
    }

    fn title(&self) -> &str {
        "a script of CREATE statements; nothing runs"
    }

    fn executes(&self) -> bool {
        false
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        let opened = tokio::task::spawn_blocking(move || DdlConnection::open(&settings)).await;
        let opened = opened.map_err(|error| ConnectError::Settings(format!("reading the script ended: {error}")))?;
        Ok(Arc::new(opened?))
    }
}

/// A script that was read.
struct DdlConnection {
    server: ServerInfo,
    catalog: DdlCatalog,
    /// Refuses everything that it is asked for before anything else does.
    rules: GuardRules,
}

impl DdlConnection {
    fn open(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let path = &settings.path;
        if path.as_os_str().is_empty() {
            return Err(ConnectError::Settings(
                "the driver `ddl` reads a script; set database.ddl to its path".into(),
            ));
        }
        if settings.dialect.name.is_empty() {
            return Err(ConnectError::Settings(
                "a script does not say its dialect; set database.dialect, or use --dialect".into(),
            ));
        }
        let catalog = nl2sql_ddl::read(&script(path)?, &path.display().to_string(), &settings.dialect.scripts)
            .map_err(|error| ConnectError::Settings(error.to_string()))?;
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let chosen = Some(settings.database.clone()).filter(|name| !name.is_empty());
        Ok(Self {
            server: ServerInfo {
                driver: "ddl".into(),
                version: String::new(),
                database: chosen.or_else(|| catalog.database.clone()).or(stem).unwrap_or_default(),
                schemas: settings.schemas.clone(),
            },
            catalog,
            rules: settings.dialect.guard.clone(),
        })
    }
}

/// The text of a script in whatever encoding its first bytes or its contents tell.
fn script(path: &Path) -> Result<String, ConnectError> {
    let place = || path.display().to_string();
    let missing = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => ConnectError::NoSuchFile {
            path: place(),
            detail: error.to_string(),
        },
        _ => ConnectError::Unreadable {
            path: place(),
            detail: error.to_string(),
        },
    };
    let length = std::fs::metadata(path).map_err(missing)?.len();
    if length > MAX_SCRIPT_BYTES {
        return Err(ConnectError::Unreadable {
            path: place(),
            detail: format!("it has {length} bytes, more than {MAX_SCRIPT_BYTES}; dump the schema without its rows"),
        });
    }
    let bytes = std::fs::read(path).map_err(missing)?;
    Ok(match encoding_rs::Encoding::for_bom(&bytes) {
        Some((encoding, mark)) => encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned(),
        None => decoded(&bytes),
    })
}

#[async_trait]
impl DriverConnection for DdlConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        self.catalog.default_schema.as_deref()
    }

    fn declared_catalog(&self) -> Option<&DdlCatalog> {
        Some(&self.catalog)
    }

    async fn run(&self, _: &str, _: &Limits) -> Result<ResultSet, QueryError> {
        Err(QueryError::Denied(NOTHING_RUNS.into()))
    }

    async fn catalog_rows(&self, _: &str) -> Result<Vec<CatalogRow>, QueryError> {
        Err(QueryError::Denied(NOTHING_RUNS.into()))
    }

    fn guard_rules(&self) -> &GuardRules {
        &self.rules
    }

    fn check(&self, _: &str) -> Result<(), QueryError> {
        Err(QueryError::Denied(NOTHING_RUNS.into()))
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        Ok(LoginRights::new(String::new(), Vec::new(), PROMISE))
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let (columns, table) = quoted(table, columns, '"', '"');
        format!("SELECT {columns} FROM {table} LIMIT {rows}")
    }

    async fn close(&self) {}
}
