//! The text of one card.

use std::fmt::Write;

use nl2sql_catalog::{Column, Database, Table, TableKind};

use super::target_name;

/// Name, kind, rows and comment; a line per column; keys in and out.
pub(super) fn of(table: &Table, catalog: &Database, shown_values: usize) -> String {
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
    let name = table.qualified_name();
    for other in catalog.tables.iter().filter(|other| other.qualified_name() != name) {
        for key in &other.foreign_keys {
            if target_name(other, &key.ref_schema, &key.ref_table) == name {
                let _ = write!(out, "\n  <- {}.{}", other.qualified_name(), key.columns.join(", "));
            }
        }
    }
    out
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
