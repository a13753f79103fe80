//! What the profile's glossary says of a table or column. It overrides every guess.

use nl2sql_sdk::types::Catalog;

/// Names and values that the host passes with a table or column.
type Extra = [(String, String)];

/// The word for one, in this language.
pub fn noun<'a>(extra: &'a Extra, language: &str) -> Option<&'a str> {
    term(extra, "noun", language)
}

/// The word for several.
pub fn plural<'a>(extra: &'a Extra, language: &str) -> Option<&'a str> {
    term(extra, "plural", language)
}

/// What numbers count; empty where the glossary does not say it.
pub fn unit(extra: &Extra, language: &str) -> String {
    term(extra, "unit", language).unwrap_or_default().to_owned()
}

/// The column that names a row.
pub fn display(extra: &Extra) -> Option<&str> {
    value(extra, "display")
}

/// The same catalog with other words: each gives every term that has synonyms its next one.
pub fn in_other_words(catalog: &Catalog) -> Vec<Catalog> {
    let of_tables = catalog.tables.iter().map(|table| &table.extra);
    let of_columns = catalog
        .tables
        .iter()
        .flat_map(|table| &table.columns)
        .map(|column| &column.extra);
    let most = of_tables.chain(of_columns).map(|extra| most_synonyms(extra)).max();
    (0..most.unwrap_or(0))
        .map(|nth| {
            let mut catalog = catalog.clone();
            for table in &mut catalog.tables {
                take_synonym(&mut table.extra, nth);
                for column in &mut table.columns {
                    take_synonym(&mut column.extra, nth);
                }
            }
            catalog
        })
        .collect()
}

fn most_synonyms(extra: &Extra) -> usize {
    let synonyms = extra.iter().filter(|(name, _)| name.starts_with("synonyms."));
    synonyms.map(|(_, words)| words.lines().count()).max().unwrap_or(0)
}

/// The synonym takes the place of the noun, and of its plural.
fn take_synonym(extra: &mut Vec<(String, String)>, nth: usize) {
    let synonyms: Vec<(String, String)> = extra
        .iter()
        .filter_map(|(name, words)| Some((name.strip_prefix("synonyms.")?.to_owned(), words.clone())))
        .collect();
    for (language, words) in synonyms {
        let words: Vec<&str> = words.lines().collect();
        if words.is_empty() {
            continue;
        }
        let named = [format!("noun.{language}"), format!("plural.{language}")];
        extra.retain(|(name, _)| !named.contains(name));
        let [noun, _] = named;
        extra.push((noun, words[nth % words.len()].to_owned()));
    }
}

fn term<'a>(extra: &'a Extra, kind: &str, language: &str) -> Option<&'a str> {
    let exact = value(extra, &format!("{kind}.{language}"));
    // `zh-CN` is Chinese as well.
    exact.or_else(|| {
        extra.iter().find_map(|(name, value)| {
            let tag = name.strip_prefix(kind)?.strip_prefix('.')?;
            let primary = tag.split(['-', '_']).next()?;
            primary.eq_ignore_ascii_case(language).then_some(value.as_str())
        })
    })
}

fn value<'a>(extra: &'a Extra, wanted: &str) -> Option<&'a str> {
    extra
        .iter()
        .find(|(name, _)| name == wanted)
        .map(|(_, value)| value.as_str())
}
