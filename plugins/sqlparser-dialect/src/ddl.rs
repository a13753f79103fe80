//! CREATE TABLE text for a prompt.

use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::types::{Column, Table};

use crate::identifiers::quote;

/// CREATE TABLE with keys, and comments behind the columns.
pub(crate) fn render(info: &DialectInfo, table: &Table) -> String {
    let list = |names: &[String]| {
        names
            .iter()
            .map(|name| quote(info, name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let qualified = |schema: Option<&String>, name: &str| match schema {
        Some(schema) => format!("{}.{}", quote(info, schema), quote(info, name)),
        None => quote(info, name),
    };
    let mut lines: Vec<(String, Option<&String>)> = table
        .columns
        .iter()
        .map(|column| (definition(info, column), column.comment.as_ref()))
        .collect();
    if !table.primary_key.is_empty() {
        lines.push((format!("PRIMARY KEY ({})", list(&table.primary_key)), None));
    }
    for key in &table.foreign_keys {
        let parent = qualified(key.ref_schema.as_ref(), &key.ref_table);
        let line = format!(
            "FOREIGN KEY ({}) REFERENCES {parent} ({})",
            list(&key.columns),
            list(&key.ref_columns)
        );
        lines.push((line, None));
    }
    let count = lines.len();
    let mut text = table
        .comment
        .as_ref()
        .map_or(String::new(), |comment| format!("-- {}\n", one_line(comment)));
    let name = qualified(table.schema.as_ref(), &table.name);
    text.push_str(&format!("CREATE TABLE {name} (\n"));
    for (at, (line, comment)) in lines.into_iter().enumerate() {
        let comma = if at + 1 < count { "," } else { "" };
        let comment = comment.map_or(String::new(), |comment| format!(" -- {}", one_line(comment)));
        text.push_str(&format!("  {line}{comma}{comment}\n"));
    }
    text.push(')');
    text
}

fn definition(info: &DialectInfo, column: &Column) -> String {
    let not_null = if column.nullable { "" } else { " NOT NULL" };
    format!("{} {}{not_null}", quote(info, &column.name), column.type_name)
        .trim_end()
        .to_owned()
}

fn one_line(comment: &str) -> String {
    comment.split_whitespace().collect::<Vec<_>>().join(" ")
}
