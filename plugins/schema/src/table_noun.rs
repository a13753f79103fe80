//! What rows of a table are called.

use nl2sql_sdk::types::Table as CatalogTable;

use crate::Noun;
use crate::comment::english;
use crate::inflect::singular;
use crate::words::{is_word, words};

/// Words at the end of a table's name that say nothing about its rows.
const EMPTY_WORDS: &[&str] = &[
    "table",
    "tbl",
    "data",
    "list",
    "info",
    "information",
    "master",
    "details",
    "records",
    "entity",
];

/// Words at the start of a table's name that say nothing about its rows.
const EMPTY_PREFIXES: &[&str] = &["tbl", "dim", "fact", "tb", "reference", "vw", "view"];

/// What one row of the table is called; `prefix` letters of its name mean nothing.
pub fn table_noun(table: &CatalogTable, prefix: usize) -> String {
    if let Some(comment) = english(table.comment.as_deref()) {
        return singular(&comment);
    }
    let mut parts = words(table.name.get(prefix..).unwrap_or(&table.name));
    while parts.len() > 1 && EMPTY_WORDS.contains(&parts[parts.len() - 1].as_str()) {
        parts.pop();
    }
    while parts.len() > 1 && EMPTY_PREFIXES.contains(&parts[0].as_str()) {
        parts.remove(0);
    }
    while parts.len() > 1
        && parts[parts.len() - 1]
            .chars()
            .all(|character| character.is_ascii_digit())
    {
        parts.pop();
    }
    let last = parts.len().saturating_sub(1);
    for part in &mut parts[..last] {
        let one = singular(part);
        if is_word(&one) {
            *part = one;
        }
    }
    if parts.is_empty() {
        table.name.clone()
    } else {
        singular(&parts.join(" "))
    }
}

/// The noun without the noun of another table before it: the languages of countries are kept in `countrylanguage`.
pub fn short_noun(noun: &str, nouns: &[String]) -> Noun {
    const EMPTY: &[&str] = &[
        "name", "type", "detail", "status", "record", "history", "code", "number", "line", "data", "item",
    ];
    let rest = nouns
        .iter()
        .filter(|other| *other != noun)
        .find_map(|other| noun.strip_prefix(other.as_str())?.strip_prefix(' '));
    match rest {
        Some(rest) if !EMPTY.contains(&rest) && !nouns.iter().any(|other| other == rest) => Noun::new(rest),
        _ => Noun::new(noun),
    }
}
