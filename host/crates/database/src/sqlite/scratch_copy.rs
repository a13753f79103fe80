//! A database copied into memory, for statements that change it.
//!
//! Spider's and BIRD's evaluators let a prediction change the database that they ask next. Here it changes a copy, and reaches nothing outside
//! of it: no file, no other database, no setting of the whole process.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use nl2sql_catalog::ResultSet;
use rusqlite::Connection;
use rusqlite::backup::Backup;
use rusqlite::config::DbConfig;

use super::authorizer::authorize_on_copy;
use super::file;
use super::reader::{self, InvalidText};
use super::watch::Watch;
use crate::{ConnectError, Limits, QueryError};

/// Pages copied before the source is unlocked for a moment.
const PAGES_AT_ONCE: i32 = 10_000;
/// Pages that statements may add to a copy: 256 MiB of the usual size.
const MAX_ADDED_PAGES: i64 = 65_536;

/// A copy of a database in memory. Statements may read and change it; they cannot attach files, load code or set anything that outlives it.
pub struct SqliteCopy {
    connection: Connection,
    watch: Arc<Watch>,
    invalid_text: InvalidText,
}

impl SqliteCopy {
    pub(super) fn of(path: &Path, invalid_text: InvalidText) -> Result<Self, ConnectError> {
        let source = file::open(path)?.connection;
        let copied = || {
            let mut connection = Connection::open_in_memory()?;
            Backup::new(&source, &mut connection)?.run_to_completion(PAGES_AT_ONCE, Duration::ZERO, None)?;
            let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0))?;
            connection.execute_batch(&format!(
                "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA max_page_count = {0}; PRAGMA temp.max_page_count = {0}",
                pages + MAX_ADDED_PAGES
            ))?;
            connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            for option in [
                DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA,
                DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER,
            ] {
                connection.set_db_config(option, false)?;
            }
            connection.authorizer(Some(authorize_on_copy))?;
            let watch = Watch::over(&mut connection)?;
            Ok(Self {
                connection,
                watch,
                invalid_text,
            })
        };
        copied().map_err(|error| file::open_error(path, &error))
    }

    /// Runs one statement of any kind; one without a result gives no rows.
    ///
    /// # Errors
    /// [`QueryError::Refused`] for what reaches beyond the copy, [`QueryError::Timeout`] after `limits`, else what SQLite says.
    pub fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        if sql.contains('\0') {
            // SQLite would take what stands before it for the whole statement.
            return Err(QueryError::Failed("the statement holds a NUL character".into()));
        }
        reader::limit_value_bytes(&self.connection, limits.max_bytes)
            .map_err(|error| reader::query_error(&self.connection, &error, limits))?;
        self.watch.start(limits.timeout());
        let result = self.rows(sql, limits);
        self.watch.stop();
        result
    }

    fn rows(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let failed = |error: rusqlite::Error| reader::query_error(&self.connection, &error, limits);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        reader::rows(&mut statement, limits, self.invalid_text).map_err(failed)
    }
}
