//! One SQL Server session.

use std::time::Duration;

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::{ResultSet, Value};
use tiberius::{AuthMethod, Client, ColumnType, Config, EncryptionLevel, QueryItem};
use tokio::net::TcpStream;
use tokio_util::compat::{Compat, TokioAsyncWriteCompatExt};

use super::values;
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, TlsMode, lost_connection};

/// How a session is set up; statements inside `sp_executesql` cannot change it for those after them.
const SESSION_SETTINGS: &str = "SET XACT_ABORT ON; SET LOCK_TIMEOUT 10000; SET DATEFORMAT ymd; SET TEXTSIZE 2147483647; SET IMPLICIT_TRANSACTIONS OFF";

/// How long the server may take to acknowledge a cancellation.
const ATTENTION_TIMEOUT: Duration = Duration::from_millis(400);

/// A session with its guards armed.
pub(crate) struct MssqlSession {
    client: Client<Compat<TcpStream>>,
    /// A response was left half-read, or a transaction is not where it should be.
    unusable: bool,
}

#[async_trait]
impl Session for MssqlSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let client = match open(settings, &settings.host, settings.effective_port()).await {
            Err(tiberius::error::Error::Routing { host, port }) => open(settings, &host, port).await,
            other => other,
        };
        let mut session = Self {
            client: client.map_err(|error| connect_error(settings, &error))?,
            unusable: false,
        };
        session
            .batch(SESSION_SETTINGS)
            .await
            .map_err(|error| connect_error(settings, &error))?;
        Ok(session)
    }

    /// Runs one statement in a transaction that is always rolled back; past its time it is ended by an attention.
    async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.batch("BEGIN TRANSACTION")
            .await
            .map_err(|error| query_error(&error, limits))?;
        let outcome = match tokio::time::timeout(limits.timeout(), self.collect(sql.to_owned(), limits)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let acknowledged = tokio::time::timeout(ATTENTION_TIMEOUT, self.client.cancel_query()).await;
                self.unusable |= !matches!(acknowledged, Ok(Ok(())));
                Err(QueryError::Timeout(format!(
                    "timeout: stopped after {} ms",
                    limits.timeout_ms
                )))
            }
        };
        if self.unusable || matches!(outcome, Err(QueryError::Unavailable(_))) {
            return outcome;
        }
        self.end_transaction(outcome.is_ok(), limits).await?;
        outcome
    }

    fn cancel_key(&self) -> i64 {
        0
    }

    async fn cancel(_: &ConnectionSettings, _: i64) -> Result<(), ConnectError> {
        // The server ends what a session runs when its connection closes, and the session has been dropped.
        Ok(())
    }

    async fn reset(&mut self) -> bool {
        !self.unusable
    }
}

impl MssqlSession {
    async fn collect(&mut self, sql: String, limits: &Limits) -> Result<ResultSet, QueryError> {
        let failed = |error: tiberius::error::Error| query_error(&error, limits);
        let mut result = ResultSet::default();
        let mut money: Vec<bool> = Vec::new();
        let mut bytes = 0;
        let mut items = self.client.query(sql, &[]).await.map_err(failed)?;
        while let Some(item) = items.try_next().await.map_err(failed)? {
            match item {
                QueryItem::Metadata(columns) if columns.result_index() == 0 => {
                    result.columns = columns
                        .columns()
                        .iter()
                        .map(|column| column.name().to_owned())
                        .collect();
                    money = columns
                        .columns()
                        .iter()
                        .map(|column| is_money(column.column_type()))
                        .collect();
                }
                QueryItem::Metadata(_) => {
                    return Err(QueryError::Refused(
                        "refused: the statement has more than one result".into(),
                    ));
                }
                QueryItem::Row(_) if result.rows.len() >= limits.max_rows || bytes > limits.max_bytes => {
                    result.truncated = true;
                    break;
                }
                QueryItem::Row(row) => {
                    let values: Vec<Value> = row
                        .into_iter()
                        .enumerate()
                        .map(|(at, data)| values::typed(data, money.get(at).copied().unwrap_or(false)))
                        .collect();
                    bytes += values.iter().map(size).sum::<usize>();
                    result.rows.push(values);
                }
            }
        }
        drop(items);
        if result.truncated {
            let acknowledged = tokio::time::timeout(ATTENTION_TIMEOUT, self.client.cancel_query()).await;
            self.unusable |= !matches!(acknowledged, Ok(Ok(())));
        }
        Ok(result)
    }

    /// Rolls back; a statement that ended the transaction by itself got past a guard, and its session is not used again.
    async fn end_transaction(&mut self, expect_open: bool, limits: &Limits) -> Result<(), QueryError> {
        let end = "SELECT @@TRANCOUNT; IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";
        let open = self.batch(end).await.map_err(|error| query_error(&error, limits))?;
        if expect_open && open != Some(1) {
            self.unusable = true;
            return Err(QueryError::Refused(
                "refused: the statement ended the transaction that guards it".into(),
            ));
        }
        Ok(())
    }

    /// Runs text of this crate; gives the first number it returns.
    async fn batch(&mut self, sql: &'static str) -> Result<Option<i32>, tiberius::error::Error> {
        let rows = self.client.simple_query(sql).await?.into_first_result().await?;
        Ok(rows.first().and_then(|row| row.try_get::<i32, _>(0).ok().flatten()))
    }
}

fn is_money(kind: ColumnType) -> bool {
    matches!(kind, ColumnType::Money | ColumnType::Money4)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Other(text) | Value::Decimal(text) => text.len() + 8,
        Value::Bytes(bytes) => bytes.len() + 8,
        _ => 16,
    }
}

async fn open(
    settings: &ConnectionSettings,
    host: &str,
    port: u16,
) -> Result<Client<Compat<TcpStream>>, tiberius::error::Error> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    let config = config(settings, host, port);
    match Client::connect(config, stream.compat_write()).await {
        Err(error) if settings.tls == TlsMode::Prefer && is_tls(&error) => {
            let mut plain = self::config(settings, host, port);
            plain.encryption(EncryptionLevel::NotSupported);
            let stream = TcpStream::connect((host, port)).await?;
            stream.set_nodelay(true)?;
            Client::connect(plain, stream.compat_write()).await
        }
        other => other,
    }
}

/// A failed handshake, or a server that declines encryption (which the protocol library reports as a protocol error).
fn is_tls(error: &tiberius::error::Error) -> bool {
    use tiberius::error::Error;
    match error {
        Error::Tls(_) => true,
        Error::Protocol(reason) => reason.contains("encryption"),
        Error::Io { message, .. } => message.to_lowercase().contains("tls"),
        _ => false,
    }
}

fn config(settings: &ConnectionSettings, host: &str, port: u16) -> Config {
    let mut config = Config::new();
    config.host(host);
    config.port(port);
    if !settings.database.is_empty() {
        config.database(&settings.database);
    }
    config.application_name("nl2sql");
    config.readonly(true);
    config.command_timeout(None);
    config.authentication(AuthMethod::sql_server(&settings.user, settings.password.reveal()));
    config.encryption(match settings.tls {
        TlsMode::Off => EncryptionLevel::NotSupported,
        TlsMode::Prefer => EncryptionLevel::On,
        TlsMode::Require | TlsMode::VerifyCa => EncryptionLevel::Required,
    });
    match (settings.tls, &settings.ca_file) {
        (TlsMode::VerifyCa, Some(file)) => config.trust_cert_ca(file.display()),
        (TlsMode::VerifyCa, None) => {}
        _ => config.trust_cert(),
    }
    config
}

/// Error numbers: <https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>.
fn connect_error(settings: &ConnectionSettings, error: &tiberius::error::Error) -> ConnectError {
    use tiberius::error::Error;
    let detail = error.to_string();
    match error {
        Error::Server(server) => {
            let detail = server.message().to_owned();
            match server.code() {
                18456 | 18452 | 18487 | 18488 | 40532 => ConnectError::Authentication {
                    user: settings.user.clone(),
                    detail,
                },
                4060 | 4063 | 911 => ConnectError::NoSuchDatabase {
                    database: settings.database.clone(),
                    detail,
                },
                916 | 18470 | 229 => ConnectError::NoRights { detail },
                17809 | 10928 | 10929 => ConnectError::TooManyConnections { detail },
                _ => ConnectError::Other {
                    address: settings.address(),
                    detail,
                },
            }
        }
        _ if is_tls(error) => ConnectError::Tls { detail },
        Error::Io { kind, message } => {
            lost_connection::io_connect_error(settings, &std::io::Error::new(*kind, message.clone()))
        }
        _ => ConnectError::Other {
            address: settings.address(),
            detail,
        },
    }
}

fn query_error(error: &tiberius::error::Error, limits: &Limits) -> QueryError {
    use tiberius::error::Error;
    match error {
        Error::Server(server) => server_error(server.code(), server.class(), server.message(), limits),
        Error::Conversion(reason) | Error::Encoding(reason) => QueryError::Failed(format!(
            "the result holds a type that cannot be read ({reason}); CAST it to nvarchar"
        )),
        other => QueryError::Unavailable(format!("connection lost: {other}")),
    }
}

/// Severity 20 and above ends the connection.
fn server_error(code: u32, class: u8, message: &str, limits: &Limits) -> QueryError {
    match code {
        _ if class >= 20 => QueryError::Unavailable(format!("connection lost: {message}")),
        1222 => QueryError::Timeout(format!("timeout: waited for a lock: {message}")),
        8649 | 3617 => QueryError::Timeout(format!(
            "timeout: stopped by the server after {} ms: {message}",
            limits.timeout_ms
        )),
        229 | 230 | 262 | 297 | 300 | 371 | 3906 | 3908 | 15151 | 15247 | 15281 => {
            QueryError::Refused(format!("refused by the server: {message}"))
        }
        _ => QueryError::Failed(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::server_error;
    use crate::Limits;

    #[test]
    fn server_errors_are_sorted() {
        let code = |number, class| server_error(number, class, "words", &Limits::default()).code();
        assert_eq!(code(208, 16), "failed");
        assert_eq!(code(229, 14), "refused");
        assert_eq!(code(1222, 16), "timeout");
        assert_eq!(code(596, 21), "unavailable");
    }
}
