//! SQLite, through rusqlite rather than sqlx.
//!
//! The guards need the authorizer, the progress handler and the run-time limits, and the pipeline needs to run thousands of small statements a
//! second without a hop to another thread: rusqlite offers all of that in safe code, sqlx-sqlite neither. Only one crate may link SQLite, and
//! the answer cache uses rusqlite too.
//!
//! Guards: the file is opened read-only, and so that nothing is made beside it; the authorizer allows nothing but reading; `query_only`, defensive mode and an untrusted schema
//! stand behind it; `sqlite3_stmt_readonly` is asked about every statement; time, value length and plan size are limited.

mod authorizer;
mod file;
mod reader;
mod schema_faults;
mod scratch_copy;
mod shared_file;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use nl2sql_catalog::{Check, ResultSet, ServerInfo, Table, TableKind, Value};
use nl2sql_ddl::table_text::{self, TableText};
use tokio::sync::Semaphore;

use crate::catalog_rows::{CatalogRow, Extraction, text_rows};

use crate::driver::{Driver, DriverConnection, LoginRights};
use crate::statement_guard::{self, GuardRules, RestrictedObjects};
use crate::table_filter::TableFilter;
use crate::value_samples::quoted;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, QueryReader};
pub use reader::{InvalidText, SqliteReader};
pub use scratch_copy::SqliteCopy;
pub use shared_file::SqliteFile;

/// Rows counted exactly; a larger table is estimated by its highest rowid.
const COUNTED_ROWS: usize = 10_000;

/// What the guards promise.
const PROMISE: &str = "The file is opened read-only and every statement may only read: the file is not changed and no other file is \
    made or opened.";

/// The driver `sqlite`.
pub(crate) struct SqliteDriver;

#[async_trait]
impl Driver for SqliteDriver {
    fn name(&self) -> &str {
        "sqlite"
    }

    fn title(&self) -> &str {
        "SQLite"
    }

    fn schemes(&self) -> &[&str] {
        &["sqlite3", "file"]
    }

    fn dialect(&self) -> Option<&str> {
        Some("sqlite")
    }

    fn opens_files(&self) -> bool {
        true
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        Ok(Arc::new(SqliteConnection::open(settings).await?))
    }
}

/// A few readers shared by async callers.
pub(crate) struct SqliteConnection {
    settings: Arc<ConnectionSettings>,
    server: ServerInfo,
    idle: Arc<Mutex<Vec<SqliteReader>>>,
    permits: Arc<Semaphore>,
}

impl SqliteConnection {
    pub(crate) async fn open(settings: Arc<ConnectionSettings>) -> Result<Self, ConnectError> {
        let first = Arc::clone(&settings);
        let reader = tokio::task::spawn_blocking(move || SqliteReader::open(&first))
            .await
            .map_err(|error| ConnectError::Other {
                address: settings.address(),
                detail: error.to_string(),
            })??;
        let name = settings
            .path
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        Ok(Self {
            server: ServerInfo {
                driver: "sqlite".into(),
                version: rusqlite::version().into(),
                database: name,
                schemas: Vec::new(),
            },
            idle: Arc::new(Mutex::new(vec![reader])),
            permits: Arc::new(Semaphore::new(settings.pool_size.max(1))),
            settings,
        })
    }

    /// Lends a reader to `work` on a blocking thread. A reader that does not come back in time is given up.
    async fn with_reader<T: Send + 'static>(
        &self,
        limits: Limits,
        work: impl FnOnce(&mut SqliteReader) -> Result<T, QueryError> + Send + 'static,
    ) -> Result<T, QueryError> {
        let closed =
            |error: tokio::sync::AcquireError| QueryError::Unavailable(format!("the connection is closed: {error}"));
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        let parked = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut reader = match parked {
            Some(reader) => reader,
            None => SqliteReader::open(&self.settings)?,
        };
        let (watch, idle) = (reader.watch(), Arc::clone(&self.idle));
        let task = tokio::task::spawn_blocking(move || {
            let outcome = work(&mut reader);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            drop(permit);
            outcome
        });
        match tokio::time::timeout(limits.client_timeout(), task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(QueryError::Failed(format!("the SQLite thread ended: {error}"))),
            Err(_) => {
                watch.cancel();
                Err(QueryError::Timeout(format!(
                    "timeout: stopped after {} ms",
                    limits.timeout_ms
                )))
            }
        }
    }

    async fn trusted_rows(&self, sql: String) -> Result<ResultSet, QueryError> {
        let limits = self.settings.limits.of_catalog();
        self.with_reader(limits, move |reader| reader.run_trusted(&sql, &limits))
            .await
    }

    /// Row counts: from the statistics where ANALYZE has run, else counted up to a bound.
    async fn row_estimates(&self, tables: &[Table]) -> Result<HashMap<String, u64>, QueryError> {
        let names: Vec<String> = tables
            .iter()
            .filter(|table| table.kind == TableKind::Table)
            .map(|table| table.name.clone())
            .collect();
        let limits = Limits {
            timeout_ms: 60_000,
            ..Limits::default()
        };
        self.with_reader(limits, move |reader| {
            let analysed = reader.run_trusted(
                "SELECT tbl, max(CAST(stat AS INTEGER)) FROM sqlite_stat1 GROUP BY tbl",
                &limits.with_max_rows(usize::MAX),
            );
            let mut estimates: HashMap<String, u64> = analysed
                .map(|result| result.rows.iter().filter_map(|row| estimate(row)).collect())
                .unwrap_or_default();
            for name in names {
                if estimates.contains_key(&name) {
                    continue;
                }
                estimates.extend(bounded_count(reader, &name, &limits).map(|rows| (name, rows)));
            }
            Ok(estimates)
        })
        .await
    }
}

fn estimate(row: &[Value]) -> Option<(String, u64)> {
    match row {
        [Value::Text(table), Value::Integer(rows)] => Some((table.clone(), u64::try_from(*rows).ok()?)),
        _ => None,
    }
}

fn bounded_count(reader: &mut SqliteReader, table: &str, limits: &Limits) -> Option<u64> {
    let table = quote(table);
    let mut number = |sql: String| match reader.run_trusted(&sql, limits).ok()?.rows.first()?.first()? {
        Value::Integer(rows) => u64::try_from(*rows).ok(),
        _ => None,
    };
    let counted = number(format!(
        "SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {})",
        COUNTED_ROWS + 1
    ))?;
    if counted <= COUNTED_ROWS as u64 {
        Some(counted)
    } else {
        number(format!("SELECT max(rowid) FROM {table}")).or(Some(counted))
    }
}

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[async_trait]
impl DriverConnection for SqliteConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        Some("main")
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let (sql, limits) = (sql.to_owned(), *limits);
        self.with_reader(limits, move |reader| reader.run_blocking(&sql, &limits))
            .await
    }

    fn guard_rules(&self) -> &GuardRules {
        &statement_guard::SQLITE
    }

    fn tries_views(&self) -> bool {
        // They were prepared when the file was opened.
        false
    }

    fn reader(&self) -> Option<Result<Box<dyn QueryReader>, ConnectError>> {
        Some(SqliteReader::open(&self.settings).map(|reader| Box::new(reader) as Box<dyn QueryReader>))
    }

    fn check(&self, sql: &str) -> Result<(), QueryError> {
        statement_guard::check(self.guard_rules(), sql, &RestrictedObjects::default())
    }

    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        let (sql, limits) = (sql.to_owned(), self.settings.limits.of_catalog());
        let rows = self.with_reader(limits, move |reader| {
            reader.unreadable_views()?;
            reader.run_trusted(&sql, &limits)
        });
        rows.await.map(text_rows)
    }

    async fn complete(&self, extraction: &mut Extraction) -> Result<(), QueryError> {
        let texts = self
            .trusted_rows(
                "SELECT name, sql FROM sqlite_schema WHERE type IN ('table', 'view') AND sql IS NOT NULL".into(),
            )
            .await?;
        let texts: HashMap<String, TableText> = texts
            .rows
            .into_iter()
            .filter_map(|row| match <[Value; 2]>::try_from(row) {
                Ok([Value::Text(name), Value::Text(sql)]) => Some((name, table_text::read(&sql))),
                _ => None,
            })
            .collect();
        let limits = self.settings.limits.of_catalog();
        let unreadable = self.with_reader(limits, |reader| reader.unreadable_views()).await?;
        let filter = TableFilter::new(&self.settings.include, &self.settings.exclude);
        extraction.notes.extend(
            unreadable
                .into_iter()
                .filter(|(name, _)| filter.as_ref().is_ok_and(|filter| filter.keeps(None, name)))
                .map(|(name, reason)| format!("{name} is left out, for it cannot be read: {reason}")),
        );
        let estimates = self.row_estimates(&extraction.database.tables).await?;
        for table in &mut extraction.database.tables {
            table.row_estimate = table.row_estimate.or_else(|| estimates.get(&table.name).copied());
            if let Some(text) = texts.get(&table.name) {
                add_text(table, text);
            }
        }
        Ok(())
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        let writable = std::fs::OpenOptions::new()
            .append(true)
            .open(&self.settings.path)
            .is_ok();
        let beyond = writable.then(|| "the file may be written by this user; it is opened read-only".to_owned());
        Ok(LoginRights {
            login: String::new(),
            read_only: true,
            beyond_select: Vec::new(),
            notes: beyond.into_iter().collect(),
            promise: PROMISE,
        })
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let (columns, table) = quoted(table, columns, '"', '"');
        format!("SELECT {columns} FROM {table} LIMIT {rows}")
    }

    async fn close(&self) {
        self.permits.close();
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

fn add_text(table: &mut Table, text: &TableText) {
    table.comment = table.comment.take().or_else(|| text.comment.clone());
    for (column, comment) in &text.columns {
        if let Some(column) = table
            .columns
            .iter_mut()
            .find(|known| known.name.to_lowercase() == *column)
        {
            column.comment.get_or_insert_with(|| comment.clone());
        }
    }
    if table.checks.is_empty() {
        table.checks = text
            .checks
            .iter()
            .map(|(name, expression)| Check {
                name: name.clone(),
                expression: expression.clone(),
            })
            .collect();
    }
}
