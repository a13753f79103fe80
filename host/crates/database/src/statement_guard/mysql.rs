//! What the guard knows of MySQL and MariaDB.

use std::sync::LazyLock;

use nl2sql_sql_lexer::LexicalRules;

use super::GuardRules;
use super::guard_rules::ForbiddenFunction;
use super::lexer::Token;

/// The rules.
pub static MYSQL: LazyLock<GuardRules> = LazyLock::new(|| GuardRules {
    forbidden_mark: session_variable,
    forbidden_word: procedure,
    forbidden_relation: secret_relation,
    functions: FUNCTIONS,
    ..GuardRules::of_lexical_rules(LexicalRules::MYSQL)
});

/// Functions that reach beyond the query.
const FUNCTIONS: &[ForbiddenFunction] = &[
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
];

/// Tables of MySQL's own database that hold logins, rights, secrets or statements of others.
const SECRETS: &[&str] = &[
    "user",
    "db",
    "global_priv",
    "global_grants",
    "password_history",
    "proxies_priv",
    "tables_priv",
    "columns_priv",
    "procs_priv",
    "roles_mapping",
    "role_edges",
    "default_roles",
    "servers",
    "func",
    "plugin",
    "event",
    "proc",
    "general_log",
    "slow_log",
];

/// Variables of a session (`@x`, not `@@version`) would carry something from one statement to another.
fn session_variable(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let mark = |at: usize, mark: char| tokens.get(at) == Some(&Token::Mark(mark));
    if mark(at, ':') && mark(at + 1, '=') {
        return Some("an assignment (:=) would outlive the statement".into());
    }
    let doubled = mark(at + 1, '@') || at.checked_sub(1).is_some_and(|before| mark(before, '@'));
    (mark(at, '@') && !doubled).then(|| "a variable of the session (@name) carries values between statements".into())
}

fn procedure(_: &str, token: &Token<'_>, _: Option<&Token<'_>>, next: &[Token<'_>]) -> Option<String> {
    (token.is("procedure") && matches!(next.first(), Some(Token::Word(_))))
        .then(|| "PROCEDURE runs code of the server over the result".into())
}

fn secret_relation(tokens: &[Token<'_>], at: usize, name: &str) -> Option<String> {
    let qualifies = tokens.get(at + 1) == Some(&Token::Mark('.'));
    let relation = (name == "mysql" && qualifies)
        .then(|| tokens.get(at + 2)?.name())
        .flatten()?;
    SECRETS
        .contains(&relation.as_str())
        .then(|| format!("mysql.{relation} holds logins and rights of the server, not data of the database"))
}
