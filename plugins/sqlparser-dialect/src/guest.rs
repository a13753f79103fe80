//! The plugin that a description and a grammar make.

use std::marker::PhantomData;

use nl2sql_sdk::Dialect;
use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::dialect::{CatalogQuery, ServerInfo};
use nl2sql_sdk::types::{Catalog, PluginError, Table};
use sqlparser::tokenizer::TokenWithSpan;

use crate::{Session, ddl, identifiers};

/// What sets a dialect over sqlparser apart from the others.
pub trait SqlparserDialect: 'static {
    /// sqlparser's dialect that reads it.
    type Grammar: sqlparser::dialect::Dialect + Default;

    /// Aliases of the select list may be used in the rest of it and in WHERE.
    const ALIASES_ANYWHERE: bool = false;

    /// The dialect's description of itself.
    fn info() -> DialectInfo;

    /// One bulk query per section of a catalog, by the section's name.
    fn catalog_queries(server: &ServerInfo) -> Vec<(&'static str, String)>;

    /// Phrases that sqlparser does not read, one a line, as `pattern becomes replacement`, for what its hooks cannot say. The
    /// replacement has to have the same names, functions and subqueries; nobody sees it. Lines that begin with `--` are notes.
    ///
    /// A pattern is words and marks with blanks between them, and captures: `<word>`, `<number>`, `<text>`; `<group>`, a pair of
    /// parentheses; `<list>`, as few tokens as can be; `<item>`, tokens up to a comma or the word of a clause; `<tables>`, tokens up to the
    /// word of a clause; `<rest>`, those up to the end of the bracket; `any:A|B`, one of several; any of these with `?` behind it if it
    /// may be missing. `<start>`, `<end>` (of a query) and `not:A|B` look and take nothing. `<1>` in a replacement is the first capture.
    const PHRASES: &'static str = "";

    /// Changes tokens before they are parsed, for what the hooks of sqlparser's dialects cannot say.
    fn prepare(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
        tokens
    }
}

/// The plugin of a dialect over sqlparser.
pub struct Guest<D>(PhantomData<D>);

impl<D: SqlparserDialect> Dialect for Guest<D> {
    type Session = Session<D>;

    fn info() -> DialectInfo {
        D::info()
    }

    fn catalog_queries(server: ServerInfo) -> Result<Vec<CatalogQuery>, PluginError> {
        let query = |(section, sql): (&str, String)| CatalogQuery {
            section: section.to_owned(),
            sql,
        };
        Ok(D::catalog_queries(&server).into_iter().map(query).collect())
    }

    fn render_ddl(table: &Table) -> String {
        ddl::render(&D::info(), table)
    }

    fn quote(identifier: &str) -> String {
        identifiers::quote(&D::info(), identifier)
    }

    fn open(catalog: Catalog) -> Result<Session<D>, PluginError> {
        Ok(Session::new(&catalog))
    }
}
