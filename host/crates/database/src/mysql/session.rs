//! One MySQL or MariaDB session.

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::{ResultSet, Value};
use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySqlConnection, Row, SqlSafeStr, Statement};

use super::connecting::{connect_error, options};
use super::server_errors::query_error;
use super::session_state::SessionState;
use super::values::{self, TypeKind};
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, lost_connection};

/// Prepared statements kept per session; the server's default cap is 16,382 for all sessions together.
pub(super) const STATEMENT_CACHE: usize = 1_000;

/// Columns that statements of maintenance announce (`ANALYZE TABLE` and its kin), which are no queries.
const MAINTENANCE: &[&str] = &["Table", "Op", "Msg_type", "Msg_text"];

/// A session with its guards armed.
pub(crate) struct MysqlSession {
    connection: MySqlConnection,
    id: i64,
    mariadb: bool,
    state: SessionState,
    /// What the server holds statements to at present: milliseconds and rows.
    limits: (u64, usize),
    prepared: usize,
    /// A result larger than its cap was left unread.
    unusable: bool,
}

#[async_trait]
impl Session for MysqlSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let failed = |error: sqlx::Error| connect_error(settings, &error);
        let mut connection = options(settings).connect().await.map_err(failed)?;
        let row = connection
            .fetch_one(sqlx::raw_sql("SELECT CAST(CONNECTION_ID() AS CHAR), VERSION()"))
            .await
            .map_err(failed)?;
        let text = |at: usize| row.try_get_unchecked::<String, _>(at).unwrap_or_default();
        let (id, version) = (text(0).parse().unwrap_or(0), text(1));
        check_version(&version)?;
        let state = SessionState::of(&mut connection).await.map_err(failed)?;
        let mut session = Self {
            connection,
            id,
            mariadb: version.contains("MariaDB"),
            state,
            limits: (0, 0),
            prepared: 0,
            unusable: false,
        };
        session.hold_to(&settings.limits).await.map_err(failed)?;
        Ok(session)
    }

    /// Runs one statement in a read-only transaction that is always rolled back.
    async fn run(&mut self, sql: &str, _: Option<&str>, limits: &Limits) -> Result<ResultSet, QueryError> {
        let outcome = self.run_in_transaction(sql, limits).await;
        if self.unusable || matches!(outcome, Err(QueryError::Unavailable(_))) {
            return outcome;
        }
        let next = self.send_next_transaction().await;
        next.map_err(|error| QueryError::Unavailable(format!("the session could not be reset: {error}")))?;
        outcome
    }

    fn goes_on(&self) -> bool {
        !self.unusable
    }

    fn cancel_key(&self) -> i64 {
        self.id
    }

    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError> {
        let failed = |error: sqlx::Error| connect_error(settings, &error);
        let mut connection = options(settings).connect().await.map_err(failed)?;
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(format!("KILL {key}"))))
            .await
            .map_err(failed)?;
        connection.close().await.map_err(failed)
    }

    async fn reset(&mut self) -> bool {
        !self.unusable && self.prepared < STATEMENT_CACHE
    }
}

fn check_version(version: &str) -> Result<(), ConnectError> {
    let minimum = if version.contains("MariaDB") { (10, 2) } else { (5, 7) };
    if lost_connection::major_minor(version) < minimum {
        return Err(ConnectError::TooOld {
            version: version.to_owned(),
            minimum: "MySQL 5.7 or MariaDB 10.2".into(),
        });
    }
    Ok(())
}

impl MysqlSession {
    async fn next_transaction(&mut self) -> Result<(), sqlx::Error> {
        let text = AssertSqlSafe(self.state.next_transaction().to_owned());
        self.connection.execute(sqlx::raw_sql(text)).await.map(|_| ())
    }

    /// Sends the same and does not wait: what comes next on this session reads the answer before it sends anything, and fails, having
    /// run nothing, if that was an error.
    async fn send_next_transaction(&mut self) -> Result<(), sqlx::Error> {
        let sending = self.next_transaction();
        futures::future::poll_immediate(sending).await.unwrap_or(Ok(()))
    }

    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let failed = |error: sqlx::Error| query_error(&error, limits);
        self.hold_to(limits).await.map_err(failed)?;
        let statement = (&mut self.connection)
            .prepare(AssertSqlSafe(sql.to_owned()).into_sql_str())
            .await
            .map_err(failed)?;
        self.prepared += 1;
        let columns: Vec<String> = statement
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        if columns.is_empty() || columns == MAINTENANCE {
            return Err(QueryError::Refused(
                "refused: the server says that the statement returns no rows of a query".into(),
            ));
        }
        let mut kinds: Option<Vec<TypeKind>> = None;
        let mut result = ResultSet {
            columns,
            ..ResultSet::default()
        };
        let mut bytes = 0;
        let mut rows = self.connection.fetch(sqlx::query(AssertSqlSafe(sql.to_owned())));
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            if result.rows.len() >= limits.max_rows || bytes > limits.max_bytes {
                result.truncated = true;
                break;
            }
            let of_columns = || {
                row.columns()
                    .iter()
                    .map(|column| TypeKind::of(column.type_info()))
                    .collect()
            };
            let kinds = kinds.get_or_insert_with(of_columns);
            result.rows.push(typed_row(&row, kinds, &mut bytes).map_err(failed)?);
        }
        // The server stops one row after the cap by itself, unless the statement has a LIMIT of its own.
        let ended =
            !result.truncated || (bytes <= limits.max_bytes && rows.try_next().await.map_err(failed)?.is_none());
        self.unusable = !ended;
        Ok(result)
    }

    /// MariaDB limits in seconds, MySQL in milliseconds; both stop SELECT statements.
    async fn hold_to(&mut self, limits: &Limits) -> Result<(), sqlx::Error> {
        let wanted = (limits.timeout_ms, limits.max_rows);
        if self.limits == wanted {
            return Ok(());
        }
        let capped = limits.timeout_ms.clamp(1, 31_536_000_000);
        let time = if self.mariadb {
            format!("max_statement_time = {}.{:03}", capped / 1_000, capped % 1_000)
        } else {
            format!("max_execution_time = {}", capped.min(u64::from(u32::MAX)))
        };
        self.state.hold_to(&format!(
            "{time}, sql_select_limit = {}",
            limits.max_rows.saturating_add(1)
        ));
        self.next_transaction().await?;
        self.limits = wanted;
        Ok(())
    }
}

/// The bytes of a cell, `None` for NULL. The driver takes a zero date for NULL, but has its bytes where NULL has none.
fn content(row: &MySqlRow, at: usize, kind: TypeKind) -> Result<Option<&[u8]>, sqlx::Error> {
    match row.try_get_unchecked(at)? {
        None if matches!(kind, TypeKind::Date | TypeKind::Datetime) => Ok(row.try_get_unchecked(at).ok()),
        content => Ok(content),
    }
}

fn typed_row(row: &MySqlRow, kinds: &[TypeKind], bytes: &mut usize) -> Result<Vec<Value>, sqlx::Error> {
    let mut values = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        let content = content(row, at, *kind)?;
        *bytes += content.map_or(8, |content| content.len() + 8);
        values.push(content.map_or(Value::Null, |content| values::typed(*kind, content)));
    }
    Ok(values)
}
