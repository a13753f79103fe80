//! The schema for those who write statements themselves: names, types, keys and comments, and no values.

use nl2sql_catalog::{Database, Table, TableKind};
use serde::Serialize;

use super::AccessPolicy;

/// Tables told of at once.
const MAX_TABLES: usize = 200;

/// A table or view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableDescription {
    /// Schema it lives in.
    pub schema: Option<String>,
    /// Name.
    pub name: String,
    /// Whether it is a view.
    pub view: bool,
    /// Comment of the database.
    pub comment: Option<String>,
    /// Columns that may be read.
    pub columns: Vec<ColumnDescription>,
    /// Columns of the primary key.
    pub primary_key: Vec<String>,
    /// Foreign keys, as `columns -> table (columns)`.
    pub foreign_keys: Vec<String>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnDescription {
    /// Name.
    pub name: String,
    /// Type as the database spells it.
    pub r#type: String,
    /// Comment of the database.
    pub comment: Option<String>,
}

/// Tables that the policy lets be read and that match, by name, comment or terms of theirs or of their columns.
pub(super) fn search(catalog: &Database, wanted: Option<&str>, policy: &AccessPolicy) -> Vec<TableDescription> {
    let wanted = wanted.unwrap_or_default().to_lowercase();
    let readable = catalog.tables.iter().filter(|table| {
        let named = policy.allows_table(table.schema.as_deref(), &table.name);
        named && (table.kind == TableKind::Table || !policy.restricts() || !policy.tables.is_empty())
    });
    readable
        .map(|table| describe(&table.with_terms_in_comments(), policy))
        .filter(|table| matches(table, &wanted))
        .take(MAX_TABLES)
        .collect()
}

fn describe(table: &Table, policy: &AccessPolicy) -> TableDescription {
    let allowed = |column: &str| policy.allows_column(table.schema.as_deref(), &table.name, column);
    let columns = table.columns.iter().filter(|column| allowed(&column.name));
    let keys = table.foreign_keys.iter().filter(|key| {
        let other = policy.allows_table(None, &key.ref_table);
        other && key.columns.iter().all(|column| allowed(column))
    });
    TableDescription {
        schema: table.schema.clone(),
        name: table.name.clone(),
        view: table.kind != TableKind::Table,
        comment: table.comment.clone(),
        columns: columns
            .map(|column| ColumnDescription {
                name: column.name.clone(),
                r#type: column.type_name.clone(),
                comment: column.comment.clone(),
            })
            .collect(),
        primary_key: table
            .primary_key
            .iter()
            .filter(|column| allowed(column))
            .cloned()
            .collect(),
        foreign_keys: keys
            .map(|key| {
                format!(
                    "{} -> {} ({})",
                    key.columns.join(", "),
                    key.ref_table,
                    key.ref_columns.join(", ")
                )
            })
            .collect(),
    }
}

fn matches(table: &TableDescription, wanted: &str) -> bool {
    let own = [Some(&table.name), table.comment.as_ref()].into_iter();
    let of_columns = table
        .columns
        .iter()
        .flat_map(|column| [Some(&column.name), column.comment.as_ref()]);
    own.chain(of_columns)
        .flatten()
        .any(|text| text.to_lowercase().contains(wanted))
}
