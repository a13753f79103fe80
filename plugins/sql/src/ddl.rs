//! CREATE TABLE text for the prompt of a language model.

use nl2sql_catalog::{Table, TableKind};

use crate::dialect::Dialect;
use crate::quote::quote;

/// Compact CREATE TABLE text: columns with types and comments, primary and foreign keys.
pub fn render_ddl(dialect: Dialect, table: &Table) -> String {
    let mut lines: Vec<(String, Option<String>)> = table
        .columns
        .iter()
        .map(|column| {
            let mut line = quote(dialect, &column.name);
            if !column.type_name.is_empty() {
                line.push(' ');
                line.push_str(&column.type_name);
            }
            if !column.nullable && !table.primary_key.contains(&column.name) {
                line.push_str(" NOT NULL");
            }
            if table.primary_key.len() == 1 && table.primary_key[0] == column.name {
                line.push_str(" PRIMARY KEY");
            }
            let mut note = column.comment.as_deref().map(one_line);
            if dialect == Dialect::Mysql
                && let Some(text) = note.take()
            {
                line.push_str(&format!(
                    " COMMENT '{}'",
                    text.replace('\\', "\\\\").replace('\'', "''")
                ));
            }
            if !column.samples.is_empty() {
                let values = format!(
                    "e.g. {}",
                    column
                        .samples
                        .iter()
                        .map(|value| one_line(value))
                        .collect::<Vec<_>>()
                        .join(", ")
                );
                note = Some(note.map_or(values.clone(), |text| format!("{text}; {values}")));
            }
            (line, note)
        })
        .collect();
    let list = |names: &[String]| {
        names
            .iter()
            .map(|name| quote(dialect, name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if table.primary_key.len() > 1 {
        lines.push((format!("PRIMARY KEY ({})", list(&table.primary_key)), None));
    }
    for key in &table.foreign_keys {
        let schema = key
            .ref_schema
            .as_ref()
            .map(|schema| format!("{}.", quote(dialect, schema)))
            .unwrap_or_default();
        let target = format!("{schema}{}", quote(dialect, &key.ref_table));
        let columns = if key.ref_columns.is_empty() {
            String::new()
        } else {
            format!(" ({})", list(&key.ref_columns))
        };
        lines.push((
            format!("FOREIGN KEY ({}) REFERENCES {target}{columns}", list(&key.columns)),
            None,
        ));
    }
    let comment = table.comment.as_deref().map(one_line).filter(|text| !text.is_empty());
    let mut ddl = String::new();
    if let Some(text) = comment.as_ref().filter(|_| dialect != Dialect::Mysql) {
        ddl.push_str(&format!("-- {text}\n"));
    }
    let schema = table
        .schema
        .as_ref()
        .filter(|schema| !is_default_schema(dialect, schema));
    let qualifier = schema
        .map(|schema| format!("{}.", quote(dialect, schema)))
        .unwrap_or_default();
    let verb = if table.kind == TableKind::View || table.kind == TableKind::MaterializedView {
        "CREATE VIEW"
    } else {
        "CREATE TABLE"
    };
    ddl.push_str(&format!("{verb} {qualifier}{} (\n", quote(dialect, &table.name)));
    let last = lines.len().saturating_sub(1);
    for (index, (line, note)) in lines.iter().enumerate() {
        ddl.push_str("  ");
        ddl.push_str(line);
        if index < last {
            ddl.push(',');
        }
        if let Some(note) = note.as_ref().filter(|note| !note.is_empty()) {
            ddl.push_str(&format!(" -- {note}"));
        }
        ddl.push('\n');
    }
    ddl.push(')');
    if let Some(text) = comment.filter(|_| dialect == Dialect::Mysql) {
        ddl.push_str(&format!(
            " COMMENT='{}'",
            text.replace('\\', "\\\\").replace('\'', "''")
        ));
    }
    ddl.push(';');
    ddl
}

fn is_default_schema(dialect: Dialect, schema: &str) -> bool {
    match dialect {
        Dialect::Sqlite => schema == "main",
        Dialect::Postgres => schema == "public",
        Dialect::Tsql => schema.eq_ignore_ascii_case("dbo"),
        Dialect::Mysql => true,
    }
}

/// Line breaks and runs of blanks become one blank: a `--` comment ends with its line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
