//! What is asked of a genuine SQL Server (`NL2SQL_TEST_MSSQL_URL`) and of its peer in the tests alike.

use std::time::Duration;

use crate::shared::tds::{reader, shop};
use crate::shared::{catalog_queries, server_url};
use nl2sql_catalog::Value;
use nl2sql_database::{Connection, Limits};

const VARIABLE: &str = "NL2SQL_TEST_MSSQL_URL";

async fn genuine(test: &str) -> Option<Connection> {
    let url = server_url(VARIABLE, test)?;
    Some(Connection::open(url.parse().unwrap()).await.unwrap())
}

/// Expression and what must arrive.
const VALUES: &[(&str, &str)] = &[
    ("CAST(1 AS bit)", "boolean:true"),
    ("CAST(255 AS tinyint)", "integer:255"),
    ("CAST(-9000000000 AS bigint)", "integer:-9000000000"),
    ("CAST(-1.5 AS decimal(10, 2))", "decimal:-1.50"),
    ("CAST(1234.5678 AS money)", "decimal:1234.5678"),
    ("CAST('0.1' AS float)", "float:0.1"),
    ("CAST('2020-02-29' AS date)", "date:2020-02-29"),
    ("CAST('01:02:03.5' AS time(3))", "time:01:02:03.500"),
    (
        "CAST('2020-02-29T13:14:15.997' AS datetime)",
        "datetime:2020-02-29 13:14:15.997",
    ),
    (
        "CAST('2020-02-29 13:14:15.1234567' AS datetime2(7))",
        "datetime:2020-02-29 13:14:15.1234567",
    ),
    (
        "CAST('2020-02-29 13:14:15 +08:00' AS datetimeoffset(0))",
        "datetime:2020-02-29 13:14:15+08:00",
    ),
    ("CAST(N'客户 𠮷' AS nvarchar(10))", "text:客户 𠮷"),
    (
        "CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)",
        "uuid:6f9619ff-8b86-d011-b42d-00c04fc964ff",
    ),
    ("CAST(0x00FF AS varbinary(10))", "bytes:0x00ff"),
    ("CAST('<a/>' AS xml)", "other:<a/>"),
    ("CAST(NULL AS int)", "null:"),
];

async fn values_are_typed(connection: &Connection) {
    let list: Vec<&str> = VALUES.iter().map(|(expression, _)| *expression).collect();
    let result = connection
        .run(&format!("SELECT {}", list.join(", ")), &Limits::default())
        .await
        .unwrap();
    for (value, (expression, expected)) in result.rows[0].iter().zip(VALUES) {
        let kind = serde_json::to_value(value).unwrap()["type"]
            .as_str()
            .unwrap_or("?")
            .to_owned();
        let cell = format!("{kind}:{}", value.display_text().unwrap_or_default());
        assert_eq!(cell, *expected, "{expression}");
    }
}

async fn the_catalog_can_be_read(connection: &Connection) {
    let extraction = connection.extract(&catalog_queries(connection), "tsql").await.unwrap();
    assert!(extraction.database.tables.iter().all(|table| !table.columns.is_empty()));
    assert!(!connection.login_rights().await.unwrap().login.is_empty());
    assert!(!connection.server_info().version.is_empty());
}

async fn caps_hold(connection: &Connection) {
    let many =
        "WITH n AS (SELECT 1 AS x UNION ALL SELECT x + 1 FROM n WHERE x < 90) SELECT a.x FROM n AS a CROSS JOIN n AS b";
    for _ in 0..3 {
        let cut = connection
            .run(many, &Limits::default().with_max_rows(50))
            .await
            .unwrap();
        assert_eq!((cut.rows.len(), cut.truncated), (50, true));
        let one = connection.run("SELECT 7 AS n", &Limits::default()).await.unwrap();
        assert_eq!(one.rows, [[Value::Integer(7)]]);
    }
}

#[tokio::test]
async fn the_peer_answers() {
    let server = shop().start(0).await.unwrap();
    let connection = reader(&server).await;
    values_are_typed(&connection).await;
    the_catalog_can_be_read(&connection).await;
    caps_hold(&connection).await;
}

#[tokio::test]
async fn a_genuine_server_answers() {
    let Some(connection) = genuine("a_genuine_server_answers").await else {
        return;
    };
    values_are_typed(&connection).await;
    the_catalog_can_be_read(&connection).await;
    caps_hold(&connection).await;
}

#[tokio::test]
async fn a_genuine_server_stops_a_runaway() {
    let Some(connection) = genuine("a_genuine_server_stops_a_runaway").await else {
        return;
    };
    let endless = "SELECT COUNT_BIG(*) FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b CROSS JOIN sys.all_columns AS c \
                   WHERE a.name + b.name + c.name = N''";
    let hurried = Limits::default().with_timeout(Duration::from_millis(500));
    let error = connection.run(endless, &hurried).await.unwrap_err();
    assert_eq!(error.code(), "timeout", "{error}");
    assert!(connection.run("SELECT 1", &Limits::default()).await.is_ok());
}
