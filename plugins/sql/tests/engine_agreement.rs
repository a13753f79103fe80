//! Fresh token mutants of good statements, judged by the dialect and by the engine.
//!
//! SQLite is linked in; PostgreSQL and MariaDB take part where `NL2SQL_TEST_POSTGRES_URL` and `NL2SQL_TEST_MYSQL_URL` name a server and their
//! command-line clients are installed. Each run prints its seed; `NL2SQL_TEST_SEED` repeats one.

mod mutants;
mod servers;

use nl2sql_catalog::{Column, Database, Table, TypeClass};
use nl2sql_sql::{Dialect, Session};

use mutants::Mutants;
use servers::{MariaDb, Postgres};

/// Mutants of one run, for each engine.
const MUTANTS: usize = 600;

/// Every table of the test schema, as the engines create it.
const SCHEMA: [&str; 3] = [
    "CREATE TABLE book (id INT PRIMARY KEY, title VARCHAR(40), price INT, printed DATE)",
    "CREATE TABLE loan (book_id INT, reader VARCHAR(20), days INT)",
    "CREATE TABLE shelf (id INT, room VARCHAR(20))",
];

/// Statements that every engine accepts.
const COMMON: [&str; 14] = [
    "SELECT title FROM book WHERE price > 3 AND title LIKE 'a%' ORDER BY id DESC LIMIT 5",
    "SELECT b.title , count(*) AS n FROM book AS b JOIN loan l ON b.id = l.book_id GROUP BY b.title HAVING count(*) > 1",
    "SELECT reader FROM loan UNION ALL SELECT room FROM shelf ORDER BY 1",
    "SELECT id FROM book WHERE id IN ( SELECT book_id FROM loan WHERE days BETWEEN 1 AND 9 )",
    "SELECT d.t FROM ( SELECT title AS t , price FROM book ) d WHERE d.price IS NOT NULL",
    "WITH c ( k , v ) AS ( SELECT id , room FROM shelf ) SELECT k , v FROM c WHERE v <> 'x'",
    "WITH RECURSIVE n ( i ) AS ( SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5 ) SELECT max( i ) FROM n",
    "SELECT CASE WHEN price > 10 THEN 'dear' ELSE 'cheap' END AS kind , coalesce( title , 'none' ) FROM book",
    "SELECT s.room FROM shelf s LEFT JOIN book b USING ( id ) WHERE b.title IS NULL",
    "SELECT row_number( ) OVER ( PARTITION BY reader ORDER BY days ) AS r FROM loan",
    "SELECT sum( days ) OVER w FROM loan WINDOW w AS ( PARTITION BY reader ORDER BY days ROWS 2 PRECEDING )",
    "SELECT CAST( price AS DECIMAL( 8 , 2 ) ) FROM book WHERE NOT EXISTS ( SELECT 1 FROM loan WHERE loan.book_id = book.id )",
    "SELECT b.* , ( SELECT max( days ) FROM loan WHERE book_id = b.id ) AS longest FROM book b",
    "SELECT t.room , u.room FROM shelf t CROSS JOIN shelf u WHERE ( t.id , u.id ) = ( 1 , 2 )",
];

/// `sqlite_autoindex_book_1` is the index of the table's key.
const SQLITE: [&str; 4] = [
    "SELECT group_concat( title , ';' ) FROM book WHERE title GLOB 'a*' OR id IS 3",
    "SELECT date( printed , '+1 day' ) , strftime( '%Y' , printed ) FROM book INDEXED BY sqlite_autoindex_book_1",
    "SELECT j.value FROM json_each( '[1,2]' ) AS j LEFT OUTER JOIN shelf ON shelf.id = j.value",
    "SELECT id FROM book NATURAL JOIN shelf ORDER BY room COLLATE NOCASE NULLS LAST",
];

const POSTGRES: [&str; 6] = [
    "SELECT DISTINCT ON ( reader ) reader , days FROM loan ORDER BY reader , days DESC NULLS LAST",
    "SELECT title :: text , price :: numeric( 8 , 2 ) FROM book WHERE title ILIKE 'a%' FETCH FIRST 3 ROWS ONLY",
    "SELECT count( * ) FILTER ( WHERE days > 2 ) , string_agg( reader , ',' ORDER BY days ) FROM loan",
    "SELECT extract( year FROM printed ) , printed - interval '1 month' FROM book WHERE printed > date '2020-01-01'",
    "SELECT g FROM generate_series( 1 , 3 ) AS g , LATERAL ( SELECT room FROM shelf WHERE shelf.id = g ) r",
    "SELECT array_agg( id ) , ( ARRAY [ 1 , 2 ] ) [ 1 ] FROM shelf GROUP BY ROLLUP ( room )",
];

const MARIADB: [&str; 6] = [
    "SELECT GROUP_CONCAT( title ORDER BY id SEPARATOR ';' ) FROM `book` GROUP BY price",
    "SELECT DATE_ADD( printed , INTERVAL 1 MONTH ) , printed - INTERVAL 2 DAY FROM book WHERE YEAR( printed ) = 2020",
    "SELECT IF( price > 3 , 'a' , 'b' ) , CONCAT( title , '-' , id ) FROM book LIMIT 2 , 4",
    "SELECT SQL_NO_CACHE b.id FROM book b STRAIGHT_JOIN loan ON b.id = loan.book_id WHERE title REGEXP 'a.*'",
    "SELECT JSON_EXTRACT( '{}' , '$.a' ) , CAST( id AS UNSIGNED ) , price DIV 2 FROM book",
    "SELECT room , COUNT( DISTINCT id ) FROM shelf GROUP BY room WITH ROLLUP",
];

/// The catalog of the test schema.
fn database(dialect: Dialect, version: &str) -> Database {
    let table = |name: &str, key: &[&str], columns: &[(&str, TypeClass)]| Table {
        name: name.into(),
        primary_key: key.iter().map(|column| (*column).into()).collect(),
        columns: columns
            .iter()
            .map(|(name, class)| Column {
                name: (*name).into(),
                type_name: "declared".into(),
                type_class: *class,
                ..Column::default()
            })
            .collect(),
        ..Table::default()
    };
    use TypeClass::{Date, Integer, Text};
    Database {
        name: "mutants".into(),
        dialect: dialect.name().into(),
        server_version: Some(version.into()),
        tables: vec![
            table(
                "book",
                &["id"],
                &[("id", Integer), ("title", Text), ("price", Integer), ("printed", Date)],
            ),
            table(
                "loan",
                &[],
                &[("book_id", Integer), ("reader", Text), ("days", Integer)],
            ),
            table("shelf", &[], &[("id", Integer), ("room", Text)]),
        ],
        ..Database::default()
    }
}

/// What an engine says to a statement: nothing, or why it refuses it.
type Judgement = Option<String>;

/// Compares judgements; `is_out_of_scope` tells errors about what no catalog lists, as functions of users and types are.
fn compare(
    dialect: Dialect,
    version: &str,
    seeds: &[&str],
    judge: impl FnOnce(&[String]) -> Vec<Judgement>,
    is_out_of_scope: impl Fn(&str) -> bool,
) {
    let mutants = Mutants::fresh(dialect.name());
    let session = Session::new(dialect, &database(dialect, version));
    let texts: Vec<String> = mutants
        .of(seeds)
        .filter(|sql| session.statement(sql).read_only || session.check_syntax(sql).is_err())
        .take(MUTANTS)
        .collect();
    let judgements = judge(&texts);
    assert_eq!(judgements.len(), texts.len());
    let accepted = judgements.iter().filter(|judgement| judgement.is_none()).count();
    assert!(
        accepted > 0 && accepted < texts.len(),
        "{accepted} accepted by {}",
        dialect.name()
    );
    let differences: Vec<String> = texts
        .iter()
        .zip(judgements)
        .filter(|(_, judgement)| !judgement.as_deref().is_some_and(&is_out_of_scope))
        .filter_map(|(sql, judgement)| {
            let found = match session.diagnose(sql) {
                Err(error) => Some(error.message),
                Ok(findings) => findings.first().map(|finding| finding.message.clone()),
            };
            match (found, judgement) {
                (None, Some(error)) => Some(format!("let through: {sql}\n    {error}")),
                (Some(found), None) => Some(format!("refused wrongly: {sql}\n    {found}")),
                _ => None,
            }
        })
        .collect();
    println!("{}: {} of {} differ", dialect.name(), differences.len(), texts.len());
    for difference in &differences {
        println!("  {difference}");
    }
    assert!(
        differences.len() * 100 <= texts.len(),
        "more than one in a hundred differs from {} (seed {}):\n{}",
        dialect.name(),
        mutants.seed(),
        differences.join("\n")
    );
}

#[test]
fn sqlite_judges_mutants_alike() {
    let engine = rusqlite::Connection::open_in_memory().unwrap();
    for table in SCHEMA {
        engine.execute(table, ()).unwrap();
    }
    let seeds: Vec<&str> = COMMON.iter().chain(&SQLITE).copied().collect();
    let judge = |texts: &[String]| {
        let judged = |sql: &String| engine.prepare(sql).err().map(|error| error.to_string());
        texts.iter().map(judged).collect()
    };
    // The catalog lists no indexes.
    compare(Dialect::Sqlite, rusqlite::version(), &seeds, judge, |error| {
        error.contains("no such index")
    });
}

#[test]
fn postgres_judges_mutants_alike() {
    let Some(engine) = Postgres::with_tables(&SCHEMA) else {
        println!("skipped: postgres_judges_mutants_alike needs NL2SQL_TEST_POSTGRES_URL");
        return;
    };
    let seeds: Vec<&str> = COMMON.iter().chain(&POSTGRES).copied().collect();
    // Functions, operators, types, schemas and what constants convert to; the rest of class 42 is about syntax and names.
    let out_of_scope = ["42883", "42704", "42804", "42846", "42809", "42725", "22", "0A", "3F"];
    compare(
        Dialect::Postgres,
        &engine.version(),
        &seeds,
        |texts| engine.judge(texts),
        |error| out_of_scope.iter().any(|class| error.starts_with(class)),
    );
}

#[test]
fn mariadb_judges_mutants_alike() {
    let Some(engine) = MariaDb::with_tables(&SCHEMA) else {
        println!("skipped: mariadb_judges_mutants_alike needs NL2SQL_TEST_MYSQL_URL");
        return;
    };
    let seeds: Vec<&str> = COMMON.iter().chain(&MARIADB).copied().collect();
    // Functions that no list names, their arguments, and options given twice.
    let out_of_scope = [
        "1305 ", "1630 ", "1582 ", "1253 ", "1225 ", "1106 ", "1108 ", "1109 ", "1439 ", "4016 ",
    ];
    compare(
        Dialect::Mysql,
        &engine.version(),
        &seeds,
        |texts| engine.judge(texts),
        |error| out_of_scope.iter().any(|code| error.starts_with(code)),
    );
}
