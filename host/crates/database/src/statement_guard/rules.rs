//! Words and functions that make a query more than a query, per database.

use super::lexer::Token;
use super::{RestrictedObjects, tsql};
use crate::DriverKind;

/// Functions that only wait, in whichever database they are known.
const WAITING: &[(&str, &str)] = &[
    ("sleep", "it only waits"),
    ("pg_sleep*", "it only waits"),
    ("usleep", "it only waits"),
    ("benchmark", "it only burns time"),
    ("waitfor", "it only waits"),
    ("wait_for*", "it only waits"),
    ("dbms_lock*", "it only waits"),
    ("dbms_session*", "it only waits"),
];

/// Functions of each database that reach beyond the query: files, other servers, locks, session state, waiting.
fn function_rules(driver: DriverKind) -> &'static [(&'static str, &'static str)] {
    match driver {
        DriverKind::Sqlite => &[
            ("load_extension", "it loads code"),
            ("readfile", "it reads files"),
            ("writefile", "it writes files"),
            ("edit", "it starts a program"),
            ("fts3_tokenizer", "it takes raw pointers"),
        ],
        DriverKind::Postgres => &[
            ("query_to_xml*", "it runs SQL text of its own"),
            ("cursor_to_xml*", "it runs SQL text of its own"),
            ("table_to_xml*", "it reads relations whose names are text of its own"),
            ("database_to_xml*", "it writes out the whole database"),
            ("schema_to_xml*", "it writes out the whole schema"),
            ("ts_stat", "it runs SQL text of its own"),
            ("ts_rewrite", "it runs SQL text of its own"),
            ("crosstab*", "it runs SQL text of its own"),
            ("connectby", "it runs SQL text of its own"),
            ("xpath_table", "it runs SQL text of its own"),
            ("plpgsql_check*", "it runs SQL text of its own"),
            ("dblink*", "it reaches other servers"),
            ("postgres_fdw_*", "it changes connections to other servers"),
            ("http", "it reaches other servers"),
            ("http_*", "it reaches other servers"),
            ("nextval", "it advances a sequence"),
            ("setval", "it changes a sequence"),
            ("pg_notify", "it sends a message"),
            ("pg_export_snapshot", "it writes a file of the server"),
            ("pg_terminate_backend", "it ends sessions"),
            ("pg_cancel_backend", "it ends statements"),
            ("pg_reload_conf", "it changes the server"),
            ("pg_rotate_logfile*", "it changes the server"),
            ("pg_promote", "it changes the server"),
            ("pg_switch_wal", "it changes the server"),
            ("pg_wal_replay_*", "it changes replication"),
            ("pg_create_*", "it changes replication"),
            ("pg_drop_replication_slot", "it changes replication"),
            ("pg_copy_*_slot", "it changes replication"),
            ("pg_logical_*", "it changes replication"),
            ("pg_replication_*", "it changes replication"),
            ("pg_backup_*", "it changes the server"),
            ("pg_start_backup", "it changes the server"),
            ("pg_stop_backup", "it changes the server"),
            ("pg_stat_reset*", "it resets statistics"),
            ("pg_stat_statements_reset", "it resets statistics"),
            ("pg_prewarm", "it changes the server's cache"),
            ("pg_stat_file", "it looks at files of the server"),
            ("setseed", "it changes the session"),
            (
                "pg_input_*",
                "it runs the checks of types whose names are text of its own",
            ),
            ("domain_in", "it runs the checks of types by number"),
            ("domain_recv", "it runs the checks of types by number"),
            ("record_in", "it runs the checks of types by number"),
            ("array_in", "it runs the checks of types by number"),
            ("range_in", "it runs the checks of types by number"),
            ("multirange_in", "it runs the checks of types by number"),
            ("lo_*", "it works on large objects"),
            ("pg_advisory*", "it takes locks"),
            ("pg_try_advisory*", "it takes locks"),
            ("pg_read_*", "it reads files of the server"),
            ("pg_file_*", "it changes files of the server"),
            ("pg_ls_*", "it lists files of the server"),
            ("set_config", "it changes settings of the session"),
            ("txid_current", "it uses up a transaction number"),
            ("pg_current_xact_id", "it uses up a transaction number"),
        ],
        DriverKind::Mysql => &[
            ("load_file", "it reads files of the server"),
            ("get_lock", "it takes locks"),
            ("release_lock", "it changes locks"),
            ("release_all_locks", "it changes locks"),
            ("master_*", "it waits for replication"),
            ("source_pos_wait", "it waits for replication"),
            ("wait_*", "it waits for replication"),
            ("wsrep_sync_wait_*", "it waits for replication"),
            ("last_insert_id", "it is about statements before this one"),
            ("found_rows", "it is about statements before this one"),
            ("row_count", "it is about statements before this one"),
            ("nextval", "it advances a sequence"),
            ("setval", "it changes a sequence"),
            ("sys_exec", "it starts a program"),
            ("sys_eval", "it starts a program"),
            ("sys_set", "it changes the environment of the server"),
            ("keyring_*", "it changes keys of the server"),
            ("group_replication_*", "it changes replication"),
            ("asynchronous_connection_*", "it changes replication"),
            ("service_*_locks", "it takes locks"),
            ("audit_*", "it changes the audit log"),
            ("version_tokens_*", "it changes the server's tokens"),
            ("spider_*", "it runs SQL on other servers"),
        ],
        DriverKind::Mssql => &[
            ("openrowset", "it reaches files and other servers"),
            ("openquery", "it reaches other servers"),
            ("opendatasource", "it reaches other servers"),
            ("xp_*", "it is an extended procedure"),
            ("sp_*", "it is a system procedure"),
            ("loginproperty", "it gives away what the server keeps of passwords"),
            ("pwdcompare", "it tries passwords"),
            ("pwdencrypt", "it makes passwords"),
            ("certprivatekey", "it gives away keys"),
            ("decryptby*", "it uses keys of the server"),
            ("encryptby*", "it uses keys of the server"),
            ("signby*", "it uses keys of the server"),
            ("fn_dblog", "it reads the log of the database"),
            ("fn_trace_*", "it reads files of the server"),
            ("fn_get_audit_file", "it reads files of the server"),
            ("fn_xe_file_target_read_file", "it reads files of the server"),
            ("fn_dump_dblog", "it reads files of the server"),
            ("dm_os_file_exists", "it looks at files of the server"),
            ("dm_os_enumerate_filesystem", "it lists files of the server"),
        ],
    }
}

/// Why a word of the statement makes it more than a query.
pub(super) fn forbidden_words(driver: DriverKind, tokens: &[Token<'_>]) -> Option<String> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let Token::Word(word) = token else {
            return match driver {
                DriverKind::Mysql => session_variable(tokens, at),
                DriverKind::Mssql => tsql::forbidden_mark(tokens, at),
                DriverKind::Sqlite | DriverKind::Postgres => None,
            };
        };
        let previous = at.checked_sub(1).map(|at| &tokens[at]);
        forbidden_word(driver, word, token, previous, &tokens[at + 1..])
    })
}

fn forbidden_word(
    driver: DriverKind,
    word: &str,
    token: &Token<'_>,
    previous: Option<&Token<'_>>,
    next: &[Token<'_>],
) -> Option<String> {
    let follows = |n: usize, words: &[&str]| next.get(n).is_some_and(|token| words.iter().any(|word| token.is(word)));
    if previous == Some(&Token::Mark('.')) || (driver == DriverKind::Mssql && previous == Some(&Token::Mark('@'))) {
        return None;
    }
    if token.is("into") {
        return Some("INTO stores the result; leave it out".into());
    }
    if token.is("for")
        && follows(0, &["update", "share", "no", "key"])
        && !matches!(next.get(1), Some(Token::Mark('(')))
    {
        return Some("FOR UPDATE and FOR SHARE lock rows".into());
    }
    if token.is("lock") && follows(0, &["in"]) && follows(1, &["share"]) {
        return Some("LOCK IN SHARE MODE locks rows".into());
    }
    if token.is("next") && follows(0, &["value"]) && follows(1, &["for"])
        || token.is("previous") && follows(0, &["value"]) && follows(1, &["for"])
    {
        return Some("a sequence would advance".into());
    }
    let starts = matches!(previous, None | Some(Token::Mark('(' | ')')));
    let called = next.first() == Some(&Token::Mark('('));
    let join_hint = follows(0, &["join", "union"]);
    if starts
        && !called
        && !join_hint
        && ["insert", "update", "delete", "merge", "replace"]
            .iter()
            .any(|dml| token.is(dml))
    {
        return Some(format!("{} changes data", word.to_uppercase()));
    }
    match driver {
        DriverKind::Mssql => tsql::forbidden_word(word, token, previous, next),
        DriverKind::Mysql if token.is("procedure") && matches!(next.first(), Some(Token::Word(_))) => {
            Some("PROCEDURE runs code of the server over the result".into())
        }
        _ => None,
    }
}

/// Variables of a MySQL session (`@x`, not `@@version`) would carry something from one statement to another.
fn session_variable(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let mark = |at: usize, mark: char| tokens.get(at) == Some(&Token::Mark(mark));
    if mark(at, ':') && mark(at + 1, '=') {
        return Some("an assignment (:=) would outlive the statement".into());
    }
    let doubled = mark(at + 1, '@') || at.checked_sub(1).is_some_and(|before| mark(before, '@'));
    (mark(at, '@') && !doubled).then(|| "a variable of the session (@name) carries values between statements".into())
}

/// Why a function the statement calls may not be called.
pub(super) fn forbidden_functions(
    driver: DriverKind,
    tokens: &[Token<'_>],
    restricted: &RestrictedObjects,
) -> Option<String> {
    tokens.iter().enumerate().find_map(|(at, token)| {
        let called = tokens.get(at + 1) == Some(&Token::Mark('('));
        // `row.function` calls a function of one argument in PostgreSQL.
        let of_row = driver == DriverKind::Postgres && at > 0 && tokens[at - 1] == Token::Mark('.');
        if !called && !of_row {
            return None;
        }
        let name = token.name()?;
        if called && let Some(reason) = forbidden_function(driver, &name) {
            return Some(format!("the function {name} may not be called: {reason}"));
        }
        let calls = called.then(|| restricted.functions.get(&name)).flatten();
        let calls = calls.or_else(|| of_row.then(|| restricted.row_functions.get(&name)).flatten());
        if let Some(reason) = calls {
            return Some(format!("the function {name} may not be called: {reason}"));
        }
        (called && REPEATING.contains(&name.as_str()) && has_giant_number(&tokens[at + 1..]))
            .then(|| format!("{name} would build a text of more than {MAX_BUILT_TEXT} characters"))
    })
}

/// Why no statement may call the function of this name, in lower case, whichever server it is.
pub(crate) fn forbidden_function(driver: DriverKind, name: &str) -> Option<&'static str> {
    let rules = function_rules(driver).iter().chain(WAITING);
    rules
        .into_iter()
        .find(|(pattern, _)| matches_pattern(pattern, name))
        .map(|(_, reason)| *reason)
}

/// Functions that build a text as long as a number says; servers build it before any cap of ours can hold.
const REPEATING: &[&str] = &["repeat", "lpad", "rpad", "space", "zeroblob", "randomblob", "replicate"];
/// Longest text such a call may ask for.
const MAX_BUILT_TEXT: u64 = 1 << 24;

/// Whether the arguments in the parentheses that open here hold a number beyond [`MAX_BUILT_TEXT`].
fn has_giant_number(arguments: &[Token<'_>]) -> bool {
    let mut depth = 0;
    for token in arguments {
        match token {
            Token::Mark('(') => depth += 1,
            Token::Mark(')') => depth -= 1,
            Token::Word(word) => {
                let number = word.replace('_', "").parse::<f64>().unwrap_or(0.0);
                if number.is_finite() && number > MAX_BUILT_TEXT as f64 {
                    return true;
                }
            }
            _ => {}
        }
        if depth == 0 {
            return false;
        }
    }
    false
}

/// One `*` stands for any text.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        Some((head, tail)) => name.len() >= head.len() + tail.len() && name.starts_with(head) && name.ends_with(tail),
        None => pattern == name,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RestrictedObjects, check};
    use crate::DriverKind::{self, Mssql, Mysql, Postgres, Sqlite};

    fn allowed(driver: DriverKind, sql: &str) {
        assert_eq!(check(driver, sql, &RestrictedObjects::default()), Ok(()), "{sql}");
    }

    fn refused(driver: DriverKind, sql: &str, reason: &str) {
        let message = check(driver, sql, &RestrictedObjects::default())
            .expect_err(sql)
            .to_string();
        assert!(message.contains(reason), "{sql}: {message}");
    }

    #[test]
    fn queries_pass() {
        for driver in [Sqlite, Postgres, Mysql, Mssql] {
            allowed(
                driver,
                "SELECT a, 'DROP; INTO' FROM t WHERE x IN (SELECT y FROM u) ORDER BY 1;",
            );
            allowed(driver, "WITH c AS (SELECT 1 AS n) SELECT n FROM c UNION ALL SELECT 2");
            allowed(driver, "((SELECT 1))");
            allowed(driver, "SELECT REPLACE(a, 'x', 'y'), t.update FROM t");
        }
        allowed(
            Mysql,
            "SELECT INSERT('abc', 1, 1, 'x'), @@version, @@SESSION.sql_mode, REPEAT('x', 100)",
        );
        allowed(
            Mssql,
            "SELECT TOP 5 [into] FROM t INNER MERGE JOIN u ON t.a = u.a OPTION (MERGE JOIN)",
        );
        allowed(
            Mssql,
            "SELECT @@VERSION, a.x FROM shop.dbo.t AS a JOIN shop..u AS b ON a.x = b.y, dbo.v",
        );
        allowed(Postgres, "SELECT substring(a for 3), $$ into $$ FROM t");
        allowed(Postgres, "TABLE account ORDER BY id LIMIT 3;");
        allowed(Postgres, "(TABLE account) UNION ALL SELECT * FROM other");
        allowed(
            Mssql,
            "SELECT t.name, c.name FROM sys.tables AS t JOIN sys.columns AS c ON c.object_id = t.object_id",
        );
    }

    #[test]
    fn everything_else_is_refused_with_its_reason() {
        refused(Sqlite, "", "no statement");
        refused(Sqlite, "PRAGMA user_version", "PRAGMA is not a query");
        refused(Sqlite, "TABLE account", "TABLE is not a query");
        refused(Postgres, "TABLE account; COMMIT", "more than one");
        refused(Postgres, "TABLE account FOR UPDATE", "lock rows");
        refused(Postgres, "SELECT 1; COMMIT", "more than one");
        refused(
            Postgres,
            "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
            "DELETE changes data",
        );
        refused(
            Postgres,
            "WITH d AS (SELECT 1) INSERT INTO t SELECT * FROM d",
            "changes data",
        );
        refused(Postgres, "SELECT * INTO x FROM t", "INTO");
        refused(Postgres, "SELECT * FROM t FOR NO KEY UPDATE", "lock rows");
        refused(Postgres, "SELECT \"pg_sleep\"(9)", "pg_sleep");
        refused(Mysql, "SELECT 1 INTO OUTFILE '/x'", "INTO");
        refused(Mysql, "SELECT @x := 1", "variable of the session");
        refused(Mysql, "SELECT id, @`total` FROM t", "variable of the session");
        refused(Mysql, "SELECT * FROM t PROCEDURE ANALYSE()", "PROCEDURE");
        refused(Sqlite, "SELECT zeroblob(1000000000)", "more than");
        refused(Postgres, "SELECT length(repeat('x', 1e9::int))", "more than");
        refused(Mysql, "SELECT NEXT VALUE FOR s", "sequence");
        refused(Mysql, "SELECT `sleep`(1)", "waits");
        refused(Mssql, "SELECT * FROM sys.sql_logins", "sys.sql_logins");
        refused(Mssql, "SELECT * FROM master . sys . [server_principals]", "master");
        refused(Mssql, "SELECT name FROM dbo.syslogins", "syslogins");
        refused(Mssql, "SELECT sleep(5)", "waits");
        refused(Mysql, "SELECT * FROM mysql.user", "mysql.user");
        refused(Postgres, "SELECT rolpassword FROM pg_authid", "pg_authid");
        refused(Mssql, "SELECT 1 DROP TABLE t", "DROP");
        refused(Mssql, "SELECT 1 SELECT 2", "more than one");
        refused(Mssql, "SELECT @x = 1", "variable");
        refused(Mssql, "SELECT * FROM linked.shop.dbo.t", "another server");
        refused(Mssql, "SELECT * FROM a JOIN [l]...[t] ON 1 = 1", "another server");
        refused(Mssql, "SELECT * FROM OPENROWSET('x', 'y', 'z')", "OPENROWSET");
    }

    #[test]
    fn functions_the_server_calls_volatile_are_refused() {
        let listed = std::collections::HashMap::from([("archive_orders".to_owned(), "it has side effects".to_owned())]);
        let volatile = RestrictedObjects {
            functions: listed.clone(),
            row_functions: listed,
            ..RestrictedObjects::default()
        };
        for sql in [
            "SELECT \"archive_orders\" (1)",
            "SELECT t.archive_orders FROM t",
            "SELECT (t).archive_orders FROM t",
        ] {
            let error = check(Postgres, sql, &volatile).unwrap_err();
            assert!(error.to_string().contains("side effects"), "{error}");
        }
        allowed(Postgres, "SELECT archive_orders FROM t");
    }
}
