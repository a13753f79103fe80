//! What the server's errors mean for a statement: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
//! <https://mariadb.com/kb/en/mariadb-error-codes/>.

use sqlx::mysql::MySqlDatabaseError;

use crate::engine_words::without_values;
use crate::{Limits, QueryError};

/// The error as the server sent it, if it came from there.
pub(super) fn server_error(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

/// Errors that quote the statement and its names, and never a value: those of SQLSTATE 42 and 21, and single ones of other classes.
fn names_alone(number: u16, state: Option<&str>) -> bool {
    let of_statement = state.is_some_and(|state| state.starts_with("42") || state.starts_with("21"));
    of_statement
        || matches!(number, 1052 | 1111 | 1210 | 1235 | 1247 | 1267 | 1270 | 1271 | 1356 | 3573..=3600 | 4010..=4030)
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
        number if names_alone(number, server.code()) => QueryError::Failed(message.to_owned()),
        _ => QueryError::Failed(without_values(message)),
    }
}
