//! One PostgreSQL session.

use std::collections::HashMap;

use async_trait::async_trait;
use futures::TryStreamExt;
use nl2sql_catalog::{ResultSet, Value};
use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgRow, PgSslMode};
use sqlx::{
    AssertSqlSafe, Column, ConnectOptions, Connection, Either, Executor, PgConnection, Row, SqlSafeStr, Statement,
};

use super::values::{self, TypeKind};
use crate::session_pool::Session;
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, TlsMode, lost_connection};

/// Rows asked for at a time; the default row cap fits, so that a statement mostly takes one answer.
const CHUNK: usize = 10_001;

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

/// A session with its guards armed.
pub(crate) struct PostgresSession {
    connection: PgConnection,
    process: i64,
    /// What runs before every statement, the time limit apart.
    begin: String,
    types: HashMap<u32, TypeKind>,
    /// A result larger than its cap was left unread; only closing the session ends it.
    unread: bool,
    /// The last chunk of the running statement has rolled back already.
    is_reset: bool,
}

#[async_trait]
impl Session for PostgresSession {
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError> {
        let mut connection = options(settings)?
            .connect()
            .await
            .map_err(|error| connect_error(settings, &error))?;
        for setting in SESSION_SETTINGS {
            if let Err(error) = connection.execute(sqlx::raw_sql(*setting)).await {
                tracing::debug!(%error, setting, "the server does not know this setting");
            }
        }
        let mut session = Self {
            connection,
            process: 0,
            begin: "BEGIN READ ONLY".into(),
            types: HashMap::new(),
            unread: false,
            is_reset: false,
        };
        let facts = "SELECT pg_backend_pid()::text, (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user)::text, \
                     (SELECT count(*) FROM pg_catalog.pg_roles WHERE rolname = 'pg_read_all_data')::text";
        let facts = session
            .texts(facts)
            .await
            .map_err(|error| connect_error(settings, &error))?;
        session.process = facts.first().and_then(|text| text.parse().ok()).unwrap_or(0);
        if facts.get(1).is_some_and(|superuser| superuser == "true") && facts.get(2).is_some_and(|roles| roles == "1") {
            session.begin.push_str("; SET LOCAL ROLE pg_read_all_data");
        }
        Ok(session)
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
        // `finish` has rolled back after every statement; nothing else can be left.
        !self.unread
    }
}

impl PostgresSession {
    /// Runs one SELECT or VALUES through a cursor in a read-only transaction that is always rolled back.
    pub(super) async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.is_reset = false;
        let outcome = self.run_in_transaction(sql, limits).await;
        let finished = if self.unread || self.is_reset {
            Ok(())
        } else {
            self.finish().await
        };
        let result = match outcome {
            Err(error) if is_lost(&error) => return Err(query_error(&error, limits)),
            other => {
                finished
                    .map_err(|error| QueryError::Unavailable(format!("the session could not be reset: {error}")))?;
                other.map_err(|error| query_error(&error, limits))?
            }
        };
        if result.columns.is_empty() {
            return self.with_columns(sql, result, limits).await;
        }
        Ok(result)
    }

    async fn run_in_transaction(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, sqlx::Error> {
        let begin = format!(
            "{}; SET LOCAL statement_timeout = {}",
            self.begin,
            limits.timeout_ms.clamp(1, 2_000_000_000)
        );
        self.connection.execute(sqlx::raw_sql(AssertSqlSafe(begin))).await?;
        let declare = format!("DECLARE nl2sql_rows NO SCROLL CURSOR FOR {sql}");
        self.connection
            .execute(sqlx::query(AssertSqlSafe(declare)).persistent(false))
            .await?;
        let mut fetched = Fetched {
            limits: *limits,
            result: ResultSet::default(),
            bytes: 0,
            kinds: Vec::new(),
        };
        while fetched.wants_more() {
            let wanted = limits.max_rows.saturating_add(1) - fetched.result.rows.len();
            let got = self.fetch(wanted, &mut fetched).await?;
            if got < wanted.min(CHUNK) {
                break;
            }
        }
        fetched.cut();
        Ok(fetched.result)
    }

    /// Fetches up to `wanted` rows, a chunk at most; the last chunk brings the reset along and saves a round trip.
    async fn fetch(&mut self, wanted: usize, fetched: &mut Fetched) -> Result<usize, sqlx::Error> {
        let last = wanted <= CHUNK;
        let reset = if last { RESET } else { "" };
        let fetch = format!("FETCH FORWARD {} FROM nl2sql_rows; {reset}", wanted.min(CHUNK));
        let mut unknown: Vec<PgRow> = Vec::new();
        let (mut got, mut fetching) = (0, true);
        let mut rows = self.connection.fetch_many(sqlx::raw_sql(AssertSqlSafe(fetch)));
        while let Some(item) = rows.try_next().await? {
            let Either::Right(row) = item else {
                fetching = false;
                continue;
            };
            if !fetching {
                continue;
            }
            got += 1;
            if !unknown.is_empty() || (fetched.kinds.is_empty() && !fetched.learn(&row, &self.types)) {
                unknown.push(row);
                continue;
            }
            fetched.add(&row)?;
            if fetched.bytes > fetched.limits.max_bytes.saturating_mul(2) {
                self.unread = true;
                break;
            }
        }
        drop(rows);
        if let Some(first) = unknown.first() {
            self.resolve_types(first).await?;
            fetched.learn(first, &self.types);
            for row in &unknown {
                fetched.add(row)?;
            }
        }
        self.is_reset = last;
        Ok(got)
    }

    /// Asks the server once about types it did not ship with.
    async fn resolve_types(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        for oid in oids(row) {
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

    /// Ends what the last chunk did not end.
    async fn finish(&mut self) -> Result<(), sqlx::Error> {
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

/// Rows as they come in, under their caps.
struct Fetched {
    limits: Limits,
    result: ResultSet,
    bytes: usize,
    kinds: Vec<TypeKind>,
}

impl Fetched {
    fn wants_more(&self) -> bool {
        self.result.rows.len() <= self.limits.max_rows && self.bytes <= self.limits.max_bytes
    }

    /// Notes names and types of the columns; `false` when a type is not known yet.
    fn learn(&mut self, row: &PgRow, types: &HashMap<u32, TypeKind>) -> bool {
        let kinds: Option<Vec<TypeKind>> = oids(row)
            .map(|oid| values::builtin(oid).or_else(|| types.get(&oid).copied()))
            .collect();
        self.result.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
        self.kinds = kinds.unwrap_or_default();
        !self.kinds.is_empty() || row.columns().is_empty()
    }

    fn add(&mut self, row: &PgRow) -> Result<(), sqlx::Error> {
        let mut values = Vec::with_capacity(self.kinds.len());
        for (at, kind) in self.kinds.iter().enumerate() {
            let text: Option<&str> = row.try_get_unchecked(at)?;
            self.bytes += text.map_or(8, |text| text.len() + 8);
            values.push(text.map_or(Value::Null, |text| values::typed(*kind, text)));
        }
        self.result.rows.push(values);
        Ok(())
    }

    fn cut(&mut self) {
        self.result.truncated = self.result.rows.len() > self.limits.max_rows || self.bytes > self.limits.max_bytes;
        self.result.rows.truncate(self.limits.max_rows);
    }
}

fn oids(row: &PgRow) -> impl Iterator<Item = u32> {
    row.columns()
        .iter()
        .map(|column| column.type_info().oid().map_or(0, |oid| oid.0))
}

fn options(settings: &ConnectionSettings) -> Result<PgConnectOptions, ConnectError> {
    let mut options = PgConnectOptions::new_without_pgpass()
        .port(settings.effective_port())
        .username(if settings.user.is_empty() {
            "postgres"
        } else {
            &settings.user
        })
        .application_name("nl2sql")
        .statement_cache_capacity(16)
        .ssl_mode(match settings.tls {
            TlsMode::Off => PgSslMode::Disable,
            TlsMode::Prefer => PgSslMode::Prefer,
            TlsMode::Require => PgSslMode::Require,
            TlsMode::VerifyCa => PgSslMode::VerifyFull,
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
        options = options.ssl_root_cert(file);
    }
    Ok(options)
}

fn database_error(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error().and_then(|error| error.try_downcast_ref())
}

/// SQLSTATE classes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn connect_error(settings: &ConnectionSettings, error: &sqlx::Error) -> ConnectError {
    let Some(server) = database_error(error) else {
        return lost_connection::sqlx_connect_error(settings, error);
    };
    let detail = server.message().to_owned();
    match server.code() {
        "28P01" | "28000" => ConnectError::Authentication {
            user: settings.user.clone(),
            detail,
        },
        "3D000" => ConnectError::NoSuchDatabase {
            database: settings.database.clone(),
            detail,
        },
        "42501" => ConnectError::NoRights { detail },
        "53300" | "53400" => ConnectError::TooManyConnections { detail },
        _ => ConnectError::Other {
            address: settings.address(),
            detail,
        },
    }
}

/// Whether the session is of no more use.
fn is_lost(error: &sqlx::Error) -> bool {
    match database_error(error) {
        Some(server) => server.code().starts_with("08") || server.code().starts_with("57P") || server.code() == "25P03",
        None => true,
    }
}

fn query_error(error: &sqlx::Error, limits: &Limits) -> QueryError {
    let Some(server) = database_error(error) else {
        return QueryError::Unavailable(format!("connection lost: {error}"));
    };
    let mut message = server.message().to_owned();
    for more in [server.detail(), server.hint()].into_iter().flatten() {
        message = format!("{message} ({more})");
    }
    match server.code() {
        "57014" => QueryError::Timeout(format!(
            "timeout: stopped by the server after {} ms: {message}",
            limits.timeout_ms
        )),
        "25006" | "25001" | "42501" => QueryError::Refused(format!("refused by the server: {message}")),
        "0A000" if message.contains("DECLARE") => QueryError::Refused(format!("refused by the server: {message}")),
        "42P11" => QueryError::Refused(format!("refused by the server: {message}")),
        "42601" if message.contains("multiple commands") => {
            QueryError::Refused(format!("refused by the server: {message}"))
        }
        _ if is_lost(error) => QueryError::Unavailable(format!("connection lost: {message}")),
        _ => QueryError::Failed(message),
    }
}
