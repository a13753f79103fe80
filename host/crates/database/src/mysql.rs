//! MySQL, MariaDB and what speaks their wire protocol.
//!
//! Guards in the server: the session and every transaction are read-only, so that no statement and no function it calls may write or
//! commit; each statement is prepared first (which takes one statement) and runs only if the server announces columns (which `INTO OUTFILE`,
//! `INTO @x`, DML and DDL do not have); limits of the server on time and rows; and the variables of the session are set again after every
//! statement. Guards here: the text, with functions that lock, wait or read files, and the functions that users made: what those do to the server
//! itself, no read-only transaction holds (`made_functions`).
//!
//! sqlx speaks the protocol. It agrees to several statements in one command; the text of a statement goes into none but the command that
//! prepares, in which servers take one.

mod connect_options;
mod connecting;
mod made_functions;
mod rights;
mod server_errors;
pub(crate) mod session;
mod session_state;
mod values;

use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};
use nl2sql_profile::DatabasePlace;

use crate::catalog_rows::CatalogRow;
use crate::driver::{Driver, DriverConnection, LoginRights, columns_of_rows, go_to_database};
use crate::session_pool::SessionPool;
use crate::statement_guard::{GuardRules, RestrictedObjects};
use crate::unreadable::UnreadableColumn;
use crate::value_samples::quoted;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, statement_guard};
use session::MysqlSession;

/// Columns on which the login has other rights than SELECT alone; those on which it has none are not listed at all.
const UNREADABLE_COLUMNS: &str = "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME FROM information_schema.COLUMNS \
    WHERE TABLE_SCHEMA NOT IN ('information_schema', 'performance_schema', 'mysql', 'sys') AND FIND_IN_SET('select', LOWER(PRIVILEGES)) = 0";

/// The driver `mysql`.
pub(crate) struct MysqlDriver;

#[async_trait]
impl Driver for MysqlDriver {
    fn name(&self) -> &str {
        "mysql"
    }

    fn title(&self) -> &str {
        "MySQL, MariaDB"
    }

    fn schemes(&self) -> &[&str] {
        &["mariadb"]
    }

    fn dialect(&self) -> Option<&str> {
        Some("mysql")
    }

    fn default_port(&self) -> Option<u16> {
        Some(3306)
    }

    fn go_to(&self, settings: &mut ConnectionSettings, place: &DatabasePlace) -> Result<(), ConnectError> {
        go_to_database(self, settings, place)
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        Ok(Arc::new(MysqlConnection::open(settings).await?))
    }
}

/// A pool of guarded sessions.
pub(crate) struct MysqlConnection {
    pool: SessionPool<MysqlSession>,
    server: ServerInfo,
    /// Functions that users made, and views that call one.
    restricted: RestrictedObjects,
    /// Views whose text the login may not see.
    hidden_views: usize,
    settings: Arc<ConnectionSettings>,
}

impl MysqlConnection {
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
            restricted: RestrictedObjects::default(),
            hidden_views: 0,
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
        (driver.restricted, driver.hidden_views) = made_functions::restricted(&driver).await.map_err(failed)?;
        Ok(driver)
    }
}

#[async_trait]
impl DriverConnection for MysqlConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        Some(self.server.database.as_str()).filter(|name| !name.is_empty())
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.check(sql)?;
        self.pool.run(sql, limits).await
    }

    fn guard_rules(&self) -> &GuardRules {
        &statement_guard::MYSQL
    }

    fn check(&self, sql: &str) -> Result<(), QueryError> {
        statement_guard::check(self.guard_rules(), sql, &self.restricted)
    }

    async fn unreadable_columns(&self) -> Result<Vec<UnreadableColumn>, QueryError> {
        self.catalog_rows(UNREADABLE_COLUMNS).await.map(columns_of_rows)
    }

    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        self.pool.catalog_rows(sql).await
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        rights::login_rights(self).await
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let (columns, table) = quoted(table, columns, '`', '`');
        format!("SELECT {columns} FROM {table} LIMIT {rows}")
    }

    async fn close(&self) {
        self.pool.close();
    }
}
