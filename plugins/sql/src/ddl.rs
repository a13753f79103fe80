//! CREATE TABLE text for the prompt of a language model.

use nl2sql_catalog::{Column, ForeignKey, Table, TableKind};

use crate::dialect::Dialect;
use crate::quote::quote;

/// Compact CREATE TABLE text: columns with types and comments, primary and foreign keys.
pub fn render_ddl(dialect: Dialect, table: &Table) -> String {
    let comment = table.comment.as_deref().map(one_line).filter(|text| !text.is_empty());
    let mysql = dialect == Dialect::Mysql;
    let mut ddl = String::new();
    if let Some(text) = comment.as_ref().filter(|_| !mysql) {
        ddl.push_str(&format!("-- {text}\n"));
    }
    let view = matches!(table.kind, TableKind::View | TableKind::MaterializedView);
    let schema = table
        .schema
        .as_ref()
        .filter(|schema| !is_default_schema(dialect, schema));
    let qualifier = schema
        .map(|schema| format!("{}.", quote(dialect, schema)))
        .unwrap_or_default();
    let verb = if view { "CREATE VIEW" } else { "CREATE TABLE" };
    ddl.push_str(&format!("{verb} {qualifier}{} (\n", quote(dialect, &table.name)));
    let lines = lines(dialect, table);
    for (index, line) in lines.iter().enumerate() {
        let comma = if index + 1 < lines.len() { "," } else { "" };
        let note = line.note.as_ref().map(|note| format!(" -- {note}")).unwrap_or_default();
        ddl.push_str(&format!("  {}{comma}{note}\n", line.definition));
    }
    ddl.push(')');
    if let Some(text) = comment.filter(|_| mysql) {
        ddl.push_str(&format!(" COMMENT='{}'", mysql_string(&text)));
    }
    ddl.push(';');
    ddl
}

/// One line between the parentheses.
struct Line {
    definition: String,
    /// Comment at its end.
    note: Option<String>,
}

/// Columns, then keys.
fn lines(dialect: Dialect, table: &Table) -> Vec<Line> {
    let mut lines: Vec<Line> = table
        .columns
        .iter()
        .map(|column| column_line(dialect, table, column))
        .collect();
    if table.primary_key.len() > 1 {
        let definition = format!("PRIMARY KEY ({})", names(dialect, &table.primary_key));
        lines.push(Line { definition, note: None });
    }
    let keys = table.foreign_keys.iter().map(|key| Line {
        definition: foreign_key(dialect, key),
        note: None,
    });
    lines.extend(keys);
    lines
}

fn column_line(dialect: Dialect, table: &Table, column: &Column) -> Line {
    let mut definition = quote(dialect, &column.name);
    if !column.type_name.is_empty() {
        definition.push(' ');
        definition.push_str(&column.type_name);
    }
    let keyed = table.primary_key.contains(&column.name);
    if !column.nullable && !keyed {
        definition.push_str(" NOT NULL");
    }
    if keyed && table.primary_key.len() == 1 {
        definition.push_str(" PRIMARY KEY");
    }
    let mut notes = Vec::new();
    match column.comment.as_deref().map(one_line).filter(|text| !text.is_empty()) {
        Some(text) if dialect == Dialect::Mysql => {
            definition.push_str(&format!(" COMMENT '{}'", mysql_string(&text)));
        }
        comment => notes.extend(comment),
    }
    if !column.samples.is_empty() {
        let values: Vec<String> = column.samples.iter().map(|value| one_line(value)).collect();
        notes.push(format!("e.g. {}", values.join(", ")));
    }
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Line { definition, note }
}

fn foreign_key(dialect: Dialect, key: &ForeignKey) -> String {
    let schema = key
        .ref_schema
        .as_ref()
        .map(|schema| format!("{}.", quote(dialect, schema)))
        .unwrap_or_default();
    let referenced = if key.ref_columns.is_empty() {
        String::new()
    } else {
        format!(" ({})", names(dialect, &key.ref_columns))
    };
    let table = quote(dialect, &key.ref_table);
    format!(
        "FOREIGN KEY ({}) REFERENCES {schema}{table}{referenced}",
        names(dialect, &key.columns)
    )
}

fn names(dialect: Dialect, names: &[String]) -> String {
    names
        .iter()
        .map(|name| quote(dialect, name))
        .collect::<Vec<_>>()
        .join(", ")
}

fn is_default_schema(dialect: Dialect, schema: &str) -> bool {
    match dialect {
        Dialect::Sqlite => schema == "main",
        Dialect::Postgres => schema == "public",
        Dialect::Tsql => schema.eq_ignore_ascii_case("dbo"),
        Dialect::Mysql => true,
    }
}

/// The inside of a string of MySQL.
fn mysql_string(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\'', "''")
}

/// Line breaks and runs of blanks become one blank: a `--` comment ends with its line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
