//! One MySQL or MariaDB session.

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::ResultSet;
use sqlx::mysql::{MySqlConnection, MySqlStatement};
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, Statement, raw_sql};

use super::connect_options::{PREPARED_TEXTS, connect_options};
use super::connecting::{check_version, connect_error};
use super::server_errors::{MysqlError, query_error};
use super::session_state::SessionState;
use super::values::{TypeKind, typed_row};
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Columns that statements of maintenance announce (`ANALYZE TABLE` and its kin), which are no queries.
const MAINTENANCE: &[&str] = &["Table", "Op", "Msg_type", "Msg_text"];

/// What a session must know of its server.
const FACTS: &str = "SELECT CAST(CONNECTION_ID() AS CHAR), VERSION()";

/// A session with its guards armed.
pub(crate) struct MysqlSession {
    connection: MySqlConnection,
    id: i64,
    state: SessionState,
    /// The connection failed, or a result larger than its cap was left unread.
    unusable: bool,
}

#[async_trait]
impl Session for MysqlSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let failed = |error: MysqlError| connect_error(settings, error);
        let connected = connect_options(settings).connect().await;
        let mut connection = connected.map_err(|error| failed(error.into()))?;
        let facts = texts(&mut connection, FACTS.to_owned()).await.map_err(failed)?;
        let mut facts = facts.into_iter().flatten().flatten();
        let id = facts.next().and_then(|id| id.parse().ok()).unwrap_or(0);
        let version = facts.next().unwrap_or_default();
        check_version(&version)?;
        let mariadb = version.contains("MariaDB");
        let state = SessionState::of(&mut connection, mariadb, &settings.limits).await;
        Ok(Self {
            state: state.map_err(failed)?,
            connection,
            id,
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
        !self.unusable && self.connection.cached_statements_size() < PREPARED_TEXTS
    }

    async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a session ended without a goodbye");
        }
    }

    fn cancel_key(&self) -> i64 {
        self.id
    }

    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError> {
        let cancelled = async {
            let mut connection = connect_options(settings).connect().await?;
            connection
                .execute(raw_sql(AssertSqlSafe(format!("KILL {key}"))))
                .await?;
            connection.close().await
        };
        cancelled.await.map_err(|error| connect_error(settings, error.into()))
    }
}

impl MysqlSession {
    /// Three exchanges: the server says what the statement gives, gives it, and goes over to the next transaction.
    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, MysqlError> {
        self.state.hold_to(limits, &mut self.connection).await?;
        let outcome = self.prepare_and_read(sql, limits).await;
        let goes_on = outcome.as_ref().err().is_none_or(MysqlError::leaves_session);
        if goes_on && !self.unusable {
            let next = self.state.next_transaction(&mut self.connection).await;
            next.map_err(|error| MysqlError::Unusable(format!("it could not be reset: {error}")))?;
        }
        outcome
    }

    /// The server takes one statement in here, and runs it only if it is a query.
    async fn prepare_and_read(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, MysqlError> {
        let statement = (&mut self.connection)
            .prepare(AssertSqlSafe(sql).into_sql_str())
            .await?;
        check(&statement).map_err(MysqlError::Statement)?;
        self.read_rows(&statement, limits).await
    }

    async fn read_rows(&mut self, statement: &MySqlStatement, limits: &Limits) -> Result<ResultSet, MysqlError> {
        let columns = statement.columns().iter().map(|column| column.name().to_owned());
        let mut result = ResultSet {
            columns: columns.collect(),
            ..ResultSet::default()
        };
        let mut kinds: Vec<TypeKind> = Vec::new();
        let mut bytes = 0;
        let mut answers = (&mut self.connection).fetch_many(statement.query());
        while let Some(answer) = answers.try_next().await? {
            let Either::Right(row) = answer else { continue };
            if result.rows.len() >= limits.max_rows || bytes > limits.max_bytes {
                // The server stops one row after the cap by itself, unless the statement has a LIMIT of its own.
                self.unusable = result.truncated || bytes > limits.max_bytes;
                result.truncated = true;
                if self.unusable {
                    break;
                }
                continue;
            }
            if result.rows.is_empty() {
                kinds = row.columns().iter().map(TypeKind::of).collect();
            }
            if kinds.len() != result.columns.len() {
                return Err(MysqlError::Unusable(
                    "a statement gave other columns than announced".into(),
                ));
            }
            result.rows.push(typed_row(&kinds, &row, &mut bytes)?);
        }
        Ok(result)
    }
}

/// The rows of a query as texts; NULL is none.
pub(super) async fn texts(
    connection: &mut MySqlConnection,
    query: String,
) -> Result<Vec<Vec<Option<String>>>, MysqlError> {
    let rows = connection.fetch_all(raw_sql(AssertSqlSafe(query))).await?;
    let texts = rows.iter().map(|row| {
        let cells = (0..row.len()).map(|at| row.try_get_unchecked(at));
        Ok(cells.collect::<Result<_, sqlx::Error>>()?)
    });
    texts.collect()
}

/// Refuses what gives no rows of a query, or asks for values that nobody has.
fn check(statement: &MySqlStatement) -> Result<(), QueryError> {
    let parameters = match statement.parameters() {
        Some(Either::Right(count)) => count,
        Some(Either::Left(types)) => types.len(),
        None => 0,
    };
    if parameters > 0 {
        return Err(QueryError::Failed(format!(
            "the statement has placeholders: it asks for {parameters} parameters"
        )));
    }
    let columns = statement.columns();
    let names = columns.iter().map(|column| column.name());
    if columns.is_empty() || names.eq(MAINTENANCE.iter().copied()) {
        return Err(QueryError::Refused(
            "refused: the server says that the statement returns no rows of a query".into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::Value;

    use super::*;
    use crate::shared::server_url;
    use crate::shared::servers::TestDatabase;

    const SERVER: &str = "NL2SQL_TEST_MYSQL_URL";

    #[tokio::test]
    async fn a_session_speaks_sql_as_the_server_does() {
        let Some(url) = server_url(SERVER, "a_session_speaks_sql_as_the_server_does") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut session = MysqlSession::connect(&database.admin).await.unwrap();
        for _ in 0..2 {
            let sql = "SELECT @@SESSION.sql_mode = @@GLOBAL.sql_mode";
            let modes = session.run(sql, &Limits::default()).await.unwrap();
            assert_eq!(modes.rows, [[Value::Integer(1)]]);
        }
    }

    #[tokio::test]
    async fn a_session_that_keeps_many_texts_prepared_is_replaced() {
        let Some(url) = server_url(SERVER, "a_session_that_keeps_many_texts_prepared_is_replaced") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut session = MysqlSession::connect(&database.admin).await.unwrap();
        for n in 0..PREPARED_TEXTS {
            assert!(session.is_usable());
            let sql = format!("SELECT {n}");
            session.run(&sql, &Limits::default()).await.unwrap();
            session.run(&sql, &Limits::default()).await.unwrap();
        }
        assert!(!session.is_usable());
    }
}
