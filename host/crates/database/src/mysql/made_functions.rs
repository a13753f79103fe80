//! Functions that users made, and views that call one.
//!
//! A stored function may set a global variable, write a file or load code, and is believed when it is declared to read only; a transaction that
//! is read-only holds none of that. So none is called unless the profile names it.

use std::collections::{HashMap, HashSet};

use super::MysqlConnection;
use crate::QueryError;
use crate::catalog_rows::CatalogRow;
use crate::driver::DriverConnection;
use crate::statement_guard::lexer::{Token, tokens};
use crate::statement_guard::{MADE_BY_A_USER, MYSQL, RestrictedObjects};

/// Stored functions that the login may see.
const STORED_FUNCTIONS: &str = "SELECT LOWER(ROUTINE_SCHEMA), LOWER(ROUTINE_NAME) FROM information_schema.ROUTINES \
    WHERE ROUTINE_TYPE = 'FUNCTION' AND ROUTINE_SCHEMA NOT IN ('sys', 'mysql')";

/// Functions of loaded libraries.
const LOADED_FUNCTIONS: &str = "SELECT LOWER(name) FROM mysql.func";

/// Views with their text, which is empty for a login without SHOW VIEW.
const VIEWS: &str = "SELECT LOWER(TABLE_SCHEMA), LOWER(TABLE_NAME), VIEW_DEFINITION FROM information_schema.VIEWS \
    WHERE TABLE_SCHEMA NOT IN ('sys', 'mysql', 'information_schema', 'performance_schema')";

/// A schema and a name in it.
type QualifiedName = (String, String);

/// What statements may not use on this server, and the number of views whose text the login may not see.
///
/// # Errors
/// When the server does not list its stored functions and views.
pub(super) async fn restricted(driver: &MysqlConnection) -> Result<(RestrictedObjects, usize), QueryError> {
    let allowed = driver.settings.allowed_functions();
    let mut restricted = RestrictedObjects::default();
    let reason = || MADE_BY_A_USER.to_owned();
    for row in driver.catalog_rows(STORED_FUNCTIONS).await? {
        if let [Some(schema), Some(name)] = row.as_slice()
            && !is_allowed(&allowed, schema, name)
        {
            restricted.functions.insert(name.clone(), reason());
        }
    }
    // Only a login that may read the server's own tables sees these; what they are called by is no sign of them.
    let loaded = match driver.catalog_rows(LOADED_FUNCTIONS).await {
        Err(error @ (QueryError::Unavailable(_) | QueryError::Timeout(_))) => return Err(error),
        loaded => loaded.unwrap_or_default(),
    };
    for name in loaded.into_iter().flatten().flatten() {
        if !allowed.contains(&name) {
            restricted.functions.insert(name, reason());
        }
    }
    let rows = driver.catalog_rows(VIEWS).await?;
    let has_text = |row: &&CatalogRow| matches!(row.get(2), Some(Some(text)) if !text.is_empty());
    let hidden = rows.len() - rows.iter().filter(has_text).count();
    let views = rows.iter().filter_map(|row| match row.as_slice() {
        [Some(schema), Some(name), text] => Some(((schema.clone(), name.clone()), text.as_deref().unwrap_or(""))),
        _ => None,
    });
    restricted.names = views_that_call(views, &allowed, &restricted.functions);
    restricted.qualified_calls = Some(allowed);
    Ok((restricted, hidden))
}

fn is_allowed(allowed: &[String], schema: &str, name: &str) -> bool {
    let qualified = format!("{schema}.{name}");
    allowed.iter().any(|allowed| *allowed == name || *allowed == qualified)
}

/// Views whose text calls a function that is not allowed, or reads such a view, with the reason.
fn views_that_call<'v>(
    views: impl Iterator<Item = (QualifiedName, &'v str)>,
    allowed: &[String],
    functions: &HashMap<String, String>,
) -> HashMap<String, String> {
    let mut refused: HashMap<QualifiedName, String> = HashMap::new();
    let mut readers: Vec<(QualifiedName, HashSet<QualifiedName>)> = Vec::new();
    for (view, text) in views {
        let Ok(tokens) = tokens(&MYSQL, text) else {
            refused.insert(view, "its text cannot be read".into());
            continue;
        };
        match called(&tokens, allowed, functions) {
            Some(function) => {
                refused.insert(view, format!("it calls {function}: {MADE_BY_A_USER}"));
            }
            None => {
                let reads = names_of(&tokens, &view.0);
                readers.push((view, reads));
            }
        }
    }
    // Views over views, until no more are found.
    loop {
        let found: Vec<_> = readers
            .iter()
            .filter(|(view, _)| !refused.contains_key(view))
            .filter_map(|(view, reads)| {
                let inner = reads.iter().filter(|name| refused.contains_key(*name)).min()?;
                Some((
                    view.clone(),
                    format!("it reads the view {}: {}", inner.1, refused[inner]),
                ))
            })
            .collect();
        if found.is_empty() {
            break;
        }
        refused.extend(found);
    }
    refused
        .into_iter()
        .map(|((_, view), reason)| (view.clone(), format!("the view {view} may not be read: {reason}")))
        .collect()
}

/// The first function called by the text of a view that is not allowed. The server writes the names of its own functions bare and of those that
/// users stored between quotes, with their schema unless that is the current one.
fn called(tokens: &[Token<'_>], allowed: &[String], functions: &HashMap<String, String>) -> Option<String> {
    (0..tokens.len()).find_map(|at| {
        if tokens.get(at + 1) != Some(&Token::Mark('(')) || names_columns(tokens, at) {
            return None;
        }
        let name = tokens[at].name()?;
        let schema = at
            .checked_sub(2)
            .filter(|_| tokens[at - 1] == Token::Mark('.'))
            .and_then(|at| tokens[at].name());
        let is_stored = schema.is_some() || matches!(tokens[at], Token::Quoted(_));
        if !is_stored && !functions.contains_key(&name) {
            return None;
        }
        let schema = schema.unwrap_or_default();
        let qualified = format!("{schema}.{name}");
        (!is_allowed(allowed, &schema, &name)).then(|| qualified.trim_start_matches('.').to_owned())
    })
}

/// Whether the name at `at` is that of a common table expression with a list of its columns: `with c(a) as (...)`.
fn names_columns(tokens: &[Token<'_>], at: usize) -> bool {
    let close = tokens[at..].iter().position(|token| *token == Token::Mark(')'));
    let next = |n: usize| close.and_then(|close| tokens.get(at + close + n));
    next(1).is_some_and(|token| token.is("as")) && next(2) == Some(&Token::Mark('('))
}

/// Relations that a view of this schema may read: its quoted names, alone or in pairs.
fn names_of(tokens: &[Token<'_>], schema: &str) -> HashSet<QualifiedName> {
    let quoted = |token: &Token<'_>| matches!(token, Token::Quoted(_)).then(|| token.name()).flatten();
    let pairs = tokens.windows(3).filter_map(|window| match window {
        [schema, Token::Mark('.'), name] => Some((schema.name()?, name.name()?)),
        _ => None,
    });
    let alone = tokens
        .iter()
        .filter_map(|token| Some((schema.to_owned(), quoted(token)?)));
    pairs.chain(alone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_followed_down_to_the_functions_they_call() {
        let functions = HashMap::from([("loaded".to_owned(), String::new())]);
        let name = |view: &str| ("shop".to_owned(), view.to_owned());
        let views = [
            (
                name("plain"),
                "select concat(`shop`.`t`.`a`,'`shop`.`evil`(') AS `b` from `shop`.`t`",
            ),
            (name("calling"), "select `shop`.`evil`() AS `a`"),
            (name("over"), "select `calling`.`a` AS `a` from `shop`.`calling`"),
            (name("over_over"), "select `over`.`a` AS `a` from `shop`.`over`"),
            (name("unqualified"), "select `evil`() AS `a`"),
            (name("over_unqualified"), "select `a` AS `a` from `unqualified`"),
            (
                name("common"),
                "with `c`(`a`) as (select 1) select `c`.`a` AS `a` from `c`",
            ),
            (name("udf"), "select loaded(1) AS `a`"),
            (name("fine"), "select `shop`.`good`(1) AS `a`"),
        ];
        let refused = views_that_call(views.into_iter(), &["good".to_owned()], &functions);
        let mut names: Vec<&str> = refused.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(
            names,
            ["calling", "over", "over_over", "over_unqualified", "udf", "unqualified"]
        );
        assert!(
            refused["over_over"].contains("it reads the view calling: it calls shop.evil"),
            "{refused:?}"
        );
    }
}
