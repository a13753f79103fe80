//! What the text of a function does, as far as its words tell.

use crate::statement_guard::lexer::{Token, tokens};
use crate::statement_guard::{POSTGRES, RestrictedObjects};

/// Words of SQL and PL/pgSQL that do more than compute. `EXECUTE` runs a text that cannot be read beforehand.
const ACTING: &[&str] = &[
    "execute", "copy", "insert", "update", "delete", "merge", "truncate", "create", "drop", "alter", "grant", "revoke",
];

/// Words that do so where a statement begins, and are names elsewhere.
const ACTING_FIRST: &[&str] = &[
    "call",
    "do",
    "notify",
    "listen",
    "unlisten",
    "lock",
    "set",
    "reset",
    "load",
    "commit",
    "rollback",
    "vacuum",
    "analyze",
    "cluster",
    "reindex",
    "refresh",
    "checkpoint",
    "discard",
    "import",
    "security",
    "prepare",
    "comment",
    "reassign",
];

/// Words behind which a statement begins.
const OPENING: &[&str] = &["begin", "then", "else", "loop", "atomic"];

/// The text of a function, read once.
pub(super) struct FunctionBody<'t> {
    tokens: Result<Vec<Token<'t>>, String>,
}

impl<'t> FunctionBody<'t> {
    pub(super) fn read(text: &'t str) -> Self {
        Self {
            tokens: tokens(&POSTGRES, text),
        }
    }

    /// Why it does more than compute, whatever it calls.
    pub(super) fn acting(&self) -> Option<String> {
        let tokens = match &self.tokens {
            Ok(tokens) => tokens,
            Err(what) => return Some(format!("its text holds {what}")),
        };
        let before = |at: usize| at.checked_sub(1).map(|at| &tokens[at]);
        let begins = |at: usize| {
            before(at).is_none_or(|token| {
                matches!(token, Token::Mark(';' | '>')) || OPENING.iter().any(|word| token.is(word))
            })
        };
        let word = tokens.iter().enumerate().find_map(|(at, token)| {
            let anywhere = ACTING.iter().filter(|_| before(at) != Some(&Token::Mark('.')));
            let first = ACTING_FIRST.iter().filter(|_| begins(at));
            anywhere.chain(first).find(|word| token.is(word)).copied()
        })?;
        Some(format!("its text has {}", word.to_uppercase()))
    }

    /// Why something that it uses is restricted.
    pub(super) fn uses(&self, restricted: &RestrictedObjects) -> Option<String> {
        restricted.use_in(&POSTGRES, self.tokens.as_ref().ok()?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn bodies_are_judged_by_their_words_and_calls() {
        let acting = |text: &str| FunctionBody::read(text).acting();
        assert_eq!(acting("BEGIN RETURN upper(a) || 'DELETE'; END"), None);
        assert_eq!(acting("SELECT t.set, \"copy\" FROM t -- EXECUTE"), None);
        assert_eq!(acting("SELECT load, lock FROM t"), None);
        assert!(acting("BEGIN NULL; LOAD 'x'; END").unwrap().contains("LOAD"));
        assert!(acting("BEGIN EXECUTE q; END").unwrap().contains("EXECUTE"));
        assert!(acting("COPY (SELECT 1) TO PROGRAM 'x'").unwrap().contains("COPY"));
        assert!(acting("SELECT U&\"x\"").unwrap().contains("Unicode"));
        let restricted = RestrictedObjects {
            functions: HashMap::from([("leak".to_owned(), "it leaks".to_owned())]),
            ..RestrictedObjects::default()
        };
        let uses = |text: &str| FunctionBody::read(text).uses(&restricted);
        assert!(
            uses("BEGIN PERFORM public.\"leak\" (1); END")
                .unwrap()
                .contains("it leaks")
        );
        assert!(uses("SELECT dblink_exec('x', 'y')").unwrap().contains("other servers"));
        assert_eq!(uses("SELECT leak FROM t"), None);
    }
}
