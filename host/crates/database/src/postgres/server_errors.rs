//! What the server's errors mean for a statement
//! (SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use sqlx::postgres::PgDatabaseError;

use crate::engine_words::without_values;
use crate::{Limits, QueryError};

/// The error as the server sent it, if it came from there.
pub(super) fn database_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

/// Whether the session is of no more use.
pub(super) fn is_lost(error: &sqlx::Error) -> bool {
    match database_error(error) {
        Some(server) => server.code().starts_with("08") || server.code().starts_with("57P") || server.code() == "25P03",
        None => true,
    }
}

pub(super) fn query_error(error: &sqlx::Error, limits: &Limits) -> QueryError {
    let Some(server) = database_error(error) else {
        return QueryError::Unavailable(format!("connection lost: {error}"));
    };
    let mut message = server.message().to_owned();
    for more in [server.detail(), server.hint()].into_iter().flatten() {
        message = format!("{message} ({more})");
    }
    match server.code() {
        "57014" => QueryError::Timeout(format!(
            "timeout: stopped by the server after {} ms: {message}",
            limits.timeout_ms
        )),
        "25006" | "25001" | "42501" => QueryError::Refused(format!("refused by the server: {message}")),
        "0A000" if message.contains("DECLARE") => QueryError::Refused(format!("refused by the server: {message}")),
        "42P11" => QueryError::Refused(format!("refused by the server: {message}")),
        "42601" if message.contains("multiple commands") => {
            QueryError::Refused(format!("refused by the server: {message}"))
        }
        _ if is_lost(error) => QueryError::Unavailable(format!("connection lost: {message}")),
        // Data exceptions, and what functions of the database raise, quote values; details do so at length.
        code if ["22", "23", "38", "39", "P0"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            QueryError::Failed(without_values(server.message()))
        }
        _ => QueryError::Failed(message),
    }
}
