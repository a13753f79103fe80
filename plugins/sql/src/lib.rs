//! SQL as the engines of four dialects understand it.
//!
//! A hand-written lexer and parser (`lexer`, `parser`, `ast`) per statement; on top of the tree: name resolution against a catalog,
//! analysis, normal forms, row limits and DDL.

mod ast;
mod dialect;
mod error;
mod keyword;
mod lexer;
mod parser;
mod reserved;
mod side_effects;
mod token;

pub use dialect::Dialect;

/// Temporary.
pub fn check(dialect: Dialect, sql: &str) -> Result<(), nl2sql_catalog::SyntaxError> {
    let mut tokens = Vec::new();
    let mut ast = ast::Ast::default();
    let run = || -> Result<(), error::ParseError> {
        lexer::tokenize(dialect, sql, &mut tokens)?;
        parser::parse(dialect, sql, &tokens, &mut ast)?;
        Ok(())
    };
    let mut run = run;
    run().map_err(|e| e.in_text(sql))
}
