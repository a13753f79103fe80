//! sqlparser beside the parser of the four built-in dialects: each disagreement on the shared lists is one of sqlparser's mistakes, and they are counted.

use nl2sql_sql::{Dialect, Session};
use nl2sql_sqlparser_dialect::sqlparser::dialect::{
    Dialect as Grammar, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect,
};
use nl2sql_sqlparser_dialect::sqlparser::parser::Parser;

use crate::accuracy::statements;

#[test]
fn disagreements_with_the_own_parser_are_settled_by_the_engines() {
    let dialects: [(Dialect, &dyn Grammar); 4] = [
        (Dialect::Sqlite, &SQLiteDialect {}),
        (Dialect::Postgres, &PostgreSqlDialect {}),
        (Dialect::Mysql, &MySqlDialect {}),
        (Dialect::Tsql, &MsSqlDialect {}),
    ];
    for (dialect, grammar) in dialects {
        let session = Session::new(dialect, &nl2sql_catalog::Database::default());
        for (list, is_valid) in [("valid", true), ("invalid", false)] {
            let Some(statements) = statements(&format!("{list}_{}.jsonl", dialect.name())) else {
                return;
            };
            let (mut ours_wrong, mut theirs_wrong) = (Vec::new(), 0);
            // The own parser reads queries alone and recognises the rest by its first word.
            for sql in statements.iter().filter(|sql| is_query(sql)) {
                let ours = session.check_syntax(sql).is_ok();
                let theirs = Parser::parse_sql(grammar, sql).is_ok_and(|parsed| parsed.len() == 1);
                if ours != theirs && ours != is_valid {
                    ours_wrong.push(sql.as_str());
                }
                theirs_wrong += usize::from(ours != theirs && theirs != is_valid);
            }
            println!(
                "{} {list}: {theirs_wrong} of {} where sqlparser alone is wrong",
                dialect.name(),
                statements.len()
            );
            assert!(
                ours_wrong.is_empty(),
                "{}: sqlparser is right and the own parser is not: {ours_wrong:#?}",
                dialect.name()
            );
        }
    }
}

fn is_query(sql: &str) -> bool {
    let word: String = sql
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    word.eq_ignore_ascii_case("select") || word.eq_ignore_ascii_case("with")
}
