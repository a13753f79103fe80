//! What names and comments say.

use std::collections::BTreeMap;

use nl2sql_catalog::{Column, Database, Table, TypeClass};
use nl2sql_profile::{ColumnTerms, TableTerms};

use super::Glossary;

/// Maximum words of a comment that is a name.
const MAX_NAME_WORDS: usize = 4;

/// Last words of columns that name a row.
const NAMING: [&str; 4] = ["name", "title", "label", "description"];

/// Terms of every table in these languages, as far as names and comments give any.
pub fn draft(catalog: &Database, languages: &[String]) -> Glossary {
    let tables = catalog.tables.iter();
    tables
        .map(|table| (table.qualified_name(), of_table(table, languages)))
        .collect()
}

fn of_table(table: &Table, languages: &[String]) -> TableTerms {
    let columns = table.columns.iter().map(|column| {
        let noun = nouns(&column.name, column.comment.as_deref(), languages);
        let terms = ColumnTerms {
            noun,
            ..ColumnTerms::default()
        };
        (column.name.clone(), terms)
    });
    let mut noun = nouns(&table.name, table.comment.as_deref(), languages);
    for (language, word) in &mut noun {
        if is(language, "en") {
            *word = singular(word);
        }
    }
    TableTerms {
        noun,
        display: display(table),
        columns: columns.collect(),
        ..TableTerms::default()
    }
}

/// English comes from the name where no comment has it; other languages are in comments alone.
fn nouns(name: &str, comment: Option<&str>, languages: &[String]) -> BTreeMap<String, String> {
    let noun = |language: &String| {
        let said = comment.and_then(|comment| name_in(comment, language));
        let word = match is(language, "en") {
            true => said.unwrap_or_else(|| words(name).join(" ")),
            false => said?,
        };
        (!word.is_empty()).then(|| (language.clone(), word))
    };
    languages.iter().filter_map(noun).collect()
}

/// The first words of a comment, where they are a name in this language.
fn name_in(comment: &str, language: &str) -> Option<String> {
    let first = comment
        .split([',', ';', ':', '.', '(', '，', '；', '：', '。', '（', '\n'])
        .next()?
        .trim();
    let is_han = |letter: char| matches!(letter, '\u{3400}'..='\u{9fff}');
    let fits = match language {
        language if is(language, "en") => first.is_ascii() && first.split_whitespace().count() <= MAX_NAME_WORDS,
        language if is(language, "zh") => first.chars().any(is_han),
        _ => false,
    };
    (fits && !first.is_empty()).then(|| match is(language, "en") {
        true => first.to_lowercase(),
        false => first.trim_end_matches('表').to_owned(),
    })
}

/// The column that names a row.
fn display(table: &Table) -> Option<String> {
    let texts: Vec<&Column> = table
        .columns
        .iter()
        .filter(|column| column.type_class == TypeClass::Text)
        .collect();
    NAMING.iter().find_map(|naming| {
        let called_so = |column: &&&Column| words(&column.name).last().is_some_and(|last| last == naming);
        let found: Vec<&&Column> = texts.iter().filter(called_so).collect();
        match found[..] {
            [only] => Some(only.name.clone()),
            _ => None,
        }
    })
}

/// `OrderDetails` and `order_details` as words.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for letter in name.chars() {
        let begins = !before.is_alphanumeric() || (letter.is_uppercase() && before.is_lowercase());
        if letter.is_alphanumeric() {
            match words.last_mut() {
                Some(word) if !begins => word.extend(letter.to_lowercase()),
                _ => words.push(letter.to_lowercase().collect()),
            }
        }
        before = letter;
    }
    words
}

/// The usual singular of the last word.
fn singular(phrase: &str) -> String {
    const SIBILANTS: [&str; 5] = ["sses", "xes", "ches", "shes", "zes"];
    if let Some(stem) = phrase.strip_suffix("ies").filter(|stem| stem.chars().count() > 1) {
        return format!("{stem}y");
    }
    if SIBILANTS.iter().any(|ending| phrase.ends_with(ending)) {
        return phrase[..phrase.len() - 2].to_owned();
    }
    let is_one = ["ss", "us", "is"].iter().any(|ending| phrase.ends_with(ending));
    match phrase.strip_suffix('s') {
        Some(stem) if !is_one && !stem.is_empty() => stem.to_owned(),
        _ => phrase.to_owned(),
    }
}

fn is(tag: &str, language: &str) -> bool {
    tag.split(['-', '_'])
        .next()
        .is_some_and(|primary| primary.eq_ignore_ascii_case(language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, comment: Option<&str>) -> Column {
        Column {
            name: name.into(),
            comment: comment.map(str::to_owned),
            type_class: TypeClass::Text,
            ..Column::default()
        }
    }

    #[test]
    fn names_and_comments_give_nouns() {
        let catalog = Database {
            tables: vec![Table {
                name: "OrderDetails".into(),
                comment: Some("订单明细表，每行一种商品".into()),
                columns: vec![
                    column("ProductName", Some("商品名称")),
                    column("unit_price", Some("net price, without tax")),
                ],
                ..Table::default()
            }],
            ..Database::default()
        };
        let draft = draft(&catalog, &["en".to_owned(), "zh".to_owned()]);
        let table = &draft["OrderDetails"];
        assert_eq!(
            (table.noun["en"].as_str(), table.noun["zh"].as_str()),
            ("order detail", "订单明细")
        );
        assert_eq!(table.display.as_deref(), Some("ProductName"));
        assert_eq!(table.columns["ProductName"].noun["zh"], "商品名称");
        assert_eq!(table.columns["unit_price"].noun["en"], "net price");
        assert!(!table.columns["unit_price"].noun.contains_key("zh"));
    }

    #[test]
    fn singulars_are_the_usual_ones() {
        for (many, one) in [
            ("cities", "city"),
            ("boxes", "box"),
            ("bus", "bus"),
            ("addresses", "address"),
            ("orders", "order"),
        ] {
            assert_eq!(singular(many), one);
        }
    }
}
