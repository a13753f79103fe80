//! The built-in dialects' catalog queries, as far as no server is needed.

use std::collections::HashSet;

use crate::shared::{queries_of, sqlite_file};
use nl2sql_catalog::CatalogQuery;
use nl2sql_database::statement_guard::{self, MYSQL, POSTGRES, RestrictedObjects, SQLITE, TSQL};
use nl2sql_database::{Connection, ConnectionSettings, ExtractError};

#[test]
fn every_catalog_query_is_one_query_whatever_the_schemas_are_called() {
    let schemas = ["o'brien".to_owned(), "a\\'; DROP TABLE x; --".to_owned()];
    for (driver, rules, versions) in [
        ("sqlite", &SQLITE, ["3.45.0", "3.50.0"]),
        ("postgres", &POSTGRES, ["10.4", "17.2"]),
        ("mysql", &MYSQL, ["8.0.40", "10.11.6-MariaDB"]),
        ("mssql", &TSQL, ["11.0.3000", "16.0.1000"]),
    ] {
        for version in versions {
            let queries = queries_of(driver, version, &schemas);
            let sections: HashSet<&str> = queries.iter().map(|query| query.section.as_str()).collect();
            assert_eq!(sections.len(), queries.len(), "one query per section");
            assert!(
                sections.contains("tables") && sections.contains("columns"),
                "{sections:?}"
            );
            for query in &queries {
                let verdict = statement_guard::check(rules, &query.sql, &RestrictedObjects::default());
                assert_eq!(verdict, Ok(()), "{driver} {version} {}", query.section);
            }
        }
    }
}

#[tokio::test]
async fn rows_of_another_form_name_their_place() {
    let (_folder, path) = sqlite_file("CREATE TABLE t (a)");
    let connection = Connection::open(ConnectionSettings::sqlite(path)).await.unwrap();
    let query = |section: &str, sql: &str| CatalogQuery {
        section: section.into(),
        sql: sql.into(),
    };
    let tables = query("tables", "SELECT NULL, 't', 'table', NULL, NULL");
    for (columns, part) in [
        (
            "SELECT NULL, 't', 'one', 'a', 'INT', 1, NULL, NULL, 0, 0, NULL, NULL",
            "not a whole number",
        ),
        (
            "SELECT NULL, 't', 1, NULL, 'INT', 1, NULL, NULL, 0, 0, NULL, NULL",
            "NULL or missing",
        ),
        (
            "SELECT NULL, 't', 1, 'a', 'INT', 'yes', NULL, NULL, 0, 0, NULL, NULL",
            "not 1 or 0",
        ),
        (
            "SELECT NULL, 't', 1, 'a', 'INT', 1, NULL, NULL, 0, 0, 'x', NULL",
            "JSON",
        ),
        ("SELECT nowhere", "nowhere"),
    ] {
        let error = connection
            .extract(&[tables.clone(), query("columns", columns)], "odd")
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains(part) && error.to_string().contains("columns"),
            "{error}"
        );
    }
    let error = connection
        .extract(std::slice::from_ref(&tables), "odd")
        .await
        .unwrap_err();
    assert!(matches!(error, ExtractError::Sections(_)), "{error}");
}
