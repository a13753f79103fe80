//! One SQL Server session.

use std::time::Duration;

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::{ResultSet, Value};
use tiberius::QueryItem;

use super::connect::{TdsClient, one_line};
use super::values::ColumnKind;
use super::{connect, values};
use crate::error_redaction::without_values;
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// What is armed before every statement, so that none finds what another left behind: errors end the transaction, dates are read the
/// ISO way, and a reader gives way to writers. An endpoint that does not know one of them is used without it.
const SESSION_SETTINGS: [&str; 5] = [
    "SET XACT_ABORT ON",
    "SET IMPLICIT_TRANSACTIONS OFF",
    "SET DEADLOCK_PRIORITY LOW",
    "SET DATEFORMAT ymd",
    "SET TEXTSIZE 2147483647",
];
/// Limits of the server that take a number: milliseconds to wait for a lock, rows of a result.
const LOCK_TIMEOUT: &str = "SET LOCK_TIMEOUT";
const ROW_LIMIT: &str = "SET ROWCOUNT";

/// How long the server may take to acknowledge a cancellation.
const ATTENTION_TIMEOUT: Duration = Duration::from_millis(400);

/// A session with its guards armed.
pub(crate) struct MssqlSession {
    client: TdsClient,
    /// Settings that the server takes, joined.
    settings: String,
    has_lock_timeout: bool,
    has_row_limit: bool,
    /// A response was left half-read, or a transaction is not where it should be.
    unusable: bool,
    /// The statement was ended by an attention, which under XACT_ABORT ends its transaction too.
    cancelled: bool,
}

#[async_trait]
impl Session for MssqlSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let client = connect::open(settings).await?;
        let mut session = Self {
            client,
            settings: String::new(),
            has_lock_timeout: false,
            has_row_limit: false,
            unusable: false,
            cancelled: false,
        };
        session
            .learn_settings()
            .await
            .map_err(|error| connect::connect_error(settings, &error))?;
        Ok(session)
    }

    /// Runs one statement in a transaction that is always rolled back; past its time it is ended by an attention.
    async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.batch(self.opening(limits))
            .await
            .map_err(|error| query_error(&error, limits))?;
        let outcome = match tokio::time::timeout(limits.timeout(), self.collect(sql.to_owned(), limits)).await {
            Ok(outcome) => outcome,
            Err(_) => {
                // The answer may have been left in the middle of a value: the session is not used again, acknowledged or not.
                self.unusable = true;
                let _ = tokio::time::timeout(ATTENTION_TIMEOUT, self.client.cancel_query()).await;
                Err(QueryError::Timeout(format!(
                    "timeout: stopped after {} ms",
                    limits.timeout_ms
                )))
            }
        };
        if self.unusable || matches!(outcome, Err(QueryError::Unavailable(_))) {
            return outcome;
        }
        let expect_open = outcome.is_ok() && !std::mem::take(&mut self.cancelled);
        self.end_transaction(expect_open, limits).await?;
        outcome
    }

    fn is_usable(&self) -> bool {
        !self.unusable
    }

    async fn close(self) {
        if let Err(error) = self.client.close().await {
            tracing::debug!(%error, "a session ended without a goodbye");
        }
    }

    fn cancel_key(&self) -> i64 {
        0
    }

    async fn cancel(_: &ConnectionSettings, _: i64) -> Result<(), ConnectError> {
        // The server ends what a session runs when its connection closes, and the session has been dropped.
        Ok(())
    }
}

impl MssqlSession {
    /// Finds out which settings the server takes: all of them in one exchange, one by one where it refuses.
    async fn learn_settings(&mut self) -> Result<(), tiberius::error::Error> {
        let limits = [format!("{LOCK_TIMEOUT} 10000"), format!("{ROW_LIMIT} 0")];
        let all = SESSION_SETTINGS.map(str::to_owned).into_iter().chain(limits);
        let all: Vec<String> = all.collect();
        let together = self.batch(all.join("; ")).await;
        let mut taken = Vec::new();
        for setting in all {
            let alone = match &together {
                Ok(_) => Ok(None),
                Err(tiberius::error::Error::Server(_)) => self.batch(setting.clone()).await,
                Err(error) => return Err(error.clone()),
            };
            match alone {
                Ok(_) => taken.push(setting),
                Err(tiberius::error::Error::Server(error)) => {
                    tracing::warn!(%setting, %error, "the server does not take a setting; statements run without it");
                }
                Err(error) => return Err(error),
            }
        }
        self.has_lock_timeout = taken.iter().any(|setting| setting.starts_with(LOCK_TIMEOUT));
        self.has_row_limit = taken.iter().any(|setting| setting.starts_with(ROW_LIMIT));
        taken.retain(|setting| SESSION_SETTINGS.contains(&setting.as_str()));
        self.settings = taken.iter().map(|setting| format!("{setting}; ")).collect();
        Ok(())
    }

    /// Arms the guards and begins the transaction. One row more than is kept tells that there are more.
    fn opening(&self, limits: &Limits) -> String {
        let mut batch = self.settings.clone();
        if self.has_lock_timeout {
            batch += &format!("{LOCK_TIMEOUT} {}; ", limits.timeout_ms.min(i32::MAX as u64));
        }
        if self.has_row_limit {
            let rows = limits.max_rows.checked_add(1).and_then(|rows| i32::try_from(rows).ok());
            batch += &format!("{ROW_LIMIT} {}; ", rows.unwrap_or(0));
        }
        batch + "BEGIN TRANSACTION"
    }

    async fn collect(&mut self, sql: String, limits: &Limits) -> Result<ResultSet, QueryError> {
        let failed = |error: tiberius::error::Error| query_error(&error, limits);
        let mut result = ResultSet::default();
        let mut kinds: Vec<ColumnKind> = Vec::new();
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
                    kinds = columns
                        .columns()
                        .iter()
                        .map(|column| ColumnKind::of(column.column_type()))
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
                        .map(|(at, data)| values::typed(data, kinds.get(at).copied().unwrap_or_default()))
                        .collect();
                    bytes += values.iter().map(size).sum::<usize>();
                    result.rows.push(values);
                }
            }
        }
        let has_more = result.truncated && items.try_next().await.map_err(failed)?.is_some();
        drop(items);
        if has_more {
            self.cancelled = true;
            let acknowledged = tokio::time::timeout(ATTENTION_TIMEOUT, self.client.cancel_query()).await;
            self.unusable |= !matches!(acknowledged, Ok(Ok(())));
        }
        Ok(result)
    }

    /// Rolls back; a statement that ended the transaction by itself got past a guard, and its session is not used again.
    async fn end_transaction(&mut self, expect_open: bool, limits: &Limits) -> Result<(), QueryError> {
        let end = "SELECT @@TRANCOUNT; IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";
        let open = match self.batch(end.to_owned()).await {
            // An endpoint without @@TRANCOUNT; rolling back fails where no transaction is open.
            Err(tiberius::error::Error::Server(_)) => match self.batch("ROLLBACK TRANSACTION".to_owned()).await {
                Ok(_) => 1,
                Err(tiberius::error::Error::Server(_)) => 0,
                Err(error) => return Err(query_error(&error, limits)),
            },
            open => open.map_err(|error| query_error(&error, limits))?.unwrap_or(0),
        };
        if expect_open && open != 1 {
            self.unusable = true;
            return Err(QueryError::Refused(
                "refused: the statement ended the transaction that guards it".into(),
            ));
        }
        Ok(())
    }

    /// Runs text of this crate; gives the first number it returns.
    async fn batch(&mut self, sql: String) -> Result<Option<i32>, tiberius::error::Error> {
        let rows = self.client.simple_query(sql).await?.into_first_result().await?;
        Ok(rows.first().and_then(|row| row.try_get::<i32, _>(0).ok().flatten()))
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Other(text) | Value::Decimal(text) => text.len() + 8,
        Value::Bytes(bytes) => bytes.len() + 8,
        _ => 16,
    }
}

fn query_error(error: &tiberius::error::Error, limits: &Limits) -> QueryError {
    use tiberius::error::Error;
    match error {
        Error::Server(server) => server_error(server.code(), server.class(), &one_line(server.message()), limits),
        Error::Conversion(reason) | Error::Encoding(reason) => QueryError::Failed(format!(
            "the result holds a value that cannot be read ({reason}); CAST it to nvarchar"
        )),
        other => QueryError::Unavailable(format!("connection lost: {}", one_line(&other.to_string()))),
    }
}

/// Severity 20 and above ends the connection; the numbers from 1205 on ask for another try: a deadlock's victim, and Azure's moods
/// (<https://learn.microsoft.com/azure/azure-sql/database/troubleshoot-common-errors-issues>).
fn server_error(code: u32, class: u8, message: &str, limits: &Limits) -> QueryError {
    match code {
        _ if class >= 20 => QueryError::Unavailable(format!("connection lost: {message}")),
        1205 | 10928 | 10929 | 40197 | 40501 | 40613 | 49918..=49920 => {
            QueryError::Unavailable(format!("the server gave up for now: {message}"))
        }
        1222 => QueryError::Timeout(format!("timeout: waited for a lock: {message}")),
        8649 | 3617 => QueryError::Timeout(format!(
            "timeout: stopped by the server after {} ms: {message}",
            limits.timeout_ms
        )),
        229 | 230 | 262 | 297 | 300 | 371 | 916 | 3906 | 3908 | 15151 | 15247 | 15281 => {
            QueryError::Refused(format!("refused by the server: {message}"))
        }
        // Conversions, overflows, what functions of .NET say, XML and JSON that do not parse, and what is raised by hand: these quote values.
        220
        | 232..=235
        | 241..=248
        | 293..=296
        | 517
        | 535
        | 2628
        | 6354
        | 6500..=6610
        | 8114
        | 8115
        | 8152
        | 9400..=9500
        | 9800..=9829
        | 13600..=13660
        | 50000.. => QueryError::Failed(without_values(message)),
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
        assert_eq!(code(1205, 13), "unavailable");
        assert_eq!(code(596, 21), "unavailable");
    }

    /// Texts of <https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors>, with a value in.
    #[test]
    fn what_quotes_a_value_is_cut_and_what_quotes_a_name_is_not() {
        for (number, message) in [
            (
                241,
                "Conversion failed when converting date from character string 'canary'.",
            ),
            (
                245,
                "Conversion failed when converting the varchar value 'canary' to data type int.",
            ),
            (
                248,
                "The conversion of the varchar value 'canary' overflowed an int column.",
            ),
            (
                2628,
                "String or binary data would be truncated in table 't', column 'c'. Truncated value: 'canary'.",
            ),
            (
                6522,
                "A .NET Framework error occurred during execution of user-defined routine \"geometry\": 24114: The label canary ...",
            ),
            (8114, "Error converting data type 'canary' to numeric."),
            (9420, "XML parsing: line 1, character 8, illegal xml 'canary' character"),
            (
                13609,
                "JSON text is not properly formatted. Unexpected character 'canary' is found at position 0.",
            ),
            (50000, "raised with 'canary'"),
        ] {
            let said = server_error(number, 16, message, &Limits::default()).to_string();
            assert!(
                !said.contains("canary") && said.contains("not shown"),
                "{number}: {said}"
            );
        }
        let name = server_error(207, 16, "Invalid column name 'canary'.", &Limits::default());
        assert_eq!(name.to_string(), "Invalid column name 'canary'.");
    }
}
