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
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Rows asked for at a time; the default row cap fits, so that a statement mostly takes one answer.
const CHUNK: usize = 10_001;

/// What begins the transaction of every statement.
const BEGIN: &str = "BEGIN READ ONLY";

/// What follows it for a superuser, whose rights would pass by every guard.
const AS_READER: &str = "SET LOCAL ROLE pg_read_all_data";

/// Rolls back and gives up locks that outlive transactions.
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

/// What a session must know of its server.
const FACTS: &str = "SELECT pg_backend_pid()::text, (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user)::text, \
    (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = 'pg_read_all_data')::text, current_setting('server_encoding')";

/// A session with its guards armed.
pub(crate) struct PostgresSession {
    wire: Wire,
    process: i64,
    /// Whether statements run as a role that only reads.
    as_reader: bool,
    /// Time limit the server holds at present, in milliseconds.
    timeout_ms: u64,
    types: HashMap<u32, TypeKind>,
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
            as_reader: false,
            timeout_ms: 0,
            types: HashMap::new(),
            unread: false,
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
        outcome.map_err(|error| query_error(error, limits))
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
        !self.unread
    }
}

impl PostgresSession {
    /// Reads the facts and arms the settings, all in one round trip.
    async fn set_up(&mut self) -> Result<(), PostgresError> {
        for setting in SESSION_SETTINGS {
            self.wire.query(setting)?;
        }
        self.wire.query(FACTS)?;
        self.wire.send().await?;
        for setting in SESSION_SETTINGS {
            match self.wire.outcome().await {
                Err(PostgresError::Server(error)) if !error.ends_session() => {
                    tracing::debug!(error = error.message, setting, "the server does not know this setting");
                }
                outcome => outcome?,
            }
        }
        let facts = self.wire.texts().await?.into_iter().next().unwrap_or_default();
        let fact = |at: usize| facts.get(at).map_or("", String::as_str);
        self.process = fact(0).parse().unwrap_or(0);
        self.as_reader = fact(1) == "true" && fact(2) == "1";
        if fact(3) == "SQL_ASCII" {
            // The server would refuse to hand out what is not UTF-8; what it is, only the reader of the bytes can tell.
            self.wire.query("SET client_encoding = 'SQL_ASCII'")?;
            self.wire.send().await?;
            self.wire.outcome().await?;
        }
        Ok(())
    }

    /// One round trip, in which nothing waits for an answer: where a command fails, the server skips what follows up to the end of that
    /// request, and goes on with the reset, which is a request of its own. Only here does it see the text, and takes one command.
    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, PostgresError> {
        self.limit_time(limits.timeout_ms)?;
        let mut earlier = self.wire.unanswered();
        self.wire.command(BEGIN)?;
        if self.as_reader {
            self.wire.command(AS_READER)?;
        }
        self.wire
            .command(&format!("DECLARE nl2sql_rows NO SCROLL CURSOR FOR {sql}"))?;
        let mut rows = IncomingRows::new(*limits);
        loop {
            let is_last = self.ask_for(rows.wanted())?;
            self.wire.send().await?;
            self.read_earlier(std::mem::take(&mut earlier)).await?;
            let got = self.read_rows(&mut rows).await;
            let goes_on = matches!(got, Ok(CHUNK)) && rows.wanted() > 0 && !is_last && !self.unread;
            if !goes_on && !is_last && !self.unread {
                self.wire.query(RESET)?;
                self.wire.send().await?;
            }
            got?;
            if !self.unread {
                self.learn_types(rows.waiting_types()).await?;
            }
            rows.type_waiting(&self.types)?;
            if !goes_on {
                return Ok(rows.into_result());
            }
        }
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

    /// Asks for so many rows, a chunk at most. The reset goes out along with the last chunk: the server works on it while the rows are
    /// read, and its answer is read by the next statement.
    fn ask_for(&mut self, wanted: usize) -> io::Result<bool> {
        let fetch = format!("FETCH FORWARD {} FROM nl2sql_rows", wanted.min(CHUNK));
        self.wire.command_with_rows(&fetch)?;
        self.wire.end_request();
        let is_last = wanted <= CHUNK;
        if is_last {
            self.wire.query(RESET)?;
        }
        Ok(is_last)
    }

    /// Reads the answers to requests before the current one.
    async fn read_earlier(&mut self, requests: usize) -> Result<(), PostgresError> {
        for _ in 0..requests {
            let outcome = self.wire.outcome().await;
            outcome.map_err(|error| PostgresError::NotReset(error.to_string()))?;
        }
        Ok(())
    }

    /// Reads the rows of one chunk, and says how many there were.
    async fn read_rows(&mut self, incoming: &mut IncomingRows) -> Result<usize, PostgresError> {
        let (mut got, mut failure) = (0, None);
        loop {
            match self.wire.answer().await? {
                Answer::Columns(columns) => incoming.describe(&columns, &self.types)?,
                Answer::Row(row) => {
                    got += 1;
                    incoming.take(row)?;
                    if incoming.overflows() {
                        self.unread = true;
                        return Ok(got);
                    }
                }
                Answer::Failure(error) if error.ends_session() => return Err(PostgresError::Server(error)),
                Answer::Failure(error) => failure = Some(error),
                Answer::End => return failure.map_or(Ok(got), |error| Err(PostgresError::Server(error))),
            }
        }
    }

    /// Asks the server once about types it did not ship with.
    async fn learn_types(&mut self, oids: &[u32]) -> Result<(), PostgresError> {
        let unknown = |oid: &&u32| values::builtin(**oid).is_none() && !self.types.contains_key(*oid);
        let unknown: Vec<u32> = oids.iter().filter(unknown).copied().collect();
        if unknown.is_empty() {
            return Ok(());
        }
        self.read_earlier(self.wire.unanswered()).await?;
        for oid in &unknown {
            self.wire.query(&format!(
                "SELECT typcategory::text, typelem::text, typname::text FROM pg_catalog.pg_type WHERE oid = {oid}"
            ))?;
        }
        self.wire.send().await?;
        for oid in unknown {
            let rows = match self.wire.texts().await {
                // A wire-compatible server may lack the catalog.
                Err(PostgresError::Server(error)) if !error.ends_session() => Vec::new(),
                rows => rows?,
            };
            let facts = rows.into_iter().next().unwrap_or_default();
            let fact = |at: usize| facts.get(at).map_or("", String::as_str);
            let kind = values::user_defined(fact(0), fact(1).parse().unwrap_or(0), fact(2));
            self.types.insert(oid, kind);
        }
        Ok(())
    }
}
