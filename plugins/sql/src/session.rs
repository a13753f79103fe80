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

/// Statements kept: a batch of texts is checked, then diagnosed, then limited, and each is parsed once.
const MAX_CACHED: usize = 64;

/// Longer texts do not push others out.
const MAX_CACHED_BYTES: usize = 8 * 1024;

/// A dialect bound to one catalog.
#[derive(Debug)]
pub struct Session {
    dialect: Dialect,
    schema: Schema,
    recent: RefCell<Recent>,
}

/// The statements parsed last; their memory serves the next ones.
#[derive(Debug, Default)]
struct Recent {
    kept: Vec<Statement>,
    /// Where the next one goes.
    next: usize,
    long: Statement,
}

impl Recent {
    fn get(&mut self, dialect: Dialect, sql: &str) -> &Statement {
        if sql.len() > MAX_CACHED_BYTES {
            if self.long.tokens.is_empty() || self.long.sql != sql {
                self.long.parse(dialect, sql);
            }
            return &self.long;
        }
        let found = self
            .kept
            .iter()
            .position(|kept| kept.sql == sql && !kept.tokens.is_empty());
        let at = found.unwrap_or_else(|| self.parse(dialect, sql));
        &self.kept[at]
    }

    fn parse(&mut self, dialect: Dialect, sql: &str) -> usize {
        let at = self.next;
        if at == self.kept.len() {
            self.kept.push(Statement::default());
        }
        self.kept[at].parse(dialect, sql);
        self.next = (at + 1) % MAX_CACHED;
        at
    }
}

impl Session {
    /// Binds a dialect to a catalog.
    pub fn new(dialect: Dialect, catalog: &Database) -> Self {
        Self {
            dialect,
            schema: Schema::new(catalog),
            recent: RefCell::default(),
        }
    }

    fn with<T>(&self, sql: &str, run: impl FnOnce(&Statement) -> T) -> T {
        run(self.recent.borrow_mut().get(self.dialect, sql))
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
        let limited = |sql: &str| self.parsed(sql, |statement| limit::with_limit(self.dialect, statement, rows));
        // What MySQL runs out of comments has to stand outside before the text can be cut.
        let executable = self.dialect == Dialect::Mysql && (sql.contains("/*!") || sql.contains("/*M!"));
        if executable {
            limited(&self.normalise(sql)?)
        } else {
            limited(sql)
        }
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
