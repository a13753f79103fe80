//! What the connected server says of its own objects: what a statement may not use, and why.

use std::collections::HashMap;

use super::lexer::Token;
use super::{GuardRules, rules};

/// Objects of the connected server that a statement may not use. Names are in lower case and without their schema, so that two objects of one
/// name are both refused when one is; each stands with the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestrictedObjects {
    /// Functions that may not be called.
    pub(crate) functions: HashMap<String, String>,
    /// Functions that may not be called as `row.name` either.
    pub(crate) row_functions: HashMap<String, String>,
    /// Relations and types that may not be named.
    pub(crate) names: HashMap<String, String>,
    /// Operators that may not be used.
    pub(crate) operators: HashMap<String, String>,
    /// Casts that may not be used.
    pub(crate) casts: Vec<RestrictedCast>,
    /// Functions that may be called by a qualified name; `None` where such names are no sign of a function that a user made.
    pub(crate) qualified_calls: Option<Vec<String>>,
}

/// A cast, or an operator whose symbol the server's own operators have too, that runs something it must not. A statement uses it only if it
/// names one of `sources` and one of `targets` and has the `symbol`; an empty list stands for any name, no symbol for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RestrictedCast {
    pub(crate) sources: Vec<String>,
    pub(crate) targets: Vec<String>,
    pub(crate) symbol: Option<String>,
    pub(crate) reason: String,
}

/// Characters of PostgreSQL's operators
/// (<https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-OPERATORS>).
const OPERATOR_CHARACTERS: &str = "+-*/<>=~!@#%^&|`?";

impl RestrictedObjects {
    /// How many objects are refused, with the first by name.
    pub(crate) fn summary(&self) -> Option<String> {
        let named = self.names.values().chain(self.operators.values());
        let casts = self.casts.iter().map(|cast| &cast.reason);
        let first = named.clone().chain(casts).min()?;
        let count = named.count() + self.casts.len();
        Some(format!(
            "statements that use one of {count} objects of this database are refused, e.g.: {first}"
        ))
    }

    /// Why the statement uses something of these, calls apart.
    pub(super) fn reason_against(&self, tokens: &[Token<'_>]) -> Option<String> {
        self.named(tokens)
            .or_else(|| self.operator(tokens))
            .or_else(|| self.cast(tokens))
            .or_else(|| self.qualified_call(tokens))
    }

    /// Why a text that is no statement of its own, such as that of a function, uses something that may not be used.
    pub(crate) fn use_in(&self, rules: &GuardRules, tokens: &[Token<'_>]) -> Option<String> {
        rules::forbidden_functions(rules, tokens, self).or_else(|| self.reason_against(tokens))
    }

    fn named(&self, tokens: &[Token<'_>]) -> Option<String> {
        if self.names.is_empty() {
            return None;
        }
        tokens.iter().find_map(|token| self.names.get(&token.name()?).cloned())
    }

    fn operator(&self, tokens: &[Token<'_>]) -> Option<String> {
        let used = self.operators.iter().filter(|(symbol, _)| has_operator(tokens, symbol));
        used.map(|(_, reason)| reason.clone()).min()
    }

    fn cast(&self, tokens: &[Token<'_>]) -> Option<String> {
        let names = |any_of: &[String]| {
            any_of.is_empty() || tokens.iter().filter_map(Token::name).any(|name| any_of.contains(&name))
        };
        let used = self.casts.iter().find(|cast| {
            names(&cast.sources)
                && names(&cast.targets)
                && cast.symbol.as_ref().is_none_or(|symbol| has_operator(tokens, symbol))
        })?;
        Some(used.reason.clone())
    }

    /// `schema.function(` calls a function that a user made where the server's own functions have no schema.
    fn qualified_call(&self, tokens: &[Token<'_>]) -> Option<String> {
        let allowed = self.qualified_calls.as_ref()?;
        tokens.windows(4).find_map(|window| {
            let [schema, Token::Mark('.'), function, Token::Mark('(')] = window else {
                return None;
            };
            let (schema, function) = (schema.name()?, function.name()?);
            let qualified = format!("{schema}.{function}");
            let is_allowed = schema == "sys" || allowed.iter().any(|name| *name == function || *name == qualified);
            (!is_allowed).then(|| format!("the function {qualified} may not be called: {MADE_BY_A_USER}"))
        })
    }
}

/// Whether the symbol stands in a run of characters of operators: where one ends and the next begins does not matter for a refusal.
fn has_operator(tokens: &[Token<'_>], symbol: &str) -> bool {
    let character = |token: &Token<'_>| match token {
        Token::Mark(c) if OPERATOR_CHARACTERS.contains(*c) => Some(*c),
        _ => None,
    };
    tokens
        .split(|token| character(token).is_none())
        .any(|run| run.len() >= symbol.len() && run.iter().filter_map(character).collect::<String>().contains(symbol))
}

/// Why functions that are not the server's own are refused.
pub(crate) const MADE_BY_A_USER: &str =
    "a user made it, and it may do more than compute; name it in database.allow_functions if it only reads";
