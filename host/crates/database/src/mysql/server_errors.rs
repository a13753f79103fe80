//! What the server's errors mean for a statement: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
//! <https://mariadb.com/kb/en/mariadb-error-codes/>.

use sqlx::mysql::MySqlDatabaseError;

use crate::{Limits, QueryError};

/// The error as the server sent it, if it came from there.
pub(super) fn server_error(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

pub(super) fn query_error(error: &sqlx::Error, limits: &Limits) -> QueryError {
    let Some(server) = server_error(error) else {
        return match error {
            sqlx::Error::Protocol(reason) if reason.contains("parameters") => {
                QueryError::Failed(format!("the statement has placeholders: {reason}"))
            }
            other => QueryError::Unavailable(format!("connection lost: {other}")),
        };
    };
    let message = server.message();
    match server.number() {
        1969 | 3024 | 1028 => QueryError::Timeout(format!(
            "timeout: stopped by the server after {} ms: {message}",
            limits.timeout_ms
        )),
        1317 => QueryError::Timeout(format!("timeout: {message}")),
        1792 | 1290 | 1142 | 1143 | 1044 | 1227 | 1370 | 1295 => {
            QueryError::Refused(format!("refused by the server: {message}"))
        }
        1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1927 | 4031 => {
            QueryError::Unavailable(format!("connection lost: {message}"))
        }
        _ => QueryError::Failed(message.to_owned()),
    }
}
