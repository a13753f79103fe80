//! A dialect bound to a catalog: the functions of the service `sql`.

use std::cell::RefCell;

use nl2sql_catalog::{Analysis, Database, Finding, StatementInfo, SyntaxError};

use crate::analysis;
use crate::dialect::Dialect;
use crate::limit;
use crate::normal_form;
use crate::resolve;
use crate::schema::Schema;
use crate::statement::Statement;

/// A dialect bound to one catalog. The statement parsed last is kept, so that checking and diagnosing one text parses it once.
#[derive(Debug)]
pub struct Session {
    dialect: Dialect,
    schema: Schema,
    last: RefCell<Statement>,
}

impl Session {
    /// Binds a dialect to a catalog.
    pub fn new(dialect: Dialect, catalog: &Database) -> Self {
        Self {
            dialect,
            schema: Schema::new(catalog),
            last: RefCell::default(),
        }
    }

    fn with<T>(&self, sql: &str, run: impl FnOnce(&Statement) -> T) -> T {
        let mut last = self.last.borrow_mut();
        if last.tokens.is_empty() || last.sql != sql {
            last.parse(self.dialect, sql);
        }
        run(&last)
    }

    fn parsed<T>(&self, sql: &str, run: impl FnOnce(&Statement) -> T) -> Result<T, SyntaxError> {
        self.with(sql, |statement| statement.result().map(|()| run(statement)))
    }

    /// Kind and read-only verdict; a text that is no query is classified, not parsed.
    pub fn statement(&self, sql: &str) -> StatementInfo {
        self.with(sql, Statement::info)
    }

    /// Whether the text is a query of the dialect.
    ///
    /// # Errors
    /// Why not, with line and column.
    pub fn check_syntax(&self, sql: &str) -> Result<(), SyntaxError> {
        self.with(sql, Statement::result)
    }

    /// What the engine would report when preparing the statement; empty for a good one.
    ///
    /// # Errors
    /// Why the text does not parse.
    pub fn diagnose(&self, sql: &str) -> Result<Vec<Finding>, SyntaxError> {
        self.parsed(sql, |statement| {
            resolve::resolve(statement.source(self.dialect), &statement.ast, &self.schema, false).0
        })
    }

    /// Everything about the statement.
    ///
    /// # Errors
    /// Why the text does not parse.
    pub fn analyse(&self, sql: &str) -> Result<Analysis, SyntaxError> {
        self.parsed(sql, |statement| {
            analysis::analyse(self.dialect, statement, &self.schema)
        })
    }

    /// The statement with its row count limited to `rows`.
    ///
    /// # Errors
    /// Why the text does not parse, or that it modifies data.
    pub fn with_limit(&self, sql: &str, rows: u32) -> Result<String, SyntaxError> {
        self.parsed(sql, |statement| limit::with_limit(self.dialect, statement, rows))
    }

    /// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
    ///
    /// # Errors
    /// Why the text does not parse.
    pub fn normalise(&self, sql: &str) -> Result<String, SyntaxError> {
        self.parsed(sql, |statement| normal_form::normalise(self.dialect, statement))
    }

    /// The normal form with every literal replaced by `?`, and lists of them by one.
    ///
    /// # Errors
    /// Why the text does not parse.
    pub fn template(&self, sql: &str) -> Result<String, SyntaxError> {
        self.parsed(sql, |statement| normal_form::template(self.dialect, statement))
    }
}
