//! What the attack suites share: the statements, the databases they are aimed at, and the state that must stay as it is.

use std::path::Path;

/// The statements of a data file, and whether each may run as long as it leaves nothing behind. `␤` stands for a line feed
/// and `␍` for a carriage return.
pub fn attacks(file: &str) -> Vec<(String, bool)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks").join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("-- ") && !line.is_empty());
    lines
        .map(|line| {
            let statement = |line: &str| line.replace('␤', "\n").replace('␍', "\r");
            line.strip_prefix("~ ")
                .map_or_else(|| (statement(line), false), |line| (statement(line), true))
        })
        .collect()
}

/// The lines in which two states differ.
pub fn difference(before: &str, after: &str) -> String {
    let lines = before.lines().zip(after.lines()).filter(|(a, b)| a != b);
    lines
        .map(|(a, b)| format!("  - {a}\n  + {b}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Files that an attack may have written to the server's file system.
pub fn stray_files() -> String {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with("nl2sql_attack"))
        .collect();
    names.sort();
    names.join(",")
}

/// A database with traps.
pub const POSTGRES_SCHEMA: &str = "
CREATE TABLE account (id int PRIMARY KEY, name text, balance numeric);
INSERT INTO account VALUES (1, 'a', 1), (2, 'b', 2);
CREATE SEQUENCE counter;
CREATE FUNCTION wipe() RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM account; RETURN 1; END $$;
CREATE FUNCTION wipe_as_owner() RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN DELETE FROM account; RETURN 1; END $$;
CREATE FUNCTION wipe_row(account) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM account; RETURN 1; END $$;
CREATE FUNCTION wipe_both(int, int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN DELETE FROM account; RETURN 1; END $$;
CREATE OPERATOR ### (LEFTARG = int, RIGHTARG = int, FUNCTION = wipe_both);
CREATE AGGREGATE wiping_sum(int) (SFUNC = wipe_both, STYPE = int, INITCOND = 0);
CREATE PROCEDURE wipe_procedure() LANGUAGE sql AS 'DELETE FROM account';
CREATE VIEW wiping_view AS SELECT wipe_as_owner();
CREATE VIEW counting_view AS SELECT nextval('counter');
CREATE MATERIALIZED VIEW frozen AS SELECT count(*) FROM account;
SELECT lo_from_bytea(4712, 'x'::bytea);
";

/// Rows, catalog, settings, roles, sequences, large objects, locks, slots and listeners.
pub const POSTGRES_STATE: &str = "
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

/// A database with traps.
pub const MYSQL_SCHEMA: &str = "
CREATE TABLE account (id int PRIMARY KEY, name text, balance decimal(10,2));
INSERT INTO account VALUES (1, 'a', 1), (2, 'b', 2);
CREATE TABLE digits (id int);
INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
CREATE SEQUENCE counter;
DELIMITER //
CREATE FUNCTION wipe() RETURNS int MODIFIES SQL DATA BEGIN DELETE FROM account; RETURN 1; END//
CREATE FUNCTION locks() RETURNS int RETURN GET_LOCK('intruder', 1)//
CREATE FUNCTION hides_a_write() RETURNS int READS SQL DATA BEGIN DELETE FROM account; RETURN 1; END//
CREATE FUNCTION unlimited() RETURNS int BEGIN SET SESSION max_statement_time = 0; RETURN 1; END//
CREATE FUNCTION changes_server() RETURNS int BEGIN SET GLOBAL max_connections = 77; RETURN 1; END//
CREATE FUNCTION advances() RETURNS int RETURN NEXTVAL(counter)//
CREATE FUNCTION remembers() RETURNS int READS SQL DATA BEGIN SET @remembered = 1; RETURN 1; END//
CREATE FUNCTION switches() RETURNS int READS SQL DATA BEGIN SET SESSION TRANSACTION READ WRITE; RETURN 1; END//
CREATE FUNCTION bends() RETURNS int READS SQL DATA BEGIN SET sql_mode = 'ANSI_QUOTES', time_zone = '+09:00', group_concat_max_len = 4; RETURN 1; END//
CREATE FUNCTION sets_a_global() RETURNS int NO SQL BEGIN SET GLOBAL max_connections = 78; RETURN 1; END//
CREATE FUNCTION writes_a_file() RETURNS int READS SQL DATA BEGIN DECLARE n int; SELECT 1 INTO OUTFILE '/tmp/nl2sql_attack_function'; RETURN 1; END//
CREATE FUNCTION declares_nothing(n int) RETURNS int DETERMINISTIC BEGIN SET GLOBAL general_log = 1 - @@GLOBAL.general_log; RETURN n; END//
CREATE PROCEDURE wipe_procedure() BEGIN DELETE FROM account; END//
DELIMITER ;
CREATE VIEW setting_view AS SELECT sets_a_global() AS a;
CREATE VIEW view_over_setting_view AS SELECT a + 1 AS a FROM setting_view;
CREATE VIEW wiping_view AS SELECT wipe();
CREATE VIEW hiding_view AS SELECT hides_a_write();
";

/// Rows, catalog, users, settings, sequences, plugins and locks.
pub const MYSQL_STATE: &str = "
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
