//! PostgreSQL and MySQL/MariaDB: limits, faults and the errors of connecting.

use std::time::{Duration, Instant};

use crate::shared::servers::TestDatabase;
use crate::shared::{catalog_queries, server_url};
use nl2sql_catalog::{TableKind, Value};
use nl2sql_database::{ConnectError, Connection, ConnectionSettings, Limits, TlsMode};

const POSTGRES: &str = "NL2SQL_TEST_POSTGRES_URL";
const MYSQL: &str = "NL2SQL_TEST_MYSQL_URL";

#[tokio::test]
async fn postgres_catalog_has_its_specialities() {
    let Some(url) = server_url(POSTGRES, "postgres_catalog_has_its_specialities") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(
        "CREATE SCHEMA sales; CREATE TYPE grade AS ENUM ('A', 'it''s'); \
         CREATE TABLE sales.region (a int, b int, PRIMARY KEY (b, a)); \
         CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, ra int, rb int, g grade, price numeric(10,2) CHECK (price > 0), \
         doubled numeric GENERATED ALWAYS AS (price * 2) STORED, code serial UNIQUE, tags text[], gone int, FOREIGN KEY (rb, ra) REFERENCES sales.region (b, a)); \
         ALTER TABLE customer DROP COLUMN gone; COMMENT ON TABLE customer IS '客户'; COMMENT ON COLUMN customer.g IS '等级'; \
         CREATE MATERIALIZED VIEW stats AS SELECT count(*) AS n FROM customer; CREATE VIEW names AS SELECT id FROM customer; \
         CREATE TABLE parted (id int, day date) PARTITION BY RANGE (day); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2020-01-01') TO ('2021-01-01'); \
         CREATE UNIQUE INDEX partial ON customer (ra) WHERE ra > 0; INSERT INTO sales.region VALUES (1, 2); ANALYZE;",
    );
    let settings = ConnectionSettings {
        schemas: vec!["public".into(), "sales".into()],
        ..server.admin.clone()
    };
    let connection = Connection::open(settings).await.unwrap();
    let database = connection
        .extract(&catalog_queries(&connection), "postgres")
        .await
        .unwrap()
        .database;
    let names: Vec<String> = database
        .tables
        .iter()
        .map(nl2sql_catalog::Table::qualified_name)
        .collect();
    assert_eq!(
        names,
        [
            "public.customer",
            "public.names",
            "public.parted",
            "public.stats",
            "sales.region"
        ]
    );
    let customer = database.table("public.customer").unwrap();
    assert_eq!(customer.foreign_keys[0].ref_schema.as_deref(), Some("sales"));
    assert_eq!(
        (
            customer.foreign_keys[0].columns.join(","),
            customer.foreign_keys[0].ref_columns.join(",")
        ),
        ("rb,ra".into(), "b,a".into())
    );
    assert_eq!(database.table("sales.region").unwrap().primary_key, ["b", "a"]);
    assert_eq!(database.table("sales.region").unwrap().row_estimate, Some(1));
    assert_eq!(customer.column("g").unwrap().labels, ["A", "it's"]);
    assert_eq!(customer.column("price").unwrap().type_name, "numeric(10,2)");
    assert!(
        customer.column("id").unwrap().identity
            && customer.column("code").unwrap().identity
            && customer.column("doubled").unwrap().generated
    );
    assert_eq!(
        (
            customer.comment.as_deref(),
            customer.column("g").unwrap().comment.as_deref()
        ),
        (Some("客户"), Some("等级"))
    );
    assert_eq!(
        (
            customer.unique_keys.len(),
            customer.checks.len(),
            customer.column("gone")
        ),
        (1, 1, None)
    );
    assert_eq!(
        database.table("public.stats").unwrap().kind,
        TableKind::MaterializedView
    );
}

/// Runs a statement that never ends and looks at the server's process list with another session.
async fn runaway(settings: ConnectionSettings, endless: &str, running: &str) {
    let connection = Connection::open(settings.clone()).await.unwrap();
    let watcher = Connection::open(settings).await.unwrap();
    let limits = Limits {
        timeout_ms: 500,
        ..Limits::default()
    };
    let started = Instant::now();
    let error = connection.run(endless, &limits).await.unwrap_err();
    assert_eq!(error.code(), "timeout", "{error}");
    assert!(
        started.elapsed() < Duration::from_millis(2_500),
        "{:?}",
        started.elapsed()
    );
    tokio::time::sleep(Duration::from_millis(500)).await;
    let left = watcher.run(running, &Limits::default()).await.unwrap();
    assert_eq!(left.rows, [[Value::Integer(0)]]);

    // A caller that goes away takes its statement along.
    let patient = Limits {
        timeout_ms: 60_000,
        ..Limits::default()
    };
    assert!(
        tokio::time::timeout(Duration::from_millis(500), connection.run(endless, &patient))
            .await
            .is_err()
    );
    tokio::time::sleep(Duration::from_millis(1_000)).await;
    let left = watcher.run(running, &Limits::default()).await.unwrap();
    assert_eq!(left.rows, [[Value::Integer(0)]]);
    assert!(connection.run("SELECT 1", &limits).await.is_ok());

    // A reader waits on a thread of its own.
    let (mut reader, endless) = (connection.reader().unwrap(), endless.to_owned());
    let outcome = tokio::task::spawn_blocking(move || reader.run(&endless, &limits));
    assert_eq!(outcome.await.unwrap().unwrap_err().code(), "timeout");
    tokio::time::sleep(Duration::from_millis(500)).await;
    let left = watcher.run(running, &Limits::default()).await.unwrap();
    assert_eq!(left.rows, [[Value::Integer(0)]]);
}

#[tokio::test]
async fn postgres_runaways_are_gone_from_the_process_list() {
    let Some(url) = server_url(POSTGRES, "postgres_runaways_are_gone_from_the_process_list") else {
        return;
    };
    let server = TestDatabase::create(&url);
    let running = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{}' AND state = 'active' AND pid <> pg_backend_pid()",
        server.admin.database
    );
    let endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a + b < 0";
    runaway(server.admin.clone(), endless, &running).await;
}

#[tokio::test]
async fn mysql_runaways_are_gone_from_the_process_list() {
    let Some(url) = server_url(MYSQL, "mysql_runaways_are_gone_from_the_process_list") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(
        "CREATE TABLE digits (i int); INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);",
    );
    let running = format!(
        "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = '{}' AND COMMAND IN ('Query', 'Execute') AND ID <> CONNECTION_ID()",
        server.admin.database
    );
    let endless = "SELECT SUM(a.i) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g, digits h, digits i, digits j, digits k";
    runaway(server.admin.clone(), endless, &running).await;
}

#[tokio::test]
async fn caps_hold_and_the_session_survives() {
    for (variable, many, wide) in [
        (
            POSTGRES,
            "SELECT * FROM generate_series(1, 5000) AS n",
            "SELECT repeat('x', 1000000) FROM generate_series(1, 100)",
        ),
        (
            MYSQL,
            "SELECT a.i FROM d a, d b, d c, d e",
            "SELECT REPEAT('x', 1000000) FROM d a, d b",
        ),
    ] {
        let Some(url) = server_url(variable, "caps_hold_and_the_session_survives") else {
            continue;
        };
        let (server, connection) = digits(&url).await;
        let limits = Limits::default().with_max_rows(2_500);
        for _ in 0..3 {
            let cut = connection.run(many, &limits).await.unwrap();
            assert_eq!((cut.rows.len(), cut.truncated), (2_500, true), "{variable}");
            let few = Limits {
                max_bytes: 3_000_000,
                ..Limits::default()
            };
            let cut = connection.run(wide, &few).await.unwrap();
            assert!(
                cut.truncated && cut.rows.len() < 20,
                "{variable}: {} rows",
                cut.rows.len()
            );
        }
        let statements: Vec<String> = (0..200).map(|n| format!("SELECT {n}")).collect();
        let pooled = Connection::open(ConnectionSettings {
            pool_size: 3,
            ..server.admin.clone()
        })
        .await
        .unwrap();
        for (n, result) in pooled
            .run_many(&statements, &Limits::default(), 16)
            .await
            .into_iter()
            .enumerate()
        {
            assert_eq!(result.unwrap().rows, [[Value::Integer(n as i64)]]);
        }
    }
}

#[tokio::test]
async fn readers_take_turns_on_the_sessions() {
    for variable in [POSTGRES, MYSQL] {
        let Some(url) = server_url(variable, "readers_take_turns_on_the_sessions") else {
            continue;
        };
        let (_server, connection) = digits(&url).await;
        let mut readers = [connection.reader().unwrap(), connection.reader().unwrap()];
        let turns = move || {
            for turn in 0..6 {
                let answer = readers[turn % 2].run("SELECT COUNT(*) FROM d", &Limits::default());
                assert_eq!(answer.unwrap().rows, [[Value::Integer(10)]]);
            }
        };
        tokio::task::spawn_blocking(turns).await.unwrap();
        // The session was last used by a reader that is gone now.
        let answer = connection.run("SELECT COUNT(*) FROM d", &Limits::default()).await;
        assert_eq!(answer.unwrap().rows, [[Value::Integer(10)]]);
    }
}

/// A database with the table `d` of ten digits, and a connection of one session.
async fn digits(url: &str) -> (TestDatabase, Connection) {
    let server = TestDatabase::create(url);
    server.script("CREATE TABLE d (i int); INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);");
    let connection = Connection::open(ConnectionSettings {
        pool_size: 1,
        ..server.admin.clone()
    });
    let connection = connection.await.unwrap();
    (server, connection)
}

/// Nothing of one statement may show in the next on the same session.
#[tokio::test]
async fn a_batch_gives_what_its_statements_give_one_by_one() {
    for (variable, kinds) in [
        (
            POSTGRES,
            "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE m (i int, m mood); INSERT INTO m VALUES (1, 'ok');",
        ),
        (
            MYSQL,
            "CREATE TABLE m (i int, m ENUM ('sad', 'ok')); INSERT INTO m VALUES (1, 'ok');",
        ),
    ] {
        let Some(url) = server_url(variable, "a_batch_gives_what_its_statements_give_one_by_one") else {
            continue;
        };
        let (server, connection) = digits(&url).await;
        server.script(kinds);
        let long = format!("SELECT '{}' AS long", "x".repeat(10_000));
        let mut statements: Vec<String> = [
            "SELECT i FROM d ORDER BY i",
            "SELECT no_such_column FROM d",
            "SELECT i, m FROM m",
            "SELECT m, m FROM m WHERE i = 7",
            "DELETE FROM d",
            "SELECT a.i FROM d a, d b, d c ORDER BY 1",
            "SELECT i FROM d WHERE i > 100",
            &long,
            "SELECT 1 WHERE",
            "SELECT COUNT(*) FROM d",
        ]
        .map(str::to_owned)
        .into();
        if variable == POSTGRES {
            statements.extend(
                [
                    "SELECT d FROM d ORDER BY i",
                    "SELECT 1 / i FROM d",
                    "SELECT $1::int",
                    "SELECT repeat('x', 100000) FROM d a, d b",
                ]
                .map(str::to_owned),
            );
        }
        let statements = [statements.clone(), statements].concat();
        for limits in [
            Limits::default(),
            Limits {
                max_rows: 5,
                max_bytes: 1_000_000,
                ..Limits::default()
            },
            Limits::default().with_max_rows(1_000_000),
        ] {
            let together = connection.run_many(&statements, &limits, 1).await;
            assert_eq!(together.len(), statements.len());
            for (sql, outcome) in statements.iter().zip(together) {
                let alone = connection.run(sql, &limits).await;
                let (sql, rows) = (
                    &sql[..sql.len().min(60)],
                    outcome.as_ref().map(|result| result.rows.len()),
                );
                assert!(outcome == alone, "{variable} {sql}: {rows:?}, {alone:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_batch_lets_others_have_its_session() {
    let Some(url) = server_url(POSTGRES, "a_batch_lets_others_have_its_session") else {
        return;
    };
    let server = TestDatabase::create(&url);
    let connection = Connection::open(ConnectionSettings {
        pool_size: 1,
        connect_timeout_s: 1,
        ..server.admin.clone()
    })
    .await
    .unwrap();
    let limits = Limits {
        timeout_ms: 1_000,
        ..Limits::default()
    };
    let statements = vec!["SELECT count(*) FROM generate_series(1, 400000)".to_owned(); 40];
    let (one, other) = tokio::join!(
        connection.run_many(&statements, &limits, 1),
        connection.run_many(&statements, &limits, 1)
    );
    for outcome in one.into_iter().chain(other) {
        assert_eq!(outcome.unwrap().rows, [[Value::Integer(400_000)]]);
    }
}

#[tokio::test]
async fn a_killed_session_is_replaced() {
    for (variable, kill) in [
        (
            POSTGRES,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nl2sql'",
        ),
        (MYSQL, ""),
    ] {
        let Some(url) = server_url(variable, "a_killed_session_is_replaced") else {
            continue;
        };
        let server = TestDatabase::create(&url);
        let connection = Connection::open(server.admin.clone()).await.unwrap();
        assert!(connection.run("SELECT 1", &Limits::default()).await.is_ok());
        if kill.is_empty() {
            let list = server.script("SELECT CONCAT('KILL ', ID, ';') FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()");
            server.script(&list);
        } else {
            server.script(kill);
        }
        assert!(
            connection.run("SELECT 1", &Limits::default()).await.is_ok(),
            "{variable}"
        );
    }
}

#[tokio::test]
async fn an_exhausted_pool_says_so() {
    let Some(url) = server_url(POSTGRES, "an_exhausted_pool_says_so") else {
        return;
    };
    let server = TestDatabase::create(&url);
    let settings = ConnectionSettings {
        pool_size: 1,
        connect_timeout_s: 1,
        ..server.admin.clone()
    };
    let connection = Connection::open(settings).await.unwrap();
    let long = Limits {
        timeout_ms: 8_000,
        ..Limits::default()
    };
    let busy = connection.clone();
    let endless = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b WHERE a + b < 0";
    let task = tokio::spawn(async move { busy.run(endless, &long).await });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let error = connection
        .run(
            "SELECT 1",
            &Limits {
                timeout_ms: 100,
                ..Limits::default()
            },
        )
        .await
        .unwrap_err();
    assert_eq!(error.code(), "unavailable");
    assert!(error.to_string().contains("database.pool"), "{error}");
    task.abort();
}

#[tokio::test]
async fn usual_mistakes_have_their_own_error() {
    let refused: ConnectionSettings = "postgres://u@127.0.0.1:1/x".parse().unwrap();
    assert!(matches!(
        Connection::open(refused).await,
        Err(ConnectError::Refused { .. })
    ));
    for scheme in ["postgres", "mysql", "mssql"] {
        let unknown: ConnectionSettings = format!("{scheme}://u:hunter2@no-such-host.invalid/x").parse().unwrap();
        let error = Connection::open(unknown).await.unwrap_err();
        assert!(matches!(error, ConnectError::UnknownHost { .. }), "{scheme}: {error:?}");
        assert!(!error.to_string().contains("hunter2"));
        let refused: ConnectionSettings = format!("{scheme}://u@127.0.0.1:1/x").parse().unwrap();
        assert!(
            matches!(Connection::open(refused).await, Err(ConnectError::Refused { .. })),
            "{scheme}"
        );
    }
    for variable in [POSTGRES, MYSQL] {
        let Some(url) = server_url(variable, "usual_mistakes_have_their_own_error") else {
            continue;
        };
        let mut server = TestDatabase::create(&url);
        server.add_reader();
        let missing = ConnectionSettings {
            database: "no_such_database".into(),
            ..server.admin.clone()
        };
        assert!(
            matches!(
                Connection::open(missing).await,
                Err(ConnectError::NoSuchDatabase { .. })
            ),
            "{variable}"
        );
        let tls = ConnectionSettings {
            tls: TlsMode::Verify,
            ..server.admin.clone()
        };
        assert!(
            matches!(Connection::open(tls).await, Err(ConnectError::Tls { .. })),
            "{variable}"
        );
        if variable == MYSQL {
            let wrong = ConnectionSettings {
                password: "wrong".into(),
                ..server.reader.clone()
            };
            assert!(
                matches!(Connection::open(wrong).await, Err(ConnectError::Authentication { .. })),
                "{variable}"
            );
        }
        let reader = Connection::open(server.reader.clone()).await.unwrap();
        let rights = reader.login_rights().await.unwrap();
        assert!(rights.read_only, "{variable}: {rights:?}");
        let admin = Connection::open(server.admin.clone()).await.unwrap();
        assert!(!admin.login_rights().await.unwrap().read_only, "{variable}");
    }
}

#[tokio::test]
async fn a_statement_whose_session_dies_is_run_again() {
    let Some(url) = server_url(POSTGRES, "a_statement_whose_session_dies_is_run_again") else {
        return;
    };
    let server = TestDatabase::create(&url);
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let running = connection.clone();
    let patient = Limits {
        timeout_ms: 60_000,
        ..Limits::default()
    };
    let task = tokio::spawn(async move {
        running
            .run("SELECT count(*) FROM generate_series(1, 20000000)", &patient)
            .await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let killed = server.script(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'nl2sql' AND state = 'active' AND query LIKE '%DECLARE %generate_series%'",
    );
    assert_eq!(killed.trim(), "t");
    assert_eq!(
        task.await.unwrap().unwrap().rows,
        [[Value::Integer(20_000_000)]],
        "{killed}"
    );
}
