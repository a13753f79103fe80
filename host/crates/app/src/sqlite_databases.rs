//! The SQLite files of a folder, for the judge.
//!
//! Two layouts are found: `<folder>/<database>/<database>.sqlite`, as Spider and BIRD have it, and
//! `<folder>/<database>.sqlite` (also `.db` and `.sqlite3`). Every file is opened once, by the driver that opens the run's own, and its
//! readers are shared by all threads.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, Value};
use nl2sql_database::{InvalidText, Limits, QueryError, SqliteFile};
use nl2sql_evaluation::query_runner::{QueryFailure, QueryRunner, SchemaOutline};

/// Largest result kept, in bytes of values; a larger one is cut.
const MAX_RESULT_BYTES: usize = 256 << 20;

const COLUMNS: &str = "SELECT m.name, c.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c \
                       WHERE m.type = 'table' ORDER BY m.rowid, c.cid";

const FOREIGN_KEYS: &str = "SELECT m.name, k.\"from\", k.\"table\", k.\"to\" FROM sqlite_master AS m \
                            JOIN pragma_foreign_key_list(m.name) AS k WHERE m.type = 'table' ORDER BY m.rowid, k.id, k.seq";

/// The databases of a folder, by name. Clones share them.
#[derive(Clone)]
pub struct SqliteDatabases(Arc<Folder>);

struct Folder {
    path: PathBuf,
    limits: Limits,
    open: Mutex<HashMap<String, Arc<SqliteFile>>>,
    outlines: Mutex<HashMap<String, Arc<SchemaOutline>>>,
}

impl SqliteDatabases {
    /// The databases under `folder`; every statement may take `time_limit`.
    pub fn new(folder: impl Into<PathBuf>, time_limit: Duration) -> Self {
        let limits = Limits {
            max_bytes: MAX_RESULT_BYTES,
            ..Limits::default()
        };
        Self(Arc::new(Folder {
            path: folder.into(),
            limits: limits.with_timeout(time_limit),
            open: Mutex::default(),
            outlines: Mutex::default(),
        }))
    }

    /// The file of a database.
    ///
    /// # Errors
    /// The name is no plain name, or there is no such file.
    pub fn file(&self, database: &str) -> Result<PathBuf, QueryFailure> {
        self.0.file(database)
    }
}

impl Folder {
    fn file(&self, database: &str) -> Result<PathBuf, QueryFailure> {
        let plain = !database.is_empty() && !database.contains(['/', '\\', '\0']) && !database.starts_with('.');
        let candidates = ["sqlite", "db", "sqlite3"].into_iter().flat_map(|extension| {
            let name = format!("{database}.{extension}");
            [self.path.join(database).join(&name), self.path.join(name)]
        });
        plain
            .then(|| candidates.into_iter().find(|path| path.is_file()))
            .flatten()
            .ok_or_else(|| {
                if database.is_empty() {
                    return QueryFailure::Unavailable(format!(
                        "a row of the data set names no database: its `db_id` says which file of {} it asks",
                        self.path.display()
                    ));
                }
                QueryFailure::Unavailable(format!(
                    "there is no database `{}` in {}",
                    database.escape_debug(),
                    self.path.display()
                ))
            })
    }

    fn open(&self, database: &str) -> Result<Arc<SqliteFile>, QueryFailure> {
        if let Some(known) = lock(&self.open).get(database) {
            return Ok(known.clone());
        }
        let file = SqliteFile::open(self.file(database)?, self.limits)
            .map_err(|error| QueryFailure::Unavailable(error.to_string()))?
            .with_invalid_text(InvalidText::DropInvalidBytes);
        Ok(lock(&self.open)
            .entry(database.to_owned())
            .or_insert_with(|| Arc::new(file))
            .clone())
    }

    fn run(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        let rows = self.open(database)?.run(sql, &self.limits.with_max_rows(max_rows));
        rows.map(Arc::new).map_err(query_failure)
    }

    fn run_on_copy(&self, database: &str, statements: &[String], max_rows: usize) -> Result<Outcomes, QueryFailure> {
        let copied = self.open(database)?.copy();
        let mut copy = copied.map_err(|error| QueryFailure::Unavailable(error.to_string()))?;
        let limits = self.limits.with_max_rows(max_rows);
        let run = |sql: &String| copy.run(sql, &limits).map(Arc::new).map_err(query_failure);
        Ok(statements.iter().map(run).collect())
    }

    fn outline(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure> {
        if let Some(outline) = lock(&self.outlines).get(database) {
            return Ok(outline.clone());
        }
        let outline = Arc::new(SchemaOutline {
            tables: tables(self.run(database, COLUMNS, usize::MAX)?.as_ref()),
            foreign_keys: foreign_keys(self.run(database, FOREIGN_KEYS, usize::MAX)?.as_ref()),
        });
        lock(&self.outlines).insert(database.to_owned(), outline.clone());
        Ok(outline)
    }
}

/// What each statement gave.
type Outcomes = Vec<Result<Arc<ResultSet>, QueryFailure>>;

/// A poisoned lock guards a cache that is whole after every statement, so it is used on.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a driver's error means to the judge, whose own words for it stand before the reason.
pub fn query_failure(error: QueryError) -> QueryFailure {
    let message = error.to_string();
    let reason = |word: &str| message.strip_prefix(word).unwrap_or(&message).to_owned();
    match error.code() {
        "refused" => QueryFailure::Refused(reason("refused: ")),
        "timeout" => QueryFailure::Timeout(reason("timeout: ")),
        "unavailable" => QueryFailure::Unavailable(reason("unavailable: ")),
        _ => QueryFailure::Failed(message),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        _ => String::new(),
    }
}

/// Tables with their columns, of rows (table, column).
fn tables(columns: &ResultSet) -> Vec<(String, Vec<String>)> {
    let mut tables: Vec<(String, Vec<String>)> = Vec::new();
    for row in &columns.rows {
        let [table, column] = [0, 1].map(|at| row.get(at).map(text).unwrap_or_default());
        match tables.last_mut() {
            Some((last, columns)) if *last == table => columns.push(column),
            _ => tables.push((table, vec![column])),
        }
    }
    tables
}

/// Ends of foreign keys, of rows (table, column, other table, other column); a key to a primary key names no other column.
fn foreign_keys(keys: &ResultSet) -> Vec<[(String, String); 2]> {
    let key = |row: &Vec<Value>| {
        let [table, from, other, to] = [0, 1, 2, 3].map(|at| row.get(at).map(text).unwrap_or_default());
        let to = if to.is_empty() { from.clone() } else { to };
        [(table, from), (other, to)]
    };
    keys.rows.iter().map(key).collect()
}

#[async_trait]
impl QueryRunner for SqliteDatabases {
    async fn run(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        let (folder, database, sql) = (self.0.clone(), database.to_owned(), sql.to_owned());
        blocking(move || folder.run(&database, &sql, max_rows)).await
    }

    async fn run_on_copy(
        &self,
        database: &str,
        statements: &[&str],
        max_rows: usize,
    ) -> Result<Outcomes, QueryFailure> {
        let (folder, database) = (self.0.clone(), database.to_owned());
        let statements: Vec<String> = statements.iter().map(|sql| (*sql).to_owned()).collect();
        blocking(move || folder.run_on_copy(&database, &statements, max_rows)).await
    }

    async fn outline(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure> {
        let (folder, database) = (self.0.clone(), database.to_owned());
        blocking(move || folder.outline(&database)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, QueryFailure> + Send + 'static,
) -> Result<T, QueryFailure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(QueryFailure::Failed(error.to_string())))
}
