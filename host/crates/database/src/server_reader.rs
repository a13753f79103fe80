//! One thread's way to a server.

use nl2sql_catalog::ResultSet;
use tokio::runtime::{Builder, Runtime};

use crate::{ConnectError, Connection, Limits, QueryError, QueryReader};

/// Runs statements on the pool's sessions from the thread that asks: the thread itself waits for the server, so that no answer is handed from
/// one thread to another, which takes longer than many a statement.
pub(crate) struct ServerReader {
    connection: Connection,
    /// Present until it is dropped.
    runtime: Option<Runtime>,
}

impl ServerReader {
    pub(crate) fn new(connection: Connection) -> Result<Self, ConnectError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| ConnectError::Other {
            address: connection.settings().address(),
            detail: format!("nothing to wait for answers with: {error}"),
        })?;
        Ok(Self {
            connection,
            runtime: Some(runtime),
        })
    }
}

impl QueryReader for ServerReader {
    fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let runtime = self.runtime.as_ref();
        let runtime = runtime.ok_or_else(|| QueryError::Failed("the reader is closed".into()))?;
        runtime.block_on(self.connection.run(sql, limits))
    }
}

impl Drop for ServerReader {
    fn drop(&mut self) {
        // The owner may be dropped where nothing may wait.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
