//! Dialects: the SQL of one database family.

use crate::analysis::{Analysis, StatementInfo, SyntaxError};
use crate::bindings::dialect::exports::nl2sql::plugin::dialect::{self, Guest, GuestSession};
pub use crate::bindings::dialect::exports::nl2sql::plugin::dialect::{CatalogQuery, ServerInfo};
use crate::description::DialectInfo;
use crate::types::{Catalog, Finding, PluginError, Table};

/// A dialect.
pub trait Dialect: 'static {
    /// The dialect bound to one catalog.
    type Session: DialectSession;

    /// The dialect's description of itself; [`DialectInfo::standard`] is a beginning.
    fn info() -> DialectInfo;
    /// One bulk query per section of a catalog; the contract's interface `dialect` fixes what each returns.
    fn catalog_queries(server: ServerInfo) -> Result<Vec<CatalogQuery>, PluginError>;
    /// CREATE TABLE text for a prompt, comments included.
    fn render_ddl(table: &Table) -> String;
    /// An identifier, quoted where the dialect needs it.
    fn quote(identifier: &str) -> String;
    /// Binds the dialect to a catalog.
    fn open(catalog: Catalog) -> Result<Self::Session, PluginError>;
}

/// A dialect bound to one catalog.
pub trait DialectSession: 'static {
    /// Kind and read-only verdict; a text that is no SELECT is classified, not parsed.
    fn statement(&self, sql: &str) -> StatementInfo;
    /// Whether the text is one statement of the dialect.
    fn check_syntax(&self, sql: &str) -> Result<(), SyntaxError>;
    /// What the engine would report when preparing the statement; empty for a good one.
    fn diagnose(&self, sql: &str) -> Result<Vec<Finding>, SyntaxError>;
    /// Everything about the statement.
    fn analyse(&self, sql: &str) -> Result<Analysis, SyntaxError>;
    /// The statement with its row count limited to `rows`.
    fn with_limit(&self, sql: &str, rows: u32) -> Result<String, SyntaxError>;
    /// Comments stripped, keywords and unquoted identifiers in lower case, single spaces.
    fn normalise(&self, sql: &str) -> Result<String, SyntaxError>;
    /// The normal form with every literal replaced by `?`.
    fn template(&self, sql: &str) -> Result<String, SyntaxError>;
}

/// Stands between the exported interface and a [`Dialect`].
#[doc(hidden)]
pub struct Exported<D>(core::marker::PhantomData<D>);

#[doc(hidden)]
pub struct Session<D: Dialect>(D::Session);

impl<D: Dialect> Guest for Exported<D> {
    type Session = Session<D>;

    fn info() -> DialectInfo {
        crate::install_panic_report();
        D::info()
    }

    fn catalog_queries(server: ServerInfo) -> Result<Vec<CatalogQuery>, PluginError> {
        crate::install_panic_report();
        D::catalog_queries(server)
    }

    fn render_ddl(table: Table) -> String {
        crate::install_panic_report();
        D::render_ddl(&table)
    }

    fn quote(identifier: String) -> String {
        crate::install_panic_report();
        D::quote(&identifier)
    }

    fn open(catalog: Catalog) -> Result<dialect::Session, PluginError> {
        crate::install_panic_report();
        D::open(catalog).map(|session| dialect::Session::new(Session::<D>(session)))
    }
}

impl<D: Dialect> GuestSession for Session<D> {
    fn statement(&self, sql: String) -> StatementInfo {
        self.0.statement(&sql)
    }

    fn check_syntax(&self, sql: String) -> Result<(), SyntaxError> {
        self.0.check_syntax(&sql)
    }

    fn diagnose(&self, sql: String) -> Result<Vec<Finding>, SyntaxError> {
        self.0.diagnose(&sql)
    }

    fn analyse(&self, sql: String) -> Result<Analysis, SyntaxError> {
        self.0.analyse(&sql)
    }

    fn with_limit(&self, sql: String, rows: u32) -> Result<String, SyntaxError> {
        self.0.with_limit(&sql, rows)
    }

    fn normalise(&self, sql: String) -> Result<String, SyntaxError> {
        self.0.normalise(&sql)
    }

    fn template(&self, sql: String) -> Result<String, SyntaxError> {
        self.0.template(&sql)
    }
}
