//! `[plugins.<name>]` of a profile, written without touching what stands around it.

use std::collections::BTreeSet;
use std::path::Path;

use toml_edit::{Array, DocumentMut, Item, Table, value};

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
        let plugins = document.entry("plugins").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let not_a_table = || SupplyError::bad_file(profile, "`plugins` is no table");
        let plugins = plugins.as_table_like_mut().ok_or_else(not_a_table)?;
        let entry = plugins.entry(self.name).or_insert_with(|| Item::Table(Table::new()));
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
        plugins.remove(name);
        if plugins.is_empty() {
            document.remove("plugins");
        }
    }
    replace(profile, document.to_string().as_bytes())
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
}
