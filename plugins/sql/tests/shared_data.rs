//! Agreement with the engines on the shared data, which lies beside the checkout and is not part of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nl2sql_catalog::{Column, Database, Table};
use nl2sql_sql::{Dialect, Session};
use serde_json::Value;

/// The folder of shared data, or nothing when it is absent.
fn shared(test: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("NL2SQL_SHARED").map_or(beside, PathBuf::from);
    if folder.join("data").is_dir() {
        return Some(folder.join("data"));
    }
    println!("skipped: {test} needs ../shared");
    None
}

fn rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text<'v>(row: &'v Value, field: &str) -> &'v str {
    row[field].as_str().unwrap_or_default()
}

fn is_query(sql: &str) -> bool {
    let word: String = sql
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}

#[test]
fn queries_the_engines_accept_are_accepted_and_the_others_refused() {
    let Some(data) = shared("queries_the_engines_accept_are_accepted_and_the_others_refused") else {
        return;
    };
    for dialect in Dialect::ALL {
        let session = Session::new(dialect, &Database::default());
        for (kind, accepted) in [("valid", true), ("invalid", false)] {
            let rows = rows(&data.join(format!("sql/{kind}_{}.jsonl", dialect.name())));
            let wrong: Vec<&str> = rows
                .iter()
                .map(|row| text(row, "sql"))
                .filter(|sql| is_query(sql) && session.check_syntax(sql).is_ok() != accepted)
                .collect();
            assert_eq!(wrong, Vec::<&str>::new(), "{kind} {}", dialect.name());
        }
    }
}

#[test]
fn other_statements_are_recognised_and_refused() {
    let Some(data) = shared("other_statements_are_recognised_and_refused") else {
        return;
    };
    for dialect in Dialect::ALL {
        let session = Session::new(dialect, &Database::default());
        for row in rows(&data.join(format!("sql/valid_{}.jsonl", dialect.name()))) {
            let sql = text(&row, "sql");
            let first = sql.trim_start().get(..6).unwrap_or_default();
            if ["insert", "update", "delete", "create"]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(first))
            {
                let info = session.statement(sql);
                assert!(!info.read_only, "{sql}");
                assert!(info.kind.starts_with(&first.to_lowercase()), "{}: {sql}", info.kind);
            }
        }
    }
}

/// One session per Spider database.
fn spider_sessions(data: &Path) -> BTreeMap<String, Session> {
    let databases: Vec<Value> =
        serde_json::from_str(&fs::read_to_string(data.join("spider/tables.json")).unwrap()).unwrap();
    let mut sessions = BTreeMap::new();
    for schema in &databases {
        let named = |name: &Value| Table {
            name: name.as_str().unwrap().to_owned(),
            ..Table::default()
        };
        let mut tables: Vec<Table> = schema["table_names_original"]
            .as_array()
            .unwrap()
            .iter()
            .map(named)
            .collect();
        for column in schema["column_names_original"].as_array().unwrap() {
            if let Ok(index) = usize::try_from(column[0].as_i64().unwrap()) {
                tables[index].columns.push(Column {
                    name: column[1].as_str().unwrap().to_owned(),
                    ..Column::default()
                });
            }
        }
        let name = text(schema, "db_id").to_owned();
        let database = Database {
            name: name.clone(),
            tables,
            ..Database::default()
        };
        sessions.insert(name, Session::new(Dialect::Sqlite, &database));
    }
    sessions
}

#[test]
fn mutated_names_are_judged_as_sqlite_judges_them() {
    let Some(data) = shared("mutated_names_are_judged_as_sqlite_judges_them") else {
        return;
    };
    let sessions = spider_sessions(&data);
    for row in rows(&data.join("schema_check/schema_check.jsonl")) {
        // SQLite reads unknown double-quoted names as strings, which is what some of those rows mean.
        if text(&row, "kind") == "double_quoted_unknown" {
            continue;
        }
        let findings = sessions[text(&row, "db_id")].diagnose(text(&row, "sql"));
        let accepted = findings.as_ref().is_ok_and(Vec::is_empty);
        assert_eq!(
            Some(accepted),
            row["sqlite_valid"].as_bool(),
            "{}: {findings:?}",
            text(&row, "sql")
        );
    }
}

#[test]
fn every_gold_query_of_spider_is_accepted() {
    let Some(data) = shared("every_gold_query_of_spider_is_accepted") else {
        return;
    };
    let sessions = spider_sessions(&data);
    for file in ["dev", "train"] {
        for row in rows(&data.join(format!("spider/{file}.jsonl"))) {
            let findings = sessions[text(&row, "db_id")].diagnose(text(&row, "query"));
            assert_eq!(findings, Ok(vec![]), "{}", text(&row, "query"));
        }
    }
}
