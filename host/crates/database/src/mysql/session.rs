//! One MySQL or MariaDB session.

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::{ResultSet, Value};
use sqlx::mysql::{MySqlConnectOptions, MySqlDatabaseError, MySqlRow, MySqlSslMode};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Executor, MySqlConnection, Row, SqlSafeStr, Statement, TypeInfo,
    ValueRef,
};

use super::values;
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, TlsMode, lost_connection};

/// Prepared statements kept per session; the server's default cap is 16,382 for all sessions together.
const STATEMENT_CACHE: usize = 1_000;

/// The lexical modes that the text guard does not read are taken out of `sql_mode`; the others stay as the server has them.
const PLAIN_SQL_MODE: &str = "SET SESSION sql_mode = TRIM(BOTH ',' FROM REPLACE(REPLACE(REPLACE(CONCAT(',', @@SESSION.sql_mode, ','), \
                              ',ANSI_QUOTES,', ','), ',NO_BACKSLASH_ESCAPES,', ','), ',ANSI,', ','))";

/// Ends what ran, gives up named locks and begins the next read-only transaction, which holds nothing until it reads.
const NEXT_TRANSACTION: &str = "ROLLBACK; DO RELEASE_ALL_LOCKS(); START TRANSACTION READ ONLY";

/// A session with its guards armed.
pub(crate) struct MysqlSession {
    connection: MySqlConnection,
    id: i64,
    mariadb: bool,
    /// Time limit the server holds at present, in milliseconds.
    timeout_ms: u64,
    prepared: usize,
    /// A result larger than its cap was left unread, or the server forgot the guards.
    unusable: bool,
}

#[async_trait]
impl Session for MysqlSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let failed = |error: sqlx::Error| connect_error(settings, &error);
        let mut connection = options(settings).connect().await.map_err(failed)?;
        for setting in [
            PLAIN_SQL_MODE,
            "SET SESSION TRANSACTION READ ONLY",
            "START TRANSACTION READ ONLY",
        ] {
            connection.execute(sqlx::raw_sql(setting)).await.map_err(failed)?;
        }
        let row = connection
            .fetch_one(sqlx::raw_sql("SELECT CAST(CONNECTION_ID() AS CHAR), VERSION()"))
            .await
            .map_err(failed)?;
        let text = |at: usize| row.try_get_unchecked::<String, _>(at).unwrap_or_default();
        let (id, version) = (text(0).parse().unwrap_or(0), text(1));
        Ok(Self {
            connection,
            id,
            mariadb: version.contains("MariaDB"),
            timeout_ms: 0,
            prepared: 0,
            unusable: false,
        })
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

impl MysqlSession {
    /// Runs one statement in a read-only transaction that is always rolled back.
    pub(super) async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let outcome = self.run_in_transaction(sql, limits).await;
        if self.unusable || matches!(outcome, Err(QueryError::Unavailable(_))) {
            return outcome;
        }
        let next = self.connection.execute(sqlx::raw_sql(NEXT_TRANSACTION)).await;
        next.map_err(|error| QueryError::Unavailable(format!("the session could not be reset: {error}")))?;
        outcome
    }

    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let failed = |error: sqlx::Error| query_error(&error, limits);
        self.limit_time(limits.timeout_ms).await.map_err(failed)?;
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
        if columns.is_empty() {
            return Err(QueryError::Refused(
                "refused: the server says that the statement returns no rows, so it is no query".into(),
            ));
        }
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
            result.rows.push(typed_row(&row, &mut bytes).map_err(failed)?);
        }
        drop(rows);
        self.unusable |= result.truncated;
        Ok(result)
    }

    /// MariaDB limits in seconds, MySQL in milliseconds; both stop SELECT statements.
    async fn limit_time(&mut self, timeout_ms: u64) -> Result<(), sqlx::Error> {
        if self.timeout_ms == timeout_ms {
            return Ok(());
        }
        let capped = timeout_ms.clamp(1, 31_536_000_000);
        let set = if self.mariadb {
            format!(
                "SET SESSION max_statement_time = {}.{:03}",
                capped / 1_000,
                capped % 1_000
            )
        } else {
            format!("SET SESSION max_execution_time = {}", capped.min(u64::from(u32::MAX)))
        };
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(set))).await?;
        self.timeout_ms = timeout_ms;
        Ok(())
    }
}

fn typed_row(row: &MySqlRow, bytes: &mut usize) -> Result<Vec<Value>, sqlx::Error> {
    let mut values = Vec::with_capacity(row.len());
    for at in 0..row.len() {
        let raw = row.try_get_raw(at)?;
        let name = raw.type_info().name().to_owned();
        let content: Option<&[u8]> = row.try_get_unchecked(at)?;
        *bytes += content.map_or(8, |content| content.len() + 8);
        values.push(content.map_or(Value::Null, |content| values::typed(&name, content)));
    }
    Ok(values)
}

fn options(settings: &ConnectionSettings) -> MySqlConnectOptions {
    let mut options = MySqlConnectOptions::new()
        .port(settings.effective_port())
        .username(if settings.user.is_empty() {
            "root"
        } else {
            &settings.user
        })
        .statement_cache_capacity(STATEMENT_CACHE + 8)
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .charset("utf8mb4")
        .ssl_mode(match settings.tls {
            TlsMode::Off => MySqlSslMode::Disabled,
            TlsMode::Prefer => MySqlSslMode::Preferred,
            TlsMode::Require => MySqlSslMode::Required,
            TlsMode::VerifyCa => MySqlSslMode::VerifyIdentity,
        })
        .disable_statement_logging();
    options = if settings.host.starts_with('/') {
        options.socket(&settings.host)
    } else {
        options.host(&settings.host)
    };
    if !settings.password.reveal().is_empty() {
        options = options.password(settings.password.reveal());
    }
    if !settings.database.is_empty() {
        options = options.database(&settings.database);
    }
    if let Some(file) = &settings.ca_file {
        options = options.ssl_ca(file);
    }
    options
}

fn server_error(error: &sqlx::Error) -> Option<&MySqlDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

/// Error numbers: <https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html>,
/// <https://mariadb.com/kb/en/mariadb-error-codes/>.
fn connect_error(settings: &ConnectionSettings, error: &sqlx::Error) -> ConnectError {
    let Some(server) = server_error(error) else {
        return lost_connection::sqlx_connect_error(settings, error);
    };
    let detail = server.message().to_owned();
    match server.number() {
        1045 | 1130 | 1251 | 1698 | 1862 => ConnectError::Authentication {
            user: settings.user.clone(),
            detail,
        },
        1049 => ConnectError::NoSuchDatabase {
            database: settings.database.clone(),
            detail,
        },
        1044 | 1142 | 1227 => ConnectError::NoRights { detail },
        1040 | 1203 | 1226 => ConnectError::TooManyConnections { detail },
        3159 => ConnectError::Tls { detail },
        _ => ConnectError::Other {
            address: settings.address(),
            detail,
        },
    }
}

fn query_error(error: &sqlx::Error, limits: &Limits) -> QueryError {
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
