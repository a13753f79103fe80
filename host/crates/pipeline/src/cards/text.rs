//! The text of one card.

use std::collections::BTreeMap;
use std::fmt::Write;

use nl2sql_catalog::{Column, Database, Table, TableKind};

use super::target_name;

/// Name, kind, rows and comment; a line per column; keys in and out.
pub(super) fn of(table: &Table, references: &References, shown_values: usize) -> String {
    let mut out = headline(table);
    for column in &table.columns {
        out.push_str(&column_line(table, column, shown_values));
    }
    if table.primary_key.len() > 1 {
        let _ = write!(out, "\n  key: {}", table.primary_key.join(", "));
    }
    for key in &table.unique_keys {
        let _ = write!(out, "\n  unique: {}", key.columns.join(", "));
    }
    for key in &table.foreign_keys {
        let target = target_name(table, &key.ref_schema, &key.ref_table);
        let _ = write!(
            out,
            "\n  {} -> {target}.{}",
            key.columns.join(", "),
            key.ref_columns.join(", ")
        );
    }
    for line in references.0.get(&table.qualified_name()).into_iter().flatten() {
        out.push_str(line);
    }
    out
}

/// The foreign keys that lead to each table from another, as lines of its card.
pub(super) struct References(BTreeMap<String, Vec<String>>);

impl References {
    pub(super) fn of(catalog: &Database) -> Self {
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for table in &catalog.tables {
            let from = table.qualified_name();
            for key in &table.foreign_keys {
                let to = target_name(table, &key.ref_schema, &key.ref_table);
                if to != from {
                    let line = format!("\n  <- {from}.{}", key.columns.join(", "));
                    lines.entry(to).or_default().push(line);
                }
            }
        }
        Self(lines)
    }
}

fn headline(table: &Table) -> String {
    let mut out = table.qualified_name();
    let kind = match table.kind {
        TableKind::Table => None,
        TableKind::View => Some("view"),
        TableKind::MaterializedView => Some("materialised view"),
        TableKind::Virtual => Some("virtual table"),
    };
    let rows = table.row_estimate.map(|rows| format!("about {rows} rows"));
    let notes: Vec<_> = kind.map(str::to_owned).into_iter().chain(rows).collect();
    if !notes.is_empty() {
        let _ = write!(out, " ({})", notes.join(", "));
    }
    if let Some(comment) = &table.comment {
        let _ = write!(out, ": {}", one_line(comment));
    }
    out
}

fn column_line(table: &Table, column: &Column, shown_values: usize) -> String {
    let mut out = format!("\n  {}", column.name);
    if !column.type_name.is_empty() {
        let _ = write!(out, " {}", column.type_name);
    }
    if table.primary_key == [column.name.clone()] {
        out.push_str(" primary key");
    } else if !column.nullable {
        out.push_str(" not null");
    }
    if let Some(comment) = &column.comment {
        let _ = write!(out, ": {}", one_line(comment));
    }
    if !column.labels.is_empty() {
        let _ = write!(out, "; one of {}", column.labels.join(", "));
    }
    if !column.samples.is_empty() && shown_values > 0 {
        let shown: Vec<_> = column.samples.iter().take(shown_values).map(String::as_str).collect();
        let _ = write!(out, "; e.g. {}", shown.join(", "));
    }
    out
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
