//! SQLite databases of a folder, run inside this process.
//!
//! Two layouts are found: `<folder>/<database>/<database>.sqlite`, as Spider and BIRD have it, and
//! `<folder>/<database>.sqlite` (or `.db`). Files are opened read-only, and an authorizer turns down everything but reading,
//! so that no prediction can change one.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, Value};
use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::ValueRef,
};

use crate::query_runner::{QueryFailure, QueryRunner, SchemaOutline};

/// Virtual machine steps between looks at the clock.
const STEPS_PER_LOOK: i32 = 10_000;

/// Largest single value a statement may build, in bytes.
const MAX_VALUE_BYTES: i32 = 64 << 20;

/// Largest result kept, in bytes of text and blobs; a larger one is cut.
const MAX_RESULT_BYTES: usize = 256 << 20;

/// Idle connections kept per database.
const IDLE_CONNECTIONS: usize = 16;

/// The databases of a folder.
pub struct SqliteFolder {
    folder: PathBuf,
    time_limit: Duration,
    idle: Mutex<HashMap<String, Vec<Connection>>>,
    outlines: Mutex<HashMap<String, Arc<SchemaOutline>>>,
}

impl SqliteFolder {
    /// The databases under `folder`; every statement may take `time_limit`.
    pub fn new(folder: impl Into<PathBuf>, time_limit: Duration) -> Self {
        Self {
            folder: folder.into(),
            time_limit,
            idle: Mutex::default(),
            outlines: Mutex::default(),
        }
    }

    /// The file of a database.
    ///
    /// # Errors
    /// The name is no plain name, or there is no such file.
    pub fn file(&self, database: &str) -> Result<PathBuf, QueryFailure> {
        let plain = !database.is_empty() && !database.contains(['/', '\\', '\0']) && !database.starts_with('.');
        let candidates = ["sqlite", "db", "sqlite3"].into_iter().flat_map(|extension| {
            let name = format!("{database}.{extension}");
            [self.folder.join(database).join(&name), self.folder.join(name)]
        });
        plain
            .then(|| candidates.into_iter().find(|path| path.is_file()))
            .flatten()
            .ok_or_else(|| {
                QueryFailure::Unavailable(format!(
                    "there is no database `{}` in {}",
                    database.escape_debug(),
                    self.folder.display()
                ))
            })
    }

    fn connection(&self, database: &str) -> Result<Connection, QueryFailure> {
        let idle = lock(&self.idle).get_mut(database).and_then(Vec::pop);
        match idle {
            Some(connection) => Ok(connection),
            None => open_read_only(&self.file(database)?).map_err(unavailable),
        }
    }

    fn run_now(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        let mut connection = self.connection(database)?;
        set_deadline(&mut connection, self.time_limit)?;
        let answer = query(&connection, sql, max_rows, self.time_limit, true);
        let mut idle = lock(&self.idle);
        let idle = idle.entry(database.to_owned()).or_default();
        if idle.len() < IDLE_CONNECTIONS {
            idle.push(connection);
        }
        answer.map(Arc::new)
    }

    fn run_on_copy_now(
        &self,
        database: &str,
        statements: &[String],
        max_rows: usize,
    ) -> Result<Vec<Result<Arc<ResultSet>, QueryFailure>>, QueryFailure> {
        let mut copy = copied(&self.file(database)?).map_err(unavailable)?;
        set_deadline(&mut copy, self.time_limit)?;
        let answers = statements
            .iter()
            .map(|sql| query(&copy, sql, max_rows, self.time_limit, false).map(Arc::new));
        Ok(answers.collect())
    }

    fn outline_now(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure> {
        if let Some(outline) = lock(&self.outlines).get(database) {
            return Ok(Arc::clone(outline));
        }
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(self.file(database)?, flags).map_err(unavailable)?;
        let outline = Arc::new(read_outline(&connection).map_err(unavailable)?);
        lock(&self.outlines).insert(database.to_owned(), Arc::clone(&outline));
        Ok(outline)
    }
}

/// A poisoned lock guards a cache that is whole after every statement, so it is used on.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn unavailable(error: rusqlite::Error) -> QueryFailure {
    QueryFailure::Unavailable(error.to_string())
}

fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    connection.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name } if !function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Allow
        }
        _ => Authorization::Deny,
    }))?;
    Ok(connection)
}

/// The file's contents in memory; what runs there reaches no file. Foreign keys are not enforced, SQLite's own default.
fn copied(path: &Path) -> rusqlite::Result<Connection> {
    let source = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut copy = Connection::open_in_memory()?;
    rusqlite::backup::Backup::new(&source, &mut copy)?.run_to_completion(10_000, Duration::ZERO, None)?;
    copy.execute_batch("PRAGMA foreign_keys = OFF")?;
    copy.set_limit(Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES)?;
    copy.authorizer(Some(|context: AuthContext<'_>| match context.action {
        AuthAction::Attach { filename } if !matches!(filename, "" | ":memory:") => Authorization::Deny,
        AuthAction::Function { function_name } if function_name.eq_ignore_ascii_case("load_extension") => {
            Authorization::Deny
        }
        _ => Authorization::Allow,
    }))?;
    Ok(copy)
}

fn set_deadline(connection: &mut Connection, limit: Duration) -> Result<(), QueryFailure> {
    let deadline = Instant::now() + limit;
    connection
        .progress_handler(STEPS_PER_LOOK, Some(move || Instant::now() >= deadline))
        .map_err(unavailable)
}

fn query(
    connection: &Connection,
    sql: &str,
    max_rows: usize,
    limit: Duration,
    read_only: bool,
) -> Result<ResultSet, QueryFailure> {
    if crate::sql_text::statements(sql).is_empty() {
        return Err(QueryFailure::Failed("there is no statement".to_owned()));
    }
    if sql.contains('\0') {
        // SQLite would take what stands before it for the whole statement.
        return Err(QueryFailure::Failed(
            "there is a NUL character in the statement".to_owned(),
        ));
    }
    let failed = |error: rusqlite::Error| failure(&error, limit);
    let mut statement = connection.prepare(sql).map_err(failed)?;
    if read_only && (!statement.readonly() || statement.is_explain() != 0) {
        return Err(QueryFailure::Refused(
            "it is not one SELECT, WITH or VALUES statement".to_owned(),
        ));
    }
    let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let width = columns.len();
    let mut result = ResultSet {
        columns,
        ..ResultSet::default()
    };
    let mut room = MAX_RESULT_BYTES;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        if result.rows.len() >= max_rows || room == 0 {
            result.truncated = true;
            break;
        }
        let cells: Vec<Value> = (0..width)
            .map(|at| row.get_ref(at).map(value))
            .collect::<Result<_, _>>()
            .map_err(failed)?;
        room = room.saturating_sub(cells.iter().map(size).sum());
        result.rows.push(cells);
    }
    Ok(result)
}

fn failure(error: &rusqlite::Error, limit: Duration) -> QueryFailure {
    match error {
        rusqlite::Error::MultipleStatement => QueryFailure::Refused("there is more than one statement".to_owned()),
        error => match error.sqlite_error_code() {
            Some(ErrorCode::OperationInterrupted) => QueryFailure::Timeout(format!("after {limit:?}")),
            Some(ErrorCode::AuthorizationForStatementDenied) => {
                QueryFailure::Refused("it does more than read".to_owned())
            }
            _ => QueryFailure::Failed(error.to_string()),
        },
    }
}

/// Text that is not UTF-8 loses the bytes that are not, as in the official evaluators.
fn value(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(whole) => Value::Integer(whole),
        ValueRef::Real(real) => Value::Float(real),
        ValueRef::Text(bytes) => Value::Text(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) => text.len() + 32,
        Value::Bytes(bytes) => bytes.len() + 32,
        _ => 32,
    }
}

fn read_outline(connection: &Connection) -> rusqlite::Result<SchemaOutline> {
    let mut outline = SchemaOutline::default();
    let mut names = connection.prepare("SELECT name FROM sqlite_master WHERE type = 'table'")?;
    let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    for table in names {
        let mut columns = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let columns = columns
            .query_map([&table], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut keys = connection.prepare("SELECT \"from\", \"table\", \"to\" FROM pragma_foreign_key_list(?1)")?;
        let mut keys = keys.query([&table])?;
        while let Some(key) = keys.next()? {
            let (from, other): (String, String) = (key.get(0)?, key.get(1)?);
            let to = key.get::<_, Option<String>>(2)?.unwrap_or_else(|| from.clone());
            outline.foreign_keys.push([(table.clone(), from), (other, to)]);
        }
        outline.tables.push((table, columns));
    }
    Ok(outline)
}

#[async_trait]
impl QueryRunner for Arc<SqliteFolder> {
    async fn run(&self, database: &str, sql: &str, max_rows: usize) -> Result<Arc<ResultSet>, QueryFailure> {
        let (folder, database, sql) = (Arc::clone(self), database.to_owned(), sql.to_owned());
        joined(tokio::task::spawn_blocking(move || {
            folder.run_now(&database, &sql, max_rows)
        }))
        .await
    }

    async fn run_on_copy(
        &self,
        database: &str,
        statements: &[&str],
        max_rows: usize,
    ) -> Result<Vec<Result<Arc<ResultSet>, QueryFailure>>, QueryFailure> {
        let (folder, database) = (Arc::clone(self), database.to_owned());
        let statements: Vec<String> = statements.iter().map(|sql| (*sql).to_owned()).collect();
        joined(tokio::task::spawn_blocking(move || {
            folder.run_on_copy_now(&database, &statements, max_rows)
        }))
        .await
    }

    async fn outline(&self, database: &str) -> Result<Arc<SchemaOutline>, QueryFailure> {
        let (folder, database) = (Arc::clone(self), database.to_owned());
        joined(tokio::task::spawn_blocking(move || folder.outline_now(&database))).await
    }
}

async fn joined<T>(task: tokio::task::JoinHandle<Result<T, QueryFailure>>) -> Result<T, QueryFailure> {
    task.await
        .unwrap_or_else(|error| Err(QueryFailure::Failed(error.to_string())))
}
