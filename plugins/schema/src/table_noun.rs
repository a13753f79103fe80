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
const EMPTY_PREFIXES: &[&str] = &["tbl", "dim", "fact", "tb", "reference", "vw", "view", "qry", "query"];

/// What rows of each table are called. A word that says little is left out, unless another table goes by what is left: the rows of
/// "Order Details" are no orders.
pub fn table_nouns(tables: &[CatalogTable], prefix: usize) -> Vec<String> {
    let short: Vec<String> = tables.iter().map(|table| table_noun(table, prefix, true)).collect();
    let clashes = |index: usize| short.iter().filter(|noun| **noun == short[index]).count() > 1;
    (0..tables.len())
        .map(|index| {
            if clashes(index) {
                table_noun(&tables[index], prefix, false)
            } else {
                short[index].clone()
            }
        })
        .collect()
}

/// What one row of the table is called; `prefix` letters of its name mean nothing, and `shortens` leaves out what says little.
fn table_noun(table: &CatalogTable, prefix: usize, shortens: bool) -> String {
    if let Some(comment) = english(table.comment.as_deref()) {
        return singular(&comment);
    }
    let mut parts = words(table.name.get(prefix..).unwrap_or(&table.name));
    while shortens && parts.len() > 1 && EMPTY_WORDS.contains(&parts[parts.len() - 1].as_str()) {
        parts.pop();
    }
    while parts.len() > 1 && EMPTY_PREFIXES.contains(&parts[0].as_str()) {
        parts.remove(0);
    }
    while shortens
        && parts.len() > 1
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
    // A row that says who has which pet is no "has pet".
    if parts.len() > 1 && matches!(parts[0].as_str(), "has" | "have") {
        parts.remove(0);
        parts.push("record".to_owned());
    }
    // The amounts of a column are sales, a row of a table is a sale.
    if parts.last().is_some_and(|last| last == "sales") {
        parts.pop();
        parts.push("sale".to_owned());
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
    let preposed = |rest: &str| {
        matches!(
            rest.split(' ').next(),
            Some("in" | "of" | "at" | "on" | "for" | "by" | "with" | "to")
        )
    };
    match rest {
        // `singer in concert` is no "in concert".
        Some(rest) if preposed(rest) => Noun::new(noun),
        Some(rest) if !EMPTY.contains(&rest) && !nouns.iter().any(|other| other == rest) => Noun::new(rest),
        _ => Noun::new(noun),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nouns(names: &[&str]) -> Vec<String> {
        let tables: Vec<CatalogTable> = names
            .iter()
            .map(|name| CatalogTable {
                name: (*name).to_owned(),
                ..CatalogTable::default()
            })
            .collect();
        table_nouns(&tables, 0)
    }

    #[test]
    fn a_table_keeps_its_own_name_beside_another() {
        assert_eq!(nouns(&["Orders", "Order Details"]), ["order", "order detail"]);
        assert_eq!(nouns(&["customer_details", "orders"]), ["customer", "order"]);
        assert_eq!(nouns(&["qry_sales", "orders"]), ["sale", "order"]);
    }
}
