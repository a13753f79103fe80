//! MySQL, MariaDB and what speaks their wire protocol.
//!
//! Guards in the server: the session and every transaction are read-only, so that no statement and no function it calls may write or
//! commit; each statement is prepared first (which takes one statement) and runs only if the server announces columns (which `INTO OUTFILE`,
//! `INTO @x`, DML and DDL do not have); a time limit of the server. Guards here: the text, with functions that lock, wait or read files.
//!
//! sqlx turns on `PIPES_AS_CONCAT` by default, which would change the meaning of `||`: it is turned off. Prepared statements stay cached,
//! because closing one after each use stalls on TCP; a session is renewed before its cache overflows.

mod rights;
mod session;
mod values;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table, Value};

use crate::catalog_rows::CatalogRow;
use crate::driver::{Driver, LoginRights};
use crate::session_pool::SessionPool;
use crate::{ConnectError, ConnectionSettings, DriverKind, Limits, QueryError, statement_guard};
use session::MysqlSession;

/// A pool of guarded sessions.
pub(crate) struct MysqlDriver {
    pool: SessionPool<MysqlSession>,
    server: ServerInfo,
    loadable_functions: HashSet<String>,
    settings: Arc<ConnectionSettings>,
}

impl MysqlDriver {
    pub(crate) async fn open(settings: Arc<ConnectionSettings>) -> Result<Self, ConnectError> {
        let pool = SessionPool::new(Arc::clone(&settings))?;
        pool.first().await?;
        let mut driver = Self {
            pool,
            server: ServerInfo {
                driver: "mysql".into(),
                schemas: settings.schemas.clone(),
                ..ServerInfo::default()
            },
            loadable_functions: HashSet::new(),
            settings,
        };
        let failed = |error: QueryError| ConnectError::Other {
            address: driver.settings.address(),
            detail: error.to_string(),
        };
        let facts = driver
            .catalog_rows("SELECT VERSION(), DATABASE()")
            .await
            .map_err(failed)?;
        let mut facts = facts.into_iter().next().unwrap_or_default().into_iter();
        driver.server.version = facts.next().flatten().unwrap_or_default();
        driver.server.database = facts.next().flatten().unwrap_or_default();
        // Only a login that may read mysql.func can see them, and only such a login is likely to be dangerous.
        let functions = driver
            .catalog_rows("SELECT LOWER(name) FROM mysql.func")
            .await
            .unwrap_or_default();
        driver.loadable_functions = functions
            .into_iter()
            .filter_map(|row| row.into_iter().next().flatten())
            .collect();
        let version = crate::lost_connection::major_minor(&driver.server.version);
        let minimum = if driver.server.version.contains("MariaDB") {
            (10, 2)
        } else {
            (5, 7)
        };
        if version < minimum {
            return Err(ConnectError::TooOld {
                version: driver.server.version,
                minimum: "MySQL 5.7 or MariaDB 10.2".into(),
            });
        }
        Ok(driver)
    }
}

#[async_trait]
impl Driver for MysqlDriver {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        Some(self.server.database.as_str()).filter(|name| !name.is_empty())
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        statement_guard::check(DriverKind::Mysql, sql, &self.loadable_functions)?;
        let (sql, limits) = (sql.to_owned(), *limits);
        self.pool
            .with(&limits, move |session| {
                Box::pin(async move { session.run(&sql, &limits).await })
            })
            .await
    }

    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        let limits = Limits {
            timeout_ms: self.settings.limits.timeout_ms.max(60_000),
            max_rows: usize::MAX,
            max_bytes: 1 << 30,
        };
        let sql = sql.to_owned();
        let result = self
            .pool
            .with(&limits, move |session| {
                Box::pin(async move { session.run(&sql, &limits).await })
            })
            .await?;
        Ok(result
            .rows
            .into_iter()
            .map(|row| row.iter().map(text).collect())
            .collect())
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        rights::login_rights(self).await
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let quote = |name: &str| format!("`{}`", name.replace('`', "``"));
        let columns: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        let schema = table
            .schema
            .as_deref()
            .map_or_else(String::new, |schema| quote(schema) + ".");
        format!(
            "SELECT {} FROM {schema}{} LIMIT {rows}",
            columns.join(", "),
            quote(&table.name)
        )
    }

    async fn close(&self) {
        self.pool.close();
    }
}

/// Text of a catalog cell; some servers hand names out as bytes.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        other => other.display_text(),
    }
}
