//! A database that speaks the made-up dialect: SQLite under a translation of its own.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table, Value};
use nl2sql_database::statement_guard::{self, GuardRules, RestrictedObjects};
use nl2sql_database::{
    CatalogRow, ConnectError, ConnectionSettings, Driver, DriverConnection, Limits, LoginRights, QueryError,
};
use rusqlite::types::ValueRef;

/// The driver, under a name that nothing in the program knows.
pub struct CurlyDriver;

#[async_trait]
impl Driver for CurlyDriver {
    fn name(&self) -> &str {
        "curlydb"
    }

    fn title(&self) -> &str {
        "databases of curly brackets"
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        Ok(Arc::new(CurlyConnection {
            server: ServerInfo {
                driver: self.name().into(),
                database: "shop".into(),
                ..ServerInfo::default()
            },
            file: settings.path.clone(),
            rules: settings.dialect.guard.clone(),
        }))
    }
}

struct CurlyConnection {
    server: ServerInfo,
    file: PathBuf,
    /// What the program made of the dialect's description.
    rules: GuardRules,
}

impl CurlyConnection {
    fn rows(&self, sql: &str) -> Result<ResultSet, QueryError> {
        let failed = |error: rusqlite::Error| QueryError::Failed(error.to_string());
        let connection = rusqlite::Connection::open(&self.file).map_err(failed)?;
        let mut statement = connection.prepare(sql).map_err(failed)?;
        let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let width = columns.len();
        let mut found = statement.query([]).map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let cell = |at| row.get_ref(at).map(value);
            rows.push((0..width).map(cell).collect::<Result<_, _>>().map_err(failed)?);
        }
        Ok(ResultSet {
            columns,
            rows,
            ..ResultSet::default()
        })
    }
}

fn value(cell: ValueRef<'_>) -> Value {
    match cell {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Real(number) => Value::Float(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
    }
}

/// The dialect's brackets, its `||` and its limit in SQLite's words; what stands between single quotes stays.
fn in_sqlite(sql: &str) -> String {
    let pieces = sql.split('\'').enumerate().map(|(at, piece)| {
        if at % 2 == 1 {
            return piece.to_owned();
        }
        piece
            .replace(['{', '}'], "\"")
            .replace("||", " OR ")
            .replace("FETCH FIRST", "LIMIT")
            .replace("ROWS ONLY", "")
    });
    pieces.collect::<Vec<_>>().join("'")
}

#[async_trait]
impl DriverConnection for CurlyConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        None
    }

    async fn run(&self, sql: &str, _: &Limits) -> Result<ResultSet, QueryError> {
        self.check(sql)?;
        if sql.trim_start().to_lowercase().starts_with("with") {
            return Err(QueryError::Failed("this database knows no WITH".into()));
        }
        self.rows(&in_sqlite(sql))
    }

    /// The dialect writes its catalog queries for SQLite.
    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        let found = self.rows(sql)?;
        Ok(found
            .rows
            .iter()
            .map(|row| row.iter().map(Value::display_text).collect())
            .collect())
    }

    fn guard_rules(&self) -> &GuardRules {
        &self.rules
    }

    fn check(&self, sql: &str) -> Result<(), QueryError> {
        statement_guard::check(&self.rules, sql, &RestrictedObjects::default())
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        Ok(LoginRights {
            read_only: true,
            ..LoginRights::default()
        })
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        let columns: Vec<String> = columns.iter().map(|column| format!("{{{column}}}")).collect();
        format!(
            "SELECT {} FROM {{{}}} FETCH FIRST {rows} ROWS ONLY",
            columns.join(", "),
            table.name
        )
    }

    async fn close(&self) {}
}
