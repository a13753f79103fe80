//! Every type of PostgreSQL and MySQL/MariaDB arrives as the typed value it is; the cases are in `value_types/`, one a line.

use crate::shared::server_url;
use crate::shared::servers::TestDatabase;
use nl2sql_catalog::Value;
use nl2sql_database::{Connection, Limits};

const POSTGRES: &str = "
    CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION ltree;
    CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE DOMAIN year AS int; CREATE TYPE trio AS (a int, b text, c text);";

const MYSQL: &str = "
    SET sql_mode = '';
    CREATE TABLE v (flag tinyint(1), small tinyint, medium mediumint, big bigint, u_big bigint unsigned, filled int(6) zerofill,
        exact decimal(10,2), longest decimal(65,30), single float, double_one double, year_zero year, bits_1 bit, bits_64 bit(64), day date,
        zero_day date, no_month date, moment datetime(3), zero_moment datetime, stamp timestamp NULL, span time, short_span time,
        fine_span time(6), choice enum('x','y'), nothing_chosen enum('x','y'), choices set('p','q'), no_choices set('p','q'), fixed char(3),
        wide text CHARACTER SET utf8mb4, latin varchar(9) CHARACTER SET latin1, blob_one blob, fixed_bytes binary(3), document json, by_bytes varchar(9) COLLATE utf8mb4_bin, no_day date, no_moment datetime,
        place point, line linestring, area polygon, points multipoint, ways multilinestring, areas multipolygon, several geometrycollection);
    INSERT INTO v VALUES (1, -128, -8388608, -9223372036854775808, 18446744073709551615, 42, -12.50,
        12345678901234567890123456789012345.123456789012345678901234567890, 1.1, 1e300, 0, b'1', 0x8000000000000001, '2000-02-29',
        '0000-00-00', '2020-00-00', '2000-02-29 01:02:03.5', '0000-00-00 00:00:00', '2000-02-29 01:02:03', '-838:59:59', '00:00:00',
        '01:02:03.000001', 'y', 'no such', 'p,q', '', 'ab', '客户 🚀', 'café', x'00ff', 'a', '{\"a\":1}', '客户', NULL, NULL, POINT(1, 2.5),
        ST_GeomFromText('LINESTRING(0 0,1 1)'),
        ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0),(0.1 0.1,0.1 0.2,0.2 0.2,0.1 0.1))'), ST_GeomFromText('MULTIPOINT(0 0,1 1)'),
        ST_GeomFromText('MULTILINESTRING((0 0,1 1),(2 2,3 3))'), ST_GeomFromText('MULTIPOLYGON(((0 0,0 1,1 1,0 0)))'),
        ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))'));";

/// `kind:text` of a value.
fn shown(value: &Value) -> String {
    let json = serde_json::to_value(value).unwrap();
    format!(
        "{}:{}",
        json["type"].as_str().unwrap_or("?"),
        value.display_text().unwrap_or_default()
    )
}

/// Runs every case; gives those that came out otherwise.
async fn differences(connection: &Connection, cases: &str, from: &str) -> Vec<String> {
    let mut differences = Vec::new();
    for line in cases.lines().filter(|line| !line.starts_with('#')) {
        let (expression, wanted) = line.split_once(" => ").unwrap();
        let sql = format!("SELECT {expression}{from}");
        let came = match connection.run(&sql, &Limits::default()).await {
            Ok(result) => shown(&result.rows[0][0]),
            Err(error) => error.to_string(),
        };
        if came != wanted {
            differences.push(format!("{expression}: {came}, wanted {wanted}"));
        }
    }
    differences
}

#[tokio::test]
async fn postgres_values_are_typed() {
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", "postgres_values_are_typed") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(POSTGRES);
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let differences = differences(&connection, include_str!("value_types/postgres.txt"), "").await;
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[tokio::test]
async fn an_empty_result_has_its_columns() {
    let test = "an_empty_result_has_its_columns";
    for (variable, sql) in [
        (
            "NL2SQL_TEST_POSTGRES_URL",
            "SELECT 1 AS a, 'glad'::mood AS b WHERE false",
        ),
        (
            "NL2SQL_TEST_MYSQL_URL",
            "SELECT flag AS a, wide AS b FROM v WHERE 1 = 0",
        ),
    ] {
        let Some(url) = server_url(variable, test) else {
            continue;
        };
        let server = TestDatabase::create(&url);
        server.script(if variable.contains("POSTGRES") { POSTGRES } else { MYSQL });
        let connection = Connection::open(server.admin.clone()).await.unwrap();
        let empty = connection.run(sql, &Limits::default()).await.unwrap();
        assert_eq!((empty.columns.join(","), empty.rows.len()), ("a,b".into(), 0));
    }
}

#[tokio::test]
async fn mysql_values_are_typed() {
    let Some(url) = server_url("NL2SQL_TEST_MYSQL_URL", "mysql_values_are_typed") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(MYSQL);
    let connection = Connection::open(server.admin.clone()).await.unwrap();
    let mut cases = include_str!("value_types/mysql.txt").to_owned();
    if connection.server_info().version.contains("MariaDB") {
        cases.push_str(include_str!("value_types/mariadb.txt"));
    }
    let mut differences = differences(&connection, &cases, " FROM v").await;
    // `||` is OR here, as everywhere on this server: the session does not bend sql_mode.
    differences.extend(self::differences(&connection, "1 || 0 => integer:1", "").await);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
