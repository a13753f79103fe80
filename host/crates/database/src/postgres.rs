//! PostgreSQL and what speaks its wire protocol.
//!
//! Guards in the server: every text is parsed as a prepared statement first (of which there is one in a text), then runs as
//! `DECLARE ... CURSOR FOR` (which takes one SELECT or VALUES and no data-modifying WITH), inside `BEGIN READ ONLY`, under
//! `statement_timeout`, and is rolled back. A superuser runs it as `pg_read_all_data`, so that functions that write files or signal processes
//! are out of reach.
//! Guards here: the text, the names of all functions that the server itself calls VOLATILE, and everything in the database that runs code which a
//! rollback does not undo (`effects`).
//!
//! sqlx speaks the protocol. Values come as text, as the server prints it: one decoder serves every type.

mod array_text;
mod connect_options;
mod connecting;
mod effects;
mod incoming_rows;
mod rights;
mod server_errors;
pub(crate) mod session;
mod values;

use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};
use nl2sql_profile::DatabasePlace;

use crate::catalog_rows::CatalogRow;
use crate::driver::{Driver, DriverConnection, LoginRights, columns_of_rows};
use crate::session_pool::SessionPool;
use crate::statement_guard::{GuardRules, RestrictedObjects};
use crate::unreadable::UnreadableColumn;
use crate::value_samples::quoted;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, statement_guard};
use session::PostgresSession;

/// Volatile functions that only compute or only look.
const HARMLESS_VOLATILE: &[&str] = &[
    "random",
    "random_normal",
    "clock_timestamp",
    "timeofday",
    "gen_random_uuid",
    "uuid_generate_v1",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
    "array_shuffle",
    "array_sample",
    "pg_relation_size",
    "pg_total_relation_size",
    "pg_table_size",
    "pg_indexes_size",
    "pg_database_size",
];

/// Columns without a grant, of relations that have grants on some of their columns alone or lie in a schema that may not be used.
const UNREADABLE_COLUMNS: &str = "SELECT n.nspname, c.relname, a.attname FROM pg_catalog.pg_class c \
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
    WHERE c.oid >= 16384 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND (NOT has_schema_privilege(n.oid, 'USAGE') OR (NOT has_table_privilege(c.oid, 'SELECT') \
    AND has_any_column_privilege(c.oid, 'SELECT') AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT')))";

/// The driver `postgres`.
pub(crate) struct PostgresDriver;

#[async_trait]
impl Driver for PostgresDriver {
    fn name(&self) -> &str {
        "postgres"
    }

    fn title(&self) -> &str {
        "PostgreSQL"
    }

    fn schemes(&self) -> &[&str] {
        &["postgresql"]
    }

    fn dialect(&self) -> Option<&str> {
        Some("postgres")
    }

    fn default_port(&self) -> Option<u16> {
        Some(5432)
    }

    fn go_to(&self, settings: &mut ConnectionSettings, place: &DatabasePlace) -> Result<(), ConnectError> {
        if let Some(database) = &place.database {
            settings.database.clone_from(database);
        }
        if let Some(schema) = &place.schema {
            settings.schemas = vec![schema.clone()];
            settings.current_schema = Some(schema.clone());
        }
        Ok(())
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        Ok(Arc::new(PostgresConnection::open(settings).await?))
    }
}

/// A pool of guarded sessions.
pub(crate) struct PostgresConnection {
    pool: SessionPool<PostgresSession>,
    server: ServerInfo,
    default_schema: Option<String>,
    /// What statements may not use.
    restricted: RestrictedObjects,
    /// Why the catalog could not be looked through for them.
    unseen_effects: Option<String>,
    settings: Arc<ConnectionSettings>,
}

impl PostgresConnection {
    pub(crate) async fn open(settings: Arc<ConnectionSettings>) -> Result<Self, ConnectError> {
        let pool = SessionPool::new(Arc::clone(&settings))?;
        pool.first().await?;
        let mut driver = Self {
            pool,
            server: ServerInfo {
                driver: "postgres".into(),
                schemas: settings.schemas.clone(),
                ..ServerInfo::default()
            },
            default_schema: None,
            restricted: RestrictedObjects::default(),
            unseen_effects: None,
            settings,
        };
        driver.describe_server().await.map_err(|error| ConnectError::Other {
            address: driver.settings.address(),
            detail: error.to_string(),
        })?;
        Ok(driver)
    }

    async fn describe_server(&mut self) -> Result<(), QueryError> {
        let rows = self
            .catalog_rows("SELECT current_setting('server_version'), current_database(), current_schema()")
            .await?;
        if let Some(row) = rows.into_iter().next() {
            let mut cells = row.into_iter();
            self.server.version = cells.next().flatten().unwrap_or_default();
            self.server.database = cells.next().flatten().unwrap_or_default();
            self.default_schema = cells.next().flatten();
        }
        match effects::restricted_objects(self).await {
            Ok(restricted) => self.restricted = restricted,
            // A wire-compatible server may lack the catalog; its text guard then rests on the fixed list.
            Err(QueryError::Failed(reason)) => {
                tracing::warn!(%reason, "the catalog cannot be looked through for objects with side effects");
                self.unseen_effects = Some(reason);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

#[async_trait]
impl DriverConnection for PostgresConnection {
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
        &statement_guard::POSTGRES
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
        let (columns, table) = quoted(table, columns, '"', '"');
        format!("SELECT {columns} FROM {table} LIMIT {rows}")
    }

    async fn close(&self) {
        self.pool.close();
    }
}
