//! Rules of the engines that only a catalog or the rest of a statement shows: what each finds when it prepares a statement.

use nl2sql_catalog::{Column, Database, Table, TableKind, TypeClass};
use nl2sql_sql::{Dialect, Session};

fn table(name: &str, columns: &[(&str, &str, TypeClass)]) -> Table {
    let column = |(name, type_name, type_class): &(&str, &str, TypeClass)| Column {
        name: (*name).into(),
        type_name: (*type_name).into(),
        type_class: *type_class,
        ..Column::default()
    };
    Table {
        name: name.into(),
        columns: columns.iter().map(column).collect(),
        ..Table::default()
    }
}

fn session(dialect: Dialect, version: &str) -> Session {
    use TypeClass::{Boolean, Date, Enum, Float, Integer, Text};
    let mut book = table(
        "book",
        &[
            ("id", "int", Integer),
            ("title", "text", Text),
            ("price", "double precision", Float),
            ("sold", "boolean", Boolean),
            ("printed", "date", Date),
            ("state", "book_state", Enum),
        ],
    );
    book.primary_key = vec!["id".into()];
    book.columns[5].labels = vec!["new".into(), "used".into()];
    let mut notes = table(
        "notes",
        &[("head", "", TypeClass::Other), ("words", "", TypeClass::Other)],
    );
    notes.kind = TableKind::Virtual;
    let loan = table(
        "loan",
        &[
            ("book_id", "int", Integer),
            ("reader", "text", Text),
            ("days", "int", Integer),
        ],
    );
    let shelf = table("shelf", &[("id", "int", Integer), ("room", "text", Text)]);
    let database = Database {
        name: "library".into(),
        server_version: (!version.is_empty()).then(|| version.into()),
        tables: vec![book, loan, notes, shelf],
        ..Database::default()
    };
    Session::new(dialect, &database)
}

/// Checks pairs of a statement and the code of its first finding; no code where there is none.
fn check(session: &Session, cases: &[(&str, Option<&str>)]) {
    for (sql, code) in cases {
        let findings = session
            .diagnose(sql)
            .unwrap_or_else(|error| panic!("{sql}: {}", error.message));
        let found = findings.first().map(|finding| finding.code.as_str());
        assert_eq!(found, *code, "{sql}: {findings:?}");
    }
}

#[test]
fn sqlite_full_text_tables_have_hidden_columns() {
    check(
        &session(Dialect::Sqlite, "3.46.1"),
        &[
            (
                "SELECT rowid, rank FROM notes WHERE notes MATCH 'tea' ORDER BY rank",
                None,
            ),
            (
                "SELECT snippet(notes, 0, '<', '>', '..', 5) FROM notes n WHERE n.rank < 0",
                None,
            ),
            ("SELECT n.notes FROM notes n JOIN book b ON b.id = n.rowid", None),
            ("SELECT rank FROM book", Some("unknown-column")),
            ("SELECT id FROM book WHERE book MATCH 'tea'", Some("unknown-column")),
            ("SELECT id FROM book WHERE title MATCH 'tea'", Some("misused-match")),
        ],
    );
}

#[test]
fn sqlite_rules_of_rows_windows_and_names() {
    check(
        &session(Dialect::Sqlite, "3.46.1"),
        &[
            ("SELECT 2 WINDOW w AS (ORDER BY absent)", None),
            (
                "SELECT sum(id) OVER w FROM book WINDOW w AS (ORDER BY absent)",
                Some("unknown-column"),
            ),
            ("SELECT id window FROM book", None),
            ("SELECT CASE (id, price) WHEN (1, 2) THEN 'a' END FROM book", None),
            (
                "SELECT CASE (id, price) WHEN (1, 2, 3) THEN 'a' END FROM book",
                Some("column-count"),
            ),
            (
                "SELECT book.title, j.reader FROM (book JOIN loan ON id = book_id) AS j",
                None,
            ),
            (
                "SELECT j.absent FROM (book JOIN loan ON id = book_id) AS j",
                Some("unknown-column"),
            ),
            ("SELECT main.b.title FROM book b", None),
            ("SELECT temp.b.title FROM book b", Some("unknown-qualifier")),
            ("SELECT \"title:1\" FROM (SELECT title, title FROM book) AS d", None),
            (
                "SELECT title FROM book ORDER BY title COLLATE german",
                Some("not-supported"),
            ),
            ("SELECT title FROM book ORDER BY title COLLATE nocase", None),
            ("SELECT id FROM book UNION SELECT id FROM shelf ORDER BY shelf.id", None),
            (
                "SELECT id FROM book UNION SELECT id FROM shelf ORDER BY loan.id",
                Some("unknown-column"),
            ),
            (
                "SELECT count(id) AS n FROM book ORDER BY max(n)",
                Some("misused-aggregate"),
            ),
            (
                "SELECT sum(id) OVER (ORDER BY id ROWS BETWEEN -2 PRECEDING AND CURRENT ROW) FROM book",
                Some("not-supported"),
            ),
        ],
    );
}

#[test]
fn mysql_rules_of_joins_and_derived_tables() {
    let cases = [
        (
            "SELECT b.id FROM book b, loan l JOIN shelf s ON b.id = s.id",
            Some("unknown-qualifier"),
        ),
        ("SELECT b.id FROM book b JOIN loan l JOIN shelf s ON b.id = s.id", None),
        ("SELECT b.id FROM (book b, loan l) JOIN shelf s ON b.id = s.id", None),
        (
            "SELECT count(*) FROM (SELECT * FROM book b JOIN shelf s ON b.id = s.id) d",
            Some("duplicate-column"),
        ),
        ("WITH d AS (SELECT id, ID FROM book) SELECT 1", Some("duplicate-column")),
        ("SELECT 1 FROM (SELECT id + 1, id + 2 FROM book) d", None),
        (
            "SELECT id FROM book WHERE id IN (SELECT book_id FROM loan LIMIT 3)",
            Some("limited-subquery"),
        ),
        (
            "SELECT id FROM book WHERE id < ALL ((SELECT 1 LIMIT 1) UNION SELECT 2)",
            Some("limited-subquery"),
        ),
        (
            "SELECT id FROM book WHERE id IN (SELECT x FROM (SELECT book_id x FROM loan LIMIT 3) d)",
            None,
        ),
        (
            "SELECT id FROM book WHERE id = (SELECT book_id FROM loan LIMIT 1)",
            None,
        ),
        ("SELECT library.b.id FROM book b", None),
        ("SELECT .b.id FROM book b", None),
        ("SELECT title COLLATE utf8mb4_bin FROM book", None),
        ("SELECT title COLLATE klingon_ci FROM book", Some("not-supported")),
        (
            "SELECT sum(DISTINCT id) OVER () FROM book",
            Some("misused-window-function"),
        ),
        ("SELECT _latin1 0x42, _utf8mb4 'b'", None),
        ("SELECT strftime('%Y', printed) FROM book", Some("unknown-function")),
    ];
    for version in ["8.0.36", "10.11.6-MariaDB"] {
        check(&session(Dialect::Mysql, version), &cases);
    }
}

#[test]
fn mariadb_is_told_from_mysql_by_its_version() {
    for (sql, code) in [
        ("SELECT seq FROM seq_2_to_9_step_3", None),
        ("SELECT count(*) AS n FROM book GROUP BY title ORDER BY n", None),
        (
            "SELECT count(*) AS n FROM book GROUP BY title ORDER BY n + 1",
            Some("misused-aggregate"),
        ),
        ("SELECT title -> '$.a' FROM book", Some("not-supported")),
        ("SELECT any_value(title) FROM book", Some("unknown-function")),
        (
            "SELECT title FROM book GROUP BY title WITH ROLLUP ORDER BY title",
            Some("not-supported"),
        ),
        (
            "SELECT JSON_VALUE(title, '$.a' RETURNING UNSIGNED) FROM book",
            Some("not-supported"),
        ),
        ("TABLE book", Some("not-supported")),
    ] {
        check(&session(Dialect::Mysql, "10.11.6-MariaDB"), &[(sql, code)]);
        let elsewhere = if sql.contains("seq_2") {
            Some("unknown-table")
        } else {
            None
        };
        check(&session(Dialect::Mysql, "8.4.0"), &[(sql, elsewhere)]);
    }
}

#[test]
fn mysql_grammar_of_intervals_and_clauses_in_arguments() {
    let session = session(Dialect::Mysql, "8.0.36");
    for sql in [
        "SELECT printed + INTERVAL 2 DAY - INTERVAL 1 HOUR FROM book",
        "SELECT INTERVAL 2 DAY + printed FROM book",
        "SELECT DATE_SUB(printed, INTERVAL id MONTH), ADDDATE(printed, 3) FROM book",
        "SELECT INTERVAL(id, 1, 5) FROM book",
        "SELECT GROUP_CONCAT(title ORDER BY id SEPARATOR '; ') FROM book",
        "SELECT JSON_VALUE(title, '$.a' RETURNING UNSIGNED DEFAULT 0 ON EMPTY) FROM book",
        "SELECT @@session.sql_mode, CAST(id AS BINARY(4))",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY id) OVER (PARTITION BY title) FROM book",
    ] {
        assert_eq!(session.check_syntax(sql), Ok(()), "{sql}");
    }
    for sql in [
        "SELECT DATE_SUBTRACT(printed, INTERVAL 2 DAY) FROM book",
        "SELECT (printed, INTERVAL 2 DAY) FROM book",
        "SELECT printed FROM book WHERE + INTERVAL 2 MONTH",
        "SELECT lower(title SEPARATOR ',') FROM book",
        "SELECT lower(title ORDER BY id) FROM book",
        "SELECT @@session",
        "SELECT @@GLOBAL",
        "SELECT CONVERT(title, BINARY(id)) FROM book",
        "SELECT median(id) FROM book",
    ] {
        assert!(session.check_syntax(sql).is_err(), "{sql}");
    }
}

#[test]
fn mysql_counts_at_most_six_digits_of_seconds() {
    check(
        &session(Dialect::Mysql, "8.0.36"),
        &[
            (
                "SELECT CAST(printed AS DATETIME(6)), CAST(printed AS TIME(0)) FROM book",
                None,
            ),
            ("SELECT CAST(printed AS DATETIME(7)) FROM book", Some("not-supported")),
            ("SELECT CONVERT(printed, TIME(9)) FROM book", Some("not-supported")),
        ],
    );
}

#[test]
fn tsql_counts_arguments() {
    let session = session(Dialect::Tsql, "");
    for sql in [
        "SELECT STRING_AGG(title, ', ') FROM book",
        "SELECT CONCAT_WS('-', title, id), DATETRUNC(month, printed) FROM book",
    ] {
        assert_eq!(session.check_syntax(sql), Ok(()), "{sql}");
    }
    for sql in [
        "SELECT STRING_AGG(title) FROM book",
        "SELECT CONCAT_WS('-', title) FROM book",
        "SELECT DATETRUNC(printed) FROM book",
    ] {
        assert!(session.check_syntax(sql).is_err(), "{sql}");
    }
}

#[test]
fn postgres_knows_the_families_of_types() {
    check(
        &session(Dialect::Postgres, "15.3"),
        &[
            ("SELECT title FROM book WHERE id", Some("type-mismatch")),
            ("SELECT title FROM book WHERE sold = 1", Some("type-mismatch")),
            ("SELECT title FROM book WHERE sold AND NOT (id > 3)", None),
            ("SELECT id + title FROM book", Some("type-mismatch")),
            ("SELECT id || price FROM book", Some("type-mismatch")),
            ("SELECT id || title FROM book", None),
            ("SELECT title FROM book WHERE id = '7' OR price > '1.5'", None),
            ("SELECT title FROM book WHERE id = 'seven'", Some("type-mismatch")),
            (
                "SELECT title FROM book WHERE state IN ('new', 'old')",
                Some("type-mismatch"),
            ),
            ("SELECT title FROM book WHERE state = 'used'", None),
            ("SELECT coalesce(id, 'none') FROM book", Some("type-mismatch")),
            (
                "SELECT CASE WHEN id > 1 THEN 'x' ELSE 2 END FROM book",
                Some("type-mismatch"),
            ),
            (
                "SELECT id FROM book UNION SELECT title FROM book",
                Some("type-mismatch"),
            ),
            ("SELECT sum(title) FROM book", Some("type-mismatch")),
            ("SELECT round(avg(price), 2) FROM book", Some("type-mismatch")),
            (
                "SELECT round(avg(id), 2), round(price::numeric, 1) FROM book GROUP BY price",
                None,
            ),
            (
                "SELECT b.title FROM book b JOIN loan l ON b.id = l.reader",
                Some("type-mismatch"),
            ),
        ],
    );
}

#[test]
fn postgres_rules_of_order_grouping_and_operators() {
    check(
        &session(Dialect::Postgres, "15.3"),
        &[
            ("SELECT DISTINCT title FROM book ORDER BY id", Some("unselected-order")),
            ("SELECT DISTINCT title AS t, id FROM book ORDER BY 2, t", None),
            (
                "SELECT DISTINCT ON (title) title FROM book ORDER BY id",
                Some("unselected-order"),
            ),
            ("SELECT DISTINCT ON (title) title FROM book ORDER BY title, id", None),
            (
                "SELECT string_agg(DISTINCT title, ',' ORDER BY id) FROM book",
                Some("unselected-order"),
            ),
            ("SELECT title FROM book ORDER BY 'title'", Some("constant-term")),
            ("SELECT count(*) FROM book GROUP BY 'title'", Some("constant-term")),
            (
                "SELECT title, (SELECT max(days) FROM loan WHERE book_id = id) FROM book GROUP BY title",
                Some("ungrouped-column"),
            ),
            (
                "SELECT id, (SELECT max(days) FROM loan WHERE book_id = id) FROM book GROUP BY id",
                None,
            ),
            ("SELECT j.id FROM book JOIN shelf USING (id) AS j", None),
            (
                "SELECT j.room FROM book JOIN shelf USING (id) AS j",
                Some("unknown-column"),
            ),
            ("SELECT U&\"\\0069d\" FROM book", None),
            ("SELECT * FROM (SELECT 1 AS one)", Some("not-supported")),
            ("SELECT * FROM json_to_recordset('[]')", Some("not-supported")),
            ("SELECT * FROM json_to_recordset('[]') AS r(a int)", None),
            ("SELECT ARRAY[]", Some("not-supported")),
            ("SELECT ARRAY[]::int[]", None),
            ("SELECT id FROM book WHERE id == 3", Some("not-supported")),
            ("SELECT id FROM book WHERE id !=-3", Some("not-supported")),
            ("SELECT id FROM book WHERE id = $1", Some("not-supported")),
            ("SELECT year(printed) FROM book", Some("unknown-function")),
            ("SELECT any_value(title) FROM book", Some("unknown-function")),
        ],
    );
    check(
        &session(Dialect::Postgres, "17.2"),
        &[
            ("SELECT * FROM (SELECT 1 AS one)", None),
            ("SELECT any_value(title), 1_000 FROM book", None),
        ],
    );
}

#[test]
fn tsql_has_no_boolean_values_and_no_rows() {
    check(
        &session(Dialect::Tsql, ""),
        &[
            ("SELECT id > 3 FROM book", Some("predicate-as-value")),
            ("SELECT EXISTS (SELECT 1 FROM loan)", Some("predicate-as-value")),
            ("SELECT CASE WHEN EXISTS (SELECT 1 FROM loan) THEN 1 ELSE 0 END", None),
            ("SELECT IIF(id > 3, 'a', 'b') FROM book", None),
            ("SELECT IIF(id, 'a', 'b') FROM book", Some("value-as-predicate")),
            ("SELECT id FROM book WHERE 1", Some("value-as-predicate")),
            ("SELECT id FROM book WHERE NOT sold", Some("value-as-predicate")),
            (
                "SELECT id FROM book WHERE (id, title) IN (SELECT 1, 'x')",
                Some("misused-row"),
            ),
            ("SELECT d.a FROM (VALUES (1, 2), (3, 4)) d(a, b)", None),
        ],
    );
}

#[test]
fn tsql_rules_of_derived_tables_and_windows() {
    check(
        &session(Dialect::Tsql, ""),
        &[
            ("SELECT * FROM (SELECT max(id) FROM book) d", Some("unnamed-column")),
            ("SELECT * FROM (SELECT max(id) FROM book) d(m)", None),
            (
                "WITH d AS (SELECT id, id FROM book) SELECT 1 AS one FROM d",
                Some("duplicate-column"),
            ),
            (
                "SELECT * FROM (SELECT id FROM book ORDER BY id) d",
                Some("misused-order"),
            ),
            ("SELECT * FROM (SELECT TOP 2 id FROM book ORDER BY id) d", None),
            ("SELECT * FROM (SELECT id FROM book ORDER BY id OFFSET 1 ROWS) d", None),
            (
                "SELECT id FROM (WITH c AS (SELECT id FROM book) SELECT id FROM c) d",
                Some("not-supported"),
            ),
            (
                "SELECT b.id FROM book b, (SELECT reader FROM loan WHERE book_id = b.id) d",
                Some("unknown-qualifier"),
            ),
            (
                "SELECT b.id FROM book b CROSS APPLY (SELECT reader FROM loan WHERE book_id = b.id) d",
                None,
            ),
            (
                "SELECT s.value FROM book b, STRING_SPLIT(b.title, ' ') s",
                Some("unknown-qualifier"),
            ),
            (
                "SELECT s.value FROM book b CROSS APPLY STRING_SPLIT(b.title, ' ') s",
                None,
            ),
            ("SELECT count(*) FROM book GROUP BY 1", Some("constant-term")),
            ("SELECT DISTINCT title FROM book ORDER BY id", Some("unselected-order")),
            (
                "SELECT rank() OVER (PARTITION BY title) FROM book",
                Some("unordered-window"),
            ),
            ("SELECT rank() OVER (ORDER BY 2) FROM book", Some("constant-term")),
            ("SELECT rank() OVER (ORDER BY (SELECT NULL)) FROM book", None),
            (
                "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM book",
                Some("misused-window-function"),
            ),
            (
                "SELECT string_agg(DISTINCT title, ',') FROM book",
                Some("not-supported"),
            ),
            ("SELECT dateadd('day', 1, printed) FROM book", Some("bad-date-part")),
            ("SELECT dateadd(day, 1, printed) FROM book", None),
            ("SELECT strftime('%Y', printed) FROM book", Some("unknown-function")),
            ("SELECT dbo.tax(price) FROM book", None),
            (
                "SELECT p.days FROM (SELECT reader, days FROM loan) l PIVOT (sum(days) FOR reader IN ([a], [b])) p",
                Some("unknown-column"),
            ),
            (
                "SELECT p.a, p.b FROM (SELECT reader, days FROM loan) l PIVOT (sum(days) FOR reader IN ([a], [b])) p",
                None,
            ),
        ],
    );
}
