//! Names, verdicts and analyses over a small catalog.

use nl2sql_sdk::DialectSession;
use nl2sql_sdk::analysis::{Resolution, TableSource};
use nl2sql_sdk::description::{DialectInfo, Feature, GuardRules};
use nl2sql_sdk::dialect::ServerInfo;
use nl2sql_sdk::types::{Catalog, Column, Difficulty, Table};
use nl2sql_sqlparser_dialect::{Session, SqlparserDialect, sqlparser};

pub struct Generic;

impl SqlparserDialect for Generic {
    type Grammar = sqlparser::dialect::DuckDbDialect;

    fn info() -> DialectInfo {
        let standard = DialectInfo::standard("generic", "none");
        let pairs = |names: &[(&str, &str)]| {
            names
                .iter()
                .map(|(name, why)| (name.to_string(), why.to_string()))
                .collect()
        };
        DialectInfo {
            features: vec![Feature::Cte, Feature::Window, Feature::GroupByAlias],
            guard: GuardRules {
                refused_functions: pairs(&[("read_*", "it reads files")]),
                refused_relations: pairs(&[("secrets", "it holds secrets")]),
                ..standard.guard
            },
            ..standard
        }
    }

    fn catalog_queries(_: &ServerInfo) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

pub fn session() -> Session<Generic> {
    Session::new(&catalog())
}

pub fn catalog() -> Catalog {
    let table = |name: &str, columns: &[&str]| Table {
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|column| Column {
                name: (*column).to_owned(),
                ..Column::default()
            })
            .collect(),
        ..Table::default()
    };
    Catalog {
        tables: vec![
            table("singer", &["singer_id", "Name", "age", "country"]),
            table("concert", &["concert_id", "stadium_id", "year"]),
            table("singer_in_concert", &["singer_id", "concert_id"]),
        ],
        ..Catalog::default()
    }
}

fn codes(sql: &str) -> Vec<String> {
    let findings = session()
        .diagnose(sql)
        .unwrap_or_else(|error| panic!("{}: {sql}", error.message));
    findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn good_statements_have_no_findings() {
    for sql in [
        "SELECT name, AGE FROM singer WHERE country = 'France' ORDER BY age DESC LIMIT 3",
        "SELECT s.name, count(*) AS n FROM singer AS s JOIN singer_in_concert AS c ON s.singer_id = c.singer_id GROUP BY s.name HAVING n > 1 ORDER BY n",
        "WITH old AS (SELECT name, age FROM singer WHERE age > 40) SELECT o.name FROM old AS o WHERE o.age > (SELECT avg(age) FROM old)",
        "SELECT country FROM singer EXCEPT SELECT country FROM singer WHERE age > 20 ORDER BY country",
        "SELECT name FROM singer WHERE EXISTS (SELECT 1 FROM singer_in_concert AS c WHERE c.singer_id = singer.singer_id)",
        "SELECT x.total FROM (SELECT country, sum(age) AS total FROM singer GROUP BY country) AS x",
        "SELECT singer_id FROM singer JOIN singer_in_concert USING (singer_id)",
        "SELECT a, b FROM (VALUES (1, 2)) AS t(a, b)",
        "SELECT rank() OVER (PARTITION BY country ORDER BY age) FROM singer",
        "SELECT list_transform([1, 2], x -> x + age) FROM singer",
        "SELECT unnest FROM unnest([1, 2])",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n",
        "SELECT date_trunc(month, d.day) FROM (SELECT 1 AS day) AS d",
        "SELECT main.singer.name FROM main.singer",
    ] {
        assert_eq!(codes(sql), [""; 0], "{sql}");
    }
}

#[test]
fn names_that_nothing_has_are_found_with_their_place_and_the_nearest_name() {
    for (sql, code) in [
        ("SELECT nme FROM singer", "unknown-column"),
        ("SELECT s.nme FROM singer AS s", "unknown-column"),
        ("SELECT name FROM singers", "unknown-table"),
        ("SELECT t.name FROM singer", "unknown-alias"),
        ("SELECT singer_id FROM singer, singer_in_concert", "ambiguous-column"),
        ("SELECT name FROM singer WHERE n = 1", "unknown-column"),
        ("SELECT age AS n FROM singer WHERE n = 1", "unknown-column"),
        (
            "SELECT year FROM (SELECT concert_id FROM concert) AS c WHERE c.concert = 1",
            "unknown-column",
        ),
        (
            "WITH c AS (SELECT name FROM singer) SELECT age FROM c",
            "unknown-column",
        ),
        (
            "SELECT name FROM singer UNION SELECT year FROM concert ORDER BY age",
            "unknown-column",
        ),
    ] {
        assert!(codes(sql).contains(&code.to_owned()), "{sql}: {:?}", codes(sql));
    }
    let finding = &session().diagnose("SELECT name,\n  contry FROM singer").unwrap()[0];
    let start = finding.span.unwrap().start;
    assert_eq!((start.line, start.column), (2, 3));
    assert_eq!(finding.suggestion.as_deref(), Some("country"));
}

#[test]
fn only_queries_without_side_effects_read_only() {
    let verdict = |sql: &str| session().statement(sql);
    for sql in [
        "SELECT 1",
        "VALUES (1)",
        "(SELECT 1) UNION SELECT 2",
        "WITH a AS (SELECT 1) SELECT * FROM a;",
    ] {
        assert!(verdict(sql).read_only, "{sql}: {:?}", verdict(sql).reason);
    }
    for (sql, reason) in [
        ("DROP TABLE singer", "`drop` is no query"),
        ("SELECT * FROM read_csv('/etc/passwd')", "it reads files"),
        ("SELECT read_text('x')", "it reads files"),
        ("SELECT * FROM secrets", "it holds secrets"),
        ("SELECT 1 INTO t", "INTO"),
        ("SELECT * FROM singer FOR UPDATE", "lock rows"),
        ("WITH a AS (DELETE FROM singer RETURNING 1) SELECT * FROM a", ""),
        ("SELECT 1; DROP TABLE singer", "does not parse"),
        ("", "no statement"),
        ("COPY singer TO 'x'", "`copy` is no query"),
    ] {
        let said = verdict(sql);
        assert!(
            !said.read_only && said.reason.clone().unwrap_or_default().contains(reason),
            "{sql}: {said:?}"
        );
    }
}

#[test]
fn an_analysis_says_what_a_statement_is_made_of() {
    let sql = "SELECT s.country, count(*) FROM singer AS s LEFT JOIN singer_in_concert AS c ON s.singer_id = c.singer_id \
               WHERE s.age BETWEEN 20 AND 30 OR s.name LIKE 'A%' GROUP BY s.country ORDER BY count(*) DESC LIMIT 1";
    let analysis = session().analyse(sql).unwrap();
    assert!(analysis.statement.read_only && analysis.ordered);
    let tables: Vec<(&str, Option<&str>)> = analysis
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.alias.as_deref()))
        .collect();
    assert_eq!(tables, [("singer", Some("s")), ("singer_in_concert", Some("c"))]);
    assert!(analysis.tables.iter().all(|table| table.source == TableSource::Catalog));
    let clauses: Vec<(&str, &str)> = analysis
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.clause.as_str()))
        .collect();
    assert_eq!(
        clauses,
        [
            ("country", "select"),
            ("singer_id", "from"),
            ("singer_id", "from"),
            ("age", "where"),
            ("Name", "where"),
            ("country", "group-by")
        ]
    );
    assert!(
        analysis
            .columns
            .iter()
            .all(|column| column.resolution == Resolution::Column)
    );
    assert_eq!(analysis.functions, ["count"]);
    assert_eq!(
        analysis.features,
        [
            "join",
            "group-by",
            "order-by",
            "limit",
            "like",
            "between",
            "aggregate",
            "outer-join",
            "function"
        ]
    );
    assert_eq!(analysis.hardness, Difficulty::Extra);
    assert_eq!(
        session().analyse("SELECT count(*) FROM singer").unwrap().hardness,
        Difficulty::Easy
    );
    assert_eq!(
        session()
            .analyse("SELECT name, age FROM singer ORDER BY age DESC")
            .unwrap()
            .hardness,
        Difficulty::Medium
    );
}
