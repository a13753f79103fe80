//! Relations of SQL Server itself that tell of logins, secrets and other sessions instead of the user's data.

use super::lexer::Token;

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

/// Older system tables about logins, sessions and the server; they answer without a schema too.
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

/// Why the relation whose name, in lower case, stands at this place may not be read.
pub(super) fn forbidden_relation(tokens: &[Token<'_>], at: usize, name: &str) -> Option<String> {
    let qualifies = tokens.get(at + 1) == Some(&Token::Mark('.'));
    let schema = before_dot(tokens, at);
    if name == "sys" && qualifies {
        let view = tokens.get(at + 2)?.name()?;
        return (!DESCRIBING_SYS_VIEWS.contains(&view.as_str()))
            .then(|| format!("sys.{view} tells of the server, its logins or its sessions, not of the database"));
    }
    if SYSTEM_DATABASES.contains(&name) && qualifies && schema.is_none() {
        return is_database(tokens, at).then(|| format!("{name} is a database of the server itself"));
    }
    let of_system = schema.is_none_or(|schema| schema == "dbo" || schema == "sys");
    (OLD_SYSTEM_TABLES.contains(&name) && of_system && !qualifies)
        .then(|| format!("{name} tells of the server, its logins or its sessions, not of the database"))
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
