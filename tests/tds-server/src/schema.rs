//! A database: what T-SQL scripts made, its rows in SQLite files, one per schema.

mod ddl;
mod reader;
mod system_views;
mod table;
mod type_catalog;

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

use crate::functions::{self, Identity};
use crate::tokens::SqlError;
use crate::tsql::{Surroundings, Token, split, to_sqlite, tokens};
pub(crate) use system_views::{Visibility, fill};
pub(crate) use table::{ColumnDefinition, ForeignKey, Key, Table};

/// A script that the database does not take.
#[derive(Debug, thiserror::Error)]
pub enum ScriptError {
    /// A statement fails.
    #[error("{statement}: {}", error.message)]
    Statement {
        /// Its beginning.
        statement: String,
        /// Why.
        error: SqlError,
    },
    /// The files cannot be written.
    #[error("the database's files: {0}")]
    Files(String),
}

/// A database, built by scripts before the server starts.
pub struct Database {
    pub(crate) name: String,
    pub(crate) tables: Vec<Table>,
    /// Alias types: name and what they are made of.
    pub(crate) alias_types: Vec<(String, String)>,
    schemas: Vec<String>,
    folder: TempDir,
}

impl Database {
    /// An empty database with the schema `dbo`.
    ///
    /// # Errors
    /// When its files cannot be made.
    pub fn new(name: &str) -> Result<Self, ScriptError> {
        let folder = tempfile::tempdir().map_err(|error| ScriptError::Files(error.to_string()))?;
        Ok(Self {
            name: name.to_owned(),
            tables: Vec::new(),
            alias_types: Vec::new(),
            schemas: vec!["dbo".into()],
            folder,
        })
    }

    /// Runs a T-SQL script, `GO` lines included. Statements that choose or make a database, and IFs, are passed over.
    ///
    /// # Errors
    /// When a statement is not understood or fails.
    pub fn script(mut self, script: &str) -> Result<Self, ScriptError> {
        let files = |error: SqlError| ScriptError::Files(error.message);
        let mut run = ScriptRun::open(&mut self).map_err(files)?;
        for batch in batches(script) {
            let failed = |statement: &str, error: SqlError| ScriptError::Statement {
                statement: statement.chars().take(120).collect(),
                error,
            };
            let tokens = tokens(&batch).map_err(|message| failed(&batch, SqlError::new(105, 15, message)))?;
            for statement in split(&tokens) {
                run.apply(statement)
                    .map_err(|error| failed(&format!("{statement:?}"), error))?;
            }
        }
        run.finish().map_err(files)?;
        Ok(self)
    }

    pub(crate) fn schemas(&self) -> &[String] {
        &self.schemas
    }

    /// The file that holds a schema's rows.
    pub(crate) fn file(&self, schema: &str) -> PathBuf {
        self.folder.path().join(format!("{schema}.sqlite"))
    }

    fn table_mut(&mut self, schema: &str, name: &str) -> Result<&mut Table, SqlError> {
        let missing = || SqlError::new(4902, 16, format!("Cannot find the object \"{schema}.{name}\"."));
        self.tables
            .iter_mut()
            .find(|table| table.is_named(schema, name))
            .ok_or_else(missing)
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            database: self.name.clone(),
            ..Surroundings::default()
        }
    }
}

/// A script at work on a database.
struct ScriptRun<'a> {
    database: &'a mut Database,
    connection: Connection,
}

impl<'a> ScriptRun<'a> {
    fn open(database: &'a mut Database) -> Result<Self, SqlError> {
        let connection = Connection::open_in_memory().map_err(sql_error)?;
        let identity = Identity {
            database: database.name.clone(),
            ..Identity::default()
        };
        functions::register(&connection, &identity).map_err(sql_error)?;
        let run = Self { database, connection };
        for schema in run.database.schemas() {
            run.attach(schema)?;
        }
        run.connection.execute_batch("BEGIN").map_err(sql_error)?;
        Ok(run)
    }

    fn attach(&self, schema: &str) -> Result<(), SqlError> {
        let file = self.database.file(schema).to_string_lossy().into_owned();
        let attach = format!("ATTACH DATABASE ?1 AS {}", quoted(schema));
        self.connection.execute(&attach, [file]).map_err(sql_error)?;
        let fast = format!("PRAGMA {}.synchronous = OFF", quoted(schema));
        self.connection.execute_batch(&fast).map_err(sql_error)
    }

    fn add_schema(&mut self, name: &str) -> Result<(), SqlError> {
        // SQLite attaches nothing inside a transaction.
        self.connection.execute_batch("COMMIT").map_err(sql_error)?;
        self.attach(name)?;
        self.connection.execute_batch("BEGIN").map_err(sql_error)?;
        self.database.schemas.push(name.to_owned());
        Ok(())
    }

    fn run(&self, statement: &[Token]) -> Result<(), SqlError> {
        let rewritten = to_sqlite(statement, &self.database.surroundings())?;
        self.connection.execute(&rewritten.sql, []).map_err(sql_error)?;
        Ok(())
    }

    /// Brings dates to their canonical form and counts rows.
    fn finish(self) -> Result<(), SqlError> {
        let mut updates = String::new();
        for table in self.database.tables.iter().filter(|table| !table.is_view) {
            let dates = table
                .columns
                .iter()
                .filter(|column| column.is_moment() && column.computed.is_none());
            let settings: Vec<String> = dates
                .map(|column| format!("{0} = tsql_moment({0})", quoted(&column.name)))
                .collect();
            if !settings.is_empty() {
                updates += &format!("UPDATE {} SET {};", table.quoted(), settings.join(", "));
            }
        }
        self.connection
            .execute_batch(&(updates + "COMMIT"))
            .map_err(sql_error)?;
        for table in self.database.tables.iter_mut().filter(|table| !table.is_view) {
            let count = format!("SELECT COUNT(*) FROM {}", table.quoted());
            table.rows = self
                .connection
                .query_row(&count, [], |row| row.get(0))
                .map_err(sql_error)?;
        }
        Ok(())
    }
}

/// A name for SQLite.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// Batches between lines that say `GO`.
fn batches(script: &str) -> Vec<String> {
    let mut batches = vec![String::new()];
    for line in script.lines() {
        if line.trim().trim_end_matches(';').eq_ignore_ascii_case("go") {
            batches.push(String::new());
        } else if let Some(batch) = batches.last_mut() {
            batch.push_str(line);
            batch.push('\n');
        }
    }
    batches
}

/// SQLite's refusal in SQL Server's words and numbers.
pub(crate) fn sql_error(error: rusqlite::Error) -> SqlError {
    let message = match &error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    let after = |mark: &str| message.split_once(mark).map(|(_, rest)| rest.trim().to_owned());
    if let Some(name) = after("no such table:") {
        SqlError::new(208, 16, format!("Invalid object name '{name}'."))
    } else if let Some(name) = after("no such column:") {
        SqlError::new(207, 16, format!("Invalid column name '{name}'."))
    } else if let Some(name) = after("ambiguous column name:") {
        SqlError::new(209, 16, format!("Ambiguous column name '{name}'."))
    } else if let Some(name) = after("no such function:") {
        SqlError::new(195, 15, format!("'{name}' is not a recognized built-in function name."))
    } else if message.contains("syntax error") || message.contains("incomplete input") {
        let near = message.split('"').nth(1).unwrap_or_default();
        SqlError::new(102, 15, format!("Incorrect syntax near '{near}'."))
    } else if message.contains("UNIQUE constraint") {
        SqlError::new(2627, 14, format!("Violation of a key: {message}."))
    } else if message.contains("interrupted") {
        SqlError::new(3617, 11, "Query was canceled by user.")
    } else {
        SqlError::new(50_000, 16, message)
    }
}
