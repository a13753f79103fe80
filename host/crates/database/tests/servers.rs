//! PostgreSQL and MySQL/MariaDB: values, limits, faults and the errors of connecting.

mod shared;

use std::time::{Duration, Instant};

use nl2sql_catalog::{TableKind, Value};
use nl2sql_database::{ConnectError, Connection, ConnectionSettings, Limits, TlsMode};
use shared::servers::TestDatabase;
use shared::{catalog_queries, server_url};

const POSTGRES: &str = "NL2SQL_TEST_POSTGRES_URL";
const MYSQL: &str = "NL2SQL_TEST_MYSQL_URL";

/// One row of `sql`, as `kind:text` cells.
async fn cells(connection: &Connection, sql: &str) -> Vec<String> {
    let result = connection
        .run(sql, &Limits::default())
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let json = |value: &Value| {
        serde_json::to_value(value).unwrap()["type"]
            .as_str()
            .unwrap_or("?")
            .to_owned()
    };
    result.rows[0]
        .iter()
        .map(|value| format!("{}:{}", json(value), value.display_text().unwrap_or_default()))
        .collect()
}

#[tokio::test]
async fn postgres_values_are_typed() {
    let Some(url) = server_url(POSTGRES, "postgres_values_are_typed") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(
        "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN year AS int; CREATE TYPE pair AS (a int, b text)",
    );
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    for (sql, expected) in [
        (
            "SELECT true, 1::int2, 2, 9223372036854775807, 1.50::numeric(10,2), 'NaN'::numeric, 1e-7::float8, 1.1::float4, 'Infinity'::float8",
            "boolean:true integer:1 integer:2 integer:9223372036854775807 decimal:1.50 float:NaN float:1e-7 float:1.1 float:Infinity",
        ),
        (
            "SELECT 'a', 'b'::varchar, 'c'::char(3), '\\x00ff'::bytea, B'101', '-$1,234.50'::money, 123456789012345678901234567890",
            "text:a text:b text:c   bytes:0x00ff bytes:0x05 decimal:-1234.50 decimal:123456789012345678901234567890",
        ),
        (
            "SELECT DATE '2020-02-29', DATE 'infinity', TIME '01:02:03.5', TIMETZ '01:02:03+02', TIMESTAMP '2020-01-02 03:04:05', TIMESTAMPTZ '2020-01-02 03:04:05+02'",
            "date:2020-02-29 date:infinity time:01:02:03.5 time:01:02:03+02:00 datetime:2020-01-02 03:04:05 datetime:2020-01-02 01:04:05+00:00",
        ),
        (
            "SELECT INTERVAL '1 year 2 days 3 hours', '{\"a\": 1}'::json, '{\"a\":1}'::jsonb, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid, XML '<a/>'",
            "interval:P1Y2DT3H json:{\"a\": 1} json:{\"a\": 1} uuid:a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11 other:<a/>",
        ),
        (
            "SELECT ARRAY[1, NULL, 3], ARRAY['a b', 'c\"d'], ARRAY[[1.5, 2], [3, 4]], ARRAY['sad']::mood[], '{}'::int[]",
            "array:[1, NULL, 3] array:[a b, c\"d] array:[[1.5, 2], [3, 4]] array:[sad] array:[]",
        ),
        (
            "SELECT 'glad'::mood, 2000::year, ROW(1, 'x')::pair, int4range(1, 5), point(1, 2), '10.0.0.1/8'::inet, NULL::int",
            "text:glad integer:2000 other:(1,x) other:[1,5) other:(1,2) other:10.0.0.1/8 null:",
        ),
    ] {
        assert_eq!(cells(&connection, sql).await.join(" "), expected, "{sql}");
    }
    let empty = connection
        .run("SELECT 1 AS a, 'glad'::mood AS b WHERE false", &Limits::default())
        .await
        .unwrap();
    assert_eq!((empty.columns.join(","), empty.rows.len()), ("a,b".into(), 0));
}

#[tokio::test]
async fn mysql_values_are_typed() {
    let Some(url) = server_url(MYSQL, "mysql_values_are_typed") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(
        "CREATE TABLE v (a tinyint(1), b int unsigned, c bigint unsigned, d decimal(10,2), e float, f double, g year, h bit(9), i date, j datetime(3), k timestamp NULL, \
         l time, m enum('x','y'), n set('p','q'), o blob, p json, q point, r char(3), s text) CHARACTER SET utf8mb4; \
         INSERT INTO v VALUES (1, 4294967295, 18446744073709551615, -12.50, 1.1, 1e300, 2000, b'100000001', '2000-02-29', '2000-02-29 01:02:03.5', '2000-02-29 01:02:03', \
         '-26:03:04', 'y', 'p,q', x'00ff', '{\"a\":1}', POINT(1, 2.5), 'ab', '客户');",
    );
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    assert_eq!(
        cells(
            &connection,
            "SELECT a, b, c, d, e, f, g, h, i, j, l, m, n, o, q, r, s, NULL FROM v"
        )
        .await
        .join(" "),
        "integer:1 integer:4294967295 decimal:18446744073709551615 decimal:-12.50 float:1.1 float:1e300 integer:2000 bytes:0x0101 date:2000-02-29 \
         datetime:2000-02-29 01:02:03.500000 time:-26:03:04 text:y text:p,q bytes:0x00ff other:POINT(1 2.5) text:ab text:客户 null:"
    );
    // `||` is OR here, as everywhere on this server: the session does not bend sql_mode.
    assert_eq!(cells(&connection, "SELECT 1 || 0").await, ["integer:1"]);
    let empty = connection
        .run("SELECT a, s FROM v WHERE 1 = 0", &Limits::default())
        .await
        .unwrap();
    assert_eq!((empty.columns.join(","), empty.rows.len()), ("a,s".into(), 0));
}

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
    assert_eq!(cells(&watcher, running).await, ["integer:0"]);

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
    assert_eq!(cells(&watcher, running).await, ["integer:0"]);
    assert!(connection.run("SELECT 1", &limits).await.is_ok());
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
        let server = TestDatabase::create(&url);
        server.script("CREATE TABLE d (i int); INSERT INTO d VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);");
        let connection = Connection::open(ConnectionSettings {
            pool_size: 1,
            ..server.admin.clone()
        })
        .await
        .unwrap();
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
        let reader = pooled.reader().unwrap();
        let answer = tokio::task::spawn_blocking(move || {
            let mut reader = reader;
            reader.run("SELECT 7", &Limits::default())
        });
        assert_eq!(answer.await.unwrap().unwrap().rows, [[Value::Integer(7)]]);
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
    assert!(error.to_string().contains("pool_size"), "{error}");
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
            tls: TlsMode::VerifyCa,
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
            .run("SELECT count(*) FROM generate_series(1, 8000000)", &patient)
            .await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let killed = server.script(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'nl2sql' AND state = 'active' AND query LIKE '%FETCH FORWARD%'",
    );
    assert_eq!(killed.trim(), "t");
    assert_eq!(
        task.await.unwrap().unwrap().rows,
        [[Value::Integer(8_000_000)]],
        "{killed}"
    );
}
