//! What a catalog must say of a schema whatever the database.

use std::collections::BTreeMap;

use nl2sql_catalog::{Database, Table, TableKind};

/// What must not depend on the database: names in lower case without `_`, as the projects spell them differently per database.
pub fn shape(database: &Database) -> BTreeMap<String, String> {
    let fold = |name: &String| name.to_lowercase().replace(['_', ' '], "");
    let list = |names: &[String]| names.iter().map(fold).collect::<Vec<_>>().join(",");
    let table = |table: &Table| {
        let mut keys: Vec<String> = table
            .foreign_keys
            .iter()
            .map(|key| {
                format!(
                    "{}->{}({})",
                    list(&key.columns),
                    fold(&key.ref_table),
                    list(&key.ref_columns)
                )
            })
            .collect();
        keys.sort();
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        format!(
            "{} | pk {} | fk {}",
            list(&columns),
            list(&table.primary_key),
            keys.join(" ")
        )
    };
    let tables = database.tables.iter().filter(|table| table.kind == TableKind::Table);
    tables.map(|entry| (fold(&entry.name), table(entry))).collect()
}
