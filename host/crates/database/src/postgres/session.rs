//! One PostgreSQL session.
//!
//! A statement takes two exchanges. First the server parses its text as a prepared statement, of which there can be but one in a text, and
//! says what it gives. Then one request opens a cursor on it in a transaction of its own, fetches and rolls back. The text stands in that
//! request between other commands: it cannot be several there, for the same server has just read the same characters, under the same
//! settings, as one.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::ResultSet;
use sqlx::postgres::{PgColumn, PgConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Either, Executor, Row, SqlSafeStr, Statement, raw_sql};

use super::connect_options::{PARSED_TEXTS, connect_options};
use super::connecting::{check_version, connect_error};
use super::incoming_rows::{IncomingRows, type_number};
use super::server_errors::{PostgresError, query_error};
use super::values::{self, TypeKind};
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Rows that are fetched first. The server gathers what one command fetches before it sends any, and rows may be wide.
const FIRST_ROWS: usize = 1_000;

/// Rows that one command can fetch; more than that is all.
const MAX_FETCH: usize = i32::MAX as usize;

/// Cursor of every statement.
const CURSOR: &str = "nl2sql_rows";

/// What begins the transaction of every statement. It is sent as text each time, as its like below: a function of the database could put
/// something else in the place of what the server keeps under a name.
const BEGIN: &str = "BEGIN READ ONLY";

/// Commands before the first that fetches.
const BEFORE_ROWS: usize = 2;

/// Ends a transaction, and gives up locks that outlive it.
const RESET: &str = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()";

/// Commands of [`RESET`].
const AFTER_ROWS: usize = 2;

/// How values print and what the session may do. Each is tried alone where the server lacks some.
const SESSION_SETTINGS: &[&str] = &[
    "SET default_transaction_read_only = on",
    "SET datestyle = 'ISO, YMD'",
    "SET intervalstyle = 'iso_8601'",
    "SET timezone = 'UTC'",
    "SET bytea_output = 'hex'",
    "SET xmloption = 'content'",
    "SET lc_monetary = 'C'",
    "SET extra_float_digits = 1",
    "SET standard_conforming_strings = on",
    "SET synchronize_seqscans = off",
    "SET cursor_tuple_fraction = 1",
    "SET idle_in_transaction_session_timeout = '60s'",
    // Notices may quote values, and the protocol library logs them.
    "SET client_min_messages = 'error'",
];

/// What a session must know of its server. A superuser, whose rights would pass by every guard, becomes a role that only reads.
const FACTS: &str = "SELECT pg_backend_pid()::text, current_setting('server_encoding'), \
    (SELECT set_config('role', reader.rolname, false) FROM pg_catalog.pg_roles reader, pg_catalog.pg_roles login \
    WHERE reader.rolname = 'pg_read_all_data' AND login.rolname = session_user AND login.rolsuper)";

/// What must be known of types.
const TYPES: &str =
    "SELECT t.oid::text, t.typcategory::text, t.typelem::text, t.typname::text FROM pg_catalog.pg_type t";

/// A session with its guards armed.
pub(crate) struct PostgresSession {
    connection: PgConnection,
    process: i64,
    /// Time limit the server holds at present, in milliseconds.
    timeout_ms: u64,
    /// Types that PostgreSQL does not ship with.
    types: HashMap<u32, TypeKind>,
    /// The connection failed, or a result larger than its cap was left unread.
    unusable: bool,
}

#[async_trait]
impl Session for PostgresSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let failed = |error: PostgresError| connect_error(settings, error);
        let connected = connect_options(settings).connect().await;
        let connection = connected.map_err(|error| failed(error.into()))?;
        check_version(connection.server_version_num())?;
        let mut session = Self {
            connection,
            process: 0,
            timeout_ms: 0,
            types: HashMap::new(),
            unusable: false,
        };
        session.set_up().await.map_err(failed)?;
        Ok(session)
    }

    /// Runs one SELECT or VALUES through a cursor in a read-only transaction that is always rolled back.
    async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        if sql.contains('\0') {
            return Err(QueryError::Failed("the statement holds a zero byte".into()));
        }
        let outcome = self.run_in_transaction(sql, limits).await;
        self.unusable |= outcome.as_ref().is_err_and(|error| !error.leaves_session());
        outcome.map_err(|error| query_error(error, limits))
    }

    fn is_usable(&self) -> bool {
        !self.unusable
    }

    async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "a session ended without a goodbye");
        }
    }

    fn cancel_key(&self) -> i64 {
        self.process
    }

    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError> {
        let cancelled = async {
            let mut connection = connect_options(settings).connect().await?;
            let terminate = format!("SELECT pg_terminate_backend({key})");
            connection.execute(raw_sql(AssertSqlSafe(terminate))).await?;
            connection.close().await
        };
        cancelled.await.map_err(|error| connect_error(settings, error.into()))
    }
}

impl PostgresSession {
    /// Arms the settings and reads the facts.
    async fn set_up(&mut self) -> Result<(), PostgresError> {
        if let Err(error) = self.execute(SESSION_SETTINGS.join("; ")).await {
            if !error.leaves_session() {
                return Err(error);
            }
            self.set_one_by_one().await?;
        }
        let facts = self
            .texts(FACTS.to_owned())
            .await?
            .into_iter()
            .next()
            .unwrap_or_default();
        let fact = |at: usize| facts.get(at).map_or("", String::as_str);
        self.process = fact(0).parse().unwrap_or(0);
        if fact(1) == "SQL_ASCII" {
            // The server would refuse to hand out what is not UTF-8; what it is, only the reader of the bytes can tell.
            self.execute("SET client_encoding = 'SQL_ASCII'".to_owned()).await?;
        }
        Ok(())
    }

    async fn set_one_by_one(&mut self) -> Result<(), PostgresError> {
        for setting in SESSION_SETTINGS {
            match self.execute((*setting).to_owned()).await {
                Err(error) if error.leaves_session() => {
                    tracing::debug!(%error, setting, "the server does not know this setting");
                }
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, PostgresError> {
        self.limit_time(limits.timeout_ms).await?;
        let columns = self.parse(sql).await?;
        self.learn_types(&columns).await?;
        match self.fetch(sql, &columns, limits).await {
            Err(error) if error.leaves_session() => {
                self.execute(RESET.to_owned()).await.map_err(not_reset)?;
                Err(error)
            }
            outcome => outcome,
        }
    }

    /// Holds the server to a limit for every command that follows, until another is asked for.
    async fn limit_time(&mut self, timeout_ms: u64) -> Result<(), PostgresError> {
        if self.timeout_ms != timeout_ms {
            let limit = timeout_ms.clamp(1, 2_000_000_000);
            self.execute(format!("SET statement_timeout = {limit}")).await?;
            self.timeout_ms = timeout_ms;
        }
        Ok(())
    }

    /// Has the server parse a text, which must be one command, and say what it gives; nothing is run.
    async fn parse(&mut self, sql: &str) -> Result<Vec<PgColumn>, PostgresError> {
        // All at once: that takes one exchange, which for the oldest alone would come with every statement.
        if self.connection.cached_statements_size() >= PARSED_TEXTS {
            self.connection.clear_cached_statements().await?;
        }
        let parsing = (&mut self.connection).prepare(AssertSqlSafe(sql).into_sql_str());
        let statement = match parsing.await {
            Err(error) if is_of_types(&error) => return self.describe(sql).await,
            parsed => parsed?,
        };
        match statement.parameters() {
            Some(Either::Left([])) | None => Ok(statement.columns().to_vec()),
            Some(_) => Err(PostgresError::Statement(QueryError::Failed(
                "the statement has placeholders, and there are no values for them".into(),
            ))),
        }
    }

    /// The columns of a text that the server has parsed, and whose types the protocol library does not know how to ask for (it has no
    /// multiranges): those of a row without values. The session is replaced afterwards, for the text stays parsed under a name that nobody knows.
    async fn describe(&mut self, sql: &str) -> Result<Vec<PgColumn>, PostgresError> {
        self.unusable = true;
        let sql = sql.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
        let request =
            format!("{BEGIN}; SELECT q.* FROM (SELECT 1) AS one LEFT JOIN (\n{sql}\n) AS q ON false; {RESET}");
        let rows = self.connection.fetch_all(raw_sql(AssertSqlSafe(request))).await?;
        Ok(rows.first().map(|row| row.columns().to_vec()).unwrap_or_default())
    }

    /// Asks the server about types it did not ship with.
    async fn learn_types(&mut self, columns: &[PgColumn]) -> Result<(), PostgresError> {
        let numbers = columns.iter().map(type_number);
        let unknown: Vec<u32> = numbers
            .filter(|number| values::builtin(*number).is_none() && !self.types.contains_key(number))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let list: Vec<String> = unknown.iter().map(u32::to_string).collect();
        let rows = match self
            .texts(format!("{TYPES} WHERE t.oid IN ({})", list.join(", ")))
            .await
        {
            // A wire-compatible server may lack the catalog.
            Err(error) if error.leaves_session() => Vec::new(),
            rows => rows?,
        };
        for row in rows {
            if let [oid, category, element, name] = row.as_slice() {
                let kind = values::user_defined(category, element.parse().unwrap_or(0), name);
                self.types.insert(oid.parse().unwrap_or(0), kind);
            }
        }
        for number in unknown {
            self.types.entry(number).or_insert(TypeKind::Other);
        }
        Ok(())
    }

    /// Runs a text that [`Self::parse`] has found to be one command.
    async fn fetch(&mut self, sql: &str, columns: &[PgColumn], limits: &Limits) -> Result<ResultSet, PostgresError> {
        let fetches = fetches(limits.max_rows);
        let commands = BEFORE_ROWS + fetches.len() + AFTER_ROWS;
        // The line break ends a comment that the text may end with.
        let request = format!(
            "{BEGIN}; DECLARE {CURSOR} NO SCROLL CURSOR FOR {sql}\n; {}; {RESET}",
            fetches.join("; ")
        );
        let mut rows = IncomingRows::new(*limits, columns, &self.types);
        let mut answers = (&mut self.connection).fetch_many(raw_sql(AssertSqlSafe(request)));
        let mut done = 0;
        while let Some(answer) = answers.try_next().await? {
            match answer {
                Either::Left(_) => done += 1,
                Either::Right(row) if done < commands - AFTER_ROWS => rows.take(&row)?,
                Either::Right(_) => {}
            }
            if rows.overflows() {
                self.unusable = true;
                return Ok(rows.into_result());
            }
        }
        if done != commands {
            return Err(PostgresError::Unusable("the transaction was not ended".into()));
        }
        Ok(rows.into_result())
    }

    async fn execute(&mut self, commands: String) -> Result<(), PostgresError> {
        self.connection.execute(raw_sql(AssertSqlSafe(commands))).await?;
        Ok(())
    }

    /// The rows of a query as texts; NULL is an empty one.
    async fn texts(&mut self, query: String) -> Result<Vec<Vec<String>>, PostgresError> {
        let rows = self.connection.fetch_all(raw_sql(AssertSqlSafe(query))).await?;
        let text = |cell: Option<String>| cell.unwrap_or_default();
        let texts = rows.iter().map(|row| {
            let cells = (0..row.len()).map(|at| row.try_get_unchecked(at).map(text));
            Ok(cells.collect::<Result<_, sqlx::Error>>()?)
        });
        texts.collect()
    }
}

/// The commands that fetch so many rows, and one more, which tells whether there are more.
fn fetches(max_rows: usize) -> Vec<String> {
    let fetch = |rows: String| format!("FETCH FORWARD {rows} FROM {CURSOR}");
    let wanted = max_rows.saturating_add(1);
    let mut fetches = vec![fetch(wanted.min(FIRST_ROWS).to_string())];
    match wanted.saturating_sub(FIRST_ROWS) {
        0 => {}
        rest if rest > MAX_FETCH => fetches.push(fetch("ALL".into())),
        rest => fetches.push(fetch(rest.to_string())),
    }
    fetches
}

/// Whether the protocol library failed to read what the catalog says of a type, which it asks for once the server has parsed the text.
fn is_of_types(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => true,
        sqlx::Error::Protocol(reason) => reason.starts_with("unable to resolve type"),
        _ => false,
    }
}

fn not_reset(error: PostgresError) -> PostgresError {
    PostgresError::Unusable(format!("it could not be reset: {error}"))
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::Value;

    use super::*;
    use crate::shared::server_url;
    use crate::shared::servers::TestDatabase;

    const SERVER: &str = "NL2SQL_TEST_POSTGRES_URL";

    #[test]
    fn one_row_more_than_the_cap_is_fetched() {
        assert_eq!(fetches(0), ["FETCH FORWARD 1 FROM nl2sql_rows"]);
        assert_eq!(
            fetches(10_000),
            [
                "FETCH FORWARD 1000 FROM nl2sql_rows",
                "FETCH FORWARD 9001 FROM nl2sql_rows"
            ]
        );
        assert_eq!(fetches(usize::MAX)[1], "FETCH FORWARD ALL FROM nl2sql_rows");
    }

    #[tokio::test]
    async fn rows_come_whole_from_either_side_of_the_first_fetch() {
        let Some(url) = server_url(SERVER, "rows_come_whole_from_either_side_of_the_first_fetch") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut session = PostgresSession::connect(&database.admin).await.unwrap();
        for max_rows in [0, 1, FIRST_ROWS - 1, FIRST_ROWS, FIRST_ROWS + 1, 10_000, usize::MAX] {
            let limits = Limits::default().with_max_rows(max_rows);
            for rows in [0, 1, FIRST_ROWS - 1, FIRST_ROWS, FIRST_ROWS + 1, 10_000, 10_001, 30_000] {
                let sql = format!("SELECT i::int4 FROM generate_series(1, {rows}) i");
                let result = session.run(&sql, &limits).await.unwrap();
                let wanted = (1..=rows.min(max_rows)).map(|n| vec![Value::Integer(n as i64)]);
                assert!(result.rows.iter().cloned().eq(wanted), "{rows} under {max_rows}");
                assert_eq!(result.truncated, rows > max_rows, "{rows} under {max_rows}");
                assert!(session.is_usable());
            }
        }
    }

    /// Texts that might be taken for one command where they are parsed, and for several where they are run.
    #[tokio::test]
    async fn a_text_cannot_leave_its_place_between_other_commands() {
        let Some(url) = server_url(SERVER, "a_text_cannot_leave_its_place_between_other_commands") else {
            return;
        };
        let database = TestDatabase::create(&url);
        database.script("CREATE TABLE t (a int); INSERT INTO t VALUES (1); CREATE TABLE u (a int)");
        let mut session = PostgresSession::connect(&database.admin).await.unwrap();
        let write = "COMMIT; BEGIN READ WRITE; DELETE FROM t; COMMIT";
        for sql in [
            format!("SELECT 1; {write}"),
            format!("SELECT 1\n; {write}"),
            format!("SELECT 1;; {write} --"),
            format!("; {write}"),
            format!("SELECT '\\'; {write} --'"),
            format!("SELECT $a$; {write}"),
            format!("SELECT 1 /* ; {write}"),
            format!("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; {write}; END"),
            format!("CREATE RULE r AS ON INSERT TO u DO ALSO (SELECT 1; {write})"),
            "CREATE RULE r AS ON INSERT TO u DO ALSO (SELECT 1; DELETE FROM t)".to_owned(),
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END".to_owned(),
            "DELETE FROM t".to_owned(),
            "COMMIT".to_owned(),
            "EXPLAIN ANALYZE DELETE FROM t".to_owned(),
            "WITH gone AS (DELETE FROM t RETURNING a) SELECT * FROM gone".to_owned(),
        ] {
            let outcome = session.run(&sql, &Limits::default()).await;
            assert!(outcome.is_err(), "{sql}: {outcome:?}");
            assert!(session.is_usable(), "{sql}");
        }
        for sql in [
            "SELECT a FROM t --",
            "SELECT a FROM t -- ; DELETE FROM t",
            "SELECT a FROM t /* ; */ ;;",
            "SELECT a FROM t WHERE ';' <> ''",
            "SELECT a FROM t WHERE E'\\'; COMMIT; DELETE FROM t; --' <> ''",
            "SELECT a FROM t WHERE U&'\\003B' <> ''",
            "SELECT a FROM t WHERE $$;$$ <> ''",
        ] {
            let result = session.run(sql, &Limits::default()).await.unwrap();
            assert_eq!(result.rows, [[Value::Integer(1)]], "{sql}");
        }
        assert_eq!(database.script("SELECT count(*) FROM t").trim(), "1");
        assert_eq!(
            database
                .script("SELECT count(*) FROM pg_rewrite WHERE rulename = 'r'")
                .trim(),
            "0"
        );
    }

    #[tokio::test]
    async fn types_that_the_library_cannot_ask_for_have_their_columns_and_values() {
        let Some(url) = server_url(
            SERVER,
            "types_that_the_library_cannot_ask_for_have_their_columns_and_values",
        ) else {
            return;
        };
        let database = TestDatabase::create(&url);
        database.script("CREATE TYPE mood AS ENUM ('sad', 'glad')");
        for (rows, ending) in [(1, ""), (1, ";\n"), (0, " -- "), (0, " LIMIT 0")] {
            let mut session = PostgresSession::connect(&database.admin).await.unwrap();
            let sql = format!(
                "SELECT int4multirange(int4range(1, 3)) AS spans, 'glad'::mood, 'sad'::mood FROM generate_series(1, {rows}){ending}"
            );
            let result = session.run(&sql, &Limits::default()).await.unwrap();
            assert_eq!(result.columns, ["spans", "mood", "mood"]);
            let row = [
                Value::Other("{[1,3)}".into()),
                Value::Text("glad".into()),
                Value::Text("sad".into()),
            ];
            assert_eq!(result.rows, vec![row; if ending.contains("LIMIT") { 0 } else { rows }]);
            assert!(!session.is_usable());
        }
    }

    #[tokio::test]
    async fn more_texts_than_are_kept_parsed_are_run() {
        let Some(url) = server_url(SERVER, "more_texts_than_are_kept_parsed_are_run") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut session = PostgresSession::connect(&database.admin).await.unwrap();
        for n in 0..3 * PARSED_TEXTS as i64 {
            let result = session.run(&format!("SELECT {n}"), &Limits::default()).await.unwrap();
            assert_eq!(result.rows, [[Value::Integer(n)]]);
        }
        let kept = "SELECT count(*) FROM pg_prepared_statements";
        let kept = session.run(kept, &Limits::default()).await.unwrap();
        assert!(
            matches!(kept.rows[0][0], Value::Integer(n) if n <= PARSED_TEXTS as i64 + 1),
            "{kept:?}"
        );
    }

    #[tokio::test]
    async fn a_role_reset_by_a_statement_does_not_outlive_it() {
        let Some(url) = server_url(SERVER, "a_role_reset_by_a_statement_does_not_outlive_it") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut session = PostgresSession::connect(&database.admin).await.unwrap();
        let limits = Limits::default();
        let takes_back =
            "SELECT set_config('role', 'none', false), set_config('default_transaction_read_only', 'off', false)";
        session.run(takes_back, &limits).await.unwrap();
        let asks = "SELECT current_user, current_setting('default_transaction_read_only')";
        let after = session.run(asks, &limits).await.unwrap();
        let texts: Vec<Option<String>> = after.rows[0].iter().map(Value::display_text).collect();
        assert_eq!(texts, [Some("pg_read_all_data".into()), Some("on".into())]);
    }
}
