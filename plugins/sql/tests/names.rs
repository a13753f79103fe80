//! Name resolution, scope by scope.

use nl2sql_catalog::{Column, Database, Resolution, Table, TableSource};
use nl2sql_sql::{Dialect, Session};

fn table(name: &str, columns: &[&str]) -> Table {
    let column = |name: &&str| Column {
        name: (*name).into(),
        ..Column::default()
    };
    Table {
        name: name.into(),
        columns: columns.iter().map(column).collect(),
        ..Table::default()
    }
}

fn session(dialect: Dialect) -> Session {
    let tables = vec![
        table("singer", &["singer_id", "name", "age", "country"]),
        table("concert", &["concert_id", "theme", "year", "stadium_id"]),
        table("stadium", &["stadium_id", "name", "capacity"]),
    ];
    Session::new(
        dialect,
        &Database {
            name: "music".into(),
            tables,
            ..Database::default()
        },
    )
}

fn codes(dialect: Dialect, sql: &str) -> Vec<String> {
    let findings = session(dialect)
        .diagnose(sql)
        .unwrap_or_else(|error| panic!("{sql}: {}", error.message));
    findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn good_names_resolve_in_every_dialect() {
    for sql in [
        "SELECT s.name FROM singer s WHERE s.age > (SELECT avg(age) FROM singer)",
        "SELECT name FROM singer ORDER BY age",
        "SELECT name AS n FROM singer ORDER BY n",
        "SELECT country, count(*) FROM singer GROUP BY country HAVING count(*) > 1 ORDER BY count(*) DESC",
        "WITH c AS (SELECT theme, year FROM concert) SELECT theme FROM c WHERE year = 2014",
        "WITH c(a, b) AS (SELECT theme, year FROM concert) SELECT a, b FROM c",
        "SELECT d.n FROM (SELECT name AS n FROM singer) AS d",
        "SELECT name FROM stadium WHERE EXISTS (SELECT 1 FROM concert WHERE concert.stadium_id = stadium.stadium_id)",
        "SELECT name FROM singer UNION SELECT name FROM stadium ORDER BY name",
        "SELECT c.*, s.name FROM concert c JOIN stadium s ON c.stadium_id = s.stadium_id",
        "SELECT rank() OVER (PARTITION BY country ORDER BY age) FROM singer",
    ] {
        for dialect in Dialect::ALL {
            assert_eq!(codes(dialect, sql), Vec::<String>::new(), "{}: {sql}", dialect.name());
        }
    }
}

#[test]
fn the_only_schema_of_a_file_goes_by_the_default_name_of_the_dialect() {
    let file = Database {
        name: "music".into(),
        default_schema: Some("main".into()),
        tables: vec![table("singer", &["name"])],
        ..Database::default()
    };
    for (dialect, name, found) in [
        (Dialect::Tsql, "dbo.singer", true),
        (Dialect::Tsql, "music.dbo.singer", true),
        (Dialect::Tsql, "sales.singer", false),
        (Dialect::Postgres, "public.singer", true),
        (Dialect::Postgres, "sales.singer", false),
        (Dialect::Mysql, "music.singer", true),
        (Dialect::Mysql, "sales.singer", false),
        (Dialect::Sqlite, "main.singer", true),
        (Dialect::Sqlite, "dbo.singer", false),
    ] {
        let findings = Session::new(dialect, &file).diagnose(&format!("SELECT name FROM {name}"));
        assert_eq!(findings.unwrap().is_empty(), found, "{}: {name}", dialect.name());
    }
}

#[test]
fn bad_names_are_found_with_a_suggestion() {
    for (sql, code, suggestion) in [
        ("SELECT nme FROM singer", "unknown-column", Some("name")),
        ("SELECT name FROM singers", "unknown-table", Some("singer")),
        ("SELECT s.aeg FROM singer s", "unknown-column", Some("age")),
        ("SELECT x.name FROM singer s", "unknown-qualifier", None),
        (
            "SELECT name FROM singer s JOIN stadium t ON s.singer_id = t.stadium_id",
            "ambiguous-column",
            Some("s.name"),
        ),
        (
            "SELECT name FROM singer WHERE count(*) > 1 GROUP BY name",
            "misused-aggregate",
            None,
        ),
        (
            "SELECT name FROM singer UNION SELECT name, capacity FROM stadium",
            "column-count",
            None,
        ),
        (
            "SELECT name FROM singer WHERE age IN (SELECT stadium_id, name FROM stadium)",
            "column-count",
            None,
        ),
        (
            "WITH c(a, b) AS (SELECT name FROM singer) SELECT a FROM c",
            "column-count",
            None,
        ),
        ("SELECT singer.name FROM singer ORDER BY 3", "bad-ordinal", None),
    ] {
        for dialect in Dialect::ALL {
            let findings = session(dialect).diagnose(sql).unwrap();
            let found = findings.first().unwrap_or_else(|| panic!("{}: {sql}", dialect.name()));
            assert_eq!(found.code, code, "{}: {sql}", dialect.name());
            if suggestion.is_some() {
                assert_eq!(found.suggestion.as_deref(), suggestion, "{}: {sql}", dialect.name());
            }
            assert!(found.span.is_some());
        }
    }
}

#[test]
fn dialects_differ_where_the_engines_do() {
    use Dialect::{Mysql, Postgres, Sqlite, Tsql};
    for (dialect, sql, code) in [
        // Aliases of the select list in WHERE, GROUP BY and HAVING.
        (Sqlite, "SELECT age + 1 AS a FROM singer WHERE a > 20", None),
        (
            Postgres,
            "SELECT age + 1 AS a FROM singer WHERE a > 20",
            Some("unknown-column"),
        ),
        (
            Mysql,
            "SELECT age + 1 AS a FROM singer WHERE a > 20",
            Some("unknown-column"),
        ),
        (Postgres, "SELECT age + 1 AS a FROM singer GROUP BY a", None),
        (
            Tsql,
            "SELECT age + 1 AS a FROM singer GROUP BY a",
            Some("unknown-column"),
        ),
        (
            Mysql,
            "SELECT country, count(*) AS n FROM singer GROUP BY country HAVING n > 1",
            None,
        ),
        (
            Postgres,
            "SELECT country, count(*) AS n FROM singer GROUP BY country HAVING n > 1",
            Some("unknown-column"),
        ),
        // Case.
        (Postgres, "SELECT NAME FROM Singer", None),
        (Postgres, "SELECT \"Name\" FROM singer", Some("unknown-column")),
        (Mysql, "SELECT NAME FROM singer", None),
        (Mysql, "SELECT name FROM Singer", Some("unknown-table")),
        (Sqlite, "SELECT \"NAME\" FROM [SINGER]", None),
        // Strings and names in double quotes.
        (Sqlite, "SELECT name FROM singer WHERE country = \"France\"", None),
        (Sqlite, "SELECT \"nme\" FROM singer", Some("unknown-column")),
        (
            Postgres,
            "SELECT name FROM singer WHERE country = \"France\"",
            Some("unknown-column"),
        ),
        // Grouping.
        (
            Postgres,
            "SELECT name, count(*) FROM singer GROUP BY country",
            Some("ungrouped-column"),
        ),
        (Tsql, "SELECT name, count(*) FROM singer", Some("ungrouped-column")),
        (Sqlite, "SELECT name, count(*) FROM singer", None),
        // Pseudo-columns, system tables, functions in FROM.
        (Sqlite, "SELECT rowid, oid FROM singer", None),
        (
            Sqlite,
            "SELECT rowid FROM (SELECT name FROM singer)",
            Some("unknown-column"),
        ),
        (Postgres, "SELECT ctid, singer FROM singer", None),
        (Sqlite, "SELECT name, sql FROM sqlite_master", None),
        (Postgres, "SELECT table_name FROM information_schema.tables", None),
        (Sqlite, "SELECT j.value FROM singer, json_each(singer.name) AS j", None),
        (
            Sqlite,
            "SELECT j.valu FROM json_each('[]') AS j",
            Some("unknown-column"),
        ),
        (Postgres, "SELECT g FROM generate_series(1, 3) AS g", None),
        // Joins.
        (
            Sqlite,
            "SELECT stadium_id FROM concert JOIN stadium USING (stadium_id)",
            None,
        ),
        (Postgres, "SELECT stadium_id FROM concert NATURAL JOIN stadium", None),
        (
            Sqlite,
            "SELECT * FROM concert JOIN stadium USING (theme)",
            Some("unknown-column"),
        ),
        (
            Postgres,
            "SELECT 1 FROM singer s JOIN stadium s ON true",
            Some("duplicate-alias"),
        ),
        (
            Postgres,
            "SELECT 1 FROM singer s, (SELECT s.name) d",
            Some("unknown-qualifier"),
        ),
        (Postgres, "SELECT d.name FROM singer s, LATERAL (SELECT s.name) d", None),
        (
            Tsql,
            "SELECT d.n FROM singer s CROSS APPLY (SELECT s.name AS n) d",
            None,
        ),
        // Names that the select list tells apart.
        (
            Postgres,
            "SELECT a.name FROM singer a JOIN stadium b ON true ORDER BY name",
            None,
        ),
        (
            Mysql,
            "SELECT a.name FROM singer a JOIN stadium b ON true GROUP BY name",
            None,
        ),
        (
            Sqlite,
            "SELECT a.name FROM singer a JOIN stadium b ORDER BY name",
            Some("ambiguous-column"),
        ),
        (Sqlite, "SELECT * FROM singer a JOIN stadium b ORDER BY name", None),
        // Levels: what ORDER BY and GROUP BY see, and where a qualifier is looked for.
        (
            Sqlite,
            "SELECT name FROM singer WHERE age = (SELECT theme FROM concert ORDER BY age LIMIT 1)",
            Some("unknown-column"),
        ),
        (
            Mysql,
            "SELECT name FROM singer WHERE age = (SELECT theme FROM concert ORDER BY age LIMIT 1)",
            None,
        ),
        (
            Sqlite,
            "SELECT 1 FROM singer t WHERE EXISTS (SELECT 1 FROM concert t WHERE t.theme = t.age)",
            None,
        ),
        (
            Postgres,
            "SELECT 1 FROM singer t WHERE EXISTS (SELECT 1 FROM concert t WHERE t.theme = t.age)",
            Some("unknown-column"),
        ),
        // Twins.
        (Sqlite, "SELECT * FROM singer, singer", Some("ambiguous-column")),
        (
            Sqlite,
            "SELECT * FROM singer JOIN singer USING (singer_id)",
            Some("ambiguous-column"),
        ),
        (Sqlite, "SELECT * FROM singer NATURAL JOIN singer", None),
        (Sqlite, "SELECT singer.age FROM singer NATURAL JOIN singer", None),
        (Sqlite, "SELECT t.theme FROM singer t, concert t", None),
        // Rows of values.
        (
            Sqlite,
            "SELECT 1 FROM singer WHERE (age, name) IN (SELECT year, theme FROM concert)",
            None,
        ),
        (Sqlite, "SELECT 1 FROM singer WHERE (age, name) = (1, 'x')", None),
        (Sqlite, "SELECT 1 FROM singer ORDER BY (age, name)", Some("misused-row")),
        (
            Mysql,
            "SELECT 1 FROM singer WHERE (age, name) = 1",
            Some("column-count"),
        ),
        (
            Sqlite,
            "SELECT 1 FROM singer WHERE age IN concert",
            Some("column-count"),
        ),
        // What MySQL's HAVING and set operations show, and what it counts.
        (
            Mysql,
            "SELECT count(*) FROM singer HAVING age > 1",
            Some("unknown-column"),
        ),
        (Mysql, "SELECT age FROM singer HAVING age > 1 AND max(name) > 'a'", None),
        (Mysql, "SELECT count(DISTINCT age, name) FROM singer", None),
        (Mysql, "SELECT ifnull(age) FROM singer", Some("argument-count")),
        (
            Mysql,
            "SELECT name FROM singer UNION SELECT name FROM stadium ORDER BY upper(name)",
            None,
        ),
        (
            Mysql,
            "SELECT name FROM singer UNION SELECT name FROM stadium ORDER BY singer.name",
            Some("unknown-column"),
        ),
        (Mysql, "SELECT name FROM singer LIMIT age", Some("not-supported")),
        // Common table expressions that read themselves.
        (
            Sqlite,
            "WITH c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c WHERE n < 3) SELECT n FROM c",
            None,
        ),
        (
            Postgres,
            "WITH RECURSIVE c AS (WITH d AS (SELECT 1 AS n) SELECT n FROM d UNION SELECT n + 1 FROM c) SELECT n FROM c",
            None,
        ),
        (
            Sqlite,
            "WITH c AS (SELECT 1 FROM c) SELECT 1 FROM c",
            Some("circular-reference"),
        ),
        (
            Postgres,
            "WITH singer AS (SELECT name FROM singer) SELECT name FROM singer",
            None,
        ),
        // Aggregates and windows out of place.
        (Sqlite, "SELECT name FROM singer HAVING age > 1", Some("misused-having")),
        (
            Sqlite,
            "SELECT name FROM singer LIMIT count(*)",
            Some("misused-aggregate"),
        ),
        (
            Sqlite,
            "SELECT count(*) + 1 AS n FROM singer WHERE n > 1",
            Some("misused-aggregate"),
        ),
        (
            Sqlite,
            "SELECT rank() OVER () AS r FROM singer WHERE r = 1",
            Some("misused-window-function"),
        ),
        (
            Postgres,
            "SELECT sum(rank() OVER ()) FROM singer",
            Some("misused-window-function"),
        ),
        (
            Postgres,
            "SELECT count(DISTINCT age) OVER () FROM singer",
            Some("misused-window-function"),
        ),
        (Sqlite, "SELECT sum((SELECT max(year) FROM concert)) FROM singer", None),
        (Sqlite, "SELECT name FROM singer ORDER BY -1", Some("bad-ordinal")),
        (
            Sqlite,
            "SELECT name FROM singer UNION SELECT name FROM stadium ORDER BY singer.name",
            None,
        ),
        // What can be read and is refused all the same.
        (
            Tsql,
            "SELECT 1 FROM concert c JOIN stadium s USING (stadium_id)",
            Some("not-supported"),
        ),
        (
            Tsql,
            "SELECT count(*) FILTER (WHERE age > 1) FROM singer",
            Some("not-supported"),
        ),
        (
            Sqlite,
            "SELECT 1 FROM concert NATURAL JOIN stadium ON capacity > 1",
            Some("not-supported"),
        ),
        // Functions.
        (Sqlite, "SELECT yeer(name) FROM singer", Some("unknown-function")),
        (Sqlite, "SELECT substr(name) FROM singer", Some("argument-count")),
        (Sqlite, "SELECT rank() FROM singer", Some("misused-window-function")),
        (Mysql, "SELECT sum (age) FROM singer", Some("unknown-function")),
    ] {
        let expected: Vec<String> = code.map(str::to_owned).into_iter().collect();
        assert_eq!(codes(dialect, sql), expected, "{}: {sql}", dialect.name());
    }
}

/// Diagnoses about a table whose indexes are known, whose rows have no numbers, and one of which neither is told.
fn codes_with_indexes(dialect: Dialect, sql: &str) -> Vec<String> {
    let told = Table {
        indexes: Some(vec!["by_city".into(), "Größe".into()]),
        without_rowid: true,
        ..table("told", &["id", "city"])
    };
    let catalog = Database {
        name: "music".into(),
        tables: vec![told, table("untold", &["id", "city"])],
        ..Database::default()
    };
    let findings = Session::new(dialect, &catalog).diagnose(sql).unwrap();
    findings.into_iter().map(|finding| finding.code).collect()
}

#[test]
fn indexes_are_those_of_their_table() {
    use Dialect::{Mysql, Sqlite};
    for (dialect, sql, found) in [
        (Sqlite, "SELECT id FROM told INDEXED BY by_city", None),
        (Sqlite, "SELECT t.id FROM told AS t INDEXED BY \"BY_CITY\"", None),
        (Sqlite, "SELECT id FROM told NOT INDEXED", None),
        (Sqlite, "SELECT id FROM told INDEXED BY by_cit", Some("unknown-index")),
        (Sqlite, "SELECT id FROM told INDEXED BY by_citys", Some("unknown-index")),
        (Sqlite, "SELECT id FROM told INDEXED BY Gr", Some("unknown-index")),
        (
            Sqlite,
            "SELECT 1 FROM untold WHERE EXISTS (SELECT 1 FROM told INDEXED BY x)",
            Some("unknown-index"),
        ),
        (Sqlite, "SELECT id FROM untold INDEXED BY by_city", None),
        (
            Sqlite,
            "WITH told AS (SELECT 1 AS id) SELECT id FROM told INDEXED BY x",
            None,
        ),
        (Mysql, "SELECT id FROM told USE INDEX (by_city) IGNORE KEY (by_c)", None),
        (Mysql, "SELECT id FROM told USE INDEX ()", None),
        (
            Mysql,
            "SELECT id FROM told FORCE INDEX FOR ORDER BY (by_city, by_town)",
            Some("unknown-index"),
        ),
        (Mysql, "SELECT id FROM told USE KEY (PRIMARY)", Some("unknown-index")),
        (Mysql, "SELECT id FROM untold USE INDEX (x)", None),
    ] {
        let codes = codes_with_indexes(dialect, sql);
        assert_eq!(codes.first().map(String::as_str), found, "{sql}: {codes:?}");
    }
}

#[test]
fn rows_without_numbers_have_no_rowid() {
    for (sql, found) in [
        ("SELECT rowid FROM untold", None),
        ("SELECT rowid FROM told", Some("unknown-column")),
        ("SELECT t._rowid_ FROM told AS t", Some("unknown-column")),
        ("SELECT id FROM told ORDER BY oid", Some("unknown-column")),
        ("SELECT untold.rowid FROM told JOIN untold USING (id)", None),
    ] {
        let codes = codes_with_indexes(Dialect::Sqlite, sql);
        assert_eq!(codes.first().map(String::as_str), found, "{sql}: {codes:?}");
    }
}

#[test]
fn analysis_lists_what_a_statement_uses() {
    let sql = "WITH c AS (SELECT theme, stadium_id AS sid FROM concert) \
               SELECT T.Name AS n, count(*) FROM Stadium AS T JOIN c ON c.sid = T.stadium_id GROUP BY T.name ORDER BY n LIMIT 2";
    let analysis = session(Dialect::Sqlite).analyse(sql).unwrap();
    let tables: Vec<_> = analysis
        .tables
        .iter()
        .map(|table| (table.name.as_str(), table.source))
        .collect();
    assert_eq!(
        tables,
        [
            ("concert", TableSource::Catalog),
            ("stadium", TableSource::Catalog),
            ("c", TableSource::Cte)
        ]
    );
    let name = analysis
        .columns
        .iter()
        .find(|column| column.name == "name" && column.clause == "select")
        .unwrap();
    assert_eq!((name.table, name.resolution), (Some(1), Resolution::Column));
    let alias = analysis
        .columns
        .iter()
        .find(|column| column.clause == "order-by")
        .unwrap();
    assert_eq!((alias.name.as_str(), alias.resolution), ("n", Resolution::Alias));
    assert_eq!(analysis.functions, ["count"]);
    assert_eq!(
        analysis.features,
        ["join", "group-by", "order-by", "limit", "cte", "aggregate"]
    );
    assert!(analysis.ordered && analysis.findings.is_empty());
    assert_eq!(analysis.scopes.len(), 2);
}

#[test]
fn hardness_is_spiders() {
    for (sql, level) in [
        ("SELECT count(*) FROM singer", "easy"),
        ("SELECT name, age FROM singer ORDER BY age DESC", "medium"),
        ("SELECT DISTINCT country FROM singer WHERE age > 20", "easy"),
        ("SELECT country, count(*) FROM singer GROUP BY country", "medium"),
        (
            "SELECT name FROM singer WHERE age > (SELECT avg(age) FROM singer)",
            "hard",
        ),
        ("SELECT name FROM stadium EXCEPT SELECT name FROM singer", "hard"),
        (
            "SELECT T2.name, count(*) FROM concert AS T1 JOIN stadium AS T2 ON T1.stadium_id = T2.stadium_id \
             WHERE T1.year >= 2014 GROUP BY T2.stadium_id ORDER BY count(*) DESC LIMIT 1",
            "extra",
        ),
    ] {
        assert_eq!(
            session(Dialect::Sqlite).analyse(sql).unwrap().hardness.name(),
            level,
            "{sql}"
        );
    }
}
