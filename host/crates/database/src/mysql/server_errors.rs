//! What the server's errors mean for a statement: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
//! <https://mariadb.com/kb/en/mariadb-error-codes/>.

use sqlx::error::DatabaseError;
use sqlx::mysql::MySqlDatabaseError;

use crate::error_redaction::without_values;
use crate::session_error::{Refusal, SessionError};
use crate::{Limits, QueryError};

/// Why a command got no answer, or none that helps.
pub(super) type MysqlError = SessionError<ServerError>;

/// The statement is longer than the server takes in.
const TOO_LARGE: u16 = 1153;

/// The sessions of the server keep as many texts prepared as it allows; new ones keep none.
const TOO_MANY_PREPARED: u16 = 1461;

/// An error as the server sent it (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_err_packet.html>).
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(super) struct ServerError {
    pub(super) number: u16,
    /// SQLSTATE, which errors before the login may lack.
    state: Option<String>,
    pub(super) message: String,
}

impl Refusal for ServerError {
    fn read(error: &dyn DatabaseError) -> Self {
        Self {
            number: error.try_downcast_ref().map_or(0, MySqlDatabaseError::number),
            state: error.code().map(std::borrow::Cow::into_owned),
            message: error.message().to_owned(),
        }
    }

    /// Shutdowns, kills, time limits of sessions, packets too large to be taken in, and too many prepared texts.
    fn ends_session(&self) -> bool {
        matches!(
            self.number,
            1053 | 1077 | 1079 | 1152 | TOO_LARGE | 1158..=1161 | TOO_MANY_PREPARED | 1927 | 4031
        )
    }
}

/// Errors that quote the statement and its names, and never a value: those of SQLSTATE 42 and 21, and single ones of other classes.
fn names_alone(number: u16, state: Option<&str>) -> bool {
    let of_statement = state.is_some_and(|state| state.starts_with("42") || state.starts_with("21"));
    of_statement
        || matches!(number, 1052 | 1111 | 1210 | 1235 | 1247 | 1267 | 1270 | 1271 | 1356 | 3573..=3600 | 4010..=4030)
}

pub(super) fn query_error(error: MysqlError, limits: &Limits) -> QueryError {
    error.into_query_error(|server| server_query_error(&server, limits))
}

fn server_query_error(server: &ServerError, limits: &Limits) -> QueryError {
    let message = server.message.as_str();
    match server.number {
        1969 | 3024 | 1028 => QueryError::Timeout(format!(
            "timeout: stopped by the server after {} ms: {message}",
            limits.timeout_ms
        )),
        1317 => QueryError::Timeout(format!("timeout: {message}")),
        1792 | 1290 | 1142 | 1143 | 1044 | 1227 | 1370 | 1295 => {
            QueryError::Refused(format!("refused by the server: {message}"))
        }
        TOO_LARGE => QueryError::Failed(message.to_owned()),
        _ if server.ends_session() => QueryError::Unavailable(format!("connection lost: {message}")),
        number if names_alone(number, server.state.as_deref()) => QueryError::Failed(message.to_owned()),
        _ => QueryError::Failed(without_values(message)),
    }
}
