//! What the guard knows of SQL Server, whose language needs no `;` between statements.

use std::sync::LazyLock;

use nl2sql_sql_lexer::LexicalRules;

use super::guard_rules::ForbiddenFunction;
use super::lexer::Token;
use super::{GuardRules, tsql_relations};

/// The rules.
pub static TSQL: LazyLock<GuardRules> = LazyLock::new(|| GuardRules {
    at_functions: true,
    functions: FUNCTIONS,
    forbidden_mark,
    forbidden_word,
    forbidden_relation: tsql_relations::forbidden_relation,
    ..GuardRules::of_lexical_rules(LexicalRules::TSQL)
});

/// Functions that reach beyond the query.
const FUNCTIONS: &[ForbiddenFunction] = &[
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
    ("fn_dblog*", "it reads the log of the database"),
    ("fn_full_dblog", "it reads the log of the database"),
    ("fn_physloc*", "it tells where the server keeps rows"),
    ("fn_get_sql", "it tells what other sessions run"),
    ("fn_builtin_permissions", "it tells of rights, not of data"),
    ("fn_my_permissions", "it tells of rights, not of data"),
    ("fn_translate_permissions", "it tells of rights, not of data"),
    ("fn_servershareddrives", "it tells of the machine of the server"),
    ("fn_virtualfilestats", "it tells of the machine of the server"),
    ("fn_virtualservernodes", "it tells of the machine of the server"),
    ("fn_trace_*", "it reads files of the server"),
    ("fn_get_audit_file", "it reads files of the server"),
    ("fn_xe_file_target_read_file", "it reads files of the server"),
    ("fn_dump_dblog", "it reads files of the server"),
    ("dm_os_file_exists", "it looks at files of the server"),
    ("dm_os_enumerate_filesystem", "it lists files of the server"),
];

/// Statement keywords of T-SQL, which needs no `;` between statements. All are reserved there, so none can be a bare name.
const TSQL_STATEMENTS: &[&str] = &[
    "insert",
    "update",
    "delete",
    "drop",
    "create",
    "alter",
    "truncate",
    "exec",
    "execute",
    "declare",
    "set",
    "use",
    "grant",
    "revoke",
    "deny",
    "backup",
    "restore",
    "shutdown",
    "kill",
    "waitfor",
    "begin",
    "commit",
    "rollback",
    "save",
    "print",
    "raiserror",
    "goto",
    "if",
    "while",
    "return",
    "reconfigure",
    "dbcc",
    "bulk",
    "checkpoint",
    "writetext",
    "updatetext",
    "readtext",
    "open",
    "close",
    "deallocate",
    "revert",
    "lineno",
    "openrowset",
    "openquery",
    "opendatasource",
    "throw",
];

/// Hints that lock more than reading does.
const LOCKING_HINTS: &[&str] = &["updlock", "xlock", "tablockx"];

/// Other hints of tables; blanks may part hints as commas do.
const PLAIN_HINTS: &[&str] = &[
    "holdlock",
    "nolock",
    "nowait",
    "paglock",
    "readcommitted",
    "readpast",
    "readuncommitted",
    "repeatableread",
    "rowlock",
    "serializable",
    "tablock",
];

/// Why a mark of the statement makes it more than a query.
fn forbidden_mark(tokens: &[Token<'_>], at: usize) -> Option<String> {
    variable(tokens, at).or_else(|| other_server(tokens, at))
}

fn forbidden_word(word: &str, token: &Token<'_>, previous: Option<&Token<'_>>, next: &[Token<'_>]) -> Option<String> {
    if let Some(statement) = TSQL_STATEMENTS.iter().find(|statement| token.is(statement)) {
        return Some(format!("{} is not part of a query", statement.to_uppercase()));
    }
    if token.is("merge") && !next.first().is_some_and(|next| next.is("join") || next.is("union")) {
        return Some("MERGE changes data".into());
    }
    let opens_query = |token: &Token<'_>| {
        matches!(token, Token::Mark('(' | ')'))
            || ["union", "all", "except", "intersect"]
                .iter()
                .any(|word| token.is(word))
    };
    if token.is("select") && !previous.is_none_or(opens_query) {
        return Some("more than one statement; send them one by one".into());
    }
    let among_hints = match previous {
        Some(Token::Mark('(' | ',')) => true,
        Some(previous) => PLAIN_HINTS.iter().any(|hint| previous.is(hint)),
        None => false,
    };
    let locks = LOCKING_HINTS.iter().any(|hint| token.is(hint));
    (among_hints && locks).then(|| format!("the hint {} takes locks", word.to_uppercase()))
}

/// T-SQL's `@name`, which no statement of ours declares; `@@name` is a function of the server.
fn variable(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let is_variable = tokens[at] == Token::Mark('@')
        && matches!(tokens.get(at + 1), Some(Token::Word(_)))
        && (at == 0 || tokens[at - 1] != Token::Mark('@'));
    is_variable.then(|| "a variable (@name) is not part of a query that stands alone".into())
}

/// A table of four parts, `server.database.schema.table`, lies on a linked server; the parts between may be missing. A list of tables
/// and one of columns look alike here: columns of four parts are refused as well.
fn other_server(tokens: &[Token<'_>], at: usize) -> Option<String> {
    let is_name = |token: Option<&Token<'_>>| matches!(token, Some(Token::Word(_) | Token::Quoted(_)));
    let before = at.checked_sub(2).map(|before| &tokens[before])?;
    let is_source = begins_source(before) || *before == Token::Mark(',');
    if !is_source || !is_name(tokens.get(at - 1)) {
        return None;
    }
    let (mut dots, mut next) = (0, at);
    while tokens.get(next) == Some(&Token::Mark('.')) {
        dots += 1;
        next += 1 + usize::from(is_name(tokens.get(next + 1)));
    }
    (dots >= 3).then(|| "a name of four parts leads to another server".into())
}

fn begins_source(token: &Token<'_>) -> bool {
    ["from", "join", "apply"].iter().any(|word| token.is(word))
}
