//! Links between tables: declared foreign keys, and joins that column names imply.

use std::collections::BTreeMap;

use nl2sql_sdk::types::{Catalog, Table as CatalogTable};

use crate::Noun;
use crate::bridge::children;
use crate::role::is_short_id;
use crate::words::words;

/// A way from a child table to its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Referencing table.
    pub child: usize,
    /// Referenced table.
    pub parent: usize,
    /// Pairs of a referencing and a referenced column.
    pub columns: Vec<(usize, usize)>,
    /// What the parent is to the child in words, where the column says more than the parent's noun: "source airport".
    pub role: Option<String>,
    /// How the child stands to the parent, where the column says so before the parent's noun: "lost in" a battle.
    pub phrase: Option<String>,
    /// What the children are to the parent, where the parent's noun alone would leave it open: "match as home team" where a match refers
    /// to two teams, "direct report" of a manager.
    pub children: Option<Noun>,
    /// A foreign key declares it.
    pub declared: bool,
    /// A key of the child lies within the referencing columns, so that no parent has two children.
    pub one_to_one: bool,
}

/// Every link of the catalog, declared ones first, without dangling ones. What names imply goes by the `guessed` nouns; links are worded in
/// `nouns`, which a glossary may have given.
pub fn links(catalog: &Catalog, guessed: &[String], nouns: &[String]) -> Vec<Link> {
    let by_name = tables_by_name(catalog);
    let mut links = Vec::new();
    for (child, table) in catalog.tables.iter().enumerate() {
        for key in &table.foreign_keys {
            let schema = key.ref_schema.as_ref().or(table.schema.as_ref());
            let wanted = key.ref_table.to_lowercase();
            let candidates = by_name.get(&wanted).map_or(&[][..], Vec::as_slice);
            let parent = candidates
                .iter()
                .find(|candidate| catalog.tables[**candidate].schema.as_ref() == schema)
                .or_else(|| candidates.first());
            if let Some(link) =
                parent.and_then(|parent| declared(catalog, child, *parent, &key.columns, &key.ref_columns))
            {
                push_new(&mut links, link);
            }
        }
    }
    for link in implied(catalog, guessed, &links) {
        push_new(&mut links, link);
    }
    for link in &mut links {
        let said = role(catalog, link, &nouns[link.parent]);
        link.phrase = said.as_deref().and_then(|said| phrase(said, &nouns[link.parent]));
        link.role = said.filter(|_| link.phrase.is_none());
    }
    for index in 0..links.len() {
        links[index].children = children(&links, index, &nouns[links[index].child]);
    }
    links
}

fn push_new(links: &mut Vec<Link>, link: Link) {
    if !links
        .iter()
        .any(|known| known.child == link.child && known.columns == link.columns && known.parent == link.parent)
    {
        links.push(link);
    }
}

fn tables_by_name(catalog: &Catalog) -> BTreeMap<String, Vec<usize>> {
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, table) in catalog.tables.iter().enumerate() {
        by_name.entry(table.name.to_lowercase()).or_default().push(index);
    }
    by_name
}

fn column_of(table: &CatalogTable, name: &str) -> Option<usize> {
    let exact = table.columns.iter().position(|column| column.name == name);
    exact.or_else(|| {
        table
            .columns
            .iter()
            .position(|column| column.name.eq_ignore_ascii_case(name))
    })
}

fn declared(catalog: &Catalog, child: usize, parent: usize, from: &[String], to: &[String]) -> Option<Link> {
    let (child_table, parent_table) = (&catalog.tables[child], &catalog.tables[parent]);
    let to = if to.is_empty() { &parent_table.primary_key } else { to };
    if from.is_empty() || from.len() != to.len() {
        return None;
    }
    let columns = from
        .iter()
        .zip(to)
        .map(|(from, to)| Some((column_of(child_table, from)?, column_of(parent_table, to)?)))
        .collect::<Option<Vec<_>>>()?;
    Some(Link {
        child,
        parent,
        one_to_one: holds_a_key(child_table, &columns),
        columns,
        role: None,
        phrase: None,
        children: None,
        declared: true,
    })
}

/// The referencing columns hold all columns of some key of the child.
fn holds_a_key(child: &CatalogTable, columns: &[(usize, usize)]) -> bool {
    let refers = |name: &String| columns.iter().any(|(own, _)| child.columns[*own].name == *name);
    let unique = child.unique_keys.iter().map(|key| &key.columns);
    unique
        .chain([&child.primary_key])
        .any(|key| !key.is_empty() && key.iter().all(refers))
}

/// A column that is called like another table's whole primary key, or like its noun with "id", refers to it.
fn implied(catalog: &Catalog, nouns: &[String], known: &[Link]) -> Vec<Link> {
    let mut parents: BTreeMap<String, Vec<(usize, usize)>> = BTreeMap::new();
    for (index, table) in catalog.tables.iter().enumerate() {
        let [key] = table.primary_key.as_slice() else { continue };
        let Some(column) = column_of(table, key) else { continue };
        let plain = words(key).join(" ");
        let named = format!("{} id", nouns[index]);
        if plain.ends_with(" id") || plain.ends_with(" code") || is_short_id(&words(key)) {
            parents.entry(plain.clone()).or_default().push((index, column));
        }
        if plain == "id" {
            parents.entry(named).or_default().push((index, column));
        }
    }
    let linked: std::collections::BTreeSet<(usize, usize)> = known
        .iter()
        .flat_map(|link| link.columns.iter().map(|pair| (link.child, pair.0)))
        .collect();
    let mut links = Vec::new();
    for (child, table) in catalog.tables.iter().enumerate() {
        for (column, description) in table.columns.iter().enumerate() {
            let only_key = table.primary_key.len() == 1 && table.primary_key[0] == description.name;
            if only_key || linked.contains(&(child, column)) {
                continue;
            }
            let Some(candidates) = parents.get(&words(&description.name).join(" ")) else {
                continue;
            };
            if let [(parent, key)] = candidates.as_slice()
                && *parent != child
                && catalog.tables[*parent].columns[*key].type_class == description.type_class
            {
                let columns = vec![(column, *key)];
                links.push(Link {
                    child,
                    parent: *parent,
                    one_to_one: holds_a_key(table, &columns),
                    columns,
                    role: None,
                    phrase: None,
                    children: None,
                    declared: false,
                });
            }
        }
    }
    links
}

/// The words of a single referencing column without its "id", when they are not just the parent's noun.
fn role(catalog: &Catalog, link: &Link, noun: &str) -> Option<String> {
    let [(column, _)] = link.columns.as_slice() else {
        return None;
    };
    let mut parts = words(&catalog.tables[link.child].columns[*column].name);
    if matches!(parts.last().map(String::as_str), Some("id" | "code" | "number" | "ids")) && parts.len() > 1 {
        parts.pop();
    }
    while parts.len() > 1 && parts.last().is_some_and(|last| last == "is") {
        parts.pop();
    }
    let text = parts.join(" ");
    let same = text == noun || noun.ends_with(&text) || text.len() < 3 || noun.starts_with(&text) || text == "id";
    // `ship via` says how, and not who.
    (!same && !text.ends_with(" via")).then_some(text)
}

/// `lost in` of `lost in battle`, whose parent is a battle.
fn phrase(role: &str, noun: &str) -> Option<String> {
    const PREPOSITIONS: &[&str] = &["in", "by", "at", "of", "from", "to", "for", "on", "with"];
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    let rest = role
        .strip_suffix(noun)
        .or_else(|| role.strip_suffix(last))
        .unwrap_or(role)
        .trim_end();
    let word = rest.rsplit(' ').next().unwrap_or(rest);
    (rest.contains(' ') && PREPOSITIONS.contains(&word)).then(|| rest.to_owned())
}
