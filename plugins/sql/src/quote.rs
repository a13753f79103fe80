//! Identifiers written so that the engine reads them back unchanged.

use crate::dialect::Dialect;
use crate::reserved;

/// The identifier, quoted where the dialect needs it: reserved words, other characters than word characters, and in PostgreSQL
/// capitals.
pub fn quote(dialect: Dialect, identifier: &str) -> String {
    if is_plain(dialect, identifier) {
        return identifier.to_owned();
    }
    let (open, close) = dialect.identifier_quotes();
    let doubled = identifier.replace(close, &format!("{close}{close}"));
    format!("{open}{doubled}{close}")
}

fn is_plain(dialect: Dialect, identifier: &str) -> bool {
    let mut characters = identifier.chars();
    let starts = characters
        .next()
        .is_some_and(|first| first == '_' || first.is_ascii_alphabetic() || is_letter(first));
    starts
        && characters.all(|c| c == '_' || c.is_ascii_alphanumeric() || is_letter(c))
        && !(dialect == Dialect::Postgres && identifier.chars().any(|c| c.is_ascii_uppercase()))
        && !reserved::is_reserved(dialect, identifier)
}

/// Letters beyond ASCII need no quotes in any of the four engines.
fn is_letter(character: char) -> bool {
    !character.is_ascii() && character.is_alphabetic() && (character as u32) < 0x1_0000
}

#[cfg(test)]
mod tests {
    use super::quote;
    use crate::Dialect;

    #[test]
    fn only_what_needs_quotes_gets_them() {
        for (dialect, name, quoted) in [
            (Dialect::Sqlite, "stadium_id", "stadium_id"),
            (Dialect::Sqlite, "order", "\"order\""),
            (Dialect::Sqlite, "two words", "\"two words\""),
            (Dialect::Sqlite, "销售", "销售"),
            (Dialect::Postgres, "Singer", "\"Singer\""),
            (Dialect::Postgres, "user", "\"user\""),
            (Dialect::Mysql, "groups 🙂", "`groups 🙂`"),
            (Dialect::Mysql, "rank", "`rank`"),
            (Dialect::Mysql, "a`b", "`a``b`"),
            (Dialect::Tsql, "a]b", "[a]]b]"),
            (Dialect::Tsql, "Order", "[Order]"),
            (Dialect::Tsql, "2nd", "[2nd]"),
            (Dialect::Sqlite, "", "\"\""),
        ] {
            assert_eq!(quote(dialect, name), quoted, "{}", dialect.name());
        }
    }
}
