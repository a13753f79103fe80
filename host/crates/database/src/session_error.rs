//! What goes wrong on a session whose protocol is spoken here.

use std::io;

use crate::{ConnectError, ConnectionSettings, QueryError, lost_connection};

/// Why a request got no answer, or none that helps; `S` is an error as the server sent it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError<S> {
    /// The connection failed, or what came over it is not the protocol.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The server said no.
    #[error("{0}")]
    Server(S),
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
    /// Whether the server ends the session with it.
    fn ends_session(&self) -> bool;
}

impl<S: Refusal> SessionError<S> {
    /// Whether the session can go on after it.
    pub(crate) fn leaves_session(&self) -> bool {
        match self {
            Self::Server(error) => !error.ends_session(),
            Self::Statement(_) => true,
            Self::Io(_) | Self::Unusable(_) | Self::Connect(_) => false,
        }
    }

    /// What it means for a statement; `of_server` knows the errors of the server.
    pub(crate) fn into_query_error(self, of_server: impl FnOnce(S) -> QueryError) -> QueryError {
        match self {
            Self::Server(error) => of_server(error),
            Self::Statement(error) => error,
            Self::Unusable(_) => QueryError::Unavailable(self.to_string()),
            Self::Io(_) | Self::Connect(_) => QueryError::Unavailable(format!("connection lost: {self}")),
        }
    }

    /// What it means for the opening of a session; `of_server` knows the errors of the server.
    pub(crate) fn into_connect_error(
        self,
        settings: &ConnectionSettings,
        of_server: impl FnOnce(S) -> ConnectError,
    ) -> ConnectError {
        match self {
            Self::Server(error) => of_server(error),
            Self::Io(error) => lost_connection::io_connect_error(settings, &error),
            Self::Connect(error) => error,
            Self::Unusable(_) | Self::Statement(_) => ConnectError::Other {
                address: settings.address(),
                detail: self.to_string(),
            },
        }
    }
}
