//! The driver's own look at a statement before it reaches a server.
//!
//! The dialect plugin parses statements; this guard does not trust it. It reads words alone and refuses everything that is not
//! plainly one SELECT, WITH or VALUES (or PostgreSQL's `TABLE t`), or that calls a function known to do more than compute. The guards of the server stand behind it.

mod described;
mod guard_rules;
pub(crate) mod lexer;
mod literal_relations;
mod mysql;
mod postgres;
mod restricted_objects;
mod rules;
mod sqlite;
mod tsql;
mod tsql_relations;

use crate::QueryError;
pub use guard_rules::{ForbiddenFunction, GuardRules};
use lexer::Token;
pub use mysql::MYSQL;
pub use postgres::POSTGRES;
pub use restricted_objects::RestrictedObjects;
pub(crate) use restricted_objects::{MADE_BY_A_USER, RestrictedCast};
pub use sqlite::SQLITE;
pub use tsql::TSQL;

/// Longest statement that is looked at, in bytes.
pub const MAX_STATEMENT_BYTES: usize = 1 << 20;

/// Refuses `sql` unless it reads as one SELECT, WITH or VALUES without side effects; the error says why.
/// `restricted` is what the connected server says of its own objects.
pub fn check(rules: &GuardRules, sql: &str, restricted: &RestrictedObjects) -> Result<(), QueryError> {
    let refuse = |reason: String| Err(QueryError::Refused(reason));
    if sql.len() > MAX_STATEMENT_BYTES {
        return refuse(format!(
            "refused: the statement is longer than {MAX_STATEMENT_BYTES} bytes"
        ));
    }
    let mut tokens = match lexer::tokens(rules, sql) {
        Ok(tokens) => tokens,
        Err(reason) => return refuse(format!("refused: the statement holds {reason}")),
    };
    while tokens.last() == Some(&Token::Mark(';')) {
        tokens.pop();
    }
    let verdict = check_shape(rules, &tokens)
        .or_else(|| rules::forbidden_words(rules, &tokens))
        .or_else(|| rules::forbidden_functions(rules, &tokens, restricted))
        .or_else(|| forbidden_relation(rules, &tokens))
        .or_else(|| rules.literal_relation(&tokens))
        .or_else(|| restricted.reason_against(&tokens));
    verdict.map_or(Ok(()), |reason| refuse(format!("refused: {reason}")))
}

/// One statement that starts like a query.
fn check_shape(rules: &GuardRules, tokens: &[Token<'_>]) -> Option<String> {
    let Some(first) = tokens.iter().find(|token| **token != Token::Mark('(')) else {
        return Some("there is no statement".into());
    };
    if tokens.contains(&Token::Mark(';')) {
        return Some("more than one statement; send them one by one".into());
    }
    match first {
        token if rules.begins_query(token) => None,
        Token::Word(word) => Some(format!(
            "{} is not a query; only SELECT, WITH and VALUES are run",
            word.to_uppercase()
        )),
        _ => Some("this does not start like a query; only SELECT, WITH and VALUES are run".into()),
    }
}

/// Why a relation of the server, which tells of logins, secrets or other sessions, may not be read.
fn forbidden_relation(rules: &GuardRules, tokens: &[Token<'_>]) -> Option<String> {
    let mut names = tokens.iter().map(Token::name).enumerate();
    names.find_map(|(at, name)| {
        let name = name?;
        (rules.forbidden_relation)(tokens, at, &name).or_else(|| rules.declared_relation(tokens, at, &name))
    })
}
