use std::fs;
use std::path::Path;

use nl2sql_sdk::types::{Catalog, Column, Table};
use nl2sql_sdk::{Dialect, DialectSession};
use nl2sql_sqlparser_dialect::{Guest, Session};

use super::Plugin;

fn accepted(list: &str) -> Option<(usize, usize)> {
    let shared =
        std::env::var("NL2SQL_SHARED").unwrap_or_else(|_| format!("{}/../../../../shared", env!("CARGO_MANIFEST_DIR")));
    let file = Path::new(&shared).join(format!("data/sql/{list}_duckdb.jsonl"));
    let Ok(text) = fs::read_to_string(&file) else {
        eprintln!("skipped: there is no {}", file.display());
        return None;
    };
    let session = Session::<Plugin>::new(&Catalog::default());
    let sql = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["sql"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let statements: Vec<String> = text.lines().map(sql).collect();
    let good = statements
        .iter()
        .filter(|sql| session.check_syntax(sql).is_ok())
        .count();
    println!("duckdb {list}: {good} of {} accepted", statements.len());
    Some((good, statements.len()))
}

#[test]
fn statements_of_the_shared_lists_are_told_apart() {
    let (Some((valid, all)), Some((invalid, _))) = (accepted("valid"), accepted("invalid")) else {
        return;
    };
    assert_eq!((valid, invalid), (all, 0));
}

fn shop() -> Session<Plugin> {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        ..Column::default()
    };
    let table = |name: &str, columns: &[&str]| Table {
        name: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        ..Table::default()
    };
    Session::new(&Catalog {
        tables: vec![
            table("sale", &["id", "shop", "day", "price", "tags", "place"]),
            table("months", &["shop", "jan", "feb", "mar"]),
        ],
        ..Catalog::default()
    })
}

#[test]
fn names_of_its_own_syntax_are_resolved() {
    let session = shop();
    for sql in [
        "FROM sale WHERE price > 1",
        "SELECT total: sum(price), shop FROM sale GROUP BY ALL HAVING total > 3",
        "SELECT list_transform(tags, t -> t || shop), [upper(t) FOR t IN tags IF len(t) > 1] FROM sale",
        "SELECT place.city, place['city'], tags[1:2], tags[-1] FROM sale",
        "PIVOT sale ON shop USING sum(price) AS total GROUP BY day ORDER BY day",
        "SELECT \"2024\", shop FROM sale PIVOT (sum(price) FOR year(day) IN (2024, 2025) GROUP BY shop)",
        "FROM (UNPIVOT months ON jan, feb INTO NAME month VALUE sales) SELECT month, sum(sales) GROUP BY month",
        "SELECT s.price, m.jan FROM sale s ASOF JOIN months m ON s.shop = m.shop AND s.price >= m.feb",
        "SELECT * EXCLUDE (tags) REPLACE (price / 2 AS price) FROM sale USING SAMPLE 10%",
        "SELECT min(COLUMNS(* EXCLUDE (tags))) FROM sale",
        "SELECT shop FROM sale QUALIFY row_number() OVER (PARTITION BY shop ORDER BY price DESC) = 1",
        "SUMMARIZE sale",
    ] {
        assert_eq!(session.diagnose(sql).unwrap(), [], "{sql}");
        assert!(session.statement(sql).read_only, "{sql}");
    }
    for (sql, unknown) in [
        ("FROM sales", "sales"),
        ("FROM sale WHERE cost > 1", "cost"),
        ("PIVOT sale ON shop USING sum(cost)", "cost"),
        ("SELECT [upper(t) FOR t IN tag] FROM sale", "tag"),
        ("SELECT total: sum(cost) FROM sale", "cost"),
    ] {
        let findings = session.diagnose(sql).unwrap();
        assert!(
            findings.len() == 1 && findings[0].message.contains(unknown),
            "{sql}: {findings:?}"
        );
    }
}

#[test]
fn what_its_own_guard_refuses_is_not_read_only() {
    let session = Session::<Plugin>::new(&Catalog::default());
    let verdict = |sql: &str| session.statement(sql);
    assert!(
        verdict("SELECT a FROM t").read_only,
        "{:?}",
        verdict("SELECT a FROM t").reason
    );
    assert!(!verdict("DROP TABLE t").read_only && !verdict("INSERT INTO t SELECT 1").read_only);
    let info = Guest::<Plugin>::info();
    for (function, _) in &info.guard.refused_functions {
        let name = function.replace('*', "x");
        for sql in [
            format!("SELECT {name}('x') FROM t"),
            format!("PIVOT {name}('x') ON a"),
            format!("SUMMARIZE FROM {name}()"),
        ] {
            assert!(!verdict(&sql).read_only, "{sql}");
        }
    }
    for sql in [
        "FROM 'a.csv'",
        "PIVOT 'b/a.parquet' ON a USING count(*)",
        "SUMMARIZE 'a.json.gz'",
        "FROM x: 'a.csv'",
    ] {
        assert!(!verdict(sql).read_only, "{sql}");
    }
}
