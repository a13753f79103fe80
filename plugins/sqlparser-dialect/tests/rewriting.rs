//! Normal forms, templates, row limits and DDL.

use nl2sql_sdk::types::{Column, ForeignKey, Table};
use nl2sql_sdk::{Dialect, DialectSession};
use nl2sql_sqlparser_dialect::Guest;

use crate::names::{Generic, session};

#[test]
fn two_spellings_have_one_normal_form() {
    let session = session();
    let normal = session
        .normalise("SELECT  Name,count( * ) -- who\nFROM Singer WHERE \"Age\">='A  b' /* x */ ;")
        .unwrap();
    assert_eq!(normal, "select name, count(*) from singer where \"Age\" >= 'A  b'");
    assert_eq!(session.normalise(&normal).unwrap(), normal);
    assert!(session.normalise("SELECT FROM WHERE").is_err());
}

#[test]
fn templates_hold_no_literals_and_lists_are_one() {
    let template = |sql: &str| session().template(sql).unwrap();
    assert_eq!(
        template("SELECT name FROM singer WHERE age > 3 AND country IN ('a', 'b', 'c')"),
        "select name from singer where age > ? and country in (?)"
    );
    assert_eq!(
        template("SELECT 1, 2, name FROM singer"),
        template("SELECT 3, name FROM singer")
    );
}

#[test]
fn a_limit_is_added_or_lowered_and_never_raised() {
    let limited = |sql: &str| session().with_limit(sql, 5).unwrap();
    assert_eq!(
        limited("SELECT name FROM singer"),
        "SELECT name FROM singer FETCH FIRST 5 ROWS ONLY"
    );
    assert_eq!(
        limited("SELECT name FROM singer LIMIT 3"),
        "SELECT name FROM singer LIMIT 3"
    );
    assert_eq!(
        limited("SELECT name FROM singer LIMIT 30 OFFSET 2;"),
        "SELECT name FROM singer LIMIT 5 OFFSET 2"
    );
    let union = limited("SELECT 1 UNION SELECT 2 FETCH FIRST 90 ROWS ONLY");
    assert_eq!(union, "SELECT 1 UNION SELECT 2 FETCH FIRST 5 ROWS ONLY");
    for sql in [
        "SELECT name FROM singer",
        "SELECT a FROM (VALUES (1)) AS t(a) ORDER BY a",
    ] {
        session().check_syntax(&limited(sql)).unwrap();
    }
}

#[test]
fn ddl_shows_keys_and_comments_and_quotes_what_needs_it() {
    let column = |name: &str, comment: Option<&str>| Column {
        name: name.to_owned(),
        type_name: "INTEGER".to_owned(),
        comment: comment.map(str::to_owned),
        ..Column::default()
    };
    let table = Table {
        name: "order".to_owned(),
        columns: vec![column("id", None), column("unit price", Some("in\neuros"))],
        primary_key: vec!["id".to_owned()],
        foreign_keys: vec![ForeignKey {
            columns: vec!["id".to_owned()],
            ref_table: "singer".to_owned(),
            ref_columns: vec!["singer_id".to_owned()],
            ..ForeignKey::default()
        }],
        ..Table::default()
    };
    assert_eq!(
        Guest::<Generic>::render_ddl(&table),
        "CREATE TABLE \"order\" (\n  id INTEGER NOT NULL,\n  \"unit price\" INTEGER NOT NULL, -- in euros\n  PRIMARY KEY (id),\n  \
         FOREIGN KEY (id) REFERENCES singer (singer_id)\n)"
    );
}
