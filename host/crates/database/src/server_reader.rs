//! One thread's way to a server.

use nl2sql_catalog::ResultSet;
use tokio::runtime::Handle;

use crate::{ConnectError, Connection, Limits, QueryError, QueryReader, session_runtime};

/// Runs statements on the pool's sessions for a thread that waits for them.
pub(crate) struct ServerReader {
    connection: Connection,
    runtime: Handle,
}

impl ServerReader {
    pub(crate) fn new(connection: Connection) -> Result<Self, ConnectError> {
        let runtime = session_runtime::handle().map_err(|detail| ConnectError::Other {
            address: connection.settings().address(),
            detail,
        })?;
        Ok(Self { connection, runtime })
    }
}

impl QueryReader for ServerReader {
    fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let (connection, sql, limits) = (self.connection.clone(), sql.to_owned(), *limits);
        // A task, so that no answer on the way to the result is handed from one thread to another.
        let running = self.runtime.spawn(async move { connection.run(&sql, &limits).await });
        match futures::executor::block_on(running) {
            Ok(outcome) => outcome,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
