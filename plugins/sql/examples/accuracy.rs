//! Prints how well the dialects agree with the engines, and how fast they are, on the shared data:
//! `cargo run --release --example accuracy -- <shared folder> [--verbose]`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use nl2sql_catalog::{Column, Database, Table};
use nl2sql_sql::{Dialect, Session};
use serde_json::Value;

/// Valid and invalid statements that sqlparser 0.63 and sqlglot accept, per dialect.
const PEERS: [(Dialect, [usize; 2], [usize; 2]); 4] = [
    (Dialect::Sqlite, [111, 0], [119, 5]),
    (Dialect::Postgres, [348, 5], [356, 18]),
    (Dialect::Mysql, [192, 4], [198, 10]),
    (Dialect::Tsql, [103, 1], [113, 0]),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let shared = arguments.next().unwrap_or_else(|| "../shared".to_owned());
    let verbose = arguments.next().is_some();
    let data = Path::new(&shared).join("data");
    println!(
        "{:<10} {:>16} {:>16}   sqlparser 0.63   sqlglot",
        "dialect", "valid accepted", "invalid accepted"
    );
    for (dialect, sqlparser, sqlglot) in PEERS {
        let [valid, invalid] = ["valid", "invalid"].map(|kind| accepted(&data, dialect, kind, verbose));
        println!(
            "{:<10} {:>16} {:>16}   {:>3} and {:>2}       {:>3} and {:>2}",
            dialect.name(),
            format!("{}/{}", valid.0, valid.1),
            format!("{}/{}", invalid.0, invalid.1),
            sqlparser[0],
            sqlparser[1],
            sqlglot[0],
            sqlglot[1],
        );
    }
    let sessions = spider_sessions(&data);
    schema_check(&data, &sessions, verbose);
    spider(&data, &sessions, verbose);
}

fn rows(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

fn text<'v>(row: &'v Value, field: &str) -> &'v str {
    row[field].as_str().unwrap_or_default()
}

/// How many SELECT and WITH statements of a list are accepted, and of how many.
fn accepted(data: &Path, dialect: Dialect, kind: &str, verbose: bool) -> (usize, usize) {
    let session = Session::new(dialect, &Database::default());
    let (mut count, mut total) = (0, 0);
    for row in rows(&data.join(format!("sql/{kind}_{}.jsonl", dialect.name()))) {
        let sql = text(&row, "sql");
        let word: String = sql
            .trim_start()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        if !word.eq_ignore_ascii_case("select") && !word.eq_ignore_ascii_case("with") {
            continue;
        }
        total += 1;
        let result = session.check_syntax(sql);
        count += usize::from(result.is_ok());
        if verbose && result.is_ok() != (kind == "valid") {
            println!("  {kind} {}: {result:?}\n    {sql}", dialect.name());
        }
    }
    (count, total)
}

/// One session per Spider database.
fn spider_sessions(data: &Path) -> BTreeMap<String, Session> {
    let text = fs::read_to_string(data.join("spider/tables.json")).unwrap_or_default();
    let databases: Vec<Value> = serde_json::from_str(&text).unwrap_or_default();
    let catalog = |schema: &Value| {
        let names = |field: &str| schema[field].as_array().cloned().unwrap_or_default();
        let mut tables: Vec<Table> = names("table_names_original")
            .iter()
            .map(|name| Table {
                name: name.as_str().unwrap_or_default().to_owned(),
                ..Table::default()
            })
            .collect();
        for column in names("column_names_original") {
            if let Some(table) = column[0]
                .as_i64()
                .and_then(|index| tables.get_mut(usize::try_from(index).ok()?))
            {
                table.columns.push(Column {
                    name: column[1].as_str().unwrap_or_default().to_owned(),
                    ..Column::default()
                });
            }
        }
        Database {
            name: self::text(schema, "db_id").to_owned(),
            dialect: "sqlite".to_owned(),
            tables,
            ..Database::default()
        }
    };
    databases
        .iter()
        .map(|schema| {
            (
                self::text(schema, "db_id").to_owned(),
                Session::new(Dialect::Sqlite, &catalog(schema)),
            )
        })
        .collect()
}

fn accepts(session: &Session, sql: &str) -> Result<bool, String> {
    match session.diagnose(sql) {
        Ok(findings) => match findings.first() {
            Some(finding) => Err(format!("{}: {}", finding.code, finding.message)),
            None => Ok(true),
        },
        Err(error) => Err(error.message),
    }
}

/// Agreement with SQLite on mutated gold queries.
fn schema_check(data: &Path, sessions: &BTreeMap<String, Session>, verbose: bool) {
    let (mut agreed, mut total) = (0, 0);
    for row in rows(&data.join("schema_check/schema_check.jsonl")) {
        let Some(session) = sessions.get(text(&row, "db_id")) else {
            println!("  no schema for {}", text(&row, "db_id"));
            continue;
        };
        total += 1;
        let expected = row["sqlite_valid"].as_bool() == Some(true) && text(&row, "kind") != "double_quoted_unknown";
        let result = accepts(session, text(&row, "sql"));
        agreed += usize::from(result.is_ok() == expected);
        if verbose && result.is_ok() != expected {
            println!(
                "  {} {} {result:?}\n    {}",
                text(&row, "kind"),
                row["sqlite_error"],
                text(&row, "sql")
            );
        }
    }
    println!("\nschema_check: {agreed}/{total} rows agree with SQLite (unknown double-quoted names count as wrong)");
}

/// Gold queries accepted, and how many a second one core checks.
fn spider(data: &Path, sessions: &BTreeMap<String, Session>, verbose: bool) {
    let mut queries = rows(&data.join("spider/dev.jsonl"));
    queries.extend(rows(&data.join("spider/train.jsonl")));
    let pairs: Vec<(&Session, &str)> = queries
        .iter()
        .filter_map(|row| {
            sessions
                .get(text(row, "db_id"))
                .map(|session| (session, text(row, "query")))
        })
        .collect();
    let mut count = 0;
    for (session, sql) in &pairs {
        let result = accepts(session, sql);
        count += usize::from(result.is_ok());
        if verbose && let Err(reason) = result {
            println!("  {reason}\n    {sql}");
        }
    }
    let rounds = 20;
    let start = seconds_on_cpu();
    for _ in 0..rounds {
        for (session, sql) in &pairs {
            let _ = session.check_syntax(sql);
            let _ = session.diagnose(sql);
        }
    }
    let rate = (rounds * pairs.len()) as f64 / (seconds_on_cpu() - start);
    println!(
        "spider gold: {count}/{} accepted; {rate:.0} queries per CPU second natively, syntax and schema",
        pairs.len()
    );
}

/// CPU time of this process where Linux tells it, else the time of day: only differences mean something.
fn seconds_on_cpu() -> f64 {
    let scheduled = fs::read_to_string("/proc/self/schedstat").ok();
    let nanoseconds = scheduled.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    let wall = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0.0, |time| time.as_secs_f64())
    };
    nanoseconds.map_or_else(wall, |nanoseconds| nanoseconds / 1e9)
}
