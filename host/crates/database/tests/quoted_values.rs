//! What engines say about failing statements carries no value of the database.

use crate::shared::servers::TestDatabase;
use crate::shared::{server_url, sqlite_file};
use nl2sql_database::{Connection, ConnectionSettings, Limits};

const TABLE: &str =
    "CREATE TABLE notes (body VARCHAR(60), kept DATE); INSERT INTO notes VALUES ('zz\"canary''7713', '1987-03-29');";

/// What `sql` fails with.
async fn failure(connection: &Connection, sql: &str) -> String {
    match connection.run(sql, &Limits::default()).await {
        Ok(_) => panic!("{sql} runs"),
        Err(error) => {
            assert_eq!(error.code(), "failed", "{sql}: {error}");
            error.to_string()
        }
    }
}

async fn says_no_value(connection: &Connection, statements: &[&str]) {
    for sql in statements {
        let said = failure(connection, sql).await;
        assert!(
            !said.contains("canary") && !said.contains("7713") && !said.contains("1987"),
            "{sql}: {said}"
        );
    }
    let unknown = failure(connection, "SELECT no_such_column FROM notes").await;
    assert!(
        unknown.contains("no_such_column"),
        "names of the statement are told: {unknown}"
    );
}

#[tokio::test]
async fn sqlite() {
    let (_folder, path) = sqlite_file(TABLE);
    let connection = Connection::open(ConnectionSettings::sqlite(path)).await.unwrap();
    let statements = [
        "SELECT json_extract('{\"a\": 1}', body) FROM notes",
        "SELECT json_set('{}', body, 1) FROM notes",
        "SELECT json(body) FROM notes",
    ];
    says_no_value(&connection, &statements).await;
}

#[tokio::test]
async fn postgres() {
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", "quoted_values::postgres") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(TABLE);
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let statements = [
        "SELECT CAST(body AS integer) FROM notes",
        "SELECT body::json FROM notes",
        "SELECT ('<' || body)::xml FROM notes",
        "SELECT to_date(body, 'YYYY') FROM notes",
        "SELECT CAST(body AS timestamp) FROM notes",
        "SELECT CAST(kept AS text)::numeric FROM notes",
        "SELECT 'x' ~ ('[' || body) FROM notes",
        "SELECT body::uuid FROM notes",
        "SELECT ('{' || body)::int[] FROM notes",
    ];
    says_no_value(&connection, &statements).await;
}

#[tokio::test]
async fn mysql() {
    let Some(url) = server_url("NL2SQL_TEST_MYSQL_URL", "quoted_values::mysql") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(TABLE);
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let statements = [
        "SELECT extractvalue('<a/>', concat('!', body)) FROM notes",
        "SELECT updatexml('<a/>', concat('!', body), '') FROM notes",
    ];
    says_no_value(&connection, &statements).await;
}
