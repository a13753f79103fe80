//! What the catalog lists and the login cannot read, left out of an extraction: relations that no SELECT can read or that may not be read, and
//! columns that are not granted.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_catalog::{Table, TableKind};

use crate::catalog_rows::Extraction;

/// A column that the login may not read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadableColumn {
    /// Schema of the table; empty where there are none.
    pub schema: String,
    /// Its table.
    pub table: String,
    /// Its name.
    pub column: String,
}

/// Whether reading the relation runs something else than a scan of stored rows, so that only trying tells whether it can be read.
pub(crate) fn must_be_tried(table: &Table) -> bool {
    matches!(
        table.kind,
        TableKind::View | TableKind::MaterializedView | TableKind::Virtual
    )
}

/// Takes out columns that may not be read, what is declared about them, and tables that have no other.
pub(crate) fn leave_out_columns(extraction: &mut Extraction, columns: &[UnreadableColumn]) {
    let mut by_table: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for unreadable in columns {
        let names = by_table.entry((&unreadable.schema, &unreadable.table)).or_default();
        names.insert(&unreadable.column);
    }
    let mut emptied = Vec::new();
    for (at, table) in extraction.database.tables.iter_mut().enumerate() {
        let schema = table.schema.clone().unwrap_or_default();
        let Some(names) = by_table.get(&(schema.as_str(), table.name.as_str())) else {
            continue;
        };
        let hidden: Vec<String> = table
            .columns
            .iter()
            .filter(|column| names.contains(column.name.as_str()))
            .map(|column| column.name.clone())
            .collect();
        if hidden.is_empty() {
            continue;
        }
        if hidden.len() == table.columns.len() {
            emptied.push((at, "the login may not read any of its columns".to_owned()));
            continue;
        }
        drop_columns(table, &hidden);
        let plural = if hidden.len() == 1 { "column" } else { "columns" };
        let verb = if hidden.len() == 1 { "is" } else { "are" };
        extraction.notes.push(format!(
            "the {plural} {} of {} {verb} left out: the login may not read {}",
            hidden.join(", "),
            table.qualified_name(),
            if hidden.len() == 1 { "it" } else { "them" }
        ));
    }
    leave_out_relations(extraction, emptied);
    drop_dangling_keys(extraction);
}

/// Takes out relations by their places, each with the reason.
pub(crate) fn leave_out_relations(extraction: &mut Extraction, relations: Vec<(usize, String)>) {
    if relations.is_empty() {
        return;
    }
    let reasons: BTreeMap<usize, String> = relations.into_iter().collect();
    let tables = std::mem::take(&mut extraction.database.tables);
    for (at, table) in tables.into_iter().enumerate() {
        match reasons.get(&at) {
            Some(reason) => extraction.notes.push(format!(
                "{} is left out, for it cannot be read: {reason}",
                table.qualified_name()
            )),
            None => extraction.database.tables.push(table),
        }
    }
    drop_dangling_keys(extraction);
}

fn drop_columns(table: &mut Table, hidden: &[String]) {
    let is_hidden = |name: &String| hidden.contains(name);
    table.columns.retain(|column| !is_hidden(&column.name));
    if table.primary_key.iter().any(is_hidden) {
        table.primary_key.clear();
    }
    table.unique_keys.retain(|key| !key.columns.iter().any(is_hidden));
    table.foreign_keys.retain(|key| !key.columns.iter().any(is_hidden));
    // An expression is looked at as text: one that may speak of a hidden column goes with it.
    table
        .checks
        .retain(|check| !hidden.iter().any(|name| check.expression.contains(name.as_str())));
}

/// Foreign keys to tables or columns that are left out.
fn drop_dangling_keys(extraction: &mut Extraction) {
    let known: BTreeSet<(String, String, String)> = extraction
        .database
        .tables
        .iter()
        .flat_map(|table| {
            let schema = table.schema.clone().unwrap_or_default();
            let columns = table.columns.iter();
            columns.map(move |column| (schema.clone(), table.name.clone(), column.name.clone()))
        })
        .collect();
    for table in &mut extraction.database.tables {
        let own_schema = table.schema.clone().unwrap_or_default();
        let name = table.qualified_name();
        table.foreign_keys.retain(|key| {
            let schema = key.ref_schema.clone().unwrap_or_else(|| own_schema.clone());
            let stands = key
                .ref_columns
                .iter()
                .all(|column| known.contains(&(schema.clone(), key.ref_table.clone(), column.clone())));
            if !stands {
                extraction.notes.push(format!(
                    "the foreign key of {name} to {} is left out: the login cannot read its target",
                    key.ref_table
                ));
            }
            stands
        });
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Check, Column, Database, ForeignKey};

    use super::*;

    fn table(name: &str, columns: &[&str]) -> Table {
        let column = |name: &&str| Column {
            name: (*name).to_owned(),
            ..Column::default()
        };
        Table {
            schema: Some("public".into()),
            name: name.into(),
            columns: columns.iter().map(column).collect(),
            primary_key: vec!["id".into()],
            ..Table::default()
        }
    }

    fn extraction() -> Extraction {
        let mut person = table("person", &["id", "city", "salary"]);
        person.checks.push(Check {
            name: None,
            expression: "salary > 0".into(),
        });
        let mut visit = table("visit", &["id", "person"]);
        visit.foreign_keys.push(ForeignKey {
            columns: vec!["person".into()],
            ref_table: "person".into(),
            ref_columns: vec!["id".into()],
            ..ForeignKey::default()
        });
        Extraction {
            database: Database {
                tables: vec![person, visit],
                ..Database::default()
            },
            notes: Vec::new(),
        }
    }

    fn unreadable(column: &str) -> UnreadableColumn {
        UnreadableColumn {
            schema: "public".into(),
            table: "person".into(),
            column: column.into(),
        }
    }

    #[test]
    fn columns_go_with_what_is_declared_about_them() {
        let mut extraction = extraction();
        leave_out_columns(&mut extraction, &[unreadable("salary")]);
        let person = &extraction.database.tables[0];
        assert_eq!(person.columns.len(), 2);
        assert!(person.checks.is_empty() && person.primary_key == ["id"]);
        assert_eq!(extraction.database.tables[1].foreign_keys.len(), 1);
        assert_eq!(
            extraction.notes,
            ["the column salary of public.person is left out: the login may not read it"]
        );
    }

    #[test]
    fn keys_to_what_is_left_out_go_too() {
        let mut extraction = extraction();
        leave_out_columns(&mut extraction, &["id", "city", "salary"].map(unreadable));
        assert_eq!(extraction.database.tables.len(), 1);
        assert!(extraction.database.tables[0].foreign_keys.is_empty());
        assert_eq!(extraction.notes.len(), 2, "{:?}", extraction.notes);
    }
}
