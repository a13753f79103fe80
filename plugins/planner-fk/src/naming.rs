//! Names of topics and the reasons for them, in English or Chinese.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_schema::Schema;

use crate::community::Community;

/// A unique name for each community: the nouns of the two tables that the others hang on.
pub fn names(schema: &Schema, communities: &[Community], language: &str) -> Vec<String> {
    let degrees = degrees(schema);
    let mut taken = BTreeSet::new();
    communities
        .iter()
        .map(|community| {
            let nouns: Vec<String> = hubs(schema, &degrees, community)
                .iter()
                .map(|table| noun(schema, *table, language))
                .collect();
            let name = (2..=4)
                .map(|count| joined(&nouns[..count.min(nouns.len())], language))
                .find(|name| !taken.contains(name))
                .unwrap_or_else(|| numbered(&joined(&nouns, language), &taken));
            taken.insert(name.clone());
            name
        })
        .collect()
}

/// Why the tables of a community belong together.
pub fn reason(schema: &Schema, community: &Community, language: &str) -> String {
    let degrees = degrees_within(schema, community);
    let hub = hubs(schema, &degrees, community)
        .first()
        .map_or(String::new(), |hub| noun(schema, *hub, language));
    let (tables, links) = (community.tables.len(), community.links);
    match (is_chinese(language), links, tables) {
        (true, _, 1) => format!("“{hub}”是一张独立的表。"),
        (true, 0, _) => format!("{tables}张没有外键的表，按名称归在一起。"),
        (true, ..) => format!("围绕“{hub}”的{tables}张表，由{links}个外键相连。"),
        (false, 0, 1) => format!("\"{hub}\" is a table of its own."),
        (false, _, 1) => format!("\"{hub}\" is a table that refers to itself."),
        (false, 0, _) => format!("{tables} tables without foreign keys, grouped by name."),
        (false, 1, _) => format!("{tables} tables around \"{hub}\", linked by one foreign key."),
        (false, ..) => format!("{tables} tables around \"{hub}\", linked by {links} foreign keys."),
    }
}

fn is_chinese(language: &str) -> bool {
    language.to_ascii_lowercase().starts_with("zh")
}

fn noun(schema: &Schema, table: usize, language: &str) -> String {
    let table = &schema.tables[table];
    if is_chinese(language) && !table.chinese.is_empty() {
        return table.chinese.clone();
    }
    let mut characters = table.noun.many.chars();
    let first: String = characters
        .next()
        .map(|first| first.to_uppercase().collect())
        .unwrap_or_default();
    first + characters.as_str()
}

fn joined(nouns: &[String], language: &str) -> String {
    if is_chinese(language) {
        return nouns.join("与");
    }
    let parts: Vec<String> = nouns
        .iter()
        .enumerate()
        .map(|(index, noun)| if index == 0 { noun.clone() } else { noun.to_lowercase() })
        .collect();
    parts.join(" and ")
}

fn numbered(name: &str, taken: &BTreeSet<String>) -> String {
    (2..)
        .map(|number| format!("{name} ({number})"))
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

/// The tables of a community that others hang on most; junctions last, ties to the order they joined.
fn hubs(schema: &Schema, degrees: &BTreeMap<usize, usize>, community: &Community) -> Vec<usize> {
    let mut tables = community.tables.clone();
    tables.sort_by_key(|table| {
        (
            schema.tables[*table].junction,
            std::cmp::Reverse(degrees.get(table).copied().unwrap_or(0)),
        )
    });
    tables
}

fn degrees(schema: &Schema) -> BTreeMap<usize, usize> {
    let mut degrees = BTreeMap::new();
    for link in &schema.links {
        *degrees.entry(link.child).or_insert(0) += 1;
        *degrees.entry(link.parent).or_insert(0) += 1;
    }
    degrees
}

fn degrees_within(schema: &Schema, community: &Community) -> BTreeMap<usize, usize> {
    let inside: BTreeSet<usize> = community.tables.iter().copied().collect();
    let mut degrees = BTreeMap::new();
    for link in schema
        .links
        .iter()
        .filter(|link| inside.contains(&link.child) && inside.contains(&link.parent))
    {
        *degrees.entry(link.child).or_insert(0) += 1;
        *degrees.entry(link.parent).or_insert(0) += 1;
    }
    degrees
}
