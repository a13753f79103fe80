//! One PostgreSQL session.

use std::collections::HashMap;
use std::io;

use async_trait::async_trait;
use nl2sql_catalog::ResultSet;

use super::connecting::{check_version, connect_error};
use super::incoming_rows::IncomingRows;
use super::login::log_in;
use super::server_errors::{PostgresError, query_error};
use super::values::{self, TypeKind};
use super::wire::{Answer, Wire};
use crate::sent_ahead::SentAhead;
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Rows asked for at a time; the default row cap fits, so that a statement mostly takes one answer.
const CHUNK: usize = 10_001;

/// What begins the transaction of every statement. It is sent as text each time, as its like below: a function of the database could put
/// something else in the place of what the server keeps under a name.
const BEGIN: &str = "BEGIN READ ONLY";

/// Cursor of every statement.
const CURSOR: &str = "nl2sql_rows";

/// Gives up locks that outlive transactions.
const UNLOCK: &str = "SELECT pg_catalog.pg_advisory_unlock_all()";

/// Ends the transaction of every statement.
const ROLLBACK: &str = "ROLLBACK";

/// Both, for a session whose statement failed.
const RESET: &str = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()";

/// How values print and what the session may do. Each is tried alone, for servers that lack some.
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
];

/// What a session must know of its server. A superuser, whose rights would pass by every guard, becomes a role that only reads.
const FACTS: &str = "SELECT pg_backend_pid()::text, current_setting('server_encoding'), \
    (SELECT set_config('role', reader.rolname, false) FROM pg_catalog.pg_roles reader, pg_catalog.pg_roles login \
    WHERE reader.rolname = 'pg_read_all_data' AND login.rolname = session_user AND login.rolsuper)";

/// What must be known of types.
const TYPES: &str =
    "SELECT t.oid::text, t.typcategory::text, t.typelem::text, t.typname::text FROM pg_catalog.pg_type t";

/// Those that users and extensions added. Types of rows are left out: there is one for each table, and few are ever selected.
const ADDED_TYPES: &str = "LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem \
    WHERE t.oid >= 16384 AND t.typtype <> 'c' AND e.typtype IS DISTINCT FROM 'c'";

/// A session with its guards armed.
pub(crate) struct PostgresSession {
    wire: Wire,
    process: i64,
    /// Whether the server hands out the rows of a cursor without `FETCH`.
    cursors_are_portals: bool,
    /// Time limit the server holds at present, in milliseconds.
    timeout_ms: u64,
    types: HashMap<u32, TypeKind>,
    /// The statement that was sent while the one before it was answered.
    ahead: SentAhead,
    /// The end of a transaction was sent and not answered yet.
    ending: bool,
    /// A result larger than its cap was left unread; only closing the session ends it.
    unread: bool,
}

#[async_trait]
impl Session for PostgresSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let failed = |error: PostgresError| connect_error(settings, error);
        let (wire, version) = log_in(settings).await.map_err(failed)?;
        check_version(&version)?;
        let mut session = Self {
            wire,
            process: 0,
            cursors_are_portals: false,
            timeout_ms: 0,
            types: HashMap::new(),
            ahead: SentAhead::default(),
            ending: false,
            unread: false,
        };
        session.set_up().await.map_err(failed)?;
        Ok(session)
    }

    /// Runs one SELECT or VALUES through a cursor in a read-only transaction that is always rolled back.
    async fn run(&mut self, sql: &str, next: Option<&str>, limits: &Limits) -> Result<ResultSet, QueryError> {
        if sql.contains('\0') {
            return Err(QueryError::Failed("the statement holds a zero byte".into()));
        }
        let outcome = self.run_in_transaction(sql, next, limits).await;
        outcome.map_err(|error| query_error(error, limits))
    }

    fn goes_on(&self) -> bool {
        !self.unread
    }

    fn cancel_key(&self) -> i64 {
        self.process
    }

    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError> {
        let failed = |error: PostgresError| connect_error(settings, error);
        let (mut wire, _) = log_in(settings).await.map_err(failed)?;
        let cancelled = async {
            wire.query(&format!("SELECT pg_terminate_backend({key})"))?;
            wire.send().await?;
            wire.outcome().await?;
            Ok(wire.close().await?)
        };
        cancelled.await.map_err(failed)
    }

    async fn reset(&mut self) -> bool {
        // Every statement has ended its transaction; nothing else can be left.
        !self.unread && !self.ahead.is_some()
    }
}

impl PostgresSession {
    /// Reads the facts and arms the settings, all in one round trip.
    async fn set_up(&mut self) -> Result<(), PostgresError> {
        for setting in SESSION_SETTINGS {
            self.wire.query(setting)?;
        }
        self.wire.query(FACTS)?;
        self.wire.query(&format!("{TYPES} {ADDED_TYPES}"))?;
        self.try_portals()?;
        self.wire.send().await?;
        for setting in SESSION_SETTINGS {
            match self.wire.outcome().await {
                Err(error) if error.leaves_session() => {
                    tracing::debug!(%error, setting, "the server does not know this setting");
                }
                outcome => outcome?,
            }
        }
        let facts = self.wire.texts().await?.into_iter().next().unwrap_or_default();
        let fact = |at: usize| facts.get(at).map_or("", String::as_str);
        self.process = fact(0).parse().unwrap_or(0);
        self.read_types().await?;
        self.cursors_are_portals = match self.wire.outcome().await {
            Err(error) if error.leaves_session() => false,
            outcome => outcome.map(|()| true)?,
        };
        self.wire.outcome().await?;
        if fact(1) == "SQL_ASCII" {
            // The server would refuse to hand out what is not UTF-8; what it is, only the reader of the bytes can tell.
            self.wire.query("SET client_encoding = 'SQL_ASCII'")?;
            self.wire.send().await?;
            self.wire.outcome().await?;
        }
        Ok(())
    }

    /// Asks for the rows of a cursor as for those of a portal, which they are in PostgreSQL, and not in everything that speaks its protocol.
    fn try_portals(&mut self) -> io::Result<()> {
        self.wire.command(BEGIN)?;
        self.declare("SELECT 1")?;
        self.wire.rows_of(CURSOR, 1)?;
        self.wire.end_request();
        self.wire.query(ROLLBACK)
    }

    /// One round trip, in which nothing waits for an answer. The server sees the text nowhere but in `DECLARE`, as one command alone.
    async fn run_in_transaction(
        &mut self,
        sql: &str,
        next: Option<&str>,
        limits: &Limits,
    ) -> Result<ResultSet, PostgresError> {
        let mut rows = IncomingRows::new(*limits);
        self.limit_time(limits.timeout_ms)?;
        let mut earlier = self.wire.unanswered();
        self.ask(sql, next, limits, rows.wanted())?;
        loop {
            let is_last = rows.wanted() <= CHUNK;
            self.wire.send().await?;
            self.read_earlier(earlier).await?;
            let got = match self.read_rows(is_last, &mut rows).await {
                Err(error) if error.leaves_session() => {
                    self.clean_up().await?;
                    return Err(error);
                }
                got => got?,
            };
            if !self.unread {
                self.learn_types(rows.waiting_types()).await?;
            }
            rows.type_waiting(&self.types)?;
            if is_last || self.unread {
                return Ok(rows.into_result());
            }
            earlier = self.wire.unanswered();
            if got < CHUNK || rows.wanted() == 0 {
                self.end_transaction()?;
                self.wire.end_request();
                self.wire.send().await?;
                return Ok(rows.into_result());
            }
            self.fetch(rows.wanted())?;
            self.wire.end_request();
        }
    }

    /// Writes the request of a statement, unless it was sent ahead, and that of the next one, if there is one and a single chunk will do.
    fn ask(&mut self, sql: &str, next: Option<&str>, limits: &Limits, wanted: usize) -> Result<(), PostgresError> {
        if !self.ahead.take(sql, limits)? {
            self.begin(sql, wanted)?;
        }
        let next = next.filter(|next| wanted <= CHUNK && SentAhead::takes(next) && !next.contains('\0'));
        if let Some(next) = next {
            self.begin(next, wanted)?;
            self.ahead.put(next, limits);
        } else {
            self.wire.end_request();
        }
        Ok(())
    }

    fn begin(&mut self, sql: &str, wanted: usize) -> io::Result<()> {
        self.wire.command(BEGIN)?;
        self.declare(sql)?;
        self.fetch(wanted)
    }

    fn declare(&mut self, sql: &str) -> io::Result<()> {
        self.wire
            .command(&format!("DECLARE {CURSOR} NO SCROLL CURSOR FOR {sql}"))
    }

    /// Fetches so many rows, a chunk at most, which are not to wait for what follows; the last chunk brings the end of the transaction along.
    fn fetch(&mut self, wanted: usize) -> io::Result<()> {
        let rows = wanted.min(CHUNK);
        if self.cursors_are_portals {
            self.wire.rows_of(CURSOR, rows)?;
        } else {
            self.wire
                .command_with_rows(&format!("FETCH FORWARD {rows} FROM {CURSOR}"))?;
        }
        self.wire.answer_now();
        if wanted <= CHUNK {
            self.end_transaction()?;
        }
        Ok(())
    }

    fn end_transaction(&mut self) -> io::Result<()> {
        self.wire.command(UNLOCK)?;
        self.wire.command(ROLLBACK)
    }

    /// Holds the server to a limit for every command that follows, until another is asked for.
    fn limit_time(&mut self, timeout_ms: u64) -> io::Result<()> {
        if self.timeout_ms != timeout_ms {
            let limit = timeout_ms.clamp(1, 2_000_000_000);
            self.wire.query(&format!("SET statement_timeout = {limit}"))?;
            self.timeout_ms = timeout_ms;
        }
        Ok(())
    }

    /// Reads the answers to requests before the current one.
    async fn read_earlier(&mut self, requests: usize) -> Result<(), PostgresError> {
        for _ in 0..requests {
            self.wire.outcome().await.map_err(not_reset)?;
            self.ending = false;
        }
        Ok(())
    }

    /// Reads the rows of one chunk, and says how many there were. The end of the transaction before may come first; that of this one, which
    /// follows the last chunk, is not waited for.
    async fn read_rows(&mut self, is_last: bool, incoming: &mut IncomingRows) -> Result<usize, PostgresError> {
        let (mut got, mut fetching) = (0, false);
        loop {
            match self.wire.answer().await? {
                Answer::Columns(columns) => {
                    fetching = true;
                    incoming.describe(&columns, &self.types)?;
                }
                Answer::Row(row) if fetching => {
                    got += 1;
                    incoming.take(row)?;
                    if incoming.overflows() {
                        self.unread = true;
                        return Ok(got);
                    }
                    if self.ahead.is_some() && !incoming.waiting_types().is_empty() {
                        return Err(PostgresError::Unusable(
                            "the statement gives rows of an unknown type".into(),
                        ));
                    }
                }
                Answer::Done(_) | Answer::More if fetching => {
                    self.ending = is_last;
                    return Ok(got);
                }
                Answer::Done(command) => self.ending &= command.tag()? != ROLLBACK,
                Answer::Failure(error) if self.ending => return Err(not_reset(PostgresError::Server(error))),
                Answer::Failure(error) => return Err(PostgresError::Server(error)),
                Answer::End => return Err(PostgresError::Unusable("an answer has no end".into())),
                Answer::Row(_) | Answer::More => {}
            }
        }
    }

    /// After a failure the server skips what it gets up to the end of the request, a statement sent ahead included.
    async fn clean_up(&mut self) -> io::Result<()> {
        if self.ahead.forget() {
            self.wire.end_request();
        }
        self.ending = false;
        self.wire.query(RESET)?;
        self.wire.send().await
    }

    /// Asks the server once about types it did not ship with, and that did not exist when the session began.
    async fn learn_types(&mut self, oids: &[u32]) -> Result<(), PostgresError> {
        let unknown = |oid: &&u32| values::builtin(**oid).is_none() && !self.types.contains_key(*oid);
        let unknown: Vec<u32> = oids.iter().filter(unknown).copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        self.read_earlier(self.wire.unanswered()).await?;
        let list: Vec<String> = unknown.iter().map(u32::to_string).collect();
        self.wire
            .query(&format!("{TYPES} WHERE t.oid IN ({})", list.join(", ")))?;
        self.wire.send().await?;
        self.read_types().await?;
        for oid in unknown {
            self.types.entry(oid).or_insert(TypeKind::Other);
        }
        Ok(())
    }

    /// Reads the answer to a query for types; a wire-compatible server may lack the catalog.
    async fn read_types(&mut self) -> Result<(), PostgresError> {
        let rows = match self.wire.texts().await {
            Err(error) if error.leaves_session() => return Ok(()),
            rows => rows?,
        };
        for row in rows {
            if let [oid, category, element, name] = row.as_slice() {
                let kind = values::user_defined(category, element.parse().unwrap_or(0), name);
                self.types.insert(oid.parse().unwrap_or(0), kind);
            }
        }
        Ok(())
    }
}

fn not_reset(error: PostgresError) -> PostgresError {
    PostgresError::Unusable(format!("it could not be reset: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::server_url;
    use crate::shared::servers::TestDatabase;

    const SERVER: &str = "NL2SQL_TEST_POSTGRES_URL";

    #[tokio::test]
    async fn a_server_whose_cursors_are_no_portals_is_asked_to_fetch() {
        let Some(url) = server_url(SERVER, "a_server_whose_cursors_are_no_portals_is_asked_to_fetch") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut portals = PostgresSession::connect(&database.admin).await.unwrap();
        assert!(portals.cursors_are_portals);
        let mut fetches = PostgresSession::connect(&database.admin).await.unwrap();
        fetches.cursors_are_portals = false;
        let limits = Limits::default().with_max_rows(2 * CHUNK);
        for sql in [
            "SELECT 1 AS one",
            "SELECT no_such_column",
            "SELECT i, i::text FROM generate_series(1, 5) i WHERE i > 9",
            "SELECT i FROM generate_series(1, 50000) i",
            "SELECT i FROM generate_series(1, 10001) i",
        ] {
            let outcome = portals.run(sql, None, &limits).await;
            assert_eq!(fetches.run(sql, None, &limits).await, outcome, "{sql}");
        }
    }

    #[tokio::test]
    async fn a_statement_that_takes_its_role_back_has_it_for_itself_alone() {
        let Some(url) = server_url(SERVER, "a_statement_that_takes_its_role_back_has_it_for_itself_alone") else {
            return;
        };
        let database = TestDatabase::create(&url);
        let mut session = PostgresSession::connect(&database.admin).await.unwrap();
        let limits = Limits::default();
        let takes_back =
            "SELECT set_config('role', 'none', false), set_config('default_transaction_read_only', 'off', false)";
        let asks = "SELECT current_user, current_setting('default_transaction_read_only')";
        session.run(takes_back, Some(asks), &limits).await.unwrap();
        let after = session.run(asks, None, &limits).await.unwrap();
        let texts: Vec<Option<String>> = after.rows[0].iter().map(nl2sql_catalog::Value::display_text).collect();
        assert_eq!(texts, [Some("pg_read_all_data".into()), Some("on".into())]);
    }
}
