//! One open database, whichever it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::{FutureExt, StreamExt};
use nl2sql_catalog::{CatalogQuery, Database, ResultSet, ServerInfo, Table};
use nl2sql_ddl::DdlCatalog;
use tokio::task::JoinSet;

use crate::catalog_rows::{CatalogRow, CatalogRows, Extraction};
use crate::driver::DriverConnection;
use crate::server_reader::ServerReader;
use crate::statement_guard::RestrictedObjects;
use crate::table_filter::TableFilter;
use crate::value_samples::{SAMPLED_BYTES, most_frequent, sampled_columns, sampled_rows};
use crate::{
    ColumnValues, ConnectError, ConnectionSettings, DriverRegistry, ExtractError, Limits, LoginRights, QueryError,
    QueryReader, session_runtime, statement_guard, unreadable,
};

/// First pause before something that changes nothing is tried again; each further pause is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// Catalog queries in flight during extraction; the large one takes about as long as the others together.
const CATALOG_QUERIES_AT_ONCE: usize = 2;

/// A pool of guarded sessions on one database. Cheap to clone; clones share the pool.
#[derive(Clone)]
pub struct Connection {
    driver: Arc<dyn DriverConnection>,
    settings: Arc<ConnectionSettings>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("server", self.driver.server())
            .finish_non_exhaustive()
    }
}

impl Connection {
    /// Opens a database with the drivers of this crate.
    ///
    /// # Errors
    /// See [`DriverRegistry::open`].
    pub async fn open(settings: ConnectionSettings) -> Result<Self, ConnectError> {
        DriverRegistry::default().open(settings).await
    }

    pub(crate) fn new(driver: Arc<dyn DriverConnection>, settings: Arc<ConnectionSettings>) -> Self {
        Self { driver, settings }
    }

    /// The settings it was opened with.
    pub fn settings(&self) -> &ConnectionSettings {
        &self.settings
    }

    /// Driver, version, database and the schemas asked for: what a dialect needs to write its catalog queries.
    pub fn server_info(&self) -> &ServerInfo {
        self.driver.server()
    }

    /// Whether statements run; without that, the catalog is all there is.
    pub fn executes(&self) -> bool {
        self.driver.declared_catalog().is_none()
    }

    /// What the login may do beyond reading.
    pub async fn login_rights(&self) -> Result<LoginRights, QueryError> {
        self.driver.login_rights().await
    }

    /// Reads the whole catalog with the dialect's bulk queries, one per section whatever the number of tables.
    /// `dialect` is the name of the dialect plugin, kept in the catalog.
    pub async fn extract(&self, queries: &[CatalogQuery], dialect: &str) -> Result<Extraction, ExtractError> {
        if let Some(declared) = self.driver.declared_catalog() {
            return self.declared(declared, dialect);
        }
        for section in ["tables", "columns"] {
            if !queries.iter().any(|query| query.section == section) {
                return Err(ExtractError::Sections(format!("section `{section}` is missing")));
            }
        }
        let mut rows = CatalogRows::new(TableFilter::new(&self.settings.include, &self.settings.exclude)?);
        let sections: Vec<_> = queries.iter().map(|query| self.section(query).boxed()).collect();
        let mut sections =
            futures::stream::iter(sections).buffered(self.settings.pool_size.clamp(1, CATALOG_QUERIES_AT_ONCE));
        while let Some(section) = sections.next().await {
            let (name, section) = section?;
            rows.add(name, section)?;
        }
        let server = self.driver.server();
        let mut extraction = rows.assemble(Database {
            name: server.database.clone(),
            dialect: dialect.to_owned(),
            server_version: Some(server.version.clone()),
            default_schema: self.driver.default_schema().map(str::to_owned),
            tables: Vec::new(),
        });
        self.driver
            .complete(&mut extraction)
            .await
            .map_err(|error| ExtractError::Query {
                section: "tables".into(),
                error,
            })?;
        self.leave_out_unreadable(&mut extraction)
            .await
            .map_err(|error| ExtractError::Query {
                section: "columns".into(),
                error,
            })?;
        Ok(extraction)
    }

    /// The catalog of a script; what it refers to and does not declare is left out like anything else that is not there.
    fn declared(&self, declared: &DdlCatalog, dialect: &str) -> Result<Extraction, ExtractError> {
        let filter = TableFilter::new(&self.settings.include, &self.settings.exclude)?;
        let mut rows = CatalogRows::new(filter);
        let wanted = &self.settings.schemas;
        for (section, all) in &declared.sections {
            let of_schema = |row: &&CatalogRow| {
                let schema = row.first().and_then(Option::as_deref).unwrap_or_default();
                wanted.is_empty() || wanted.iter().any(|wanted| wanted == schema)
            };
            rows.add(section, all.iter().filter(of_schema).cloned().collect())?;
        }
        let mut extraction = rows.assemble(Database {
            name: self.driver.server().database.clone(),
            dialect: dialect.to_owned(),
            server_version: None,
            default_schema: self.driver.default_schema().map(str::to_owned),
            tables: Vec::new(),
        });
        extraction.notes.extend(declared.notes.iter().cloned());
        Ok(extraction)
    }

    /// Takes out what the login cannot read. Columns are told by the server; of relations, those that the guard refuses and those that fail
    /// when they are asked for no row.
    async fn leave_out_unreadable(&self, extraction: &mut Extraction) -> Result<(), QueryError> {
        let patience = self.settings.connect_timeout();
        let columns = match retried(patience, || self.driver.unreadable_columns()).await {
            // A wire-compatible server may not tell.
            Err(QueryError::Failed(reason)) => {
                tracing::warn!(%reason, "the server does not say which columns may be read");
                Vec::new()
            }
            columns => columns?,
        };
        unreadable::leave_out_columns(extraction, &columns);
        let tries: Vec<_> = extraction
            .database
            .tables
            .iter()
            .enumerate()
            .map(|(at, table)| self.unreadable(at, table).boxed())
            .collect();
        let mut tries = futures::stream::iter(tries).buffered(self.settings.pool_size.max(1));
        let mut relations = Vec::new();
        while let Some(outcome) = tries.next().await {
            relations.extend(outcome?);
        }
        drop(tries);
        unreadable::leave_out_relations(extraction, relations);
        Ok(())
    }

    /// The place of a relation that cannot be read, and why.
    async fn unreadable(&self, at: usize, table: &Table) -> Result<Option<(usize, String)>, QueryError> {
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        let nothing = self.driver.sample_query(table, &columns, 0);
        let outcome = match self.driver.check(&nothing) {
            Ok(()) if unreadable::must_be_tried(table) && self.driver.tries_views() => {
                self.run(&nothing, &self.settings.limits).await.map(drop)
            }
            checked => checked,
        };
        match outcome {
            Ok(()) => Ok(None),
            Err(error @ (QueryError::Unavailable(_) | QueryError::Denied(_))) => Err(error),
            Err(error) => {
                let reason = error.to_string();
                let reason = reason.strip_prefix("refused: ").unwrap_or(&reason);
                Ok(Some((at, reason.to_owned())))
            }
        }
    }

    /// One section of the catalog with its name.
    async fn section<'q>(&self, query: &'q CatalogQuery) -> Result<(&'q str, Vec<CatalogRow>), ExtractError> {
        let failed = |error: QueryError| ExtractError::Query {
            section: query.section.clone(),
            error,
        };
        // A dialect may come from anybody: its queries are looked at like any other statement.
        statement_guard::check(self.driver.guard_rules(), &query.sql, &RestrictedObjects::default()).map_err(failed)?;
        let rows = retried(self.settings.connect_timeout(), || self.driver.catalog_rows(&query.sql)).await;
        Ok((&query.section, rows.map_err(failed)?))
    }

    /// Runs one read-only statement under every guard. A lost connection is tried again: a guarded statement changes nothing.
    pub async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        retried(self.settings.connect_timeout(), || self.driver.run(sql, limits)).await
    }

    /// Runs statements with at most `concurrency` at once; results come in the order of the statements.
    ///
    /// Each worker is a task of its own where the sessions live, so that waiting for the server costs no hop between threads.
    pub async fn run_many(
        &self,
        statements: &[String],
        limits: &Limits,
        concurrency: usize,
    ) -> Vec<Result<ResultSet, QueryError>> {
        let runtime = match session_runtime::handle() {
            Ok(runtime) => runtime,
            Err(reason) => return vec![Err(QueryError::Denied(reason)); statements.len()],
        };
        let statements: Arc<[String]> = statements.into();
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = JoinSet::new();
        for _ in 0..concurrency.max(1).min(statements.len()) {
            let (connection, statements, next, limits) =
                (self.clone(), Arc::clone(&statements), Arc::clone(&next), *limits);
            let work = async move {
                let mut done = Vec::new();
                while let Some((at, sql)) = take_next(&statements, &next) {
                    done.push((at, connection.run(sql, &limits).await));
                }
                done
            };
            workers.spawn_on(work, &runtime);
        }
        let unfinished = || Err(QueryError::Failed("the worker that ran this statement ended".into()));
        let mut results: Vec<_> = statements.iter().map(|_| unfinished()).collect();
        while let Some(done) = workers.join_next().await {
            for (at, result) in done.unwrap_or_default() {
                results[at] = result;
            }
        }
        results
    }

    /// The `n` most frequent values of every column of `table` among its first rows, [`SAMPLED_ROWS`](crate::SAMPLED_ROWS) or ten a value, in
    /// one query.
    pub async fn sample_values(&self, table: &Table, n: usize) -> Result<Vec<ColumnValues>, QueryError> {
        let columns = sampled_columns(table);
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        let rows = sampled_rows(n);
        let sql = self.driver.sample_query(table, &columns, rows);
        let limits = Limits {
            max_rows: rows,
            max_bytes: SAMPLED_BYTES,
            ..self.settings.limits
        };
        Ok(most_frequent(&self.run(&sql, &limits).await?, &columns, n))
    }

    /// A reader for one worker thread, which is the thread that waits for the database; so it must not be one of a runtime's own workers
    /// (`spawn_blocking` is fine). Readers of a server share the connection's sessions.
    pub fn reader(&self) -> Result<Box<dyn QueryReader>, ConnectError> {
        match self.driver.reader() {
            Some(reader) => reader,
            None => Ok(Box::new(ServerReader::new(self.clone())?)),
        }
    }

    /// Closes every session.
    pub async fn close(&self) {
        self.driver.close().await;
    }
}

/// The next statement nobody has taken, and its number.
fn take_next<'s>(statements: &'s [String], next: &AtomicUsize) -> Option<(usize, &'s str)> {
    let at = next.fetch_add(1, Ordering::Relaxed);
    statements.get(at).map(|sql| (at, sql.as_str()))
}

/// Tries again when there was no connection, for as long as connecting may take: a server that restarts is waited for.
async fn retried<T, F>(patience: Duration, mut attempt: impl FnMut() -> F) -> Result<T, QueryError>
where
    F: Future<Output = Result<T, QueryError>>,
{
    let mut pause = FIRST_PAUSE;
    let mut lost_at = None;
    loop {
        match attempt().await {
            Err(QueryError::Unavailable(reason))
                if lost_at.get_or_insert_with(Instant::now).elapsed() + pause <= patience =>
            {
                tracing::warn!(%reason, "connection lost, trying again");
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            outcome => return outcome,
        }
    }
}
