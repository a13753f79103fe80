//! SQL Server over the wire: the catalog.

use crate::shared::catalog_shape::shape;
use crate::shared::tds::{PASSWORD, reader, settings, shop};
use crate::shared::{catalog_queries, shared_data};
use nl2sql_catalog::{TableKind, TypeClass};
use nl2sql_database::{Connection, ConnectionSettings, ExtractError};
use nl2sql_tds_server::{Account, Database, Fault, Setup, SqlError};

async fn extract(connection: &Connection) -> nl2sql_database::Extraction {
    connection.extract(&catalog_queries(connection), "tsql").await.unwrap()
}

#[tokio::test]
async fn every_kind_of_constraint_and_comment_arrives() {
    let server = shop().start(0).await.unwrap();
    let both = ConnectionSettings {
        schemas: vec!["dbo".into(), "sales".into()],
        ..settings(&server, "sa")
    };
    let connection = Connection::open(both).await.unwrap();
    let extraction = extract(&connection).await;
    assert_eq!(extraction.notes, Vec::<String>::new());
    let database = extraction.database;
    assert_eq!(database.default_schema.as_deref(), Some("dbo"));
    let names: Vec<String> = database
        .tables
        .iter()
        .map(nl2sql_catalog::Table::qualified_name)
        .collect();
    assert_eq!(
        names,
        ["dbo.customer", "dbo.order details", "sales.region", "sales.rich"]
    );
    let customer = database.table("dbo.customer").unwrap();
    assert_eq!(customer.comment.as_deref(), Some("客户表：公司的客户"));
    assert_eq!(customer.row_estimate, Some(3));
    assert_eq!(customer.primary_key, ["id"]);
    let column = |name: &str| customer.column(name).unwrap();
    assert_eq!(column("客户名").comment.as_deref(), Some("客户姓名 '全名'"));
    assert!(column("id").identity && column("doubled").generated);
    assert!(!column("客户名").nullable && column("region").nullable);
    let types: Vec<&str> = customer
        .columns
        .iter()
        .map(|column| column.type_name.as_str())
        .collect();
    assert_eq!(
        types,
        [
            "int",
            "nvarchar(50)",
            "char(2)",
            "int",
            "phone",
            "decimal(12,2)",
            "money",
            "decimal(12,2)",
            "bit",
            "date"
        ]
    );
    assert_eq!(column("contact").type_class, TypeClass::Text);
    assert_eq!(column("vip").type_class, TypeClass::Boolean);
    assert_eq!(column("balance").default.as_deref(), Some("(0)"));
    assert_eq!(customer.checks[0].name.as_deref(), Some("ck_balance"));
    assert_eq!(customer.checks[0].expression, "(balance >= 0)");
    let unique: Vec<Vec<String>> = customer.unique_keys.iter().map(|key| key.columns.clone()).collect();
    assert_eq!(unique, [["contact"]], "filtered indexes are no keys");
    let key = &customer.foreign_keys[0];
    assert_eq!(
        (key.ref_schema.as_deref(), key.ref_table.as_str()),
        (Some("sales"), "region")
    );
    assert_eq!(
        (key.columns.join(","), key.ref_columns.join(",")),
        ("region,country".into(), "code,country".into())
    );
    let details = database.table("dbo.order details").unwrap();
    assert_eq!(details.primary_key, ["customer_id", "line"]);
    assert_eq!(details.foreign_keys[0].ref_columns, ["id"]);
    let view = database.table("sales.rich").unwrap();
    assert_eq!(
        (view.kind, view.comment.as_deref()),
        (TableKind::View, Some("看得见的地区 𠮷"))
    );
    assert_eq!(view.columns.len(), 2);
}

#[tokio::test]
async fn a_login_with_select_alone_gets_the_catalog_without_expressions() {
    let server = shop().start(0).await.unwrap();
    let extraction = extract(&reader(&server).await).await;
    let customer = extraction.database.table("customer").unwrap();
    assert_eq!((customer.columns.len(), customer.checks.len()), (10, 0));
    assert_eq!(customer.column("balance").unwrap().default, None);
    assert_eq!(customer.comment.as_deref(), Some("客户表：公司的客户"));
    assert!(
        extraction.notes.iter().any(|note| note.contains("VIEW DEFINITION")),
        "{:?}",
        extraction.notes
    );
}

#[tokio::test]
async fn tables_without_a_right_stay_out() {
    let clerk = Account::reader("clerk", PASSWORD).without_table("sales.region");
    let server = shop().account(clerk).start(0).await.unwrap();
    let both = ConnectionSettings {
        schemas: vec!["dbo".into(), "sales".into()],
        ..settings(&server, "clerk")
    };
    let database = extract(&Connection::open(both).await.unwrap()).await.database;
    assert!(database.table("sales.region").is_none());
    assert!(database.table("dbo.customer").unwrap().foreign_keys.is_empty());
}

#[tokio::test]
async fn globs_choose_tables() {
    let server = shop().start(0).await.unwrap();
    for (include, exclude, names) in [
        (&["sales.*"][..], &[][..], "region rich"),
        (&["*"], &["sales.r*"], "customer order details"),
        (&["ORDER*", "*.region"], &[], "order details region"),
    ] {
        let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        let chosen = ConnectionSettings {
            schemas: vec!["dbo".into(), "sales".into()],
            include: owned(include),
            exclude: owned(exclude),
            ..settings(&server, "reader")
        };
        let database = extract(&Connection::open(chosen).await.unwrap()).await.database;
        let found: Vec<&str> = database.tables.iter().map(|table| table.name.as_str()).collect();
        assert_eq!(found.join(" "), names);
    }
}

#[tokio::test]
async fn the_number_of_queries_does_not_grow_with_the_tables() {
    let mut counts = Vec::new();
    for tables in [1, 60] {
        let script: String = (0..tables)
            .map(|n| format!("CREATE TABLE t{n} (id int NOT NULL PRIMARY KEY, parent int REFERENCES t0 (id), label nvarchar(20) DEFAULT 'x')\n"))
            .collect();
        let setup = Setup::new()
            .database(Database::new("shop").unwrap().script(&script).unwrap())
            .account(Account::reader("reader", PASSWORD));
        let server = setup.start(0).await.unwrap();
        let connection = reader(&server).await;
        let before = server.statements().len();
        let database = extract(&connection).await.database;
        assert_eq!(database.tables.len(), tables);
        assert_eq!(database.tables[tables - 1].foreign_keys.len(), 1);
        counts.push(server.statements().len() - before);
    }
    assert_eq!(counts[0], counts[1]);
}

#[tokio::test]
async fn values_are_sampled_in_one_query() {
    let server = shop().start(0).await.unwrap();
    let connection = reader(&server).await;
    let database = extract(&connection).await.database;
    let values = connection
        .sample_values(database.table("customer").unwrap(), 2)
        .await
        .unwrap();
    let country = values.iter().find(|values| values.column == "country").unwrap();
    assert_eq!((country.rows, country.distinct, country.nulls), (3, 2, 1));
    let odd = connection
        .sample_values(database.table("order details").unwrap(), 2)
        .await
        .unwrap();
    assert_eq!(odd[2].values[0].0.display_text().as_deref(), Some("注"));
}

#[tokio::test]
async fn an_extraction_survives_a_lost_connection_and_names_what_fails() {
    let server = shop().start(0).await.unwrap();
    let connection = reader(&server).await;
    server.plan(
        Fault::DropAfterRows(2),
        "sys.columns AS c ON c.object_id = o.object_id JOIN sys.types",
        1,
    );
    server.plan(Fault::Reset, "sys.foreign_keys", 1);
    server.plan(Fault::Garbage, "sys.check_constraints", 1);
    assert_eq!(extract(&connection).await.database.tables.len(), 2);
    server.plan(
        Fault::Error(SqlError::new(208, 16, "Invalid object name 'sys.foreign_keys'.")),
        "sys.foreign_keys",
        1,
    );
    let error = connection
        .extract(&catalog_queries(&connection), "tsql")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, ExtractError::Query { section, .. } if section == "foreign-keys"),
        "{error}"
    );
    server.plan(Fault::Drop, "sys.tables", 9);
    server.plan(Fault::Drop, "sys.indexes", 99);
    let error = connection
        .extract(&catalog_queries(&connection), "tsql")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("connection lost"), "{error}");
}

#[tokio::test]
async fn real_scripts_give_the_catalog_that_sqlite_gives() {
    let Some(data) = shared_data("real_scripts_give_the_catalog_that_sqlite_gives") else {
        return;
    };
    let realdb = data.join("realdb");
    for (name, script, sqlite, tables, rows) in [
        (
            "chinook",
            "chinook/chinook.tsql.sql",
            Some("chinook/chinook.sqlite"),
            11,
            "SELECT COUNT(*) FROM Track",
        ),
        (
            "northwind",
            "northwind/northwind.tsql.sql",
            None,
            13,
            "SELECT COUNT(*) FROM [Order Details]",
        ),
        (
            "sakila",
            "sakila/sakila.tsql.schema.sql",
            None,
            15,
            "SELECT COUNT(*) FROM film",
        ),
    ] {
        let text = std::fs::read_to_string(realdb.join(script)).unwrap();
        let database = Database::new(name).unwrap().script(&text).unwrap();
        let setup = Setup::new()
            .database(database)
            .account(Account::reader("reader", PASSWORD));
        let server = setup.start(0).await.unwrap();
        let own = ConnectionSettings {
            database: name.into(),
            ..settings(&server, "reader")
        };
        let connection = Connection::open(own).await.unwrap();
        let found = extract(&connection).await.database;
        let found_shape = shape(&found);
        assert!(found_shape.len() >= tables, "{name}: {:?}", found_shape.keys());
        assert!(found.tables.iter().all(|table| !table.columns.is_empty()));
        connection.run(rows, &nl2sql_database::Limits::default()).await.unwrap();
        if let Some(sqlite) = sqlite {
            let other = Connection::open(ConnectionSettings::sqlite(realdb.join(sqlite)))
                .await
                .unwrap();
            assert_eq!(found_shape, shape(&extract(&other).await.database), "{name}");
        }
    }
}
