//! The attack suite: statements that try to change something, reach out or never end, run against real servers with a
//! privileged and a least-privilege login. Each must be refused or stopped with its reason, and the state of the server must stay as it was.

use crate::shared::attacks::{
    MYSQL_SCHEMA, MYSQL_STATE, POSTGRES_SCHEMA, POSTGRES_STATE, attacks, difference, stray_files,
};
use crate::shared::servers::TestDatabase;
use crate::shared::{server_url, sqlite_file};
use nl2sql_database::{Connection, ConnectionSettings, Limits, QueryError, SqliteReader};

const LIMITS: Limits = Limits {
    timeout_ms: 300,
    max_rows: 1_000,
    max_bytes: 1 << 20,
};

/// Statements between two looks at the server's state.
const AT_ONCE: usize = 12;

/// Runs every attack over one connection and returns what got through or said nothing.
async fn attack(settings: ConnectionSettings, file: &str, state: impl Fn() -> String) -> Vec<String> {
    let connection = Connection::open(settings.clone()).await.unwrap();
    let mut wrong = Vec::new();
    let before = state();
    let list = attacks(file);
    assert!(list.len() >= 60, "{file} has only {} statements", list.len());
    for some in list.chunks(AT_ONCE) {
        for (sql, may_run) in some {
            let started = std::time::Instant::now();
            match connection.run(sql, &LIMITS).await {
                Ok(result) if !may_run => {
                    wrong.push(format!("ran as {}: {sql} -> {:?}", settings.user, result.rows.first()))
                }
                Err(error) if error.to_string().len() < 8 => wrong.push(format!("no reason: {sql}")),
                Err(error) if error.code() == "unavailable" => {
                    wrong.push(format!("killed the session: {sql}: {error}"))
                }
                _ if started.elapsed().as_secs() >= 5 => wrong.push(format!("ran for {:?}: {sql}", started.elapsed())),
                _ => {}
            }
        }
        let after = state();
        if after != before {
            let texts: Vec<&str> = some.iter().map(|(sql, _)| sql.as_str()).collect();
            wrong.push(format!(
                "changed the server as {}: one of\n{}\n{}",
                settings.user,
                texts.join("\n"),
                difference(&before, &after)
            ));
            break;
        }
    }
    if let Err(error) = connection.run("SELECT count(*) FROM account", &LIMITS).await {
        wrong.push(format!("afterwards nothing works: {error}"));
    }
    wrong
}

const SQLITE_SCHEMA: &str = "
CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, balance REAL);
INSERT INTO account (name, balance) VALUES ('a', 1), ('b', 2);
CREATE VIEW names AS SELECT name FROM account;
CREATE TABLE digits (d INT);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
";

#[test]
fn sqlite_refuses_every_attack() {
    let (folder, path) = sqlite_file(SQLITE_SCHEMA);
    let state = || {
        let mut files: Vec<String> = std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .map(|entry| format!("{:?}", entry.file_name()))
            .collect();
        files.sort();
        let bytes = std::fs::read(&path).unwrap();
        let digest = bytes.iter().fold(0u64, |digest, byte| {
            digest.wrapping_mul(1_099_511_628_211) ^ u64::from(*byte)
        });
        format!("{files:?}\n{} bytes, {digest}", bytes.len())
    };
    let before = state();
    let mut reader = SqliteReader::open(&ConnectionSettings::sqlite(&path)).unwrap();
    let mut wrong = Vec::new();
    let list = attacks("sqlite.sql");
    assert!(list.len() >= 60);
    for (sql, _) in list {
        let sql = sql.replace("FOLDER", &folder.path().display().to_string());
        match reader.run_blocking(&sql, &LIMITS) {
            Ok(result) => wrong.push(format!("ran: {sql} -> {:?}", result.rows.first())),
            Err(error) if error.to_string().len() < 8 => wrong.push(format!("no reason: {sql}")),
            Err(_) => {}
        }
        assert_eq!(state(), before, "{sql}");
    }
    assert!(reader.run_blocking("SELECT count(*) FROM account", &LIMITS).is_ok());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn postgres_refuses_every_attack() {
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", "postgres_refuses_every_attack") else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    database.script(POSTGRES_SCHEMA);
    database.add_reader();
    let state = || database.script(POSTGRES_STATE) + &stray_files();
    let mut wrong = attack(database.admin.clone(), "postgres.sql", state).await;
    wrong.extend(attack(database.reader.clone(), "postgres.sql", state).await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Statements on the same objects that only read.
const HARMLESS: &[&str] = &[
    "SELECT * FROM account",
    "SELECT count(*), max(balance) FROM account WHERE name LIKE 'a%' AND id BETWEEN 1 AND 3",
    "SELECT * FROM fine_view",
    "SELECT shouted(name) FROM account",
    "SELECT joined(name) FROM account",
    "SELECT n::positive FROM positives WHERE t = 'X'",
    "SELECT * FROM frozen",
    "SELECT shade FROM paint WHERE shade = 'red'",
    "SELECT id::text, 'x' || name FROM account",
    "TABLE account",
    "SELECT lpad(name, 3, 'x'), date_part('year', now()), age(now()), overlay(name PLACING 'b' FROM 1) FROM account",
    "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    "SELECT extract(epoch FROM interval '1 day'), substring(name FROM 1 FOR 1), round(1.25, 1), log(10, 100) FROM account",
];

#[tokio::test]
async fn postgres_refuses_objects_that_reach_out_of_the_transaction() {
    let test = "postgres_refuses_objects_that_reach_out_of_the_transaction";
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", test) else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    let admin = database.admin.clone();
    let loopback = format!(
        "host={} port={} dbname={} user={}",
        admin.host,
        admin.effective_port(),
        admin.database,
        admin.user
    );
    let with_loopback = |text: &str| {
        text.replace("LOOPBACK", &loopback)
            .replace("'HOST'", &format!("'{}'", admin.host))
            .replace("'PORT'", &format!("'{}'", admin.effective_port()))
            .replace("'DATABASE'", &format!("'{}'", admin.database))
    };
    database.script(&with_loopback(include_str!("attacks/postgres_effects.schema.sql")));
    database.add_reader();
    let state = || database.script("SELECT what, count(*) FROM outside GROUP BY what") + &stray_files();
    let before = state();
    let list = attacks("postgres_effects.sql");
    assert!(list.len() >= 80, "{}", list.len());
    let mut wrong = Vec::new();
    for settings in [&database.admin, &database.reader] {
        let connection = Connection::open(settings.clone()).await.unwrap();
        for (sql, _) in &list {
            let outcome = connection.run(&with_loopback(sql), &LIMITS).await;
            if !matches!(outcome, Err(QueryError::Refused(_))) {
                wrong.push(format!("as {}: {sql}: {outcome:?}", settings.user));
            }
        }
        for sql in HARMLESS {
            if let Err(error) = connection.run(sql, &LIMITS).await {
                wrong.push(format!("as {}: {sql}: {error}", settings.user));
            }
        }
        assert_eq!(state(), before, "as {}", settings.user);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn mysql_refuses_every_attack() {
    let Some(url) = server_url("NL2SQL_TEST_MYSQL_URL", "mysql_refuses_every_attack") else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    database.script(MYSQL_SCHEMA);
    database.add_reader();
    database.script(&format!(
        "GRANT EXECUTE ON {}.* TO {}@'%'",
        database.admin.database, database.reader.user
    ));
    let state = || database.script(MYSQL_STATE) + &stray_files();
    let mut wrong = attack(database.admin.clone(), "mysql.sql", state).await;
    wrong.extend(attack(database.reader.clone(), "mysql.sql", state).await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_text_guard_refuses_every_attack_on_sql_server() {
    let nothing = nl2sql_database::statement_guard::RestrictedObjects::default();
    let list = attacks("tsql.sql");
    assert!(list.len() >= 60);
    let passed: Vec<String> = list
        .into_iter()
        .map(|(sql, _)| sql.replace("\\n", "\n"))
        .filter(|sql| {
            nl2sql_database::statement_guard::check(&nl2sql_database::statement_guard::TSQL, sql, &nothing).is_ok()
        })
        .collect();
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[tokio::test]
async fn sql_server_refuses_every_attack() {
    let Some(url) = server_url("NL2SQL_TEST_MSSQL_URL", "sql_server_refuses_every_attack") else {
        return;
    };
    let connection = Connection::open(url.parse().unwrap()).await.unwrap();
    let names = "SELECT COUNT(*), CHECKSUM_AGG(CHECKSUM(name)) FROM sys.objects";
    let before = connection.run(names, &LIMITS).await.unwrap();
    for (sql, _) in attacks("tsql.sql") {
        assert!(connection.run(&sql, &LIMITS).await.is_err(), "ran: {sql}");
    }
    assert_eq!(connection.run(names, &LIMITS).await.unwrap(), before);
}
