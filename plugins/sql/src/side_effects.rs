//! Functions that change something, wait, or reach outside the database.

use crate::dialect::Dialect;

const CHANGES: &str = "changes the state of the server";
const SEQUENCE: &str = "advances a sequence";
const WAITS: &str = "waits";
const LOCKS: &str = "takes a lock";
const OUTSIDE: &str = "reaches outside the database";
const RUNS: &str = "runs another statement";
const SECRETS: &str = "gives away what the server keeps of passwords and keys";
const LOADS: &str = "loads code";

/// Names in lower case, a trailing `*` for any ending.
const SQLITE: &[(&str, &str)] = &[
    ("load_extension", LOADS),
    ("fts3_tokenizer", LOADS),
    ("readfile", OUTSIDE),
    ("writefile", OUTSIDE),
    ("edit", OUTSIDE),
    ("lsdir", OUTSIDE),
    ("fsdir", OUTSIDE),
    ("eval", RUNS),
];

const POSTGRES: &[(&str, &str)] = &[
    ("nextval", SEQUENCE),
    ("setval", SEQUENCE),
    ("pg_sleep*", WAITS),
    ("pg_advisory_*", LOCKS),
    ("pg_try_advisory_*", LOCKS),
    ("lo_*", CHANGES),
    ("loread", CHANGES),
    ("lowrite", CHANGES),
    ("dblink*", OUTSIDE),
    ("pg_read_*", OUTSIDE),
    ("pg_ls_*", OUTSIDE),
    ("pg_stat_file", OUTSIDE),
    ("pg_file_*", OUTSIDE),
    ("pg_logdir_ls", OUTSIDE),
    ("pg_terminate_backend", CHANGES),
    ("pg_cancel_backend", CHANGES),
    ("pg_reload_conf", CHANGES),
    ("pg_rotate_logfile*", CHANGES),
    ("pg_switch_wal", CHANGES),
    ("pg_create_*", CHANGES),
    ("pg_drop_*", CHANGES),
    ("pg_copy_*", CHANGES),
    ("pg_replication_*", CHANGES),
    ("pg_logical_*", CHANGES),
    ("pg_promote", CHANGES),
    ("pg_backup_*", CHANGES),
    ("pg_start_backup", CHANGES),
    ("pg_stop_backup", CHANGES),
    ("pg_wal_replay_*", CHANGES),
    ("pg_stat_reset*", CHANGES),
    ("pg_notify", CHANGES),
    ("pg_import_system_collations", CHANGES),
    ("pg_log_backend_memory_contexts", CHANGES),
    ("pg_export_snapshot", CHANGES),
    ("set_config", CHANGES),
    ("txid_current", CHANGES),
    ("pg_current_xact_id", CHANGES),
    ("query_to_xml*", RUNS),
    ("table_to_xml*", RUNS),
    ("schema_to_xml*", RUNS),
    ("database_to_xml*", RUNS),
    ("cursor_to_xml*", RUNS),
    ("ts_stat", RUNS),
    ("crosstab*", RUNS),
    ("currtid*", CHANGES),
    ("brin_*", CHANGES),
    ("gin_clean_pending_list", CHANGES),
];

const MYSQL: &[(&str, &str)] = &[
    ("sleep", WAITS),
    ("benchmark", WAITS),
    ("get_lock", LOCKS),
    ("release_lock", LOCKS),
    ("release_all_locks", LOCKS),
    ("load_file", OUTSIDE),
    ("master_pos_wait", WAITS),
    ("master_gtid_wait", WAITS),
    ("source_pos_wait", WAITS),
    ("wait_for_executed_gtid_set", WAITS),
    ("wait_until_sql_thread_after_gtids", WAITS),
    ("nextval", SEQUENCE),
    ("setval", SEQUENCE),
    ("sys_exec", OUTSIDE),
    ("sys_eval", OUTSIDE),
    ("sys_set", OUTSIDE),
];

const TSQL: &[(&str, &str)] = &[
    ("xp_*", OUTSIDE),
    ("sp_*", RUNS),
    ("openrowset", OUTSIDE),
    ("openquery", OUTSIDE),
    ("opendatasource", OUTSIDE),
    ("fn_trace_gettable", OUTSIDE),
    ("fn_xe_file_target_read_file", OUTSIDE),
    ("fn_get_audit_file", OUTSIDE),
    ("fn_dump_dblog", OUTSIDE),
    ("sleep", WAITS),
    ("usleep", WAITS),
    ("pg_sleep*", WAITS),
    ("benchmark", WAITS),
    ("loginproperty", SECRETS),
    ("pwdcompare", SECRETS),
    ("certprivatekey", SECRETS),
    ("dm_os_file_exists", OUTSIDE),
    ("dm_os_enumerate_filesystem", OUTSIDE),
];

/// Functions with what they do, names in lower case, a trailing `*` for any ending.
pub fn list(dialect: Dialect) -> &'static [(&'static str, &'static str)] {
    match dialect {
        Dialect::Sqlite => SQLITE,
        Dialect::Postgres => POSTGRES,
        Dialect::Mysql => MYSQL,
        Dialect::Tsql => TSQL,
    }
}

/// What calling `function` does beyond computing a value, to go after its name in a sentence.
pub fn of(dialect: Dialect, function: &str) -> Option<&'static str> {
    let list = list(dialect);
    let matches = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => function
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
        None => function.eq_ignore_ascii_case(pattern),
    };
    list.iter().find(|(pattern, _)| matches(pattern)).map(|(_, what)| *what)
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::dialect::Dialect;

    #[test]
    fn effects_are_known_by_name_and_prefix() {
        assert!(of(Dialect::Postgres, "PG_SLEEP_FOR").is_some());
        assert!(of(Dialect::Postgres, "lower").is_none());
        assert!(of(Dialect::Mysql, "Sleep").is_some());
        assert!(of(Dialect::Tsql, "xp_cmdshell").is_some());
        assert!(of(Dialect::Sqlite, "größe").is_none());
    }
}
