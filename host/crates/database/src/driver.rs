//! What every native driver can do.

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table};
use serde::Serialize;

use crate::catalog_rows::{CatalogRow, Extraction};
use crate::unreadable::UnreadableColumn;
use crate::{Limits, QueryError};

/// One open database behind its native protocol.
#[async_trait]
pub(crate) trait Driver: Send + Sync {
    /// The server, as it described itself when the connection was opened.
    fn server(&self) -> &ServerInfo;

    /// Schema in which unqualified names resolve first.
    fn default_schema(&self) -> Option<&str>;

    /// Runs one statement under every guard.
    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError>;

    /// Runs one catalog query: the guards of the server hold, and every value comes as text.
    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError>;

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

    /// A query for up to `rows` rows of these columns of `table`.
    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String;

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
