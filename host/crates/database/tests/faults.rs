//! Networks that drop, stall and crawl, and servers that are killed: what changes nothing is tried again, within limits, and what cannot
//! succeed says so.

use crate::shared;
use std::time::{Duration, Instant};

use crate::shared::own_server::OwnServer;
use crate::shared::proxy::{Proxy, Weather};
use crate::shared::servers::TestDatabase;
use crate::shared::{catalog_queries, server_url};
use nl2sql_catalog::{Database, Value};
use nl2sql_database::{Connection, ConnectionSettings, Limits};

const SERVERS: [&str; 2] = ["NL2SQL_TEST_POSTGRES_URL", "NL2SQL_TEST_MYSQL_URL"];

const PATIENT: Limits = Limits {
    timeout_ms: 60_000,
    max_rows: 10_000,
    max_bytes: 1 << 24,
};

const DIGITS: &str =
    "CREATE TABLE digits (i int); INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);";

/// A statement of a second or so, and its answer.
const LONG: &str = "SELECT COUNT(*) FROM digits a, digits b, digits c, digits d, digits e, digits f, digits g WHERE a.i + b.i + c.i + d.i + e.i + f.i + g.i >= 0";
const COUNTED: Value = Value::Integer(10_000_000);

/// A database behind a proxy, for each server there is.
async fn behind_proxies(test: &str) -> Vec<(TestDatabase, Proxy, ConnectionSettings)> {
    let mut all = Vec::new();
    for variable in SERVERS {
        let Some(url) = server_url(variable, test) else {
            continue;
        };
        let server = TestDatabase::create(&url);
        server.script(DIGITS);
        let proxy = Proxy::before(&server.admin.host, server.admin.effective_port()).await;
        let settings = ConnectionSettings {
            host: proxy.address.ip().to_string(),
            port: Some(proxy.address.port()),
            ..server.admin.clone()
        };
        all.push((server, proxy, settings));
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_cut_in_the_middle_of_a_statement_is_made_again() {
    for (_server, proxy, settings) in
        behind_proxies("a_connection_cut_in_the_middle_of_a_statement_is_made_again").await
    {
        let connection = Connection::open(settings).await.unwrap();
        let running = connection.clone();
        let task = tokio::spawn(async move { running.run(LONG, &PATIENT).await });
        tokio::time::sleep(Duration::from_millis(150)).await;
        let before = proxy.accepted();
        proxy.cut();
        assert_eq!(task.await.unwrap().unwrap().rows, [[COUNTED]]);
        assert!(proxy.accepted() > before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporarily_unavailable_server_is_waited_for() {
    for (_server, proxy, settings) in behind_proxies("a_temporarily_unavailable_server_is_waited_for").await {
        let connection = Connection::open(settings).await.unwrap();
        // Every session of the pool is stale afterwards.
        connection.run_many(&vec!["SELECT 1".to_owned(); 64], &PATIENT, 4).await;
        proxy.weather(Weather::Refusing);
        proxy.cut();
        let running = connection.clone();
        let task = tokio::spawn(async move { running.run("SELECT 7", &PATIENT).await });
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        proxy.weather(Weather::Fair);
        assert_eq!(task.await.unwrap().unwrap().rows, [[Value::Integer(7)]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unavailable_server_fails_after_the_retries() {
    for (_server, proxy, settings) in behind_proxies("an_unavailable_server_fails_after_the_retries").await {
        let settings = ConnectionSettings {
            connect_timeout_s: 1,
            ..settings
        };
        let connection = Connection::open(settings).await.unwrap();
        proxy.weather(Weather::Refusing);
        proxy.cut();
        let error = connection.run("SELECT 7", &PATIENT).await.unwrap_err();
        assert_eq!(error.code(), "unavailable", "{error}");
        // It can be used again as soon as the server is back.
        proxy.weather(Weather::Fair);
        assert_eq!(
            connection.run("SELECT 7", &PATIENT).await.unwrap().rows,
            [[Value::Integer(7)]]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_ends_with_the_time_limit() {
    for (_server, proxy, settings) in behind_proxies("silence_ends_with_the_time_limit").await {
        let connection = Connection::open(ConnectionSettings {
            connect_timeout_s: 2,
            ..settings
        })
        .await
        .unwrap();
        let limits = Limits {
            timeout_ms: 300,
            ..PATIENT
        };
        proxy.weather(Weather::Silent);
        let started = Instant::now();
        let error = connection.run("SELECT 7", &limits).await.unwrap_err();
        assert_eq!(error.code(), "timeout", "{error}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        proxy.weather(Weather::Fair);
        assert_eq!(
            connection.run("SELECT 7", &PATIENT).await.unwrap().rows,
            [[Value::Integer(7)]]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_network_changes_nothing_but_time() {
    for (_server, proxy, settings) in behind_proxies("a_slow_network_changes_nothing_but_time").await {
        proxy.weather(Weather::Slow);
        let connection = Connection::open(settings).await.unwrap();
        let result = connection
            .run("SELECT i FROM digits ORDER BY i", &PATIENT)
            .await
            .unwrap();
        assert_eq!(result.rows.len(), 10);
    }
}

async fn extracted(connection: &Connection) -> Database {
    let queries = catalog_queries(connection);
    connection.extract(&queries, "any").await.unwrap().database
}

#[tokio::test(flavor = "multi_thread")]
async fn an_extraction_survives_cut_connections() {
    for (server, proxy, settings) in behind_proxies("an_extraction_survives_cut_connections").await {
        let tables: String = (0..300)
            .map(|n| format!("CREATE TABLE t{n} (id int PRIMARY KEY, a int, b varchar(9));"))
            .collect();
        server.script(&tables);
        let wanted = extracted(&Connection::open(server.admin.clone()).await.unwrap()).await;
        proxy.weather(Weather::Slow);
        let connection = Connection::open(settings).await.unwrap();
        let running = connection.clone();
        let task = tokio::spawn(async move { extracted(&running).await });
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(120)).await;
            proxy.cut();
        }
        proxy.weather(Weather::Fair);
        assert_eq!(task.await.unwrap(), wanted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_mid_statement_and_mid_extract_is_waited_for() {
    let test = "a_server_killed_mid_statement_and_mid_extract_is_waited_for";
    for driver in ["postgres", "mysql"] {
        let Some(mut server) = OwnServer::start(driver, test) else {
            continue;
        };
        server.wait();
        let database = if driver == "mysql" {
            "CREATE DATABASE d"
        } else {
            "CREATE DATABASE d ENCODING 'UTF8'"
        };
        shared::servers::client(&server.admin, database);
        let settings = ConnectionSettings {
            database: "d".into(),
            connect_timeout_s: 60,
            ..server.admin.clone()
        };
        let tables: String = (0..300)
            .map(|n| format!("CREATE TABLE t{n} (id int PRIMARY KEY, a int);"))
            .collect();
        shared::servers::client(&settings, &(DIGITS.to_owned() + &tables));
        let connection = Connection::open(settings).await.unwrap();
        let wanted = extracted(&connection).await;

        let running = connection.clone();
        let statement = tokio::spawn(async move { running.run(LONG, &PATIENT).await });
        tokio::time::sleep(Duration::from_millis(150)).await;
        server.kill();
        server.run();
        assert_eq!(statement.await.unwrap().unwrap().rows, [[COUNTED]], "{driver:?}");

        let running = connection.clone();
        let extraction = tokio::spawn(async move { extracted(&running).await });
        tokio::time::sleep(Duration::from_millis(5)).await;
        server.kill();
        server.run();
        server.wait();
        let again = extraction.await.unwrap();
        assert_eq!(names(&again), names(&wanted), "{driver:?}");
    }
}

/// Estimates of rows may change when a server recovers; what there is may not.
fn names(database: &Database) -> Vec<String> {
    let columns = database.tables.iter().flat_map(|table| {
        table
            .columns
            .iter()
            .map(move |column| format!("{}.{} {}", table.name, column.name, column.type_name))
    });
    columns.collect()
}
