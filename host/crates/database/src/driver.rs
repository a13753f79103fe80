//! What a driver is, and what a database that it opened can do.

use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};
use nl2sql_ddl::DdlCatalog;
use nl2sql_profile::DatabasePlace;
use serde::Serialize;

use crate::catalog_rows::{CatalogRow, Extraction};
use crate::statement_guard::GuardRules;
use crate::unreadable::UnreadableColumn;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// A way to reach databases; a [`DriverRegistry`](crate::DriverRegistry) knows it by its name.
#[async_trait]
pub trait Driver: Send + Sync {
    /// The name that profiles and dialects know it by, e.g. `postgres`.
    fn name(&self) -> &str;

    /// What it reaches, for people, e.g. `PostgreSQL`.
    fn title(&self) -> &str;

    /// Schemes of the URLs that it reads, beside its name.
    fn schemes(&self) -> &[&str] {
        &[]
    }

    /// The dialect that its databases speak, where they all speak one.
    fn dialect(&self) -> Option<&str> {
        None
    }

    /// Port that a server listens on by default; `None` where there is no server.
    fn default_port(&self) -> Option<u16> {
        None
    }

    /// Whether its databases are files, named by path.
    fn opens_files(&self) -> bool {
        false
    }

    /// Turns settings to another place of their server, which names a database, a schema or both.
    ///
    /// # Errors
    /// [`ConnectError::NoOtherPlace`] where the driver has no such places.
    fn go_to(&self, settings: &mut ConnectionSettings, place: &DatabasePlace) -> Result<(), ConnectError> {
        let _ = (settings, place);
        Err(ConnectError::NoOtherPlace {
            driver: self.name().to_owned(),
            place: "database",
        })
    }

    /// Whether statements run; without that, a catalog is all there is.
    fn executes(&self) -> bool {
        true
    }

    /// Opens a first session, so that every usual mistake shows here, and reads what server it is.
    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError>;
}

/// One open database behind its driver.
#[async_trait]
pub trait DriverConnection: Send + Sync {
    /// The server, as it described itself when the connection was opened.
    fn server(&self) -> &ServerInfo;

    /// Schema in which unqualified names resolve first.
    fn default_schema(&self) -> Option<&str>;

    /// The catalog, where it is known without asking anybody.
    fn declared_catalog(&self) -> Option<&DdlCatalog> {
        None
    }

    /// Runs one statement under every guard.
    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError>;

    /// Runs one catalog query: the guards of the server hold, and every value comes as text.
    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError>;

    /// What the look at the text of a statement knows of this database's SQL.
    fn guard_rules(&self) -> &GuardRules;

    /// The guard that a statement passes before it is sent.
    fn check(&self, sql: &str) -> Result<(), QueryError>;

    /// Columns that the catalog lists and the login may not read.
    async fn unreadable_columns(&self) -> Result<Vec<UnreadableColumn>, QueryError> {
        Ok(Vec::new())
    }

    /// Adds what no catalog query can tell.
    async fn complete(&self, extraction: &mut Extraction) -> Result<(), QueryError> {
        let _ = extraction;
        Ok(())
    }

    /// What the login may do beyond reading.
    async fn login_rights(&self) -> Result<LoginRights, QueryError>;

    /// A query for up to `rows` rows of these columns of `table`; of all of them where none is named.
    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String;

    /// Whether extraction tries to read views, because the catalog does not tell which can be read.
    fn tries_views(&self) -> bool {
        true
    }

    /// A reader for one worker thread, where the driver has a faster one than its sessions.
    fn reader(&self) -> Option<Result<Box<dyn QueryReader>, ConnectError>> {
        None
    }

    /// Closes every session.
    async fn close(&self);
}

/// What a login may do; `nl2sql doctor` refuses one that may do more than read, unless told otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct LoginRights {
    /// Login as the server names it.
    pub login: String,
    /// Whether nothing beyond reading was found.
    pub read_only: bool,
    /// Rights beyond reading, one sentence each, the most dangerous first.
    pub beyond_select: Vec<String>,
    /// What else is worth knowing of the login and the database, one sentence each; the guards hold what these speak of.
    pub notes: Vec<String>,
    /// What the guards of this driver promise, and what they do not.
    pub promise: &'static str,
}

/// Turns settings to another database of a server whose connections see one database and all its schemas.
pub(crate) fn go_to_database(
    driver: &dyn Driver,
    settings: &mut ConnectionSettings,
    place: &DatabasePlace,
) -> Result<(), ConnectError> {
    match (&place.database, &place.schema) {
        (Some(database), None) => settings.database.clone_from(database),
        _ => {
            return Err(ConnectError::NoOtherPlace {
                driver: driver.name().to_owned(),
                place: "schema",
            });
        }
    }
    Ok(())
}

/// Rows of schema, table and column.
pub(crate) fn columns_of_rows(rows: Vec<CatalogRow>) -> Vec<UnreadableColumn> {
    rows.into_iter()
        .filter_map(|row| match <[Option<String>; 3]>::try_from(row) {
            Ok([schema, Some(table), Some(column)]) => Some(UnreadableColumn {
                schema: schema.unwrap_or_default(),
                table,
                column,
            }),
            _ => None,
        })
        .collect()
}

impl LoginRights {
    pub(crate) fn new(login: String, beyond_select: Vec<String>, promise: &'static str) -> Self {
        Self {
            login,
            read_only: beyond_select.is_empty(),
            beyond_select,
            notes: Vec::new(),
            promise,
        }
    }

    /// From a query for the login and one whose rows are a rank and a sentence; from [`ONLY_A_NOTE`] on the guards hold what it names.
    pub(crate) fn of_rows(login: Vec<CatalogRow>, ranked: Vec<CatalogRow>, promise: &'static str) -> Self {
        let mut rights = Self::new(
            login.into_iter().flatten().flatten().next().unwrap_or_default(),
            Vec::new(),
            promise,
        );
        for row in ranked {
            let mut cells = row.into_iter();
            let rank = cells
                .next()
                .flatten()
                .and_then(|text| text.parse::<u8>().ok())
                .unwrap_or(0);
            let Some(sentence) = cells.next().flatten() else {
                continue;
            };
            if rank >= ONLY_A_NOTE {
                rights.notes.push(sentence);
            } else {
                rights.beyond_select.push(sentence);
            }
        }
        rights.read_only = rights.beyond_select.is_empty();
        rights
    }
}

/// Rank of a right that the guards hold by themselves.
const ONLY_A_NOTE: u8 = 5;

/// One worker's way to run statements from a thread of its own.
pub trait QueryReader: Send {
    /// Runs one statement under every guard and waits for it.
    fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError>;
}
