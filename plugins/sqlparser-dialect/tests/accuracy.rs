//! How many statements of the shared lists sqlparser's dialects read, engines' verdicts given.

use std::fs;
use std::path::{Path, PathBuf};

use nl2sql_sqlparser_dialect::sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, OracleDialect, RedshiftSqlDialect,
    SnowflakeDialect,
};
use nl2sql_sqlparser_dialect::sqlparser::parser::Parser;

fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("NL2SQL_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let folder = folder.join("data/sql");
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: there is no {}", folder.display());
    None
}

pub fn statements(file: &str) -> Option<Vec<String>> {
    let text = fs::read_to_string(shared()?.join(file)).unwrap();
    let statement = |line: &str| {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        value["sql"].as_str().unwrap().to_owned()
    };
    Some(text.lines().map(statement).collect())
}

fn accepted(grammar: &dyn Dialect, statements: &[String]) -> usize {
    let reads = |sql: &&String| Parser::parse_sql(grammar, sql).is_ok_and(|parsed| parsed.len() == 1);
    statements.iter().filter(reads).count()
}

#[test]
fn sqlparser_tells_what_engines_accept_from_what_they_refuse() {
    // Valid statements read at least, invalid ones read at most: what sqlparser 0.64 does.
    let dialects: [(&str, &dyn Dialect, usize, usize); 7] = [
        ("duckdb", &DuckDbDialect {}, 523, 1),
        ("clickhouse", &ClickHouseDialect {}, 200, 5),
        ("snowflake", &SnowflakeDialect, 724, 3),
        ("bigquery", &BigQueryDialect {}, 428, 2),
        ("redshift", &RedshiftSqlDialect {}, 150, 0),
        ("databricks", &DatabricksDialect {}, 134, 4),
        ("oracle", &OracleDialect {}, 132, 3),
    ];
    for (name, grammar, least_valid, most_invalid) in dialects {
        let (Some(valid), Some(invalid)) = (
            statements(&format!("valid_{name}.jsonl")),
            statements(&format!("invalid_{name}.jsonl")),
        ) else {
            return;
        };
        let (good, bad) = (accepted(grammar, &valid), accepted(grammar, &invalid));
        println!(
            "{name}: {good} of {} valid, {bad} of {} invalid accepted",
            valid.len(),
            invalid.len()
        );
        assert!(good >= least_valid, "{name}: {good} of {} valid", valid.len());
        assert!(bad <= most_invalid, "{name}: {bad} of {} invalid", invalid.len());
    }
}
