//! Normal forms, templates, row limits and DDL.

use nl2sql_catalog::{Column, Database, ForeignKey, Table};
use nl2sql_sql::{Dialect, Session, render_ddl};

fn session(dialect: Dialect) -> Session {
    Session::new(dialect, &Database::default())
}

#[test]
fn layout_and_case_vanish_in_the_normal_form() {
    let session = session(Dialect::Sqlite);
    let normal = session.normalise("SELECT  T.Name,COUNT( * )\nFROM Singer AS T -- who\nWHERE Age>=20;");
    assert_eq!(
        normal.as_deref(),
        Ok("select t.name, count(*) from singer as t where age >= 20")
    );
    let quoted = session.normalise("SELECT \"Name\" FROM t WHERE a = 'X'");
    assert_eq!(quoted.as_deref(), Ok("select \"Name\" from t where a = 'X'"));
}

#[test]
fn a_keyword_of_mysql_stays_a_keyword_before_a_leading_dot() {
    let session = session(Dialect::Mysql);
    let normal = session.normalise("SELECT  .t.a FROM  .t JOIN .u WHERE t . a = 1");
    let expected = "select .t.a from .t join .u where t.a = 1";
    assert_eq!(normal.as_deref(), Ok(expected));
    assert_eq!(session.normalise(expected).as_deref(), Ok(expected));
}

#[test]
fn templates_forget_values_and_list_lengths() {
    let session = session(Dialect::Sqlite);
    let template = |sql: &str| session.template(sql).unwrap();
    assert_eq!(
        template("SELECT a FROM t WHERE b IN (1, 2, 3) AND c = 'x'"),
        template("select a from t where b in (-4) and c = 'yy'")
    );
    assert_eq!(template("SELECT a FROM t LIMIT 5"), "select a from t limit ?");
    assert_ne!(
        template("SELECT a FROM t WHERE b = 1"),
        template("SELECT a FROM t WHERE b > 1")
    );
    assert_ne!(template("SELECT f(1, 2)"), template("SELECT f(1)"));
}

#[test]
fn limits_go_where_the_dialect_wants_them() {
    for (dialect, sql, limited) in [
        (Dialect::Sqlite, "SELECT a FROM t; -- done", "SELECT a FROM t LIMIT 3"),
        (
            Dialect::Sqlite,
            "SELECT a FROM t -- all of them",
            "SELECT a FROM t LIMIT 3",
        ),
        (
            Dialect::Sqlite,
            "SELECT a FROM t ORDER BY a LIMIT 10",
            "SELECT a FROM t ORDER BY a LIMIT 3",
        ),
        (Dialect::Sqlite, "SELECT a FROM t LIMIT 2", "SELECT a FROM t LIMIT 2"),
        (
            Dialect::Sqlite,
            "SELECT a FROM t LIMIT 5, 10",
            "SELECT a FROM t LIMIT 3 OFFSET 5",
        ),
        (
            Dialect::Sqlite,
            "SELECT a FROM t UNION SELECT b FROM u",
            "SELECT a FROM t UNION SELECT b FROM u LIMIT 3",
        ),
        (
            Dialect::Sqlite,
            "SELECT a FROM t LIMIT -1",
            "SELECT * FROM (SELECT a FROM t LIMIT -1) LIMIT 3",
        ),
        (
            Dialect::Postgres,
            "SELECT a FROM t FETCH FIRST 9 ROWS ONLY",
            "SELECT a FROM t LIMIT 3",
        ),
        (
            Dialect::Postgres,
            "SELECT a FROM t OFFSET 4",
            "SELECT a FROM t LIMIT 3 OFFSET 4",
        ),
        (Dialect::Postgres, "VALUES (1), (2)", "VALUES (1), (2) LIMIT 3"),
        (
            Dialect::Sqlite,
            "VALUES (1), (2)",
            "SELECT * FROM (VALUES (1), (2)) LIMIT 3",
        ),
        (
            Dialect::Mysql,
            "SELECT a FROM t LIMIT 7 OFFSET 1",
            "SELECT a FROM t LIMIT 3 OFFSET 1",
        ),
        (
            Dialect::Mysql,
            "SELECT a FROM t /*! WHERE b = \\N */",
            "select a from t where b = null LIMIT 3",
        ),
        (
            Dialect::Mysql,
            "SELECT a FROM t FETCH FIRST ROW ONLY",
            "SELECT a FROM t FETCH FIRST ROW ONLY",
        ),
        (
            Dialect::Mysql,
            "SELECT a FROM t ORDER BY a OFFSET 1 ROW FETCH NEXT 9 ROWS WITH TIES",
            "SELECT a FROM t ORDER BY a LIMIT 3 OFFSET 1",
        ),
        (
            Dialect::Postgres,
            "SELECT a FROM t ORDER BY a FETCH FIRST 2 ROWS WITH TIES",
            "SELECT * FROM (SELECT a FROM t ORDER BY a FETCH FIRST 2 ROWS WITH TIES) AS limited LIMIT 3",
        ),
        (
            Dialect::Tsql,
            "SELECT DISTINCT a FROM t",
            "SELECT DISTINCT TOP 3 a FROM t",
        ),
        (Dialect::Tsql, "SELECT TOP 50 PERCENT a FROM t", "SELECT TOP 3 a FROM t"),
        (Dialect::Tsql, "SELECT TOP 2 a FROM t", "SELECT TOP 2 a FROM t"),
        (
            Dialect::Tsql,
            "SELECT a FROM t ORDER BY a OFFSET 2 ROWS",
            "SELECT a FROM t ORDER BY a OFFSET 2 ROWS FETCH NEXT 3 ROWS ONLY",
        ),
        (
            Dialect::Tsql,
            "WITH c AS (SELECT 1 AS a) SELECT a FROM c UNION SELECT 2 ORDER BY a",
            "WITH c AS (SELECT 1 AS a) SELECT a FROM c UNION SELECT 2 ORDER BY a OFFSET 0 ROWS FETCH NEXT 3 ROWS ONLY",
        ),
    ] {
        assert_eq!(
            session(dialect).with_limit(sql, 3).as_deref(),
            Ok(limited),
            "{}",
            dialect.name()
        );
    }
}

#[test]
fn ddl_carries_comments_and_keys() {
    let column = |name: &str, type_name: &str, comment: &str| Column {
        name: name.into(),
        type_name: type_name.into(),
        nullable: true,
        comment: Some(comment.into()).filter(|text: &String| !text.is_empty()),
        ..Column::default()
    };
    let table = Table {
        name: "order".into(),
        comment: Some("客户\n订单".into()),
        columns: vec![
            column("id", "INTEGER", ""),
            column("customer id", "INTEGER", "who's buying"),
        ],
        primary_key: vec!["id".into()],
        foreign_keys: vec![ForeignKey {
            columns: vec!["customer id".into()],
            ref_table: "customer".into(),
            ref_columns: vec!["id".into()],
            ..ForeignKey::default()
        }],
        ..Table::default()
    };
    assert_eq!(
        render_ddl(Dialect::Sqlite, &table),
        "-- 客户 订单\nCREATE TABLE \"order\" (\n  id INTEGER PRIMARY KEY,\n  \"customer id\" INTEGER, -- who's buying\n  \
         FOREIGN KEY (\"customer id\") REFERENCES customer (id)\n);"
    );
    assert!(render_ddl(Dialect::Mysql, &table).contains("`customer id` INTEGER COMMENT 'who''s buying'"));
}
