//! Relations of the server itself that tell of logins, secrets and other sessions instead of the user's data.

use super::lexer::Token;
use crate::DriverKind;

/// Views of SQL Server's `sys` schema that describe the user's own objects. All others are refused.
const DESCRIBING_SYS_VIEWS: &[&str] = &[
    "all_columns",
    "all_objects",
    "all_views",
    "allocation_units",
    "check_constraints",
    "columns",
    "computed_columns",
    "default_constraints",
    "extended_properties",
    "foreign_key_columns",
    "foreign_keys",
    "identity_columns",
    "index_columns",
    "indexes",
    "key_constraints",
    "objects",
    "parameters",
    "partitions",
    "procedures",
    "schemas",
    "sequences",
    "stats",
    "stats_columns",
    "synonyms",
    "table_types",
    "tables",
    "triggers",
    "types",
    "views",
];

/// SQL Server's older system tables about logins, sessions and the server; they answer without a schema too.
const OLD_SYSTEM_TABLES: &[&str] = &[
    "sysaltfiles",
    "syscacheobjects",
    "syscharsets",
    "sysconfigures",
    "syscurconfigs",
    "sysdatabases",
    "sysdevices",
    "sysfiles",
    "syslanguages",
    "syslockinfo",
    "syslocks",
    "syslogins",
    "sysmembers",
    "sysmessages",
    "sysoledbusers",
    "sysopentapes",
    "sysperfinfo",
    "syspermissions",
    "sysprocesses",
    "sysprotects",
    "sysremotelogins",
    "sysservers",
    "sysusers",
    "sysxlogins",
];

/// Databases of SQL Server itself.
const SYSTEM_DATABASES: &[&str] = &["master", "msdb", "model", "tempdb", "mssqlsystemresource"];

/// Relations of PostgreSQL that hold secrets or describe files of the server; their names are reserved for it.
const POSTGRES_SECRETS: &[&str] = &[
    "pg_authid",
    "pg_shadow",
    "pg_user_mapping",
    "pg_user_mappings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_file_settings",
    "pg_largeobject",
];

/// Tables of MySQL's own database that hold logins, rights, secrets or statements of others.
const MYSQL_SECRETS: &[&str] = &[
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

/// Why a relation of the server may not be read.
pub(super) fn forbidden_relation(driver: DriverKind, tokens: &[Token<'_>]) -> Option<String> {
    (0..tokens.len()).find_map(|at| {
        let name = tokens[at].name()?;
        let qualifies = tokens.get(at + 1) == Some(&Token::Mark('.'));
        let qualified = || tokens.get(at + 2)?.name();
        let schema = || before_dot(tokens, at);
        match driver {
            DriverKind::Sqlite => None,
            DriverKind::Postgres => POSTGRES_SECRETS
                .contains(&name.as_str())
                .then(|| format!("{name} holds secrets or settings of the server, not data of the database")),
            DriverKind::Mysql => {
                let relation = (name == "mysql" && qualifies).then(qualified).flatten()?;
                MYSQL_SECRETS.contains(&relation.as_str()).then(|| {
                    format!("mysql.{relation} holds logins and rights of the server, not data of the database")
                })
            }
            DriverKind::Mssql if name == "sys" && qualifies => {
                let view = qualified()?;
                (!DESCRIBING_SYS_VIEWS.contains(&view.as_str()))
                    .then(|| format!("sys.{view} tells of the server, its logins or its sessions, not of the database"))
            }
            DriverKind::Mssql if SYSTEM_DATABASES.contains(&name.as_str()) && qualifies && schema().is_none() => {
                is_database(tokens, at).then(|| format!("{name} is a database of the server itself"))
            }
            DriverKind::Mssql => {
                let of_system = schema().is_none_or(|schema| schema == "dbo" || schema == "sys");
                (OLD_SYSTEM_TABLES.contains(&name.as_str()) && of_system && !qualifies)
                    .then(|| format!("{name} tells of the server, its logins or its sessions, not of the database"))
            }
        }
    })
}

/// The name before the dot that stands before `at`.
fn before_dot(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let dot = at.checked_sub(1)?;
    if tokens[dot] != Token::Mark('.') {
        return None;
    }
    tokens.get(dot.checked_sub(1)?)?.name()
}

/// Whether the name at `at` is the first of three, `database.schema.object`; the schema may be missing.
fn is_database(tokens: &[Token<'_>], at: usize) -> bool {
    let dot = |at: usize| tokens.get(at) == Some(&Token::Mark('.'));
    dot(at + 2) || (dot(at + 3) && tokens[at + 2].name().is_some())
}
