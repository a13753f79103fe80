//! What an extraction brings from PostgreSQL and MariaDB: encodings, specialities, and a fixed number of queries.

use crate::shared::servers::{TestDatabase, client};
use crate::shared::{catalog_queries, server_url};
use nl2sql_catalog::{Database, TableKind, TypeClass};
use nl2sql_database::{Connection, ConnectionSettings};

const POSTGRES: &str = "NL2SQL_TEST_POSTGRES_URL";
const MYSQL: &str = "NL2SQL_TEST_MYSQL_URL";

async fn extracted(settings: ConnectionSettings) -> Database {
    let connection = Connection::open(settings).await.unwrap();
    let extraction = connection.extract(&catalog_queries(&connection), "any").await.unwrap();
    extraction.database
}

#[tokio::test]
async fn postgres_comments_arrive_in_every_encoding() {
    let Some(url) = server_url(POSTGRES, "postgres_comments_arrive_in_every_encoding") else {
        return;
    };
    let main = TestDatabase::create(&url);
    for (encoding, comment) in [
        ("UTF8", "客户的编号，“主键”"),
        ("EUC_CN", "客户的编号"),
        ("LATIN1", "numéro du client"),
        ("SQL_ASCII", "客户的编号"),
    ] {
        let name = format!("{}_{}", main.admin.database, encoding.to_lowercase());
        main.script(&format!(
            "CREATE DATABASE {name} ENCODING '{encoding}' LOCALE 'C' TEMPLATE template0"
        ));
        let settings = ConnectionSettings {
            database: name.clone(),
            ..main.admin.clone()
        };
        client(
            &settings,
            &format!(
                "CREATE TABLE t (id int); COMMENT ON TABLE t IS '{comment}'; COMMENT ON COLUMN t.id IS '{comment}'"
            ),
        );
        let database = extracted(settings.clone()).await;
        let table = database.table("t").unwrap();
        assert_eq!(table.comment.as_deref(), Some(comment), "{encoding}");
        assert_eq!(table.columns[0].comment.as_deref(), Some(comment), "{encoding}");
        if encoding == "SQL_ASCII" {
            // What a client in GBK leaves in a database that knows no encoding.
            client(
                &settings,
                "SET client_encoding = 'SQL_ASCII'; COMMENT ON TABLE t IS E'\\xbf\\xcd\\xbb\\xa7'",
            );
            assert_eq!(
                extracted(settings).await.table("t").unwrap().comment.as_deref(),
                Some("客户")
            );
        }
        main.script(&format!("DROP DATABASE {name} WITH (FORCE)"));
    }
}

#[tokio::test]
async fn mariadb_comments_arrive_from_every_character_set() {
    let Some(url) = server_url(MYSQL, "mariadb_comments_arrive_from_every_character_set") else {
        return;
    };
    for (charset, name) in [
        ("latin1", "client"),
        ("gbk", "客户"),
        ("utf8mb3", "客户"),
        ("utf8mb4", "客户"),
        ("ucs2", "客户"),
    ] {
        let server = TestDatabase::create(&url);
        server.script(&format!(
            "ALTER DATABASE CHARACTER SET {charset}; CREATE TABLE `{name}` (`{name}` int COMMENT '客户的编号，“主键”', e enum('甲','it''s, \"x\"','back\\\\slash') CHARACTER SET {}) \
             CHARACTER SET {charset} COMMENT '客户表'",
            if charset == "latin1" { "utf8mb4" } else { charset }
        ));
        let database = extracted(server.admin.clone()).await;
        let table = database.table(name).unwrap();
        assert_eq!(table.comment.as_deref(), Some("客户表"), "{charset}");
        assert_eq!(
            table.column(name).unwrap().comment.as_deref(),
            Some("客户的编号，“主键”"),
            "{charset}"
        );
        assert_eq!(
            table.column("e").unwrap().labels,
            ["甲", "it's, \"x\"", "back\\slash"],
            "{charset}"
        );
    }
}

#[tokio::test]
async fn mariadb_catalog_has_its_specialities() {
    let Some(url) = server_url(MYSQL, "mariadb_catalog_has_its_specialities") else {
        return;
    };
    // The one that refers to the other is dropped first.
    let (other, server) = (TestDatabase::create(&url), TestDatabase::create(&url));
    let other_name = &other.admin.database;
    other.script("CREATE TABLE region (a int, b int, PRIMARY KEY (b, a)) COMMENT '地区'");
    server.script(&format!(
        "CREATE TABLE customer (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, ra int, rb int, price decimal(10,2) DEFAULT 1.50 CHECK (price > 0), \
         doubled decimal(12,2) AS (price * 2) STORED, again decimal(12,2) AS (price * 3) VIRTUAL, hidden int INVISIBLE DEFAULT 3, tags set('a','b c'), \
         at timestamp DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, note varchar(20) DEFAULT 'it''s', empty varchar(5) DEFAULT NULL, place point, \
         data json, UNIQUE KEY by_price (price, id), CONSTRAINT to_region FOREIGN KEY (rb, ra) REFERENCES {other_name}.region (b, a)); \
         CREATE TABLE versioned (id int PRIMARY KEY, x int) WITH SYSTEM VERSIONING; CREATE SEQUENCE counter; CREATE TEMPORARY TABLE fleeting (a int); \
         CREATE TABLE parted (id int, day date) PARTITION BY RANGE (YEAR(day)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE); \
         CREATE VIEW names AS SELECT id, note FROM customer;"
    ));
    let database = extracted(ConnectionSettings {
        schemas: vec![server.admin.database.clone(), other_name.clone()],
        ..server.admin.clone()
    })
    .await;
    let names: Vec<&str> = database.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["region", "customer", "names", "parted", "versioned"]);
    let customer = database.tables.iter().find(|table| table.name == "customer").unwrap();
    let key = &customer.foreign_keys[0];
    assert_eq!(
        (
            key.ref_schema.as_deref(),
            key.columns.join(","),
            key.ref_columns.join(",")
        ),
        (Some(other_name.as_str()), "rb,ra".into(), "b,a".into())
    );
    let column = |name: &str| customer.column(name).unwrap();
    assert!(column("id").identity && column("id").type_name == "bigint(20) unsigned");
    assert!(column("doubled").generated && column("again").generated && !column("price").generated);
    assert_eq!(column("price").default.as_deref(), Some("1.50"));
    assert!(
        column("note")
            .default
            .as_deref()
            .is_some_and(|text| text.starts_with("'it"))
    );
    assert_eq!(
        (column("empty").default.as_deref(), column("hidden").default.as_deref()),
        (None, Some("3"))
    );
    assert_eq!(column("tags").labels, ["a", "b c"]);
    assert_eq!(column("place").type_class, TypeClass::Geometry);
    assert_eq!(customer.unique_keys[0].columns, ["price", "id"]);
    assert!(
        customer
            .checks
            .iter()
            .any(|check| check.expression.contains("`price` > 0")),
        "{:?}",
        customer.checks
    );
    assert_eq!(
        database.tables.iter().find(|table| table.name == "names").unwrap().kind,
        TableKind::View
    );
}

#[tokio::test]
async fn postgres_catalog_has_more_specialities() {
    let Some(url) = server_url(POSTGRES, "postgres_catalog_has_more_specialities") else {
        return;
    };
    let server = TestDatabase::create(&url);
    server.script(
        "CREATE DOMAIN amount AS numeric(10,2) CHECK (VALUE > 0); CREATE TABLE parent (id int PRIMARY KEY, name text); CREATE TABLE child (age int) INHERITS (parent); CREATE TABLE slice (CHECK (id < 10)) INHERITS (parent); \
         CREATE TABLE money (a amount, b int[] NOT NULL DEFAULT '{}', c text DEFAULT 'it''s', d timestamptz DEFAULT now(), e int GENERATED BY DEFAULT AS IDENTITY, \
           \"Weird \"\"Name\" text, f interval, g jsonb, h uuid, i bytea, j tsrange, UNIQUE (a, e)); \
         CREATE UNIQUE INDEX functional ON money (lower(c)); CREATE SEQUENCE loose; CREATE TEMP TABLE fleeting (a int); \
         CREATE EXTENSION postgres_fdw; CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE far (id int) SERVER away; \
         CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw; CREATE FOREIGN TABLE near (id int) SERVER files OPTIONS (filename '/dev/null'); \
         CREATE UNLOGGED TABLE quick (a int); CREATE VIEW v AS SELECT 1 AS one; COMMENT ON VIEW v IS '视图'; \
         CREATE TABLE parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day); CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');",
    );
    let database = extracted(server.admin.clone()).await;
    let names: Vec<&str> = database.tables.iter().map(|table| table.name.as_str()).collect();
    // `far` has no server behind it, so that nothing can be read from it.
    assert_eq!(names, ["child", "money", "near", "parent", "parts", "quick", "v"]);
    let money = database.table("money").unwrap();
    let column = |name: &str| money.column(name).unwrap();
    assert_eq!(
        (column("a").type_name.as_str(), column("a").type_class),
        ("amount", TypeClass::Decimal)
    );
    assert_eq!(
        (column("b").type_class, column("b").nullable),
        (TypeClass::Array, false)
    );
    assert_eq!(column("c").default.as_deref(), Some("'it''s'::text"));
    assert!(column("e").identity);
    assert!(money.column("Weird \"Name").is_some());
    assert_eq!(
        money
            .unique_keys
            .iter()
            .map(|key| key.columns.join(","))
            .collect::<Vec<_>>(),
        ["a,e"]
    );
    assert_eq!(database.table("child").unwrap().columns.len(), 3);
    assert_eq!(database.table("near").unwrap().kind, TableKind::Virtual);
    assert_eq!(database.table("parts").unwrap().primary_key, ["id", "day"]);
    assert_eq!(database.table("v").unwrap().comment.as_deref(), Some("视图"));
}

/// Statements the reader's sessions ran, as the server counts them: those of one extraction.
async fn queries_of_one_extraction(server: &TestDatabase, count: &dyn Fn() -> u64) -> (u64, usize) {
    let connection = Connection::open(server.reader.clone()).await.unwrap();
    let queries = catalog_queries(&connection);
    let before = count();
    let database = connection.extract(&queries, "any").await.unwrap().database;
    (count() - before, database.tables.len())
}

#[tokio::test]
async fn mariadb_is_asked_a_fixed_number_of_queries() {
    let Some(url) = server_url(MYSQL, "mariadb_is_asked_a_fixed_number_of_queries") else {
        return;
    };
    let mut server = TestDatabase::create(&url);
    server.add_reader();
    let user = server.reader.user.clone();
    server.script("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1");
    let count = || {
        let sql = format!(
            "SELECT COUNT(*) FROM mysql.general_log WHERE user_host LIKE '{user}%' AND command_type = 'Execute' \
             AND argument NOT LIKE 'SET SESSION %'"
        );
        server.script(&sql).trim().parse().unwrap()
    };
    let mut asked = Vec::new();
    for tables in [3, 40] {
        let script: String = (0..tables)
            .map(|n| format!("CREATE TABLE IF NOT EXISTS t{n} (id int PRIMARY KEY, a int UNIQUE);"))
            .collect();
        server.script(&script);
        let (queries, found) = queries_of_one_extraction(&server, &count).await;
        assert_eq!(found, tables);
        asked.push(queries);
    }
    server.script("SET GLOBAL general_log = 0, GLOBAL log_output = DEFAULT; TRUNCATE mysql.general_log");
    assert_eq!(asked, [7, 7], "one query per section, one for the rights on columns");
}

#[tokio::test]
async fn postgres_is_asked_a_fixed_number_of_queries() {
    let test = "postgres_is_asked_a_fixed_number_of_queries";
    let Some(url) = server_url(POSTGRES, test) else { return };
    let mut server = TestDatabase::create(&url);
    server.add_reader();
    if server
        .script("SHOW shared_preload_libraries")
        .contains("pg_stat_statements")
    {
        server.script("CREATE EXTENSION pg_stat_statements");
    } else {
        eprintln!("skipped: {test} needs a server that loads pg_stat_statements");
        return;
    }
    let user = server.reader.user.clone();
    let count = || {
        let sql = format!(
            "SELECT coalesce(sum(calls), 0) FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid \
             WHERE r.rolname = '{user}' AND s.query ILIKE 'DECLARE%' AND s.query !~ 'FOR SELECT (1|\\$1)$'"
        );
        server.script(&sql).trim().parse().unwrap()
    };
    let mut asked = Vec::new();
    for tables in [3, 40] {
        let script: String = (0..tables)
            .map(|n| format!("CREATE TABLE IF NOT EXISTS t{n} (id int PRIMARY KEY, a int UNIQUE);"))
            .collect();
        server.script(&format!(
            "{script} GRANT SELECT ON ALL TABLES IN SCHEMA public TO {user};"
        ));
        let (queries, found) = queries_of_one_extraction(&server, &count).await;
        assert!(found >= tables, "{found}");
        asked.push(queries);
    }
    assert_eq!(asked, [6, 6], "one query per section, one for the rights on columns");
}
