//! The driver's own look at a statement before it reaches a server.
//!
//! The dialect plugin parses statements; this guard does not trust it. It reads words alone and refuses everything that is not
//! plainly one SELECT, WITH or VALUES (or PostgreSQL's `TABLE t`), or that calls a function known to do more than compute. The guards of the server stand behind it.

pub(crate) mod lexer;
mod restricted_objects;
mod rules;
mod system_relations;
mod tsql;

use crate::{DriverKind, QueryError};
use lexer::Token;
pub use restricted_objects::RestrictedObjects;
pub(crate) use restricted_objects::{MADE_BY_A_USER, RestrictedCast};
pub(crate) use rules::forbidden_function;

/// Longest statement that is looked at, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 1 << 20;

/// Refuses `sql` unless it reads as one SELECT, WITH or VALUES without side effects; the error says why.
/// `restricted` is what the connected server says of its own objects.
pub fn check(driver: DriverKind, sql: &str, restricted: &RestrictedObjects) -> Result<(), QueryError> {
    let refuse = |reason: String| Err(QueryError::Refused(reason));
    if sql.len() > MAX_STATEMENT_BYTES {
        return refuse(format!(
            "refused: the statement is longer than {MAX_STATEMENT_BYTES} bytes"
        ));
    }
    let mut tokens = match lexer::tokens(driver, sql) {
        Ok(tokens) => tokens,
        Err(reason) => return refuse(format!("refused: the statement holds {reason}")),
    };
    while tokens.last() == Some(&Token::Mark(';')) {
        tokens.pop();
    }
    let verdict = check_shape(driver, &tokens)
        .or_else(|| rules::forbidden_words(driver, &tokens))
        .or_else(|| rules::forbidden_functions(driver, &tokens, restricted))
        .or_else(|| system_relations::forbidden_relation(driver, &tokens))
        .or_else(|| restricted.reason_against(&tokens));
    verdict.map_or(Ok(()), |reason| refuse(format!("refused: {reason}")))
}

/// One statement that starts like a query.
fn check_shape(driver: DriverKind, tokens: &[Token<'_>]) -> Option<String> {
    let Some(first) = tokens.iter().find(|token| **token != Token::Mark('(')) else {
        return Some("there is no statement".into());
    };
    if tokens.contains(&Token::Mark(';')) {
        return Some("more than one statement; send them one by one".into());
    }
    let queries: &[&str] = match driver {
        DriverKind::Postgres => &["select", "with", "values", "table"],
        _ => &["select", "with", "values"],
    };
    match first {
        token if queries.iter().any(|word| token.is(word)) => None,
        Token::Word(word) => Some(format!(
            "{} is not a query; only SELECT, WITH and VALUES are run",
            word.to_uppercase()
        )),
        _ => Some("this does not start like a query; only SELECT, WITH and VALUES are run".into()),
    }
}
