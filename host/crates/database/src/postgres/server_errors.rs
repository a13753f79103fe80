//! What the server's errors mean for a statement
//! (SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>).

use sqlx::error::DatabaseError;
use sqlx::postgres::PgDatabaseError;

use crate::error_redaction::without_values;
use crate::session_error::{Refusal, SessionError};
use crate::{Limits, QueryError};

/// Why a request got no answer, or none that helps.
pub(super) type PostgresError = SessionError<ServerError>;

/// An error as the server sent it (<https://www.postgresql.org/docs/current/protocol-error-fields.html>).
#[derive(Debug, Default, thiserror::Error)]
#[error("{message}")]
pub(super) struct ServerError {
    pub(super) code: String,
    pub(super) message: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Refusal for ServerError {
    fn read(error: &dyn DatabaseError) -> Self {
        let more = error.try_downcast_ref::<PgDatabaseError>();
        let text = |part: Option<&str>| part.map(str::to_owned);
        Self {
            code: error.code().unwrap_or_default().into_owned(),
            message: error.message().to_owned(),
            detail: text(more.and_then(PgDatabaseError::detail)),
            hint: text(more.and_then(PgDatabaseError::hint)),
        }
    }

    /// Exceptions of the connection but for values that were not given, shutdowns, and time limits of sessions.
    fn ends_session(&self) -> bool {
        (self.code.starts_with("08") && self.code != NO_VALUES) || self.code.starts_with("57P") || self.code == "25P03"
    }
}

/// A statement has placeholders, and nobody gave values for them.
const NO_VALUES: &str = "08P01";

pub(super) fn query_error(error: PostgresError, limits: &Limits) -> QueryError {
    error.into_query_error(|server| server_query_error(&server, limits))
}

fn server_query_error(server: &ServerError, limits: &Limits) -> QueryError {
    let mut message = server.message.clone();
    for more in [&server.detail, &server.hint].into_iter().flatten() {
        message = format!("{message} ({more})");
    }
    match server.code.as_str() {
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
        NO_VALUES => QueryError::Failed(format!("the statement has placeholders: {message}")),
        _ if server.ends_session() => QueryError::Unavailable(format!("connection lost: {message}")),
        // Data exceptions, and what functions of the database raise, quote values; details do so at length.
        code if ["22", "23", "38", "39", "P0"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            QueryError::Failed(without_values(&server.message))
        }
        _ => QueryError::Failed(message),
    }
}
