//! Statements run the way the official evaluators run them.

use std::sync::Arc;

use nl2sql_catalog::ResultSet;

use crate::{
    execution::Judge,
    query_runner::QueryFailure,
    sql_text::{TokenKind, tokens},
};

type Answer = Result<Arc<ResultSet>, QueryFailure>;

/// A gold statement, from memory when it was asked before.
pub(super) async fn gold(judge: &Judge, database: &str, sql: &str) -> Answer {
    one_statement(sql)?;
    judge.gold(database, sql).await
}

/// A prediction on the database as it is; one that the guard refuses runs on a copy.
pub(super) async fn prediction(judge: &Judge, database: &str, sql: &str) -> Answer {
    one_statement(sql)?;
    match judge.runner().run(database, sql, judge.max_rows()).await {
        Err(QueryFailure::Refused(_)) => on_copy(judge, database, &[sql]).await?.pop().unwrap_or_else(nothing),
        answer => answer,
    }
}

/// A prediction, then the gold over the same connection, so that the gold sees what the prediction changed.
pub(super) async fn in_turn(judge: &Judge, database: &str, predicted: &str, gold: &str) -> (Answer, Answer) {
    if let Err(failure) = one_statement(predicted) {
        return (Err(failure), self::gold(judge, database, gold).await);
    }
    match judge.runner().run(database, predicted, judge.max_rows()).await {
        Err(QueryFailure::Refused(_)) => match on_copy(judge, database, &[predicted, gold]).await {
            Ok(mut answers) => {
                let gold = answers.pop().unwrap_or_else(nothing);
                (answers.pop().unwrap_or_else(nothing), gold)
            }
            Err(failure) => (Err(failure.clone()), Err(failure)),
        },
        answer => (answer, self::gold(judge, database, gold).await),
    }
}

/// Python's `sqlite3` takes anything but white space and comments after a semicolon, another one included, for a second
/// statement.
fn one_statement(sql: &str) -> Result<(), QueryFailure> {
    let mut says_something = false;
    let mut ended = false;
    for token in tokens(sql) {
        match token.kind {
            TokenKind::Space | TokenKind::Comment => {}
            _ if ended => return Err(QueryFailure::Failed("there is more than one statement".to_owned())),
            _ if token.is_mark(";") => ended = says_something,
            _ => says_something = true,
        }
    }
    Ok(())
}

async fn on_copy(judge: &Judge, database: &str, statements: &[&str]) -> Result<Vec<Answer>, QueryFailure> {
    judge.runner().run_on_copy(database, statements, judge.max_rows()).await
}

fn nothing() -> Answer {
    Err(QueryFailure::Failed("the copy gave no answer".to_owned()))
}
