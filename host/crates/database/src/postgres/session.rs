//! One PostgreSQL session.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::ResultSet;
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, PgConnection, Row, SqlSafeStr, Statement,
};

use super::connecting::{connect_error, options};
use super::incoming_rows::IncomingRows;
use super::server_errors::{is_lost, query_error};
use super::values::{self, TypeKind};
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// Rows asked for at a time; the default row cap fits, so that a statement mostly takes one answer.
const CHUNK: usize = 10_001;

/// Rolls back and gives up locks that outlive transactions.
const RESET: &str = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all()";

/// The same, and forgets prepared texts.
const FORGETTING_RESET: &str = "ROLLBACK; SELECT pg_catalog.pg_advisory_unlock_all(); DEALLOCATE ALL";

/// Version that Redshift announces.
const REDSHIFT: u32 = 80_002;

/// Texts prepared before the server is told to forget them.
const PREPARED: u32 = 50;

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

/// A session with its guards armed.
pub(crate) struct PostgresSession {
    connection: PgConnection,
    process: i64,
    /// What begins the transaction of every statement.
    begin: String,
    /// Time limit the server holds at present, in milliseconds.
    timeout_ms: u64,
    types: HashMap<u32, TypeKind>,
    /// Texts the server has prepared for this session.
    prepared: u32,
    /// A result larger than its cap was left unread; only closing the session ends it.
    unread: bool,
}

#[async_trait]
impl Session for PostgresSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let mut connection = options(settings)?
            .connect()
            .await
            .map_err(|error| connect_error(settings, &error))?;
        check_version(connection.server_version_num())?;
        for setting in SESSION_SETTINGS {
            if let Err(error) = connection.execute(sqlx::raw_sql(*setting)).await {
                tracing::debug!(%error, setting, "the server does not know this setting");
            }
        }
        let mut session = Self {
            connection,
            process: 0,
            begin: "BEGIN READ ONLY".into(),
            timeout_ms: 0,
            types: HashMap::new(),
            prepared: 0,
            unread: false,
        };
        let facts = "SELECT pg_backend_pid()::text, (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user)::text, \
                     (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = 'pg_read_all_data')::text, current_setting('server_encoding')";
        let facts = session
            .texts(facts)
            .await
            .map_err(|error| connect_error(settings, &error))?;
        session.process = facts.first().and_then(|text| text.parse().ok()).unwrap_or(0);
        if facts.get(1).is_some_and(|superuser| superuser == "true") && facts.get(2).is_some_and(|roles| roles == "1") {
            session.begin.push_str("; SET LOCAL ROLE pg_read_all_data");
        }
        if facts.get(3).is_some_and(|encoding| encoding == "SQL_ASCII") {
            // The server would refuse to hand out what is not UTF-8; what it is, only the reader of the bytes can tell.
            let bytes_as_they_are = session.connection.execute("SET client_encoding = 'SQL_ASCII'").await;
            bytes_as_they_are.map_err(|error| connect_error(settings, &error))?;
        }
        Ok(session)
    }

    /// Runs one SELECT or VALUES through a cursor in a read-only transaction that is always rolled back.
    async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        match self.run_in_transaction(sql, limits).await {
            Ok(result) if result.columns.is_empty() => self.with_columns(sql, result, limits).await,
            Ok(result) => Ok(result),
            Err(error) => {
                if !is_lost(&error) && !self.unread {
                    self.end_transaction()
                        .await
                        .map_err(|error| QueryError::Unavailable(format!("the session could not be reset: {error}")))?;
                }
                Err(query_error(&error, limits))
            }
        }
    }

    fn cancel_key(&self) -> i64 {
        self.process
    }

    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError> {
        let failed = |error: sqlx::Error| connect_error(settings, &error);
        let mut connection = options(settings)?.connect().await.map_err(failed)?;
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(format!(
                "SELECT pg_terminate_backend({key})"
            ))))
            .await
            .map_err(failed)?;
        connection.close().await.map_err(failed)
    }

    async fn reset(&mut self) -> bool {
        // Every statement has ended its transaction; nothing else can be left.
        !self.unread
    }
}

/// What the server announced in its greeting, as `libpq` counts versions: 9.6.3 is 90603. Redshift calls itself 8.0.2.
fn check_version(version: Option<u32>) -> Result<(), ConnectError> {
    match version {
        Some(old) if old < 100_000 && old != REDSHIFT => Err(ConnectError::TooOld {
            version: format!("{}.{}.{}", old / 10_000, old / 100 % 100, old % 100),
            minimum: "PostgreSQL 10".into(),
        }),
        _ => Ok(()),
    }
}

impl PostgresSession {
    /// Two round trips. The server parses the text alone first, and takes one command there; so the same text is one command still when it
    /// stands between ours in the second.
    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, sqlx::Error> {
        self.limit_time(limits.timeout_ms).await?;
        let declare = format!("DECLARE nl2sql_rows NO SCROLL CURSOR FOR {sql}");
        let opening = format!("{}; {declare}\n; ", self.begin);
        (&mut self.connection)
            .prepare(AssertSqlSafe(declare).into_sql_str())
            .await?;
        self.prepared += 1;
        let mut rows = IncomingRows::new(*limits);
        let mut before = opening.as_str();
        let mut ended = false;
        loop {
            let wanted = rows.wanted();
            if wanted == 0 {
                break;
            }
            ended = wanted <= CHUNK;
            let got = self.fetch(before, wanted, &mut rows).await?;
            if ended || self.unread || got < CHUNK {
                break;
            }
            before = "";
        }
        if !ended && !self.unread {
            self.end_transaction().await?;
        }
        Ok(rows.into_result())
    }

    /// Fetches up to `wanted` rows, a chunk at most; the last chunk brings the reset along and saves a round trip.
    async fn fetch(&mut self, before: &str, wanted: usize, incoming: &mut IncomingRows) -> Result<usize, sqlx::Error> {
        let reset = match wanted <= CHUNK {
            true if self.prepared >= PREPARED => FORGETTING_RESET,
            true => RESET,
            false => "",
        };
        let fetch = format!("{before}FETCH FORWARD {} FROM nl2sql_rows; {reset}", wanted.min(CHUNK));
        let mut commands_before = if before.is_empty() {
            0
        } else {
            self.begin.split(';').count() + 1
        };
        let (mut got, mut fetching) = (0, true);
        let mut rows = self.connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(fetch)));
        while let Some(item) = rows.try_next().await? {
            match item {
                Either::Left(_) if commands_before > 0 => commands_before -= 1,
                Either::Left(_) => fetching = false,
                Either::Right(row) if fetching => {
                    got += 1;
                    incoming.take(row, &self.types)?;
                    if incoming.overflows() {
                        self.unread = true;
                        break;
                    }
                }
                Either::Right(_) => {}
            }
        }
        drop(rows);
        if reset == FORGETTING_RESET {
            self.prepared = 0;
        }
        if !self.unread {
            self.resolve_types(&incoming.waiting_types()).await?;
        }
        incoming.type_waiting(&self.types)?;
        Ok(got)
    }

    /// Holds the server to a limit for every command that follows, until another is asked for.
    async fn limit_time(&mut self, timeout_ms: u64) -> Result<(), sqlx::Error> {
        if self.timeout_ms != timeout_ms {
            let set = format!("SET statement_timeout = {}", timeout_ms.clamp(1, 2_000_000_000));
            self.connection.execute(sqlx::raw_sql(AssertSqlSafe(set))).await?;
            self.timeout_ms = timeout_ms;
        }
        Ok(())
    }

    /// Asks the server once about types it did not ship with.
    async fn resolve_types(&mut self, oids: &[u32]) -> Result<(), sqlx::Error> {
        for &oid in oids {
            if values::builtin(oid).is_none() && !self.types.contains_key(&oid) {
                let sql = format!(
                    "SELECT typcategory::text, typelem::text, typname::text FROM pg_catalog.pg_type WHERE oid = {oid}"
                );
                let facts = self.texts_of(sql).await.unwrap_or_default();
                let element = facts.get(1).and_then(|text| text.parse().ok()).unwrap_or(0);
                let kind = values::user_defined(
                    facts.first().map_or("", String::as_str),
                    element,
                    facts.get(2).map_or("", String::as_str),
                );
                self.types.insert(oid, kind);
            }
        }
        Ok(())
    }

    async fn texts(&mut self, sql: &str) -> Result<Vec<String>, sqlx::Error> {
        self.texts_of(sql.to_owned()).await
    }

    async fn texts_of(&mut self, sql: String) -> Result<Vec<String>, sqlx::Error> {
        let row = self.connection.fetch_one(sqlx::raw_sql(AssertSqlSafe(sql))).await?;
        (0..row.len())
            .map(|at| Ok(row.try_get_unchecked::<Option<String>, _>(at)?.unwrap_or_default()))
            .collect()
    }

    async fn end_transaction(&mut self) -> Result<(), sqlx::Error> {
        self.connection.execute(sqlx::raw_sql(RESET)).await.map(|_| ())
    }

    /// An empty result still has columns; only preparing the statement tells them.
    async fn with_columns(
        &mut self,
        sql: &str,
        mut result: ResultSet,
        limits: &Limits,
    ) -> Result<ResultSet, QueryError> {
        let prepared = (&mut self.connection)
            .prepare(AssertSqlSafe(sql.to_owned()).into_sql_str())
            .await;
        let statement = prepared.map_err(|error| query_error(&error, limits))?;
        result.columns = statement
            .columns()
            .iter()
            .map(|column| column.name().to_owned())
            .collect();
        Ok(result)
    }
}
