//! Identifiers: how they are written and compared.

use nl2sql_sdk::description::{DialectInfo, IdentifierCase, IdentifierQuote};
use sqlparser::ast::Ident;

/// An identifier, quoted where the dialect needs it.
pub(crate) fn quote(info: &DialectInfo, identifier: &str) -> String {
    if is_plain(info, identifier) {
        return identifier.to_owned();
    }
    let usual = IdentifierQuote::doubled('"', '"');
    let IdentifierQuote { open, close, .. } = info.lexical.identifier_quotes.first().unwrap_or(&usual);
    format!(
        "{open}{}{close}",
        identifier.replace(*close, &format!("{close}{close}"))
    )
}

fn is_plain(info: &DialectInfo, identifier: &str) -> bool {
    let is_letter = |c: char| {
        c.is_ascii_alphabetic() || c == '_' || (info.names.letters_beyond_ascii && !c.is_ascii() && c.is_alphabetic())
    };
    let folds = match info.names.case {
        IdentifierCase::FoldsLower => identifier.chars().any(char::is_uppercase),
        IdentifierCase::FoldsUpper => identifier.chars().any(char::is_lowercase),
        IdentifierCase::Ignored | IdentifierCase::Kept => false,
    };
    let mut characters = identifier.chars();
    characters.next().is_some_and(is_letter)
        && characters.all(|c| is_letter(c) || c.is_ascii_digit())
        && !folds
        && !info.names.reserved.contains(&identifier.to_lowercase())
}

/// What two spellings of one name have in common.
pub(crate) fn key(case: IdentifierCase, name: &Ident) -> String {
    match (case, name.quote_style) {
        (IdentifierCase::Ignored, _) => name.value.to_lowercase(),
        (IdentifierCase::FoldsLower, None) => name.value.to_lowercase(),
        (IdentifierCase::FoldsUpper, None) => name.value.to_uppercase(),
        _ => name.value.clone(),
    }
}

/// The same of a name as the catalog spells it.
pub(crate) fn catalog_key(case: IdentifierCase, name: &str) -> String {
    match case {
        IdentifierCase::Ignored => name.to_lowercase(),
        _ => name.to_owned(),
    }
}
