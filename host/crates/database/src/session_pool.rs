//! Pooled sessions on a server: waiting, reuse, cancelling and giving up, the same way for every server.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, TimeoutType, Timeouts,
};
use deadpool::{Runtime, managed};
use futures::FutureExt;
use nl2sql_catalog::ResultSet;
use tokio::runtime::Handle;

use crate::catalog_rows::{CatalogRow, text_rows};
use crate::{ConnectError, ConnectionSettings, Limits, QueryError, session_runtime};

/// How long a cancellation may take before it is given up; the server's own limit still stands.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the caller waits for it; a network that swallows everything does not hold the caller up.
const CANCEL_PATIENCE: Duration = Duration::from_millis(500);

/// One session of a server.
#[async_trait]
pub(crate) trait Session: Send + Sized + 'static {
    /// Opens a session and arms its guards.
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError>;

    /// Runs one statement under the guards of the server, and leaves the session as it was opened.
    async fn run(&mut self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError>;

    /// Whether another statement may follow; else the session is thrown away.
    fn is_usable(&self) -> bool;

    /// Says goodbye to the server.
    async fn close(self);

    /// What the server needs to know to cancel what this session runs.
    fn cancel_key(&self) -> i64;

    /// Cancels what the session of this key runs, through a session of its own.
    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError>;
}

struct SessionMaker<S> {
    settings: Arc<ConnectionSettings>,
    session: std::marker::PhantomData<fn() -> S>,
}

/// A session, and whether something is running on it.
struct Seat<S> {
    session: S,
    busy: bool,
}

impl<S: Session> Manager for SessionMaker<S> {
    type Type = Seat<S>;
    type Error = ConnectError;

    async fn create(&self) -> Result<Seat<S>, ConnectError> {
        let limit = self.settings.connect_timeout();
        let timed_out = ConnectError::TimedOut {
            address: self.settings.address(),
            seconds: limit.as_secs(),
        };
        let connecting = contained(S::connect(&self.settings));
        let connected = tokio::time::timeout(limit, connecting).await.map_err(|_| timed_out)?;
        let session = connected.unwrap_or_else(|detail| {
            Err(ConnectError::Other {
                address: self.settings.address(),
                detail,
            })
        })?;
        Ok(Seat { session, busy: false })
    }

    async fn recycle(&self, seat: &mut Seat<S>, _: &Metrics) -> RecycleResult<ConnectError> {
        if seat.busy || !seat.session.is_usable() {
            return Err(RecycleError::message("the session was interrupted"));
        }
        Ok(())
    }
}

/// The libraries that speak the protocols index what the server sent: one that lies costs its session, and not the program.
async fn contained<F: Future>(speaking: F) -> Result<F::Output, String> {
    let outcome = AssertUnwindSafe(speaking).catch_unwind().await;
    outcome.map_err(|_| "what the server sent is not its protocol".into())
}

/// Sessions on one server.
pub(crate) struct SessionPool<S: Session> {
    pool: Pool<SessionMaker<S>>,
    settings: Arc<ConnectionSettings>,
    /// Where the sessions live.
    runtime: Handle,
}

impl<S: Session> Clone for SessionPool<S> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            settings: Arc::clone(&self.settings),
            runtime: self.runtime.clone(),
        }
    }
}

impl<S: Session> SessionPool<S> {
    /// An empty pool.
    pub(crate) fn new(settings: Arc<ConnectionSettings>) -> Result<Self, ConnectError> {
        let maker = SessionMaker {
            settings: Arc::clone(&settings),
            session: std::marker::PhantomData,
        };
        let pool = Pool::builder(maker)
            .max_size(settings.pool_size.max(1))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| ConnectError::Settings(error.to_string()))?;
        let runtime = session_runtime::handle().map_err(|detail| ConnectError::Other {
            address: settings.address(),
            detail,
        })?;
        Ok(Self {
            pool,
            settings,
            runtime,
        })
    }

    /// Runs a statement on a session. After the limit and a grace it is cancelled on the server and the session dropped; a session
    /// whose statement was abandoned or that lost its connection is never reused.
    pub(crate) async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let (pool, sql, limits) = (self.clone(), sql.to_owned(), *limits);
        session_runtime::run_on(&self.runtime, async move {
            let mut lease = pool.lease(&limits).await?;
            pool.run_on(&mut lease, &sql, &limits).await
        })
        .await
    }

    async fn lease(&self, limits: &Limits) -> Result<Lease<S>, QueryError> {
        Ok(Lease {
            seat: Some(self.seat(limits).await?),
            settings: Arc::clone(&self.settings),
            runtime: self.runtime.clone(),
        })
    }

    async fn run_on(&self, lease: &mut Lease<S>, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let Some(seat) = lease.seat.as_mut() else {
            return Err(QueryError::Unavailable("no session".into()));
        };
        seat.busy = true;
        match tokio::time::timeout(limits.client_timeout(), contained(seat.session.run(sql, limits))).await {
            Ok(Ok(outcome)) => {
                seat.busy = matches!(outcome, Err(QueryError::Unavailable(_)));
                if seat.busy {
                    lease.discard();
                    // What ended this session has most likely ended the others.
                    self.pool.retain(|_, _| false);
                } else if !seat.session.is_usable() {
                    lease.close();
                }
                outcome
            }
            Ok(Err(reason)) => {
                lease.discard();
                Err(QueryError::Failed(reason))
            }
            Err(_) => {
                lease.cancel().await;
                Err(QueryError::Timeout(format!(
                    "timeout: no answer after {} ms, cancelled on the server",
                    limits.timeout_ms
                )))
            }
        }
    }

    /// Runs a catalog query, with a minute at least and no cap on rows.
    pub(crate) async fn catalog_rows(&self, sql: &str) -> Result<Vec<CatalogRow>, QueryError> {
        self.run(sql, &self.settings.limits.of_catalog()).await.map(text_rows)
    }

    async fn seat(&self, limits: &Limits) -> Result<Object<SessionMaker<S>>, QueryError> {
        let wait = self.settings.connect_timeout().max(limits.timeout());
        let timeouts = Timeouts {
            wait: Some(wait),
            create: None,
            recycle: Some(Duration::from_secs(5)),
        };
        self.pool.timeout_get(&timeouts).await.map_err(|error| match error {
            PoolError::Backend(error) => error.into(),
            PoolError::Timeout(TimeoutType::Wait) => QueryError::Denied(format!(
                "all {} connections were busy for {} ms; raise database.pool or lower the concurrency",
                self.pool.status().max_size,
                wait.as_millis()
            )),
            other => QueryError::Unavailable(format!("no connection: {other}")),
        })
    }

    /// The first session, so that the errors of opening one keep their type.
    pub(crate) async fn first(&self) -> Result<(), ConnectError> {
        let pool = self.pool.clone();
        let first = session_runtime::run_on(&self.runtime, async move { pool.get().await.map(drop) });
        first.await.map_err(|error| match error {
            PoolError::Backend(error) => error,
            other => ConnectError::Other {
                address: self.settings.address(),
                detail: other.to_string(),
            },
        })
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}

/// A session on loan. When the caller goes away in the middle, the statement is cancelled on the server.
struct Lease<S: Session> {
    seat: Option<managed::Object<SessionMaker<S>>>,
    settings: Arc<ConnectionSettings>,
    runtime: Handle,
}

impl<S: Session> Lease<S> {
    fn discard(&mut self) {
        drop(self.seat.take().map(Object::take));
    }

    fn close(&mut self) {
        if let Some(seat) = self.seat.take().map(Object::take) {
            self.runtime
                .spawn(tokio::time::timeout(CANCEL_TIMEOUT, seat.session.close()));
        }
    }

    async fn cancel(&mut self) {
        if let Some(seat) = self.seat.take().map(Object::take) {
            let settings = Arc::clone(&self.settings);
            let cancelling = self.runtime.spawn(async move { cancel(&settings, seat.session).await });
            drop(tokio::time::timeout(CANCEL_PATIENCE, cancelling).await);
        }
    }
}

impl<S: Session> Drop for Lease<S> {
    fn drop(&mut self) {
        let Some(seat) = self.seat.take().filter(|seat| seat.busy).map(Object::take) else {
            return;
        };
        let settings = Arc::clone(&self.settings);
        self.runtime.spawn(async move { cancel(&settings, seat.session).await });
    }
}

/// Cancels what the session runs, and drops it.
async fn cancel<S: Session>(settings: &ConnectionSettings, session: S) {
    match tokio::time::timeout(CANCEL_TIMEOUT, S::cancel(settings, session.cancel_key())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(%error, "the statement could not be cancelled; the server's own limit still holds")
        }
        Err(_) => tracing::warn!("cancelling took too long; the server's own limit still holds"),
    }
}
