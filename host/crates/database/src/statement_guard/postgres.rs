//! What the guard knows of PostgreSQL.

use std::sync::LazyLock;

use nl2sql_sql_lexer::LexicalRules;

use super::GuardRules;
use super::guard_rules::ForbiddenFunction;

/// The rules.
pub static POSTGRES: LazyLock<GuardRules> = LazyLock::new(|| GuardRules {
    attribute_calls: true,
    query_words: &["select", "with", "values", "table"],
    forbidden_relation: |_, _, name| secret_relation(name),
    functions: FUNCTIONS,
    ..GuardRules::of_lexical_rules(LexicalRules::POSTGRES)
});

/// Functions that reach beyond the query.
const FUNCTIONS: &[ForbiddenFunction] = &[
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
];

/// Relations of PostgreSQL that hold secrets or describe files of the server; their names are reserved for it.
const SECRETS: &[&str] = &[
    "pg_authid",
    "pg_shadow",
    "pg_user_mapping",
    "pg_user_mappings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_file_settings",
    "pg_largeobject",
];

fn secret_relation(name: &str) -> Option<String> {
    SECRETS
        .contains(&name)
        .then(|| format!("{name} holds secrets or settings of the server, not data of the database"))
}
