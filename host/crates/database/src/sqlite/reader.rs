//! One guarded connection to a database file, without any hop between threads.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use nl2sql_catalog::{ResultSet, Value};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode, Statement};

use super::authorizer::authorize;
use super::file::{self, OpenFile};
use super::schema_faults;
use super::watch::Watch;
use crate::error_redaction::without_values;
use crate::statement_guard::RestrictedObjects;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, QueryReader, statement_guard};

/// Prepared statements kept; evaluation runs the same gold query again and again.
const STATEMENT_CACHE: usize = 64;

/// A read-only connection for one worker at a time; the fast path of the pipeline.
pub struct SqliteReader {
    connection: Connection,
    watch: Arc<Watch>,
    bytes_limit: usize,
    invalid_text: InvalidText,
    /// The file, when it was opened as one that does not change.
    unwatched_file: Option<PathBuf>,
}

impl SqliteReader {
    /// Opens the file of `settings` read-only and arms every guard.
    pub fn open(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let path = settings.path.as_path();
        let opened = file::open(path)?;
        match schema_faults::name_that_is_no_text(&opened.connection) {
            Ok(None) => {}
            Ok(Some(what)) => {
                return Err(ConnectError::NameIsNoText {
                    path: path.display().to_string(),
                    what,
                });
            }
            Err(error) => return Err(file::open_error(path, &error)),
        }
        Self::arm(opened, path, settings.limits).map_err(|error| file::open_error(path, &error))
    }

    fn arm(opened: OpenFile, path: &Path, limits: Limits) -> rusqlite::Result<Self> {
        let OpenFile {
            mut connection,
            immutable,
        } = opened;
        connection.busy_timeout(limits.timeout())?;
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        // No memory map: reading one behind the end of a file that another program has cut ends the process, read(2) is an error.
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -16384; PRAGMA foreign_keys = OFF",
        )?;
        for (option, value) in [
            (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
            (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
            (DbConfig::SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, false),
        ] {
            connection.set_db_config(option, value)?;
        }
        for (limit, value) in [
            (
                Limit::SQLITE_LIMIT_SQL_LENGTH,
                statement_guard::MAX_STATEMENT_BYTES as i32 + 1,
            ),
            (Limit::SQLITE_LIMIT_ATTACHED, 0),
            (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
            (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1_000),
            (Limit::SQLITE_LIMIT_VDBE_OP, 1_000_000),
            (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        ] {
            connection.set_limit(limit, value)?;
        }
        let watch = Watch::over(&mut connection)?;
        connection.authorizer(Some(authorize))?;
        connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
        let mut reader = Self {
            connection,
            watch,
            bytes_limit: 0,
            invalid_text: InvalidText::default(),
            unwatched_file: immutable.then(|| path.to_owned()),
        };
        reader.limit_bytes(limits.max_bytes)?;
        Ok(reader)
    }

    /// No single value may be longer than the whole result may be.
    fn limit_bytes(&mut self, max_bytes: usize) -> rusqlite::Result<()> {
        if max_bytes != self.bytes_limit {
            limit_value_bytes(&self.connection, max_bytes)?;
            self.bytes_limit = max_bytes;
        }
        Ok(())
    }

    /// What becomes of text that is not UTF-8.
    pub(super) fn set_invalid_text(&mut self, invalid_text: InvalidText) {
        self.invalid_text = invalid_text;
    }

    /// A file that was at rest is opened again once somebody writes to it.
    fn reopen_when_written(&mut self, limits: &Limits) -> Result<(), QueryError> {
        let Some(path) = self.unwatched_file.take_if(|path| file::has_writer(path)) else {
            return Ok(());
        };
        let settings = ConnectionSettings {
            limits: *limits,
            ..ConnectionSettings::sqlite(path)
        };
        let invalid_text = self.invalid_text;
        *self = Self::open(&settings)?;
        self.invalid_text = invalid_text;
        Ok(())
    }

    /// Runs one statement on this thread.
    ///
    /// # Errors
    /// [`QueryError::Refused`] before anything runs, [`QueryError::Timeout`] after `limits`, else what SQLite says.
    pub fn run_blocking(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        statement_guard::check(&statement_guard::SQLITE, sql, &RestrictedObjects::default())?;
        self.run_trusted(sql, limits)
    }

    /// Whether SQLite can prepare `sql`, without running it: names, functions and argument counts are checked.
    pub fn prepare_blocking(&mut self, sql: &str) -> Result<(), QueryError> {
        statement_guard::check(&statement_guard::SQLITE, sql, &RestrictedObjects::default())?;
        self.connection
            .prepare(sql)
            .map(|_| ())
            .map_err(|error| self.query_error(&error, &Limits::default()))
    }

    /// Runs a statement of this crate or of a dialect's catalog queries: every guard of SQLite holds, the look at the text does not.
    pub(super) fn run_trusted(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.reopen_when_written(limits)?;
        self.limit_bytes(limits.max_bytes)
            .map_err(|error| self.query_error(&error, limits))?;
        self.watch.start(limits.timeout());
        let result = self.collect(sql, limits);
        self.watch.stop();
        result
    }

    fn collect(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let failed = |error: rusqlite::Error| self.query_error(&error, limits);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        if !statement.readonly() || statement.is_explain() != 0 {
            statement.discard();
            return Err(QueryError::Refused(
                "refused: SQLite says that the statement is not a plain query".into(),
            ));
        }
        rows(&mut statement, limits, self.invalid_text).map_err(failed)
    }

    fn query_error(&self, error: &rusqlite::Error, limits: &Limits) -> QueryError {
        query_error(&self.connection, error, limits)
    }

    /// Views and virtual tables that cannot be read, with the reason; of the others SQLite then knows the columns.
    pub(super) fn unreadable_views(&self) -> Result<Vec<(String, String)>, QueryError> {
        schema_faults::unreadable_views(&self.connection).map_err(|error| self.query_error(&error, &Limits::default()))
    }

    /// Lets another thread end what runs here.
    pub(super) fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }
}

impl QueryReader for SqliteReader {
    fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.run_blocking(sql, limits)
    }
}

/// What becomes of text that is not UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InvalidText {
    /// It stays bytes.
    #[default]
    AsBytes,
    /// It is text without the bytes that are not UTF-8, as the official evaluators read it.
    DropInvalidBytes,
}

/// No single value may be longer than the whole result may be; a MiB is always allowed.
pub(super) fn limit_value_bytes(connection: &Connection, max_bytes: usize) -> rusqlite::Result<()> {
    const MAX_LENGTH: i32 = 1_000_000_000;
    let limit = i32::try_from(max_bytes.max(1 << 20)).unwrap_or(MAX_LENGTH);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, limit.min(MAX_LENGTH))?;
    Ok(())
}

/// Rows of a prepared statement, up to the limits.
pub(super) fn rows(
    statement: &mut Statement<'_>,
    limits: &Limits,
    invalid_text: InvalidText,
) -> rusqlite::Result<ResultSet> {
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let mut result = ResultSet {
        columns,
        ..ResultSet::default()
    };
    let mut bytes = 0;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if result.rows.len() >= limits.max_rows || bytes > limits.max_bytes {
            result.truncated = true;
            break;
        }
        let mut values = Vec::with_capacity(width);
        for at in 0..width {
            let value = row.get_ref(at)?;
            bytes += size(value);
            values.push(typed(value, invalid_text));
        }
        result.rows.push(values);
    }
    Ok(result)
}

/// What an error of a statement means to its caller.
pub(super) fn query_error(connection: &Connection, error: &rusqlite::Error, limits: &Limits) -> QueryError {
    if let Some(trouble) = trouble_with_file(error) {
        let path = connection.path().unwrap_or("the database");
        return QueryError::Unavailable(format!("{path}: {}: {trouble}", plain_message(error)));
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::OperationInterrupted) => {
            QueryError::Timeout(format!("timeout: stopped after {} ms", limits.timeout_ms))
        }
        Some(ErrorCode::AuthorizationForStatementDenied) => {
            QueryError::Refused(format!("refused by SQLite's authorizer: {error}"))
        }
        Some(ErrorCode::ReadOnly) => QueryError::Refused(format!("refused by SQLite: {error}")),
        Some(ErrorCode::TooBig) => QueryError::Refused(format!(
            "refused: a value is longer than the {} bytes allowed: {error}",
            limits.max_bytes
        )),
        _ => match error {
            rusqlite::Error::MultipleStatement => {
                QueryError::Refused("refused: more than one statement; send them one by one".into())
            }
            _ => QueryError::Failed(plain_message(error)),
        },
    }
}

fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() + 8,
        _ => 8,
    }
}

/// The storage class is the type.
fn typed(value: ValueRef<'_>, invalid_text: InvalidText) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Float(number),
        ValueRef::Text(bytes) => match (std::str::from_utf8(bytes), invalid_text) {
            (Ok(text), _) => Value::Text(text.to_owned()),
            (Err(_), InvalidText::AsBytes) => Value::Bytes(bytes.to_vec()),
            (Err(_), InvalidText::DropInvalidBytes) => {
                Value::Text(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect())
            }
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// What a failure says about the file rather than about the statement: what happened to it and what to do.
fn trouble_with_file(error: &rusqlite::Error) -> Option<&'static str> {
    Some(match error.sqlite_error_code()? {
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            "another program holds it locked; wait for that program to end, or read a copy of the file"
        }
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            "it is damaged, or another program changed it while it was read; check it with `PRAGMA integrity_check`, restore it where needed"
        }
        ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::FileLockingProtocolFailed => {
            "it cannot be read any more; check that it is still there, whole, and on a disk that works"
        }
        _ => return None,
    })
}

/// SQLite's words without the statement, which can be long.
pub(super) fn plain_message(error: &rusqlite::Error) -> String {
    match error {
        // What fails while running may quote a value, as `JSON path error near 'x'` does.
        rusqlite::Error::SqliteFailure(_, Some(message)) => without_values(message),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
