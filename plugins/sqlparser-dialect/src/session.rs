//! A dialect bound to a catalog.

use std::marker::PhantomData;

use nl2sql_sdk::DialectSession;
use nl2sql_sdk::analysis::{Analysis, StatementInfo, SyntaxError};
use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::types::{Catalog, Finding};
use sqlparser::ast::Query;
use sqlparser::tokenizer::TokenWithSpan;

use crate::SqlparserDialect;
use crate::catalog_index::CatalogIndex;
use crate::names::Names;
use crate::{analysis, limit, normal_form, parsed, phrases, verdict};

/// A dialect over sqlparser, bound to one catalog.
pub struct Session<D> {
    info: DialectInfo,
    catalog: CatalogIndex,
    dialect: PhantomData<D>,
}

impl<D: SqlparserDialect> Session<D> {
    /// Binds the dialect to a catalog.
    pub fn new(catalog: &Catalog) -> Self {
        let info = D::info();
        Self {
            catalog: CatalogIndex::new(catalog, info.names.case),
            info,
            dialect: PhantomData,
        }
    }

    fn tokens(&self, sql: &str) -> Result<Vec<TokenWithSpan>, SyntaxError> {
        Ok(D::prepare(parsed::tokens(&D::Grammar::default(), sql)?))
    }

    fn query(&self, sql: &str) -> Result<Query, SyntaxError> {
        self.query_of(self.tokens(sql)?).map(|(query, _)| query)
    }

    /// The query that tokens are, and whether phrases of it were replaced.
    fn query_of(&self, written: Vec<TokenWithSpan>) -> Result<(Query, bool), SyntaxError> {
        let grammar = D::Grammar::default();
        let read = phrases::replaced(&grammar, D::PHRASES, written.clone());
        let differs = read != written;
        Ok((parsed::query(&grammar, read)?, differs))
    }
}

impl<D: SqlparserDialect> DialectSession for Session<D> {
    fn statement(&self, sql: &str) -> StatementInfo {
        match self.query(sql) {
            Ok(query) => verdict::of_query(&self.info.guard, &query),
            Err(_) => verdict::of_words(&self.info.guard, sql),
        }
    }

    fn check_syntax(&self, sql: &str) -> Result<(), SyntaxError> {
        self.query(sql).map(drop)
    }

    fn diagnose(&self, sql: &str) -> Result<Vec<Finding>, SyntaxError> {
        let query = self.query(sql)?;
        Ok(Names::of::<D>(&self.info, &self.catalog, &query).findings)
    }

    fn analyse(&self, sql: &str) -> Result<Analysis, SyntaxError> {
        let query = self.query(sql)?;
        let names = Names::of::<D>(&self.info, &self.catalog, &query);
        let statement = verdict::of_query(&self.info.guard, &query);
        Ok(analysis::of(&self.info, &query, names, statement))
    }

    fn with_limit(&self, sql: &str, rows: u32) -> Result<String, SyntaxError> {
        let tokens = self.tokens(sql)?;
        let text = normal_form::written(sql, &tokens);
        match self.query_of(tokens)? {
            (query, false) => Ok(limit::with_limit(self.info.spelling.limit, query, rows)),
            // The tree is not what was written.
            (_, true) => Ok(limit::around(self.info.spelling.limit, text, rows)),
        }
    }

    fn normalise(&self, sql: &str) -> Result<String, SyntaxError> {
        self.query(sql)?;
        Ok(normal_form::normalise(sql, &self.tokens(sql)?))
    }

    fn template(&self, sql: &str) -> Result<String, SyntaxError> {
        self.query(sql)?;
        Ok(normal_form::template(sql, &self.tokens(sql)?))
    }
}
