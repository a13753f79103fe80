//! What T-SQL scripts declare by procedures and in forms of their own: descriptions, and defaults that are constraints.

use nl2sql_sql_lexer::{Token, TokenKind};
use sqlparser::ast::{Ident, ObjectName};

use crate::catalog::Builder;

/// Arguments of `sp_addextendedproperty` in their order
/// (<https://learn.microsoft.com/sql/relational-databases/system-stored-procedures/sp-addextendedproperty-transact-sql>).
const ARGUMENTS: [&str; 8] = [
    "name",
    "value",
    "level0type",
    "level0name",
    "level1type",
    "level1name",
    "level2type",
    "level2name",
];

/// Whether the statement calls the procedure.
pub(crate) fn is_one(code: &[&Token<'_>]) -> bool {
    let called = code.iter().take(4).any(|token| token.is_word("sp_addextendedproperty"));
    called
        && code
            .first()
            .is_some_and(|token| token.is_word("exec") || token.is_word("execute"))
}

/// Keeps the description of a table, view or column.
pub(crate) fn apply(code: &[&Token<'_>], builder: &mut Builder) {
    let arguments = arguments(code);
    let given = |name: &str| {
        arguments
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let (Some(value), Some(table)) = (given("value"), given("level1name")) else {
        return;
    };
    if !given("name").is_some_and(|name| name.eq_ignore_ascii_case("MS_Description")) {
        return;
    }
    let schema = given("level0name").into_iter().map(quoted);
    let name = ObjectName::from(schema.chain([quoted(table)]).collect::<Vec<Ident>>());
    let Some(table) = builder.table_mut(&name) else { return };
    match given("level2name") {
        None => table.comment = Some(value.to_owned()),
        Some(column) => {
            let column = table
                .columns
                .iter_mut()
                .find(|known| known.name.eq_ignore_ascii_case(column));
            if let Some(column) = column {
                column.comment = Some(value.to_owned());
            }
        }
    }
}

fn quoted(name: &str) -> Ident {
    Ident::with_quote('"', name)
}

/// Names and values; a value without a name has that of its place.
fn arguments(code: &[&Token<'_>]) -> Vec<(String, String)> {
    let start = code
        .iter()
        .position(|token| token.is_word("sp_addextendedproperty"))
        .map_or(code.len(), |at| at + 1);
    let parts = code[start..].split(|token| token.is_mark(","));
    let read = |(at, part): (usize, &[&Token<'_>])| {
        let name = part
            .first()
            .filter(|token| token.is_mark("@"))
            .and_then(|_| part.get(1));
        let value = part
            .iter()
            .rev()
            .find(|token| matches!(token.kind, TokenKind::String | TokenKind::Name | TokenKind::Word))?;
        let name = name.map_or_else(
            || ARGUMENTS.get(at).map(|name| (*name).to_owned()),
            |token| Some(token.text.to_lowercase()),
        );
        Some((name?, unquoted(value.text)))
    };
    parts.enumerate().filter_map(read).collect()
}

fn unquoted(text: &str) -> String {
    let close = match text.chars().next() {
        Some('[') => ']',
        Some(quote @ ('\'' | '"')) => quote,
        _ => return text.to_owned(),
    };
    let inner = text[1..].strip_suffix(close).unwrap_or(&text[1..]);
    inner.replace(&format!("{close}{close}"), &close.to_string())
}

/// Takes in `ALTER TABLE t ADD [CONSTRAINT c] DEFAULT value FOR column`; `false` where the statement is another.
pub(crate) fn add_default(code: &[&Token<'_>], text: &str, builder: &mut Builder) -> bool {
    let at = |word: &str| code.iter().position(|token| token.is_word(word) && token.depth == 0);
    let is_alter = code.first().is_some_and(|token| token.is_word("alter"));
    let (Some(add), Some(default), Some(to)) = (at("add"), at("default"), at("for")) else {
        return false;
    };
    let named = default == add + 3 && code[add + 1].is_word("constraint");
    if !is_alter || !(named || default == add + 1) || to < default {
        return false;
    }
    let name: Vec<Ident> = code[2..add]
        .iter()
        .filter(|token| !token.is_mark("."))
        .map(|token| quoted(&unquoted(token.text)))
        .collect();
    let value = text[code[default].end()..code[to].start].trim();
    let column = code.get(to + 1).map(|token| unquoted(token.text)).unwrap_or_default();
    if let Some(table) = builder.table_mut(&ObjectName::from(name)) {
        for known in table
            .columns
            .iter_mut()
            .filter(|known| known.name.eq_ignore_ascii_case(&column))
        {
            known.default = Some(value.to_owned());
        }
    }
    true
}
