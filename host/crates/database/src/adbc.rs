//! Databases behind ADBC driver libraries (<https://arrow.apache.org/adbc/>).
//!
//! A driver library is native code with all the rights of this program. The profile must name it and pin its bytes; it is loaded in a
//! process of its own first, so that one that crashes while it loads does no harm.
//!
//! Guards: the look at the text by the dialect's rules, one statement at a time; the options that the profile says keep the driver from
//! writing; ADBC's own read-only option and a transaction that is rolled back, where the driver has them. What is missing of these, the
//! rights of the login say.

mod errors;
mod library;
mod probe;
mod settings;
mod values;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use adbc_core::error::Status;
use adbc_core::options::{OptionConnection, OptionDatabase, OptionValue};
use adbc_core::{CancelHandle, Connection as _, Database as _, Driver as _, Optionable, Statement as _};
use adbc_driver_manager::{ManagedConnection, ManagedDatabase};
use arrow_array::{RecordBatch, RecordBatchReader};
use async_trait::async_trait;
use nl2sql_catalog::{ResultSet, ServerInfo, Table, Value};
use tokio::sync::{Semaphore, oneshot};

use crate::catalog_rows::{CatalogRow, text_rows};
use crate::driver::{Driver, DriverConnection, LoginRights};
use crate::statement_guard::{self, GuardRules, RestrictedObjects};
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};
pub use probe::{LIBRARY_LOADED, ProbeCommand, load_adbc_library};
pub use settings::AdbcSettings;

/// How long a statement that was cancelled may take to end before its session is given up.
const GRACE: Duration = Duration::from_secs(5);

/// What the guards promise.
const PROMISE: &str = "A driver library is native code with all the rights of this program. Statements are looked at by the dialect's rules, \
    one at a time, in a transaction that is rolled back where the driver has them; what a statement may do beyond that is up to the driver's \
    read-only options and the rights of the login.";

/// The driver `adbc`.
pub(crate) struct AdbcDriver {
    probe: Option<ProbeCommand>,
}

impl AdbcDriver {
    /// Without a command to try libraries with, none is loaded.
    pub(crate) fn new(probe: Option<ProbeCommand>) -> Self {
        Self { probe }
    }
}

#[async_trait]
impl Driver for AdbcDriver {
    fn name(&self) -> &str {
        "adbc"
    }

    fn title(&self) -> &str {
        "any database with an ADBC driver library"
    }

    async fn open(&self, settings: Arc<ConnectionSettings>) -> Result<Arc<dyn DriverConnection>, ConnectError> {
        let probe = self.probe.clone().ok_or_else(|| {
            ConnectError::Settings(
                "this program cannot try driver libraries in another process, so it loads none".into(),
            )
        })?;
        let opened = tokio::task::spawn_blocking(move || AdbcConnection::open(settings, &probe)).await;
        let opened =
            opened.map_err(|error| ConnectError::Settings(format!("loading the driver library ended: {error}")))?;
        Ok(Arc::new(opened?))
    }
}

/// One open database and its idle sessions.
struct AdbcConnection {
    settings: Arc<ConnectionSettings>,
    server: ServerInfo,
    shared: Arc<Sessions>,
    permits: Arc<Semaphore>,
}

struct Sessions {
    database: ManagedDatabase,
    idle: Mutex<Vec<Session>>,
}

/// A session, and which of ADBC's guards its driver has.
struct Session {
    connection: ManagedConnection,
    guards: SessionGuards,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct SessionGuards {
    read_only: bool,
    rolls_back: bool,
}

impl AdbcConnection {
    fn open(settings: Arc<ConnectionSettings>, command: &ProbeCommand) -> Result<Self, ConnectError> {
        if settings.dialect.name.is_empty() {
            return Err(ConnectError::Settings(
                "an ADBC driver does not say which SQL its database speaks; set database.dialect".into(),
            ));
        }
        let library = library::pinned(&settings.adbc)?;
        tracing::info!(library = %library.path.display(), "trying the driver library in a process of its own");
        probe::probe(command, &library)?;
        let mut driver = probe::load(&library)
            .map_err(|detail| ConnectError::Settings(format!("{}: {detail}", library.path.display())))?;
        let failed = |error| errors::connect_error(&settings, error);
        let database = driver.new_database_with_opts(options(&settings)).map_err(failed)?;
        let first = Session::open(&database).map_err(failed)?;
        let server = describe(&first.connection, &settings);
        Ok(Self {
            server,
            shared: Arc::new(Sessions {
                database,
                idle: Mutex::new(vec![first]),
            }),
            permits: Arc::new(Semaphore::new(settings.pool_size.max(1))),
            settings,
        })
    }

    /// Runs a statement on a thread of its own. One that takes too long is cancelled; a session that does not come back is given up.
    async fn execute(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let closed = |error| QueryError::Unavailable(format!("the connection is closed: {error}"));
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(closed)?;
        let (shared, sql, limits) = (Arc::clone(&self.shared), sql.to_owned(), *limits);
        let (tell, told) = oneshot::channel();
        let mut task = tokio::task::spawn_blocking(move || {
            let outcome = shared.run(&sql, &limits, tell);
            drop(permit);
            outcome
        });
        match tokio::time::timeout(limits.timeout(), &mut task).await {
            Ok(ended) => ended.map_err(|error| QueryError::Failed(format!("the driver's thread ended: {error}")))?,
            Err(_) => {
                cancel(told).await;
                // Its outcome does not matter any more; only whether the session comes back.
                tokio::time::timeout(GRACE, task).await.ok();
                Err(QueryError::Timeout(format!(
                    "timeout: stopped after {} ms",
                    limits.timeout_ms
                )))
            }
        }
    }

    fn guards(&self) -> Option<SessionGuards> {
        let idle = self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.first().map(|session| session.guards)
    }
}

async fn cancel(told: oneshot::Receiver<Box<dyn CancelHandle>>) {
    let Ok(Ok(handle)) = tokio::time::timeout(GRACE, told).await else {
        return;
    };
    let cancelled = tokio::task::spawn_blocking(move || handle.try_cancel()).await;
    if let Ok(Err(error)) = cancelled {
        tracing::warn!(reason = %error.message, "the driver cannot cancel statements");
    }
}

impl Sessions {
    fn run(
        &self,
        sql: &str,
        limits: &Limits,
        tell: oneshot::Sender<Box<dyn CancelHandle>>,
    ) -> Result<ResultSet, QueryError> {
        let failed = |error| errors::query_error(error, limits.timeout_ms);
        let parked = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut session = match parked {
            Some(session) => session,
            None => Session::open(&self.database).map_err(failed)?,
        };
        let outcome = session.run(sql, limits, tell);
        // A session whose transaction cannot be ended is not used again.
        if session.end() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(session);
        }
        outcome
    }
}

impl Session {
    /// Opens a session under as many of ADBC's guards as the driver has.
    fn open(database: &ManagedDatabase) -> adbc_core::error::Result<Self> {
        let mut connection = database.new_connection()?;
        let mut has = |option, value: &str| connection.set_option(option, OptionValue::String(value.into())).is_ok();
        let guards = SessionGuards {
            read_only: has(OptionConnection::ReadOnly, "true"),
            rolls_back: has(OptionConnection::AutoCommit, "false"),
        };
        Ok(Self { connection, guards })
    }

    fn run(
        &mut self,
        sql: &str,
        limits: &Limits,
        tell: oneshot::Sender<Box<dyn CancelHandle>>,
    ) -> Result<ResultSet, QueryError> {
        let failed = |error| errors::query_error(error, limits.timeout_ms);
        let mut statement = self.connection.new_statement().map_err(failed)?;
        // Nobody may be listening any more, which changes nothing.
        tell.send(statement.get_cancel_handle()).ok();
        statement.set_sql_query(sql).map_err(failed)?;
        let rows = statement.execute().map_err(failed)?;
        collect(rows, limits)
    }

    /// Whether nothing of the statement is left.
    fn end(&mut self) -> bool {
        match self.connection.rollback() {
            Ok(()) => true,
            // A driver without transactions has nothing to end; one whose transaction failed to begin has none either.
            Err(error) => !self.guards.rolls_back || error.status == Status::InvalidState,
        }
    }
}

/// Takes rows until a limit is reached; the rest is never asked for.
fn collect(rows: impl RecordBatchReader, limits: &Limits) -> Result<ResultSet, QueryError> {
    let schema = rows.schema();
    let mut result = ResultSet {
        columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
        ..ResultSet::default()
    };
    let mut bytes = 0;
    for batch in rows {
        let batch =
            batch.map_err(|error| QueryError::Failed(crate::error_redaction::without_values(&error.to_string())))?;
        for row in 0..batch.num_rows() {
            let values = row_values(&batch, row).map_err(QueryError::Failed)?;
            bytes += values
                .iter()
                .map(|value| size_of::<Value>() + value.byte_len())
                .sum::<usize>();
            if result.rows.len() == limits.max_rows || bytes > limits.max_bytes {
                result.truncated = true;
                return Ok(result);
            }
            result.rows.push(values);
        }
    }
    Ok(result)
}

fn row_values(batch: &RecordBatch, row: usize) -> Result<Vec<Value>, String> {
    let schema = batch.schema_ref();
    let columns = batch.columns().iter().zip(schema.fields());
    columns
        .map(|(column, field)| values::value(column.as_ref(), row, field))
        .collect()
}

/// What the database is opened with: secrets last, so that none can be replaced by an option that is shown.
fn options(settings: &ConnectionSettings) -> Vec<(OptionDatabase, OptionValue)> {
    let adbc = &settings.adbc;
    let option = |name: &String, value: &str| {
        let name = match name.as_str() {
            "uri" => OptionDatabase::Uri,
            "username" => OptionDatabase::Username,
            "password" => OptionDatabase::Password,
            other => OptionDatabase::Other(other.to_owned()),
        };
        (name, OptionValue::String(value.to_owned()))
    };
    let shown = adbc.options.iter().chain(&adbc.read_only);
    let shown = shown.map(|(name, value)| option(name, value));
    let secrets = adbc.secrets.iter().map(|(name, secret)| option(name, secret.reveal()));
    shown.chain(secrets).collect()
}

/// What the driver says of itself and its database.
fn describe(connection: &ManagedConnection, settings: &ConnectionSettings) -> ServerInfo {
    let (mut vendor, mut version) = (String::new(), String::new());
    use adbc_core::options::InfoCode;
    let asked = [InfoCode::VendorName, InfoCode::VendorVersion].into();
    for batch in connection.get_info(Some(asked)).into_iter().flatten().flatten() {
        for row in 0..batch.num_rows() {
            let Ok(values) = row_values(&batch, row) else { continue };
            match values.as_slice() {
                [Value::Integer(0), value, ..] => vendor = value.display_text().unwrap_or_default(),
                [Value::Integer(1), value, ..] => version = value.display_text().unwrap_or_default(),
                _ => {}
            }
        }
    }
    let named = ["path", "uri"].iter().find_map(|name| settings.adbc.options.get(*name));
    let stem = named.and_then(|place| {
        let place = place.split(['?', ';']).next()?;
        std::path::Path::new(place).file_stem()?.to_str().map(str::to_owned)
    });
    tracing::debug!(vendor, version, "the driver describes its database");
    ServerInfo {
        driver: "adbc".into(),
        version,
        database: Some(settings.database.clone())
            .filter(|name| !name.is_empty())
            .or(stem)
            .unwrap_or_default(),
        schemas: settings.schemas.clone(),
    }
}

#[async_trait]
impl DriverConnection for AdbcConnection {
    fn server(&self) -> &ServerInfo {
        &self.server
    }

    fn default_schema(&self) -> Option<&str> {
        self.settings.dialect.default_schema.as_deref()
    }

    async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        self.check(sql)?;
        self.execute(sql, limits).await
    }

    async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        self.execute(sql, &self.settings.limits.of_catalog())
            .await
            .map(text_rows)
    }

    fn guard_rules(&self) -> &GuardRules {
        &self.settings.dialect.guard
    }

    fn check(&self, sql: &str) -> Result<(), QueryError> {
        statement_guard::check(self.guard_rules(), sql, &RestrictedObjects::default())
    }

    async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        let guards = self.guards();
        let is_read_only = !self.settings.adbc.read_only.is_empty() || guards.is_some_and(|guards| guards.read_only);
        let beyond = (!is_read_only).then(|| {
            "the driver library has no read-only option of ADBC, and database.adbc.read_only names none of its own that keeps it from writing"
                .to_owned()
        });
        let mut rights = LoginRights::new(self.settings.user.clone(), beyond.into_iter().collect(), PROMISE);
        rights.notes.push(format!(
            "native code is loaded from {}",
            self.settings.adbc.library.display()
        ));
        if !guards.is_some_and(|guards| guards.rolls_back) {
            rights.notes.push("the driver has no transactions to roll back".into());
        }
        Ok(rights)
    }

    fn sample_query(&self, table: &Table, columns: &[&str], rows: usize) -> String {
        self.settings.dialect.sample_query(table, columns, rows)
    }

    async fn close(&self) {
        self.permits.close();
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
