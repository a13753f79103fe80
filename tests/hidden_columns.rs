//! Columns that a key may not read, on PostgreSQL, whose statements can read columns in ways that name none.

use std::fs;

use crate::server_runs::database;
use crate::serving::{exchanged_with, listening, nl2sql, project};

const TABLES: &str = "
    CREATE TABLE customers (id int PRIMARY KEY, email text, points int);
    CREATE TABLE orders (id int PRIMARY KEY, amount int);
    INSERT INTO customers VALUES (1, 'ann@x.example', 5), (2, 'bob@x.example', 6);
    INSERT INTO orders VALUES (1, 10);
";

const REFUSED: [&str; 20] = [
    "SELECT email FROM customers",
    "SELECT c FROM customers AS c",
    "TABLE customers",
    "WITH c(a, b, d) AS (TABLE customers) SELECT b FROM c",
    "SELECT amount FROM orders WHERE (1, 'ann@x.example', 5) IN (TABLE customers)",
    "SELECT concat(customers.*) FROM customers",
    "SELECT (customers.*)::text FROM customers",
    "SELECT ROW(c.*) FROM customers AS c",
    "SELECT max(customers.*::text) FROM customers",
    "SELECT id FROM customers ORDER BY (customers.*)",
    "SELECT c.b FROM customers AS c(a, b)",
    "SELECT c.points FROM customers c (id, points, x)",
    "SELECT \"c\".points FROM customers AS \"c\"(id, points, x)",
    "SELECT j.email FROM (customers JOIN orders ON true) AS j",
    "SELECT j.b FROM (customers CROSS JOIN orders) AS j(a, b)",
    "SELECT j.email FROM ((customers CROSS JOIN orders)) AS j",
    "SELECT count(*) FROM (((customers JOIN orders ON true))) j WHERE j.email > 'b'",
    "SELECT j.b FROM ((customers CROSS JOIN orders)) AS j(a, b)",
    "SELECT id FROM customers NATURAL JOIN (SELECT 'ann@x.example' AS email) AS x",
    "SELECT id FROM customers JOIN (SELECT 'ann@x.example'::text AS email) AS x USING (email)",
];

const ALLOWED: [&str; 5] = [
    "SELECT id, points FROM customers ORDER BY points DESC",
    "SELECT o.*, c.points FROM orders AS o JOIN customers AS c ON (c.id = o.id)",
    "SELECT count(*) FROM customers",
    "SELECT q.a FROM (SELECT id FROM customers) AS q(a)",
    "SELECT * FROM orders",
];

#[test]
fn columns_that_are_hidden_from_a_key_are_read_in_no_way() {
    let test = "columns_that_are_hidden_from_a_key_are_read_in_no_way";
    let Some(server) = database("NL2SQL_TEST_POSTGRES_URL", test, TABLES) else {
        return;
    };
    let project = project();
    let profile = project.path().join("nl2sql.toml");
    let login = &server.reader;
    let url = format!(
        "url = \"postgres://{}@{}:{}/{}\"\npassword_env = \"READER_PASSWORD\"",
        login.user,
        login.host,
        login.effective_port(),
        login.database
    );
    let text = fs::read_to_string(&profile)
        .unwrap()
        .replace("path = \"shop.sqlite\"", &url)
        .replace("name = \"shop\"", "name = \"hidden\"");
    let key =
        "[serve.keys.clerk]\nkey_env = \"CLERK_KEY\"\nrights = [\"ask\"]\nhidden_columns = [\"customers.email\"]\n";
    fs::write(&profile, text + key).unwrap();
    let secrets = [
        ("READER_PASSWORD", login.password.reveal()),
        ("CLERK_KEY", "clerk-key-0123456789"),
    ];
    let extracted = nl2sql(project.path(), &["extract", "--quiet"])
        .envs(secrets)
        .output()
        .unwrap();
    assert!(
        extracted.status.success(),
        "{}",
        String::from_utf8_lossy(&extracted.stderr)
    );
    let (_server, address) = listening(nl2sql(project.path(), &["serve", "--port", "0"]).envs(secrets));
    let answer = |sql: &str| {
        let body = serde_json::json!({ "sql": sql }).to_string();
        let key = "authorization: Bearer clerk-key-0123456789\r\n";
        exchanged_with(&address, "POST /v1/query", key, &body)
    };
    for sql in ALLOWED {
        let rows = answer(sql);
        assert!(rows.starts_with("HTTP/1.1 200"), "{sql}: {rows}");
    }
    for sql in REFUSED {
        let refused = answer(sql);
        assert!(refused.starts_with("HTTP/1.1 400"), "{sql}: {refused}");
        assert!(refused.contains("\"not-allowed\""), "{sql}: {refused}");
    }
}
