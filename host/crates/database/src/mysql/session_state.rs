//! What a session is like before every statement.
//!
//! A read-only transaction does not keep a stored function from setting variables of the session, and a rollback does not bring
//! them back: each statement starts from the values the session was opened with.

use sqlx::{AssertSqlSafe, Executor, MySqlConnection, Row};

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

/// The statements that end one transaction, bring the session back and begin the next, which holds nothing until it reads.
#[derive(Clone, Debug)]
pub(super) struct SessionState {
    release: &'static str,
    assignments: String,
    next_transaction: String,
}

impl SessionState {
    /// Reads the state of a new session.
    pub(super) async fn of(connection: &mut MySqlConnection) -> Result<Self, sqlx::Error> {
        let mut assignments = assignments(connection).await?;
        assignments.push("timestamp = DEFAULT".into());
        // MariaDB before 10.5.2 cannot release what it does not name.
        let release = match connection.execute(sqlx::raw_sql("DO RELEASE_ALL_LOCKS()")).await {
            Ok(_) => "DO RELEASE_ALL_LOCKS(); ",
            Err(error) if error.as_database_error().is_some() => "",
            Err(error) => return Err(error),
        };
        Ok(Self {
            release,
            assignments: assignments.join(", "),
            next_transaction: String::new(),
        })
    }

    /// Adds the assignments of the limits that hold from now on.
    pub(super) fn hold_to(&mut self, limits: &str) {
        self.next_transaction = format!(
            "ROLLBACK; {}SET SESSION {}, {limits}; SET SESSION TRANSACTION READ ONLY; START TRANSACTION READ ONLY",
            self.release, self.assignments
        );
    }

    /// One text of several statements.
    pub(super) fn next_transaction(&self) -> &str {
        &self.next_transaction
    }
}

/// What sets the variables that the server knows to what they are.
async fn assignments(connection: &mut MySqlConnection) -> Result<Vec<String>, sqlx::Error> {
    if let Some(all) = values(connection, VARIABLES).await? {
        return Ok(all);
    }
    let mut known = Vec::new();
    for name in VARIABLES {
        known.extend(values(connection, &[name]).await?.unwrap_or_default());
    }
    Ok(known)
}

/// The assignments of these variables; `None` when the server does not know one of them.
async fn values(connection: &mut MySqlConnection, names: &[&str]) -> Result<Option<Vec<String>>, sqlx::Error> {
    let list: Vec<String> = names
        .iter()
        .map(|name| format!("CAST(@@SESSION.{name} AS CHAR)"))
        .collect();
    let sql = format!("SELECT {}", list.join(", "));
    let row = match connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await {
        Ok(row) => row,
        Err(error) if error.as_database_error().is_some() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut assignments = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let value: Option<String> = row.try_get_unchecked(at)?;
        assignments.extend(value.map(|value| format!("{name} = {}", literal(name, &value))));
    }
    Ok(Some(assignments))
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
    use super::literal;

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
}
