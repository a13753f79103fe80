//! What a prepared statement may touch, as SQLite's compiler reports it.

use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

/// Pragmas that only describe the schema; the others are refused even as table-valued functions, `database_list` among them: it
/// tells where on this machine the file lies.
const DESCRIBING_PRAGMAS: &[&str] = &[
    "table_list",
    "table_info",
    "table_xinfo",
    "index_list",
    "index_info",
    "index_xinfo",
    "foreign_key_list",
    "function_list",
    "collation_list",
    "compile_options",
    "encoding",
    "user_version",
    "application_id",
    "page_size",
    "data_version",
];

/// Endings of the tables in which virtual tables (fts3 to fts5, rtree) keep what they hold. They prepare their writing statements as soon as
/// they are read; whatever else would prepare one is refused for not being read-only, and could not write to a file opened read-only.
const SHADOWS: &[&str] = &[
    "_node",
    "_rowid",
    "_parent",
    "_content",
    "_data",
    "_idx",
    "_docsize",
    "_config",
    "_segments",
    "_segdir",
    "_stat",
];

/// Functions that leave the database.
const FORBIDDEN_FUNCTIONS: &[&str] = &[
    "load_extension",
    "readfile",
    "writefile",
    "edit",
    "fts3_tokenizer",
    "zipfile",
    "fsdir",
    "lsdir",
    "sqlite_log",
];

/// Allows reading, recursion and plain functions; denies everything else, whatever it is called.
pub(super) fn authorize(context: AuthContext<'_>) -> Authorization {
    match context.action {
        AuthAction::Select | AuthAction::Read { .. } | AuthAction::Recursive => Authorization::Allow,
        AuthAction::Function { function_name }
            if !FORBIDDEN_FUNCTIONS
                .iter()
                .any(|name| function_name.eq_ignore_ascii_case(name)) =>
        {
            Authorization::Allow
        }
        AuthAction::Pragma { pragma_name, .. }
            if DESCRIBING_PRAGMAS
                .iter()
                .any(|name| pragma_name.eq_ignore_ascii_case(name)) =>
        {
            Authorization::Allow
        }
        // Declaring the columns of a virtual table (pragma functions included) looks like an update of the schema.
        AuthAction::Update {
            table_name: "sqlite_master",
            ..
        }
        | AuthAction::CreateVtable { .. } => Authorization::Allow,
        AuthAction::Insert { table_name }
        | AuthAction::Delete { table_name }
        | AuthAction::Update { table_name, .. }
            if SHADOWS.iter().any(|ending| table_name.ends_with(ending)) =>
        {
            Authorization::Allow
        }
        // Codes that rusqlite does not know, and actions whose names it is not told (`ATTACH` with an expression), are among the rest.
        _ => Authorization::Deny,
    }
}

/// Pragmas that check a database without changing how the process or another connection works.
const CHECKING_PRAGMAS: &[&str] = &["foreign_keys", "foreign_key_check", "integrity_check", "quick_check"];

/// Allows everything that stays inside a copy in memory; denies what reaches files, code or the whole process, and what is not known.
pub(super) fn authorize_on_copy(context: AuthContext<'_>) -> Authorization {
    let is_among = |names: &[&str], name: &str| names.iter().any(|known| name.eq_ignore_ascii_case(known));
    let allowed = match context.action {
        AuthAction::Function { function_name } => !is_among(FORBIDDEN_FUNCTIONS, function_name),
        AuthAction::Pragma { pragma_name, .. } => {
            is_among(DESCRIBING_PRAGMAS, pragma_name) || is_among(CHECKING_PRAGMAS, pragma_name)
        }
        // `VACUUM` attaches a nameless database to work in.
        AuthAction::Attach { filename } => matches!(filename, "" | ":memory:"),
        AuthAction::Select
        | AuthAction::Read { .. }
        | AuthAction::Recursive
        | AuthAction::Insert { .. }
        | AuthAction::Update { .. }
        | AuthAction::Delete { .. }
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateIndex { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::CreateVtable { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::DropTable { .. }
        | AuthAction::DropIndex { .. }
        | AuthAction::DropView { .. }
        | AuthAction::DropTrigger { .. }
        | AuthAction::DropVtable { .. }
        | AuthAction::DropTempTable { .. }
        | AuthAction::DropTempIndex { .. }
        | AuthAction::DropTempView { .. }
        | AuthAction::DropTempTrigger { .. }
        | AuthAction::AlterTable { .. }
        | AuthAction::Reindex { .. }
        | AuthAction::Analyze { .. }
        | AuthAction::Transaction { .. }
        | AuthAction::Savepoint { .. }
        | AuthAction::Detach { .. } => true,
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}
