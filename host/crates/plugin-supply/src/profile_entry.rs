//! `[plugins.<name>]` of a profile, written without touching what stands around it.

use std::collections::BTreeSet;
use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, RawString, Table, value};

use crate::SupplyError;
use crate::lock::replace;

/// What a profile says about a plugin that was added.
pub(crate) struct ProfileEntry<'a> {
    pub(crate) name: &'a str,
    pub(crate) source: &'a str,
    pub(crate) grants: &'a BTreeSet<String>,
    pub(crate) unsigned: bool,
}

impl ProfileEntry<'_> {
    /// Writes the entry; other keys of it stay.
    pub(crate) fn write(&self, profile: &Path) -> Result<(), SupplyError> {
        let mut document = read(profile)?;
        let document_end = document.trailing().clone();
        if !has_entry(&document, self.name) {
            document.set_trailing("");
        }
        let plugins = document.entry("plugins").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let not_a_table = || SupplyError::bad_file(profile, "`plugins` is no table");
        let plugins = plugins.as_table_like_mut().ok_or_else(not_a_table)?;
        let end = document_end.as_str().unwrap_or_default();
        let entry = plugins.entry(self.name).or_insert_with(|| Item::Table(last_table(end)));
        let entry = entry.as_table_like_mut().ok_or_else(not_a_table)?;
        entry.insert("source", value(self.source));
        if self.grants.is_empty() {
            entry.remove("grant");
        } else {
            entry.insert("grant", value(Array::from_iter(self.grants)));
        }
        if self.unsigned {
            entry.insert("unsigned", value(true));
        } else {
            entry.remove("unsigned");
        }
        replace(profile, document.to_string().as_bytes())
    }
}

/// Takes the entry of a plugin out.
pub(crate) fn remove(profile: &Path, name: &str) -> Result<(), SupplyError> {
    let mut document = read(profile)?;
    if let Some(plugins) = document.get_mut("plugins").and_then(Item::as_table_like_mut) {
        let removed = plugins.remove(name);
        if plugins.is_empty() {
            document.remove("plugins");
        }
        if let Some(Item::Table(table)) = removed {
            keep_what_stood_before(&mut document, &table);
        }
    }
    replace(profile, document.to_string().as_bytes())
}

fn has_entry(document: &DocumentMut, name: &str) -> bool {
    let plugins = document.get("plugins").and_then(Item::as_table_like);
    plugins.is_some_and(|plugins| plugins.contains_key(name))
}

/// A table at the end of the file, behind the comments that stand there: they belong to the table before.
fn last_table(end: &str) -> Table {
    let mut table = Table::new();
    table.set_position(usize::MAX);
    if !end.is_empty() {
        table
            .decor_mut()
            .set_prefix(format!("{}\n\n", end.trim_end_matches('\n')));
    }
    table
}

/// Hands the comments before a table that was removed to what comes after it.
fn keep_what_stood_before(document: &mut DocumentMut, removed: &Table) {
    let before = removed.decor().prefix().and_then(RawString::as_str).unwrap_or_default();
    let Some(comments) = before.strip_suffix('\n').filter(|text| !text.trim().is_empty()) else {
        return;
    };
    let mut next: Option<usize> = None;
    visit_tables(document.as_table_mut(), &mut |table| {
        let later = table.position().filter(|at| Some(*at) > removed.position());
        next = [next, later].into_iter().flatten().min();
    });
    if next.is_none() {
        let end = format!("{comments}{}", document.trailing().as_str().unwrap_or_default());
        document.set_trailing(end);
        return;
    }
    visit_tables(document.as_table_mut(), &mut |table| {
        if table.position() == next {
            let own = table.decor().prefix().and_then(RawString::as_str).unwrap_or_default();
            let both = format!("{comments}{own}");
            table.decor_mut().set_prefix(both);
        }
    });
}

fn visit_tables(table: &mut Table, see: &mut dyn FnMut(&mut Table)) {
    see(table);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(table) => visit_tables(table, see),
            Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| visit_tables(table, see)),
            _ => {}
        }
    }
}

fn read(profile: &Path) -> Result<DocumentMut, SupplyError> {
    let text = std::fs::read_to_string(profile).map_err(|error| SupplyError::bad_file(profile, error))?;
    text.parse()
        .map_err(|error: toml_edit::TomlError| SupplyError::bad_file(profile, error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_written_changed_and_removed_beside_comments_of_the_user() {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("nl2sql.toml");
        let mine = "# mine\n[plan]\ntotal = 10 # few\n\n[plugins.own]\npath = \"own.wasm\"\n";
        std::fs::write(&profile, mine).unwrap();
        let grants: BTreeSet<String> = ["query".into(), "sql".into()].into();
        let mut entry = ProfileEntry {
            name: "theirs",
            source: "oci://registry.example.com/theirs:1",
            grants: &grants,
            unsigned: true,
        };
        entry.write(&profile).unwrap();
        let text = std::fs::read_to_string(&profile).unwrap();
        assert!(text.starts_with(mine.trim_end()), "{text}");
        assert!(text.contains("[plugins.theirs]"), "{text}");
        assert!(text.contains("grant = [\"query\", \"sql\"]\nunsigned = true"), "{text}");
        entry.unsigned = false;
        entry.write(&profile).unwrap();
        let text = std::fs::read_to_string(&profile).unwrap();
        assert!(!text.contains("unsigned"), "{text}");
        remove(&profile, "theirs").unwrap();
        assert_eq!(std::fs::read_to_string(&profile).unwrap(), mine);
    }

    #[test]
    fn comments_stay_with_the_table_that_they_belong_to() {
        let folder = tempfile::tempdir().unwrap();
        let profile = folder.path().join("nl2sql.toml");
        let mine = "[plugins.own]\npath = \"own.wasm\"\n# grant = []\n\n[queue]\n# url = \"\"\n# lease_ms = 1\n";
        std::fs::write(&profile, mine).unwrap();
        let no_grants = BTreeSet::new();
        let entry = |name| ProfileEntry {
            name,
            source: "theirs.wasm",
            grants: &no_grants,
            unsigned: false,
        };
        let text = || std::fs::read_to_string(&profile).unwrap();
        entry("one").write(&profile).unwrap();
        entry("two").write(&profile).unwrap();
        let added = |name: &str| format!("\n[plugins.{name}]\nsource = \"theirs.wasm\"\n");
        assert_eq!(text(), [mine, &added("one"), &added("two")].concat());
        remove(&profile, "one").unwrap();
        assert_eq!(text(), [mine, &added("two")].concat());
        remove(&profile, "two").unwrap();
        assert_eq!(text(), mine);
    }
}
