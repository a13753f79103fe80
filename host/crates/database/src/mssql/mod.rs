//! Microsoft SQL Server and what speaks TDS.
//!
//! SQL Server has no read-only transaction. Its guards: every statement runs inside a transaction that is rolled back, with the count of open
//! transactions checked before, under a lock timeout and a time limit that ends it with a TDS attention; and the check of the login's rights
//! ([`crate::Connection::login_rights`]), which must find nothing beyond reading. Guards here: the text, with every statement keyword of
//! T-SQL, which needs no `;` between statements.
//!
//! Statements go through `sp_executesql`, never `sp_prepare`: settings they change end with them, and temporary tables are out of reach.

mod rights;
mod session;
mod values;

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};

use crate::catalog_rows::CatalogRow;
use crate::driver::{Driver, LoginRights};
use crate::session_pool::SessionPool;
use crate::value_samples::quoted;
use crate::{ConnectError, ConnectionSettings, DriverKind, Limits, QueryError, statement_guard};
use session::MssqlSession;

/// A pool of guarded sessions.
pub(crate) struct MssqlDriver {
    pool: SessionPool<MssqlSession>,
    server: ServerInfo,
    default_schema: Option<String>,
    settings: Arc<ConnectionSettings>,
}

impl MssqlDriver {
    pub(crate) async fn open(settings: Arc<ConnectionSettings>) -> Result<Self, ConnectError> {
        let pool = SessionPool::new(Arc::clone(&settings))?;
        pool.first().await?;
        let mut driver = Self {
            pool,
            server: ServerInfo {
                driver: "mssql".into(),
                schemas: settings.schemas.clone(),
                ..ServerInfo::default()
            },
            default_schema: None,
            settings,
        };
        let facts = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), DB_NAME(), SCHEMA_NAME()";
        let failed = |error: QueryError| ConnectError::Other {
            address: driver.settings.address(),
            detail: error.to_string(),
        };
        let mut facts = driver
            .catalog_rows(facts)
            .await
            .map_err(failed)?
            .into_iter()
            .next()
            .unwrap_or_default()
            .into_iter();
        driver.server.version = facts.next().flatten().unwrap_or_default();
        driver.server.database = facts.next().flatten().unwrap_or_default();
        driver.default_schema = facts.next().flatten();
        let (major, _) = crate::lost_connection::major_minor(&driver.server.version);
        if (1..11).contains(&major) {
            return Err(ConnectError::TooOld {
                version: driver.server.version,
                minimum: "SQL Server 2012 (11.0)".into(),
            });
        }
        Ok(driver)
    }
}

#[async_trait]
impl Driver for MssqlDriver {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        self.default_schema.as_deref()
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        statement_guard::check(DriverKind::Mssql, sql, &HashSet::new())?;
        self.pool.run(sql, limits).await
    }

    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        self.pool.catalog_rows(sql).await
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        rights::login_rights(self).await
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let (columns, table) = quoted(table, columns, '[', ']');
        format!("SELECT TOP ({rows}) {columns} FROM {table}")
    }

    async fn close(&self) {
        self.pool.close();
    }
}
