//! What the guard knows of SQLite.

use std::sync::LazyLock;

use nl2sql_sql_lexer::LexicalRules;

use super::GuardRules;
use super::guard_rules::ForbiddenFunction;

/// The rules.
pub static SQLITE: LazyLock<GuardRules> = LazyLock::new(|| GuardRules {
    functions: FUNCTIONS,
    ..GuardRules::of_lexical_rules(LexicalRules::SQLITE)
});

/// Functions that reach beyond the query.
const FUNCTIONS: &[ForbiddenFunction] = &[
    ("load_extension", "it loads code"),
    ("readfile", "it reads files"),
    ("writefile", "it writes files"),
    ("edit", "it starts a program"),
    ("fts3_tokenizer", "it takes raw pointers"),
];
