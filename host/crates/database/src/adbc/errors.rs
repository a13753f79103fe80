//! What errors of an ADBC driver mean.

use adbc_core::error::{Error, Status};

use crate::error_redaction::without_values;
use crate::{ConnectError, ConnectionSettings, QueryError};

/// What the driver manager makes of an error without a message.
const NO_MESSAGE: &str = "<empty>";

/// Why a database cannot be opened.
pub(super) fn connect_error(settings: &ConnectionSettings, error: Error) -> ConnectError {
    let detail = one_line(&error.message);
    match error.status {
        Status::Unauthenticated => ConnectError::Authentication {
            user: settings.user.clone(),
            detail,
        },
        Status::Unauthorized => ConnectError::NoRights { detail },
        status if detail.is_empty() || detail == NO_MESSAGE => ConnectError::Settings(format!(
            "the driver library opens no database and gives no reason ({status:?}); check that database.adbc.library is a whole ADBC driver, and \
             database.adbc.options"
        )),
        Status::InvalidArguments | Status::NotImplemented | Status::NotFound => ConnectError::Settings(format!(
            "the driver library says: {detail}; check database.adbc.options"
        )),
        _ => ConnectError::Other {
            address: settings.adbc.library.display().to_string(),
            detail,
        },
    }
}

/// Why a statement gave no rows. What is said about data is cut before the value that it quotes.
pub(super) fn query_error(error: Error, timeout_ms: u64) -> QueryError {
    let message = one_line(&error.message);
    match error.status {
        Status::Cancelled | Status::Timeout => QueryError::Timeout(format!("timeout: stopped after {timeout_ms} ms")),
        Status::InvalidData | Status::Integrity => QueryError::Failed(without_values(&message)),
        _ if speaks_of_values(&message) => QueryError::Failed(without_values(&message)),
        _ => QueryError::Failed(message),
    }
}

/// Drivers tell errors of data from errors of statements in their words alone.
fn speaks_of_values(message: &str) -> bool {
    let words = message.to_lowercase();
    [
        "conver",
        "cast",
        "invalid input",
        "out of range",
        "overflow",
        "parse",
        "malformed",
    ]
    .iter()
    .any(|part| words.contains(part))
        && !words.contains("parser error")
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_cut_off_and_names_are_not() {
        let told =
            |message: &str| query_error(Error::with_message_and_status(message, Status::Internal), 5).to_string();
        assert!(!told("Conversion Error: Could not convert string 'canary' to INT32").contains("canary"));
        assert!(told("Binder Error: Referenced column \"nmae\" not found").contains("nmae"));
        assert!(told("Parser Error: syntax error at or near \"FORM\"").contains("FORM"));
    }
}
