//! What goes wrong on a session of PostgreSQL or MySQL.

use std::io::{self, ErrorKind};

use sqlx::error::DatabaseError;

use crate::{ConnectError, ConnectionSettings, QueryError, lost_connection};

/// Why a request got no answer, or none that helps; `S` is an error as the server sent it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError<S> {
    /// The connection failed.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The server said no.
    #[error("{0}")]
    Server(S),
    /// What came is not what the protocol library reads.
    #[error("{0}")]
    Protocol(String),
    /// The session is not where a statement may begin.
    #[error("the session is no longer usable: {0}")]
    Unusable(String),
    /// The statement is not for running.
    #[error("{0}")]
    Statement(QueryError),
    /// There never was a connection.
    #[error("{0}")]
    Connect(#[from] ConnectError),
}

/// An error as a server sent it.
pub(crate) trait Refusal: std::fmt::Display {
    /// What the protocol library read.
    fn read(error: &dyn DatabaseError) -> Self;

    /// Whether the server ends the session with it.
    fn ends_session(&self) -> bool;
}

impl<S: Refusal> From<sqlx::Error> for SessionError<S> {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => Self::Server(S::read(error.as_ref())),
            sqlx::Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => closed(),
            sqlx::Error::Io(error) => Self::Io(error),
            // A server that is gone when it is asked for encryption.
            sqlx::Error::Protocol(detail) if detail.starts_with("unexpected response from SSLRequest: 0x00") => {
                closed()
            }
            sqlx::Error::Protocol(detail) => Self::Protocol(without_place(&detail)),
            sqlx::Error::Configuration(error) => Self::Protocol(error.to_string()),
            sqlx::Error::Tls(error) => Self::Connect(ConnectError::Tls {
                detail: error.to_string(),
            }),
            other => Self::Protocol(other.to_string()),
        }
    }
}

/// The library adds the place in its own code: `... (sqlx_mysql::connection::auth:12)`.
fn without_place(detail: &str) -> String {
    let text = detail.rsplit_once(" (sqlx_").map_or(detail, |(text, _)| text);
    text.to_owned()
}

fn closed<S>() -> SessionError<S> {
    SessionError::Io(io::Error::new(
        ErrorKind::UnexpectedEof,
        "the server closed the connection",
    ))
}

impl<S: Refusal> SessionError<S> {
    /// Whether the session can go on after it.
    pub(crate) fn leaves_session(&self) -> bool {
        match self {
            Self::Server(error) => !error.ends_session(),
            Self::Statement(_) => true,
            Self::Io(_) | Self::Protocol(_) | Self::Unusable(_) | Self::Connect(_) => false,
        }
    }

    /// What it means for a statement; `of_server` knows the errors of the server.
    pub(crate) fn into_query_error(self, of_server: impl FnOnce(S) -> QueryError) -> QueryError {
        match self {
            Self::Server(error) => of_server(error),
            Self::Statement(error) => error,
            Self::Protocol(detail) => QueryError::Failed(format!("the server's answer cannot be read: {detail}")),
            Self::Unusable(_) => QueryError::Unavailable(self.to_string()),
            Self::Io(_) | Self::Connect(_) => QueryError::Unavailable(format!("connection lost: {self}")),
        }
    }

    /// What it means for the opening of a session; `of_server` knows the errors of the server, and `of_login` what the protocol library says of
    /// ways of logging in that it does not have.
    pub(crate) fn into_connect_error(
        self,
        settings: &ConnectionSettings,
        of_server: impl FnOnce(S) -> ConnectError,
        of_login: impl FnOnce(&str) -> Option<String>,
    ) -> ConnectError {
        let other = |detail: String| ConnectError::Other {
            address: settings.address(),
            detail,
        };
        match self {
            Self::Server(error) => of_server(error),
            Self::Io(error) => lost_connection::io_connect_error(settings, &error),
            Self::Connect(error) => error,
            Self::Protocol(reason) => match of_login(&reason) {
                Some(detail) => ConnectError::Authentication {
                    user: settings.user.clone(),
                    detail,
                },
                None => other(format!(
                    "what listens there does not speak its protocol as expected: {reason}"
                )),
            },
            Self::Unusable(_) | Self::Statement(_) => other(self.to_string()),
        }
    }
}
