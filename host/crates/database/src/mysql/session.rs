//! One MySQL or MariaDB session.

use async_trait::async_trait;
use nl2sql_catalog::ResultSet;

use super::connecting::{check_version, connect_error};
use super::login::log_in;
use super::server_errors::{MysqlError, query_error};
use super::session_state::SessionState;
use super::values::CellType;
use super::wire::{Prepared, Wire};
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Columns that statements of maintenance announce (`ANALYZE TABLE` and its kin), which are no queries.
const MAINTENANCE: &[&str] = &["Table", "Op", "Msg_type", "Msg_text"];

/// What every session begins with: how text and times come.
const SETTINGS: [&str; 2] = ["SET NAMES utf8mb4", "SET time_zone = '+00:00'"];

/// What a session must know of its server.
const FACTS: &str = "SELECT CAST(CONNECTION_ID() AS CHAR), VERSION()";

/// A session with its guards armed.
pub(crate) struct MysqlSession {
    wire: Wire,
    id: i64,
    state: SessionState,
    /// Commands whose answers come before any other.
    unanswered: usize,
    /// The connection failed, or a result larger than its cap was left unread.
    unusable: bool,
}

#[async_trait]
impl Session for MysqlSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let failed = |error: MysqlError| connect_error(settings, error);
        let mut wire = log_in(settings).await.map_err(failed)?;
        let (id, version) = facts(&mut wire).await.map_err(failed)?;
        check_version(&version)?;
        let mariadb = version.contains("MariaDB");
        let state = SessionState::of(&mut wire, mariadb, &settings.limits).await;
        Ok(Self {
            wire,
            id,
            state: state.map_err(failed)?,
            unanswered: 0,
            unusable: false,
        })
    }

    /// Runs one statement in a read-only transaction that is always rolled back.
    async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let outcome = self.run_in_transaction(sql, limits).await;
        self.unusable |= outcome.as_ref().is_err_and(|error| !error.leaves_session());
        outcome.map_err(|error| query_error(error, limits))
    }

    fn is_usable(&self) -> bool {
        !self.unusable
    }

    fn cancel_key(&self) -> i64 {
        self.id
    }

    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError> {
        let failed = |error: MysqlError| connect_error(settings, error);
        let mut wire = log_in(settings).await.map_err(failed)?;
        let cancelled = async {
            wire.query(&format!("KILL {key}"));
            wire.send().await?;
            wire.done().await?;
            Ok(wire.close().await?)
        };
        cancelled.await.map_err(failed)
    }
}

/// Makes the first settings, and reads the session's number and the server's version.
async fn facts(wire: &mut Wire) -> Result<(i64, String), MysqlError> {
    for setting in SETTINGS {
        wire.query(setting);
    }
    wire.query(FACTS);
    wire.send().await?;
    for _ in SETTINGS {
        wire.done().await?;
    }
    let mut facts = wire.texts().await?.into_iter().flatten().flatten();
    let id = facts.next().and_then(|id| id.parse().ok()).unwrap_or(0);
    Ok((id, facts.next().unwrap_or_default()))
}

impl MysqlSession {
    /// Two waits: until the server has said what the statement gives, and until it gives it. What ends the transaction and begins the next
    /// goes out with the order to run it.
    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, MysqlError> {
        self.hold_to(limits);
        self.wire.prepare(sql);
        self.wire.send().await?;
        self.read_earlier().await?;
        let statement = match self.wire.prepared().await {
            Ok(statement) => statement,
            Err(error) if error.leaves_session() => return self.refuse(error).await,
            Err(error) => return Err(error),
        };
        if let Err(error) = check(&statement) {
            self.wire.forget(statement.id);
            return self.refuse(MysqlError::Statement(error)).await;
        }
        self.wire.execute(statement.id);
        self.wire.forget(statement.id);
        self.next_transaction();
        self.wire.send().await?;
        self.read_rows(&statement, limits).await
    }

    /// Goes on after a statement that is not run.
    async fn refuse(&mut self, error: MysqlError) -> Result<ResultSet, MysqlError> {
        self.next_transaction();
        self.wire.send().await?;
        Err(error)
    }

    async fn read_rows(&mut self, statement: &Prepared, limits: &Limits) -> Result<ResultSet, MysqlError> {
        let mut result = ResultSet {
            columns: statement
                .columns
                .iter()
                .map(|column| column.name_str().into_owned())
                .collect(),
            ..ResultSet::default()
        };
        let types: Vec<CellType> = self.wire.columns().await?.iter().map(CellType::of).collect();
        if types.len() != result.columns.len() {
            return Err(MysqlError::Unusable(
                "a statement gave other columns than announced".into(),
            ));
        }
        let mut bytes = 0;
        while let Some(row) = self.wire.row().await? {
            if result.rows.len() >= limits.max_rows || bytes > limits.max_bytes {
                result.truncated = true;
                break;
            }
            result.rows.push(CellType::row(&types, row, &mut bytes)?);
        }
        // The server stops one row after the cap by itself, unless the statement has a LIMIT of its own.
        let ended = !result.truncated || (bytes <= limits.max_bytes && self.wire.row().await?.is_none());
        self.unusable = !ended;
        Ok(result)
    }

    /// Adds what ends this transaction and begins the next.
    fn next_transaction(&mut self) {
        self.unanswered += self.state.next_transaction(&mut self.wire);
    }

    /// Reads the answers to commands before the current one.
    async fn read_earlier(&mut self) -> Result<(), MysqlError> {
        for left in (0..std::mem::take(&mut self.unanswered)).rev() {
            let outcome = self.wire.done().await;
            let status = outcome.map_err(|error| MysqlError::Unusable(format!("it could not be reset: {error}")))?;
            if left == 0 {
                self.state.check(status)?;
            }
        }
        Ok(())
    }

    /// Has the server hold every statement that follows to these limits.
    fn hold_to(&mut self, limits: &Limits) {
        self.unanswered += self.state.hold_to(limits, &mut self.wire);
    }
}

/// Refuses what gives no rows of a query, or asks for values that nobody has.
fn check(statement: &Prepared) -> Result<(), QueryError> {
    if statement.parameters > 0 {
        return Err(QueryError::Failed(format!(
            "the statement has placeholders: it asks for {} parameters",
            statement.parameters
        )));
    }
    let names = statement.columns.iter().map(|column| column.name_ref());
    if statement.columns.is_empty() || names.eq(MAINTENANCE.iter().map(|name| name.as_bytes())) {
        return Err(QueryError::Refused(
            "refused: the server says that the statement returns no rows of a query".into(),
        ));
    }
    Ok(())
}
