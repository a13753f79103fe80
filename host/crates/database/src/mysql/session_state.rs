//! What a session is like before every statement.
//!
//! A read-only transaction does not keep a stored function from setting variables of the session, and a rollback does not bring
//! them back: each statement starts from the values the session was opened with.

use mysql_common::Value;
use mysql_common::constants::StatusFlags;

use super::server_errors::MysqlError;
use super::wire::Wire;
use crate::Limits;

/// Gives up locks that outlive transactions.
const RELEASE_LOCKS: &str = ", @nl2sql_released = RELEASE_ALL_LOCKS()";

/// Goes from one transaction to the next, which is as read-only as the one before.
const IN_ONE: &str = "ROLLBACK AND CHAIN";

/// The same for a server that cannot, or does not tell that it did.
const IN_STEPS: &[&str] = &[
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

/// What brings the session back, ends one transaction and begins the next, which holds nothing until it reads.
pub(super) struct SessionState {
    /// The assignments of all variables but the limits.
    assignments: String,
    /// The variable that limits the time of a statement, and how many of its units a second has.
    time_limit: (&'static str, f64),
    /// What follows the limits, if the server can release locks that it does not name; MariaDB can since 10.5.2.
    release: &'static str,
    /// The statement that assigns, which the server has taken in so that it is spared reading the list each time. A server that takes in
    /// queries alone gets its text.
    prepared: Option<u32>,
    /// Whether one command ends a transaction and begins the next, of which the server then says that it only reads.
    in_one: bool,
    /// What the server holds statements to: units of time, and rows.
    limits: [Value; 2],
}

impl SessionState {
    /// Reads the state of a new session, and begins its first transaction under these limits.
    pub(super) async fn of(wire: &mut Wire, mariadb: bool, limits: &Limits) -> Result<Self, MysqlError> {
        let mut assignments = assignments(wire).await?;
        assignments.push("timestamp = DEFAULT".into());
        assignments.extend(read_only_access(wire).await?);
        wire.query("DO RELEASE_ALL_LOCKS()");
        wire.send().await?;
        let releases = if_known(wire.done().await)?.is_some();
        let mut state = Self {
            assignments: assignments.join(", "),
            time_limit: if mariadb {
                ("max_statement_time", 1.0)
            } else {
                ("max_execution_time", 1_000.0)
            },
            release: if releases { RELEASE_LOCKS } else { "" },
            prepared: None,
            in_one: false,
            limits: [Value::NULL, Value::NULL],
        };
        wire.prepare(&state.text(["?", "?"]));
        wire.send().await?;
        state.prepared = if_known(wire.prepared().await)?.map(|statement| statement.id);
        state.begin(wire, limits).await?;
        Ok(state)
    }

    /// Begins the first transaction, and finds out whether the server can go from one to the next in one command and tells so.
    async fn begin(&mut self, wire: &mut Wire, limits: &Limits) -> Result<(), MysqlError> {
        let answers = self.hold_to(limits, wire) + self.turn(wire);
        wire.query(IN_ONE);
        wire.send().await?;
        for _ in 0..answers {
            wire.done().await?;
        }
        if if_known(wire.done().await)?.is_some_and(only_reads) {
            self.in_one = true;
            return Ok(());
        }
        let answers = self.turn(wire);
        wire.send().await?;
        for _ in 0..answers {
            wire.done().await?;
        }
        Ok(())
    }

    /// Adds the command that sets the limits which hold from now on, unless they do, and says how many answers that has. MariaDB limits in
    /// seconds, MySQL in milliseconds; both stop SELECT statements.
    pub(super) fn hold_to(&mut self, limits: &Limits, wire: &mut Wire) -> usize {
        let units = limits.timeout_ms.clamp(1, MAX_LIMIT_MS) as f64 * self.time_limit.1 / 1_000.0;
        let time = if units.fract() == 0.0 {
            Value::UInt(units as u64)
        } else {
            Value::Double(units)
        };
        let wanted = [time, Value::UInt(limits.max_rows.saturating_add(1) as u64)];
        if self.limits == wanted {
            return 0;
        }
        self.limits = wanted;
        self.restore(wire);
        1
    }

    /// Adds the commands, and says how many answers they have.
    pub(super) fn next_transaction(&self, wire: &mut Wire) -> usize {
        self.restore(wire);
        1 + self.turn(wire)
    }

    /// Whether a statement may begin, by what the server said last.
    pub(super) fn check(&self, status: StatusFlags) -> Result<(), MysqlError> {
        if self.in_one && !only_reads(status) {
            return Err(MysqlError::Unusable(
                "the server did not begin a read-only transaction".into(),
            ));
        }
        Ok(())
    }

    /// Ends one transaction and begins the next.
    fn turn(&self, wire: &mut Wire) -> usize {
        let commands: &[&str] = if self.in_one { &[IN_ONE] } else { IN_STEPS };
        for command in commands {
            wire.query(command);
        }
        commands.len()
    }

    fn restore(&self, wire: &mut Wire) {
        match self.prepared {
            Some(id) => wire.execute_with(id, &self.limits),
            None => {
                let limits = self.limits.each_ref().map(|limit| limit.as_sql(true));
                wire.query(&self.text(limits.each_ref().map(String::as_str)));
            }
        }
    }

    fn text(&self, [time, rows]: [&str; 2]) -> String {
        let Self {
            assignments,
            time_limit: (time_limit, _),
            release,
            ..
        } = self;
        format!("SET SESSION {assignments}, {time_limit} = {time}, sql_select_limit = {rows}{release}")
    }
}

fn only_reads(status: StatusFlags) -> bool {
    status.contains(StatusFlags::SERVER_STATUS_IN_TRANS_READONLY)
}

/// What has every transaction of the session read alone that does not say otherwise.
async fn read_only_access(wire: &mut Wire) -> Result<Option<String>, MysqlError> {
    for variable in ["transaction_read_only", "tx_read_only"] {
        if values(wire, &[variable]).await?.is_some() {
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
async fn assignments(wire: &mut Wire) -> Result<Vec<String>, MysqlError> {
    if let Some(all) = values(wire, VARIABLES).await? {
        return Ok(all);
    }
    let mut known = Vec::new();
    for name in VARIABLES {
        known.extend(values(wire, &[name]).await?.unwrap_or_default());
    }
    Ok(known)
}

/// The assignments of these variables; `None` when the server does not know one of them.
async fn values(wire: &mut Wire, names: &[&str]) -> Result<Option<Vec<String>>, MysqlError> {
    let list: Vec<String> = names
        .iter()
        .map(|name| format!("CAST(@@SESSION.{name} AS CHAR)"))
        .collect();
    wire.query(&format!("SELECT {}", list.join(", ")));
    wire.send().await?;
    let Some(rows) = if_known(wire.texts().await)? else {
        return Ok(None);
    };
    let values = names.iter().zip(rows.into_iter().flatten());
    let assignments = values.filter_map(|(name, value)| Some(format!("{name} = {}", literal(name, &value?))));
    Ok(Some(assignments.collect()))
}

fn literal(name: &str, value: &str) -> String {
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return value.to_owned();
    }
    if name == "sql_mode" {
        let kept: Vec<&str> = value.split(',').filter(|mode| !LEXICAL_MODES.contains(mode)).collect();
        return format!("'{}'", kept.join(","));
    }
    format!("'{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    use super::*;

    #[test]
    fn values_are_written_so_that_they_can_be_set() {
        assert_eq!(literal("group_concat_max_len", "1048576"), "1048576");
        assert_eq!(literal("time_zone", "SYSTEM"), "'SYSTEM'");
        assert_eq!(literal("character_set_results", ""), "''");
        assert_eq!(
            literal(
                "sql_mode",
                "REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ANSI"
            ),
            "'REAL_AS_FLOAT,PIPES_AS_CONCAT,IGNORE_SPACE'"
        );
    }

    /// A server that knows no variable, takes nothing in, and either cannot chain transactions or does not tell that it did. Gives what it
    /// was asked for after `ROLLBACK AND CHAIN`.
    async fn speak(mut client: DuplexStream, chains: bool) -> Vec<String> {
        let mut after = None;
        let mut header = [0; 4];
        while client.read_exact(&mut header).await.is_ok() {
            let mut command = vec![0; usize::from(header[0]) + (usize::from(header[1]) << 8)];
            client.read_exact(&mut command).await.unwrap();
            let text = String::from_utf8(command[1..].to_vec()).unwrap();
            let unknown = command[0] == 0x16 || text.starts_with("SELECT") || (text == IN_ONE && !chains);
            let answer: &[u8] = if unknown {
                b"\xff\x28\x04#42000No"
            } else {
                b"\0\0\0\0\0\0\0"
            };
            if text == IN_ONE {
                after = Some(Vec::new());
            } else if let Some(after) = &mut after {
                after.push(text);
            }
            client
                .write_all(&[&[answer.len() as u8, 0, 0, 1], answer].concat())
                .await
                .unwrap();
        }
        after.unwrap()
    }

    #[tokio::test]
    async fn a_server_that_can_do_little_is_taken_step_by_step() {
        for chains in [true, false] {
            let (client, server) = tokio::io::duplex(1 << 16);
            let speaking = tokio::spawn(speak(server, chains));
            let mut wire = Wire::new(Box::new(client));
            let limits = Limits::default().with_max_rows(6);
            let mut state = SessionState::of(&mut wire, false, &limits).await.unwrap();
            assert_eq!(state.hold_to(&limits, &mut wire), 0);
            let answers = state.next_transaction(&mut wire);
            wire.send().await.unwrap();
            for _ in 0..answers {
                state.check(wire.done().await.unwrap()).unwrap();
            }
            drop(wire);
            let time = limits.timeout_ms;
            let restore = format!(
                "SET SESSION timestamp = DEFAULT, max_execution_time = {time}, sql_select_limit = 7{RELEASE_LOCKS}"
            );
            assert_eq!(speaking.await.unwrap(), [IN_STEPS, &[&restore], IN_STEPS].concat());
        }
    }
}
