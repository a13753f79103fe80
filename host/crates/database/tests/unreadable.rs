//! What the catalog lists and the login cannot read is left out of the extraction, with a note.

use nl2sql_catalog::Table;
use nl2sql_database::{Connection, Extraction};

use crate::shared::servers::TestDatabase;
use crate::shared::{catalog_queries, server_url};

async fn extracted(database: &TestDatabase) -> Extraction {
    let connection = Connection::open(database.reader.clone()).await.unwrap();
    let dialect = connection.server_info().driver.clone();
    connection
        .extract(&catalog_queries(&connection), &dialect)
        .await
        .unwrap()
}

fn names(extraction: &Extraction) -> Vec<&str> {
    let tables = extraction.database.tables.iter();
    tables.map(|table| table.name.as_str()).collect()
}

fn columns(table: &Table) -> Vec<&str> {
    table.columns.iter().map(|column| column.name.as_str()).collect()
}

fn has_note(extraction: &Extraction, parts: &[&str]) {
    let found = extraction
        .notes
        .iter()
        .any(|note| parts.iter().all(|part| note.contains(part)));
    assert!(found, "{parts:?} is in none of {:?}", extraction.notes);
}

#[tokio::test]
async fn postgres_leaves_out_what_the_login_cannot_read() {
    let Some(url) = server_url(
        "NL2SQL_TEST_POSTGRES_URL",
        "postgres_leaves_out_what_the_login_cannot_read",
    ) else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    database.script(
        "CREATE TABLE city (id int PRIMARY KEY, name text);
         CREATE TABLE person (id int PRIMARY KEY, city int REFERENCES city, salary int CHECK (salary > 0), phone text);
         CREATE TABLE visit (id int PRIMARY KEY, person int REFERENCES person, phone text);
         CREATE TABLE secret (id int);
         CREATE MATERIALIZED VIEW unpopulated AS SELECT city, count(*) AS n FROM person GROUP BY city WITH NO DATA;
         CREATE EXTENSION file_fdw;
         CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
         CREATE FOREIGN TABLE lost_file (id int, word text) SERVER files OPTIONS (filename '/nonexistent/words.csv', format 'csv');
         CREATE VIEW over_lost_file AS SELECT word FROM lost_file;
         CREATE VIEW of_cities AS SELECT name FROM city;
         CREATE FUNCTION program() RETURNS int LANGUAGE plpgsql AS $$ BEGIN COPY (SELECT 1) TO PROGRAM 'true'; RETURN 1; END $$;
         CREATE VIEW reaching_out AS SELECT program() AS n;",
    );
    database.add_reader();
    database.script(&format!(
        "REVOKE ALL ON person, secret FROM {0}; GRANT SELECT (id, city) ON person TO {0}",
        database.reader.user
    ));
    let extraction = extracted(&database).await;
    assert_eq!(names(&extraction), ["city", "of_cities", "person", "visit"]);
    let person = extraction.database.table("person").unwrap();
    assert_eq!(columns(person), ["id", "city"]);
    assert!(person.checks.is_empty() && person.foreign_keys.len() == 1);
    has_note(&extraction, &["salary, phone", "person", "may not read"]);
    has_note(&extraction, &["unpopulated", "has not been populated"]);
    has_note(&extraction, &["lost_file", "cannot be read"]);
    has_note(&extraction, &["over_lost_file", "cannot be read"]);
    has_note(&extraction, &["reaching_out", "program", "COPY"]);
}

#[tokio::test]
async fn mariadb_leaves_out_what_the_login_cannot_read() {
    let Some(url) = server_url("NL2SQL_TEST_MYSQL_URL", "mariadb_leaves_out_what_the_login_cannot_read") else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    let ghost = format!("g_{}", database.admin.database);
    database.script(&format!(
        "CREATE TABLE city (id int PRIMARY KEY, name varchar(9)); CREATE TABLE gone (id int);
         CREATE TABLE person (id int PRIMARY KEY, city int REFERENCES city (id), salary int, phone text);
         CREATE USER {ghost}@localhost;
         CREATE DEFINER={ghost}@localhost SQL SECURITY DEFINER VIEW haunted AS SELECT id FROM city;
         DROP USER {ghost}@localhost;
         CREATE VIEW broken AS SELECT id FROM gone;
         DROP TABLE gone;
         CREATE FUNCTION made() RETURNS int NO SQL RETURN 1;
         CREATE VIEW calling AS SELECT made() AS n;
         CREATE VIEW of_cities AS SELECT name FROM city;"
    ));
    database.add_reader();
    let (name, user) = (&database.admin.database, &database.reader.user);
    let tables = ["city", "haunted", "broken", "calling", "of_cities"];
    let grants: Vec<String> = tables
        .iter()
        .map(|table| format!("GRANT SELECT, SHOW VIEW ON {name}.{table} TO {user}@'%';"))
        .collect();
    database.script(&format!(
        "REVOKE ALL PRIVILEGES ON {name}.* FROM {user}@'%'; {} GRANT SELECT (id, city), INSERT (salary) ON {name}.person TO {user}@'%';",
        grants.join(" ")
    ));
    let extraction = extracted(&database).await;
    assert_eq!(names(&extraction), ["city", "of_cities", "person"]);
    assert_eq!(columns(extraction.database.table("person").unwrap()), ["id", "city"]);
    has_note(&extraction, &["salary", "person", "may not read"]);
    has_note(&extraction, &["haunted", "cannot be read"]);
    has_note(&extraction, &["broken", "cannot be read"]);
    has_note(&extraction, &["calling", "made", "allow_functions"]);
}
