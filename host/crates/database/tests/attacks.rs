//! The attack suite: statements that try to change something, reach out or never end, run against real servers with a
//! privileged and a least-privilege login. Each must be refused or stopped with its reason, and the state of the server must stay as it was.

mod shared;

use std::path::Path;

use nl2sql_database::{Connection, ConnectionSettings, Limits, SqliteReader};
use shared::servers::TestDatabase;
use shared::{server_url, sqlite_file};

const LIMITS: Limits = Limits {
    timeout_ms: 300,
    max_rows: 1_000,
    max_bytes: 1 << 20,
};

/// Statements of a data file, and whether each may run as long as it leaves nothing behind.
fn attacks(file: &str) -> Vec<(String, bool)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("-- ") && !line.is_empty());
    lines
        .map(|line| {
            line.strip_prefix("~ ")
                .map_or_else(|| (line.to_owned(), false), |line| (line.to_owned(), true))
        })
        .collect()
}

/// Runs every attack over one connection and returns what got through or said nothing.
async fn attack(settings: ConnectionSettings, file: &str, state: impl Fn() -> String) -> Vec<String> {
    let connection = Connection::open(settings.clone()).await.unwrap();
    let mut wrong = Vec::new();
    let before = state();
    let list = attacks(file);
    assert!(list.len() >= 60, "{file} has only {} statements", list.len());
    for (sql, may_run) in list {
        let started = std::time::Instant::now();
        match connection.run(&sql, &LIMITS).await {
            Ok(result) if !may_run => {
                wrong.push(format!("ran as {}: {sql} -> {:?}", settings.user, result.rows.first()))
            }
            Err(error) if error.to_string().len() < 8 => wrong.push(format!("no reason: {sql}")),
            Err(error) if error.code() == "unavailable" => wrong.push(format!("killed the session: {sql}: {error}")),
            _ if started.elapsed().as_secs() >= 3 => wrong.push(format!("ran for {:?}: {sql}", started.elapsed())),
            _ => {}
        }
        let after = state();
        if after != before {
            wrong.push(format!(
                "changed the server as {}: {sql}\n{}",
                settings.user,
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

fn difference(before: &str, after: &str) -> String {
    let lines = before.lines().zip(after.lines()).filter(|(a, b)| a != b);
    lines
        .map(|(a, b)| format!("  - {a}\n  + {b}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Files that an attack may have written to the server's file system.
fn stray_files() -> String {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("nl2sql_attack"))
        .collect();
    names.sort();
    names.join(",")
}

const SQLITE_SCHEMA: &str = "
CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, balance REAL);
INSERT INTO account (name, balance) VALUES ('a', 1), ('b', 2);
CREATE VIEW names AS SELECT name FROM account;
CREATE TABLE digits (d INT);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
";

#[test]
fn sqlite_stands() {
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

const POSTGRES_SCHEMA: &str = "
CREATE TABLE account (id int PRIMARY KEY, name text, balance numeric);
INSERT INTO account VALUES (1, 'a', 1), (2, 'b', 2);
CREATE SEQUENCE counter;
CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM account; RETURN 1; END $$;
CREATE FUNCTION wipe_as_owner() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM account; RETURN 1; END $$;
CREATE PROCEDURE wipe_procedure() LANGUAGE sql AS 'DELETE FROM account';
CREATE VIEW wiping_view AS SELECT wipe_as_owner();
CREATE VIEW counting_view AS SELECT nextval('counter');
CREATE MATERIALIZED VIEW frozen AS SELECT count(*) FROM account;
SELECT lo_from_bytea(4712, 'x'::bytea);
";

/// Rows, catalog, settings, roles, sequences, large objects, locks, slots and listeners.
const POSTGRES_STATE: &str = "
SELECT 'rows', string_agg(account::text, ';' ORDER BY id) FROM account;
SELECT 'classes', md5(string_agg(c.oid || c.relname || c.relkind::text || coalesce(c.relacl::text, ''), ';' ORDER BY c.oid)) FROM pg_class c WHERE c.relname !~ '^pg_toast';
SELECT 'columns', md5(string_agg(attrelid || attname || atttypid, ';' ORDER BY attrelid, attnum)) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relname !~ '^pg_toast';
SELECT 'functions', count(*) FROM pg_proc;
SELECT 'roles', md5(string_agg(r::text, ';' ORDER BY r.oid)) FROM pg_authid r WHERE rolname !~ '^r_nl2sql' OR rolname = 'r_' || current_database();
SELECT 'role settings', count(*) FROM pg_db_role_setting;
SELECT 'settings', md5(string_agg(name || reset_val, ';' ORDER BY name)) FROM pg_settings WHERE source NOT IN ('client', 'session');
SELECT 'file settings', count(*) FROM pg_file_settings;
SELECT 'sequence', last_value, is_called FROM counter;
SELECT 'objects', count(*) FROM pg_largeobject_metadata;
SELECT 'comments', count(*) FROM pg_description;
SELECT 'advisory locks', count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT 'extensions', count(*) FROM pg_extension;
SELECT 'slots', count(*) FROM pg_replication_slots;
SELECT 'intruders', count(*) FROM pg_database WHERE datname = 'intruder';
";

#[tokio::test]
async fn postgres_stands() {
    let Some(url) = server_url("NL2SQL_TEST_POSTGRES_URL", "postgres_stands") else {
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

const MYSQL_SCHEMA: &str = "
CREATE TABLE account (id int PRIMARY KEY, name text, balance decimal(10,2));
INSERT INTO account VALUES (1, 'a', 1), (2, 'b', 2);
CREATE TABLE digits (id int);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE SEQUENCE counter;
DELIMITER //
CREATE FUNCTION wipe() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM account; RETURN 1; END//
CREATE FUNCTION locks() RETURNS int RETURN GET_LOCK('intruder', 1)//
CREATE PROCEDURE wipe_procedure() BEGIN DELETE FROM account; END//
DELIMITER ;
CREATE VIEW wiping_view AS SELECT wipe();
";

/// Rows, catalog, users, settings, sequences, plugins and locks.
const MYSQL_STATE: &str = "
SELECT 'rows', GROUP_CONCAT(CONCAT_WS(',', id, name, balance) ORDER BY id) FROM account;
SELECT 'tables', COUNT(*), MD5(GROUP_CONCAT(TABLE_NAME ORDER BY TABLE_NAME)) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE();
SELECT 'columns', COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE();
SELECT 'routines', COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE();
SELECT 'databases', COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'intruder';
SELECT 'users', MD5(GROUP_CONCAT(CONCAT(User, Host, authentication_string) ORDER BY User, Host)) FROM mysql.user WHERE User NOT LIKE 'r\\_nl2sql%' OR User = CONCAT('r_', DATABASE());
SELECT 'sequence', next_not_cached_value FROM counter;
SELECT 'plugins', COUNT(*) FROM information_schema.PLUGINS;
SELECT 'events', COUNT(*) FROM information_schema.EVENTS;
SELECT 'lock', IS_FREE_LOCK('intruder');
SELECT 'settings', @@GLOBAL.max_connections, @@GLOBAL.general_log, @@GLOBAL.read_only;
";

#[tokio::test]
async fn mysql_stands() {
    let Some(url) = server_url("NL2SQL_TEST_MYSQL_URL", "mysql_stands") else {
        return;
    };
    let mut database = TestDatabase::create(&url);
    database.script(MYSQL_SCHEMA);
    database.add_reader();
    let state = || database.script(MYSQL_STATE) + &stray_files();
    let mut wrong = attack(database.admin.clone(), "mysql.sql", state).await;
    wrong.extend(attack(database.reader.clone(), "mysql.sql", state).await);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_server_s_text_guard_stands() {
    let nothing = std::collections::HashSet::new();
    let list = attacks("tsql.sql");
    assert!(list.len() >= 60);
    let passed: Vec<String> = list
        .into_iter()
        .map(|(sql, _)| sql.replace("\\n", "\n"))
        .filter(|sql| {
            nl2sql_database::statement_guard::check(nl2sql_database::DriverKind::Mssql, sql, &nothing).is_ok()
        })
        .collect();
    assert!(passed.is_empty(), "{}", passed.join("\n"));
}

#[tokio::test]
async fn sql_server_stands() {
    let Some(url) = server_url("NL2SQL_TEST_MSSQL_URL", "sql_server_stands") else {
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
