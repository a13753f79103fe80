//! The repo's demo databases in memory, with their catalogs.

use std::collections::BTreeMap;

use nl2sql_generator_grammar::Session;
use nl2sql_sdk::generator::Request;
use nl2sql_sdk::types::{Catalog, Column, ForeignKey, Sample, Table, Topic};
use nl2sql_sql::Dialect;
use nl2sql_sql::guest::describe;
use rusqlite::Connection;

/// The script of the concert database.
pub const CONCERTS: &str = include_str!("../../../profiles/demo/concert_singer.sql");
/// The script of the Chinese sales database.
#[allow(dead_code)] // Not every test binary asks in Chinese.
pub const SALES: &str = include_str!("../../../profiles/demo/sales_zh.sql");

/// A database and its catalog, values included.
pub fn open(script: &str) -> (Connection, Catalog) {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(script).unwrap();
    let mut statement = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let tables: Vec<(String, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    drop(statement);
    let tables = tables
        .into_iter()
        .map(|(name, sql)| table(&connection, &name, &sql))
        .collect();
    (
        connection,
        Catalog {
            name: "demo".to_owned(),
            dialect: "sqlite".to_owned(),
            tables,
            ..Catalog::default()
        },
    )
}

fn table(connection: &Connection, name: &str, sql: &str) -> Table {
    let comment = |line: &str| line.split_once("-- ").map(|(_, comment)| comment.trim().to_owned());
    let mut statement = connection
        .prepare("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1) ORDER BY cid")
        .unwrap();
    let rows: Vec<(String, String, bool, usize)> = statement
        .query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let mut key: Vec<(usize, String)> = rows
        .iter()
        .filter(|row| row.3 > 0)
        .map(|row| (row.3, row.0.clone()))
        .collect();
    key.sort();
    let columns = rows
        .into_iter()
        .map(|(column, type_name, not_null, part)| Column {
            comment: sql
                .lines()
                .find(|line| line.trim_start().starts_with(&format!("\"{column}\"")))
                .and_then(comment),
            type_class: class(&type_name).to_owned(),
            nullable: !not_null && part == 0,
            samples: values(connection, name, &column),
            name: column,
            type_name,
            ..Column::default()
        })
        .collect();
    Table {
        name: name.to_owned(),
        kind: "table".to_owned(),
        comment: sql.lines().next().and_then(comment),
        columns,
        primary_key: key.into_iter().map(|(_, column)| column).collect(),
        foreign_keys: foreign_keys(connection, name),
        row_estimate: connection
            .query_row(&format!("SELECT count(*) FROM \"{name}\""), [], |row| row.get(0))
            .ok(),
        ..Table::default()
    }
}

fn class(type_name: &str) -> &'static str {
    match type_name.split('(').next().unwrap_or_default() {
        "INTEGER" => "integer",
        "REAL" => "float",
        "DECIMAL" => "decimal",
        "DATE" => "date",
        "BOOLEAN" => "boolean",
        "BLOB" => "binary",
        _ => "text",
    }
}

fn values(connection: &Connection, table: &str, column: &str) -> Vec<String> {
    let (column, table) = (column.replace('"', "\"\""), table.replace('"', "\"\""));
    let sql = format!(
        "SELECT CAST(\"{column}\" AS TEXT) FROM \"{table}\" WHERE \"{column}\" IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 30"
    );
    connection
        .prepare(&sql)
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

fn foreign_keys(connection: &Connection, table: &str) -> Vec<ForeignKey> {
    let mut statement = connection
        .prepare("SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?1) ORDER BY id, seq")
        .unwrap();
    let mut keys: BTreeMap<i64, ForeignKey> = BTreeMap::new();
    let rows = statement
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .unwrap();
    for row in rows {
        let (id, parent, from, to): (i64, String, String, String) = row.unwrap();
        let key = keys.entry(id).or_default();
        key.ref_table = parent;
        key.columns.push(from);
        key.ref_columns.push(to);
    }
    keys.into_values().collect()
}

/// A session that writes SQL of this dialect.
pub fn session(catalog: &Catalog, dialect: &str, options: &str) -> Session {
    let dialect = describe(Dialect::from_name(dialect).unwrap());
    Session::open(catalog, &dialect, options, 42).unwrap()
}

/// A request over all tables.
pub fn request(catalog: &Catalog, want: u32, languages: &[&str]) -> Request {
    let tables = catalog.tables.iter().map(|table| table.name.clone()).collect();
    Request {
        topic: Topic {
            name: "everything".to_owned(),
            tables,
            ..Topic::default()
        },
        want,
        languages: languages.iter().map(|language| ((*language).to_owned(), 1.0)).collect(),
        ..Request::default()
    }
}

/// The catalog of a script, with its values or without any.
pub fn catalog(script: &str, values: bool) -> Catalog {
    let (_, mut catalog) = open(script);
    let columns = catalog.tables.iter_mut().flat_map(|table| &mut table.columns);
    for column in columns.filter(|_| !values) {
        column.samples.clear();
    }
    catalog
}

/// As many pairs of all tables as show what the grammar does.
pub fn pairs(catalog: &Catalog, language: &str) -> Vec<Sample> {
    session(catalog, "sqlite", "")
        .generate(&request(catalog, 2500, &[language]))
        .unwrap()
        .samples
}

/// How many of the questions say `words`.
pub fn asked(samples: &[Sample], words: &str) -> usize {
    samples.iter().filter(|sample| sample.question.contains(words)).count()
}

/// Questions and SQL, one pair in three lines.
#[allow(dead_code)] // Only the snapshot tests print.
pub fn printed(samples: &[Sample]) -> String {
    samples
        .iter()
        .map(|sample| {
            format!(
                "{} / {}\n{}\n{}\n",
                sample.tags.join(" "),
                sample.difficulty.name(),
                sample.question,
                sample.sql
            )
        })
        .collect::<Vec<_>>()
        .join("\n")
}
