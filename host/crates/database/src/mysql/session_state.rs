//! What a session is like before every statement.
//!
//! A read-only transaction does not keep a stored function from setting variables of the session, and a rollback does not bring
//! them back: each statement starts from the values the session was opened with.

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Executor, raw_sql};

use super::server_errors::MysqlError;
use super::session::texts;
use crate::Limits;

/// Gives up locks that outlive transactions.
const RELEASE_LOCKS: &str = ", @nl2sql_released = RELEASE_ALL_LOCKS()";

/// Goes from one transaction to the next.
const TURN: &[&str] = &[
    "ROLLBACK",
    "SET SESSION TRANSACTION READ ONLY",
    "START TRANSACTION READ ONLY",
];

/// Longest time limit of MySQL, in milliseconds.
const MAX_LIMIT_MS: u64 = 4_294_967_295;

/// Variables that change what a statement means, returns or may cost. A server may lack some.
const VARIABLES: &[&str] = &[
    "sql_mode",
    "time_zone",
    "character_set_client",
    "character_set_results",
    "collation_connection",
    "group_concat_max_len",
    "div_precision_increment",
    "default_week_format",
    "lc_time_names",
    "max_sort_length",
    "sql_auto_is_null",
    "sql_big_selects",
    "optimizer_switch",
];

/// The lexical modes that the text guard does not read are taken out of `sql_mode`; the others stay as the server has them.
const LEXICAL_MODES: &[&str] = &[
    "ANSI_QUOTES",
    "NO_BACKSLASH_ESCAPES",
    "ANSI",
    "ORACLE",
    "MSSQL",
    "DB2",
    "MAXDB",
    "POSTGRESQL",
];

/// What the protocol library asks every server for: spaces between a function and its parenthesis. Servers that have it by themselves keep it.
const ASKED_FOR: &str = "IGNORE_SPACE";

/// What brings the session back, ends one transaction and begins the next, which holds nothing until it reads.
pub(super) struct SessionState {
    /// The assignments of all variables but the limits.
    assignments: String,
    /// The variable that limits the time of a statement, and how many of its units a second has.
    time_limit: (&'static str, f64),
    /// What follows the limits, if the server can release locks that it does not name; MariaDB can since 10.5.2.
    release: &'static str,
    /// Whether the server takes several commands in one request.
    in_one: bool,
    /// What the server holds statements to, as assignments.
    limits: String,
}

impl SessionState {
    /// Reads the state of a new session, and begins its first transaction under these limits.
    pub(super) async fn of(
        connection: &mut MySqlConnection,
        mariadb: bool,
        limits: &Limits,
    ) -> Result<Self, MysqlError> {
        let mut assignments = assignments(connection).await?;
        assignments.push("timestamp = DEFAULT".into());
        assignments.extend(read_only_access(connection).await?);
        let releases = if_known(execute(connection, "DO RELEASE_ALL_LOCKS()".into()).await)?.is_some();
        let mut state = Self {
            assignments: assignments.join(", "),
            time_limit: if mariadb {
                ("max_statement_time", 1.0)
            } else {
                ("max_execution_time", 1_000.0)
            },
            release: if releases { RELEASE_LOCKS } else { "" },
            in_one: true,
            limits: String::new(),
        };
        state.limits = state.limited_to(limits);
        if if_known(state.next_transaction(connection).await)?.is_none() {
            state.in_one = false;
            state.next_transaction(connection).await?;
        }
        Ok(state)
    }

    /// Has the server hold every statement that follows to these limits.
    pub(super) async fn hold_to(
        &mut self,
        limits: &Limits,
        connection: &mut MySqlConnection,
    ) -> Result<(), MysqlError> {
        let wanted = self.limited_to(limits);
        if self.limits != wanted {
            execute(connection, format!("SET SESSION {wanted}")).await?;
            self.limits = wanted;
        }
        Ok(())
    }

    /// MariaDB limits in seconds, MySQL in milliseconds; both stop SELECT statements.
    fn limited_to(&self, limits: &Limits) -> String {
        let (variable, units) = self.time_limit;
        let time = limits.timeout_ms.clamp(1, MAX_LIMIT_MS) as f64 * units / 1_000.0;
        let rows = limits.max_rows.saturating_add(1);
        format!("{variable} = {time}, sql_select_limit = {rows}")
    }

    /// Brings the session back, ends its transaction and begins the next.
    pub(super) async fn next_transaction(&self, connection: &mut MySqlConnection) -> Result<(), MysqlError> {
        let Self {
            assignments,
            limits,
            release,
            ..
        } = self;
        let restore = format!("SET SESSION {assignments}, {limits}{release}");
        if self.in_one {
            return execute(connection, format!("{restore}; {}", TURN.join("; "))).await;
        }
        execute(connection, restore).await?;
        for command in TURN {
            execute(connection, (*command).to_owned()).await?;
        }
        Ok(())
    }
}

/// Has the server run commands that give no rows.
async fn execute(connection: &mut MySqlConnection, commands: String) -> Result<(), MysqlError> {
    connection.execute(raw_sql(AssertSqlSafe(commands))).await?;
    Ok(())
}

/// What has every transaction of the session read alone that does not say otherwise.
async fn read_only_access(connection: &mut MySqlConnection) -> Result<Option<String>, MysqlError> {
    for variable in ["transaction_read_only", "tx_read_only"] {
        if values(connection, &[variable]).await?.is_some() {
            return Ok(Some(format!("{variable} = ON")));
        }
    }
    Ok(None)
}

/// What the server gave, if it knows what it was asked for.
fn if_known<T>(answer: Result<T, MysqlError>) -> Result<Option<T>, MysqlError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.leaves_session() => Ok(None),
        Err(error) => Err(error),
    }
}

/// What sets the variables that the server knows to what they are.
async fn assignments(connection: &mut MySqlConnection) -> Result<Vec<String>, MysqlError> {
    let everywhere = texts(connection, "SELECT CAST(@@GLOBAL.sql_mode AS CHAR)".into()).await;
    let everywhere = if_known(everywhere)?.unwrap_or_default();
    let everywhere = everywhere.into_iter().flatten().flatten().next().unwrap_or_default();
    let written = |(name, value): (&str, String)| format!("{name} = {}", literal(name, &value, &everywhere));
    if let Some(all) = values(connection, VARIABLES).await? {
        return Ok(all.into_iter().map(written).collect());
    }
    let mut known = Vec::new();
    for name in VARIABLES {
        let value = values(connection, &[name]).await?.unwrap_or_default();
        known.extend(value.into_iter().map(written));
    }
    Ok(known)
}

/// The values that these variables have; `None` when the server does not know one of them.
async fn values<'n>(
    connection: &mut MySqlConnection,
    names: &[&'n str],
) -> Result<Option<Vec<(&'n str, String)>>, MysqlError> {
    let list: Vec<String> = names
        .iter()
        .map(|name| format!("CAST(@@SESSION.{name} AS CHAR)"))
        .collect();
    let Some(rows) = if_known(texts(connection, format!("SELECT {}", list.join(", "))).await)? else {
        return Ok(None);
    };
    let values = names.iter().zip(rows.into_iter().flatten());
    Ok(Some(values.filter_map(|(name, value)| Some((*name, value?))).collect()))
}

/// The value of a variable as it can be set; `everywhere` is the `sql_mode` of the server.
fn literal(name: &str, value: &str, everywhere: &str) -> String {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.to_owned();
    }
    if name == "sql_mode" {
        let is_own = |mode: &str| mode != ASKED_FOR || everywhere.split(',').any(|own| own == mode);
        let kept = value
            .split(',')
            .filter(|mode| !LEXICAL_MODES.contains(mode) && is_own(mode));
        return format!("'{}'", kept.collect::<Vec<_>>().join(","));
    }
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions;

    use super::*;
    use crate::mysql::connect_options::connect_options;
    use crate::shared::fake_mysql::mysql_that_takes_one_command_at_a_time;

    #[test]
    fn values_are_written_so_that_they_can_be_set() {
        assert_eq!(literal("group_concat_max_len", "1048576", ""), "1048576");
        assert_eq!(literal("time_zone", "SYSTEM", ""), "'SYSTEM'");
        assert_eq!(literal("character_set_results", "", ""), "''");
        let modes = "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI";
        assert_eq!(
            literal("sql_mode", modes, modes),
            "'REAL_AS_FLOAT,PIPES_AS_CONCAT,IGNORE_SPACE'"
        );
        assert_eq!(
            literal("sql_mode", modes, "REAL_AS_FLOAT"),
            "'REAL_AS_FLOAT,PIPES_AS_CONCAT'"
        );
    }

    #[tokio::test]
    async fn a_server_that_takes_one_command_at_a_time_is_taken_step_by_step() {
        let (url, commands) = mysql_that_takes_one_command_at_a_time().await;
        let mut connection = connect_options(&url.parse().unwrap()).connect().await.unwrap();
        let limits = Limits::default().with_max_rows(6);
        let mut state = SessionState::of(&mut connection, false, &limits).await.unwrap();
        commands.lock().unwrap().clear();
        state.hold_to(&limits, &mut connection).await.unwrap();
        state.next_transaction(&mut connection).await.unwrap();
        let time = limits.timeout_ms;
        let restore = format!(
            "SET SESSION timestamp = DEFAULT, max_execution_time = {time}, sql_select_limit = 7{RELEASE_LOCKS}"
        );
        assert_eq!(*commands.lock().unwrap(), [&[restore.as_str()], TURN].concat());
    }
}
