//! Microsoft SQL Server and what speaks TDS.
//!
//! SQL Server has no read-only transaction and no time limit of its own. Its guards: every statement runs inside a transaction that is rolled
//! back, with the count of open transactions checked before, under a lock timeout, a row limit and a time limit that ends it with a TDS
//! attention (and with the connection, which ends it too); and the check of the login's rights ([`crate::Connection::login_rights`]), which
//! must find nothing beyond reading. Guards here: the text, with every statement keyword of T-SQL, which needs no `;` between statements.
//!
//! Statements go through `sp_executesql`, never `sp_prepare`: settings they change end with them, and temporary tables are out of reach. The
//! guards are set again before each of them.

mod clr_geometry;
mod connect;
mod rights;
mod session;
mod values;

use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};
use nl2sql_profile::DatabasePlace;

use crate::catalog_rows::{CatalogRow, Extraction, text_rows};
use crate::driver::{Driver, DriverConnection, LoginRights, go_to_database};
use crate::session_pool::SessionPool;
use crate::statement_guard::{GuardRules, RestrictedObjects};
use crate::value_samples::quoted;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, statement_guard};
use session::MssqlSession;

/// Engine editions of databases that stand alone: Azure SQL Database, Synapse, Fabric
/// (<https://learn.microsoft.com/sql/t-sql/functions/serverproperty-transact-sql>).
const SINGLE_DATABASE_EDITIONS: [&str; 4] = ["5", "6", "11", "12"];

/// The driver `mssql`.
pub(crate) struct MssqlDriver;

#[async_trait]
impl Driver for MssqlDriver {
    fn name(&self) -> &str {
        "mssql"
    }

    fn title(&self) -> &str {
        "SQL Server"
    }

    fn schemes(&self) -> &[&str] {
        &["sqlserver"]
    }

    fn dialect(&self) -> Option<&str> {
        Some("tsql")
    }

    fn default_port(&self) -> Option<u16> {
        Some(1433)
    }

    fn go_to(&self, settings: &mut ConnectionSettings, place: &DatabasePlace) -> Result<(), ConnectError> {
        go_to_database(self, settings, place)
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        Ok(Arc::new(MssqlConnection::open(settings).await?))
    }
}

/// A pool of guarded sessions.
pub(crate) struct MssqlConnection {
    pool: SessionPool<MssqlSession>,
    server: ServerInfo,
    default_schema: Option<String>,
    /// The database is all there is: no server around it has roles and rights.
    is_single_database: bool,
    settings: Arc<ConnectionSettings>,
}

impl MssqlConnection {
    pub(crate) async fn open(settings: Arc<ConnectionSettings>) -> Result<Self, ConnectError> {
        let pool = SessionPool::new(Arc::clone(&settings))?;
        pool.first().await?;
        let mut driver = Self {
            pool,
            server: ServerInfo {
                driver: "mssql".into(),
                database: settings.database.clone(),
                schemas: settings.schemas.clone(),
                ..ServerInfo::default()
            },
            default_schema: None,
            is_single_database: false,
            settings,
        };
        driver.learn_facts().await.map_err(|error| match error {
            QueryError::Timeout(_) => ConnectError::TimedOut {
                address: driver.settings.address(),
                seconds: driver.settings.connect_timeout().as_secs(),
            },
            error => ConnectError::Other {
                address: driver.settings.address(),
                detail: error.to_string(),
            },
        })?;
        let (major, _) = crate::lost_connection::major_minor(&driver.server.version);
        if (1..11).contains(&major) {
            return Err(ConnectError::TooOld {
                version: driver.server.version,
                minimum: "SQL Server 2012 (11.0)".into(),
            });
        }
        Ok(driver)
    }

    /// Version, database and default schema; an endpoint without these functions is asked for its banner alone.
    async fn learn_facts(&mut self) -> Result<(), QueryError> {
        let limits = Limits::default().with_timeout(self.settings.connect_timeout());
        let facts = "SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)), DB_NAME(), COALESCE(SCHEMA_NAME(), N'dbo'), \
                     CAST(SERVERPROPERTY('EngineEdition') AS int)";
        let facts = match self.texts(facts, limits).await {
            Err(QueryError::Failed(reason)) => {
                tracing::warn!(%reason, "the server does not describe itself, its banner has to do");
                let banner = self.texts("SELECT @@VERSION", limits).await?;
                self.server.version = version_of(&first_text(banner).unwrap_or_default());
                return Ok(());
            }
            facts => facts?,
        };
        let mut facts = facts.into_iter().next().unwrap_or_default().into_iter();
        self.server.version = facts.next().flatten().unwrap_or_default();
        self.server.database = facts.next().flatten().unwrap_or_default();
        self.default_schema = facts.next().flatten();
        let edition = facts.next().flatten().unwrap_or_default();
        self.is_single_database = SINGLE_DATABASE_EDITIONS.contains(&edition.as_str());
        Ok(())
    }

    /// Rows of a query of this crate, every value as text.
    async fn texts(&self, sql: &str, limits: Limits) -> Result<Vec<CatalogRow>, QueryError> {
        self.pool.run(sql, &limits).await.map(text_rows)
    }
}

#[async_trait]
impl DriverConnection for MssqlConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        self.default_schema.as_deref()
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.check(sql)?;
        self.pool.run(sql, limits).await
    }

    fn guard_rules(&self) -> &GuardRules {
        &statement_guard::TSQL
    }

    fn check(&self, sql: &str) -> Result<(), QueryError> {
        statement_guard::check(self.guard_rules(), sql, &RestrictedObjects::default())
    }

    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        self.pool.catalog_rows(sql).await
    }

    async fn complete(&self, extraction: &mut Extraction) -> Result<(), QueryError> {
        let sees = "SELECT HAS_PERMS_BY_NAME(DB_NAME(), N'DATABASE', N'VIEW DEFINITION')";
        let hidden = match self.catalog_rows(sees).await {
            Ok(rows) => first_text(rows).as_deref() == Some("0"),
            Err(error @ QueryError::Unavailable(_)) => return Err(error),
            Err(_) => false,
        };
        if hidden {
            extraction.notes.push(
                "the expressions of defaults and check constraints are left out: the server shows them to logins with VIEW DEFINITION"
                    .into(),
            );
        }
        Ok(())
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

fn first_text(rows: Vec<CatalogRow>) -> Option<String> {
    rows.into_iter().flatten().flatten().next()
}

/// The number in a banner such as `Microsoft SQL Server 2019 (RTM) - 15.0.2000.5 (X64)`.
fn version_of(banner: &str) -> String {
    let words = banner.split_whitespace();
    let is_version =
        |word: &&str| word.split('.').count() >= 3 && word.split('.').all(|part| part.parse::<u32>().is_ok());
    words.into_iter().find(is_version).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::version_of;

    #[test]
    fn banners_hold_a_version() {
        let banner = "Microsoft SQL Server 2019 (RTM-CU22) (KB5027702) - 15.0.4322.2 (X64) \n\tJul 27 2023";
        assert_eq!(version_of(banner), "15.0.4322.2");
        assert_eq!(version_of("Something else"), "");
    }
}
