//! Pooled sessions on a server: waiting, reuse, cancelling and giving up, the same way for every server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool::managed::{
    Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult, TimeoutType, Timeouts,
};
use deadpool::{Runtime, managed};

use nl2sql_catalog::ResultSet;
use tokio::runtime::Handle;

use crate::catalog_rows::{CatalogRow, text_rows};
use crate::{ConnectError, ConnectionSettings, Limits, QueryError};

/// How long a cancellation may take before it is given up; the server's own limit still stands.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the caller waits for it; a network that swallows everything does not hold the caller up.
const CANCEL_PATIENCE: Duration = Duration::from_millis(500);

/// One session of a server.
#[async_trait]
pub(crate) trait Session: Send + Sized + 'static {
    /// Opens a session and arms its guards.
    async fn connect(settings: &ConnectionSettings) -> Result<Self, ConnectError>;

    /// Runs one statement under the guards of the server. It may let the server begin with `next` while the answer is on its way; then the
    /// next call must be for that statement, with the same limits.
    async fn run(&mut self, sql: &str, next: Option<&str>, limits: &Limits) -> Result<ResultSet, QueryError>;

    /// Whether another statement may follow without a [`Self::reset`].
    fn goes_on(&self) -> bool;

    /// What the server needs to know to cancel what this session runs.
    fn cancel_key(&self) -> i64;

    /// Cancels what the session of this key runs, through a session of its own.
    async fn cancel(settings: &ConnectionSettings, key: i64) -> Result<(), ConnectError>;

    /// Brings the session back to how it was opened; `false` when it must be thrown away.
    async fn reset(&mut self) -> bool;
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
        let session = tokio::time::timeout(limit, S::connect(&self.settings))
            .await
            .map_err(|_| timed_out)??;
        Ok(Seat { session, busy: false })
    }

    async fn recycle(&self, seat: &mut Seat<S>, _: &Metrics) -> RecycleResult<ConnectError> {
        if seat.busy || !seat.session.reset().await {
            return Err(RecycleError::message("the session was interrupted"));
        }
        Ok(())
    }
}

/// Sessions on one server.
pub(crate) struct SessionPool<S: Session> {
    pool: Pool<SessionMaker<S>>,
    settings: Arc<ConnectionSettings>,
    /// Where statements are cancelled: the runtime of a reader runs only while the reader waits.
    runtime: Handle,
}

impl<S: Session> SessionPool<S> {
    /// An empty pool; its statements are cancelled on the runtime that this is called on.
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
        Ok(Self {
            pool,
            settings,
            runtime: Handle::current(),
        })
    }

    /// Runs a statement on a session. After the limit and a grace it is cancelled on the server and the session dropped; a session
    /// whose statement was abandoned or that lost its connection is never reused.
    pub(crate) async fn run(&self, sql: &str, limits: &Limits) -> Result<ResultSet, QueryError> {
        let mut lease = self.lease(limits).await?;
        self.run_on(&mut lease, sql, None, limits).await
    }

    /// Runs statements one after the other on one session, which may begin with the next while the answer to the one before is on its way.
    /// Gives one outcome at least, and ends early when that cost the session or others wait for one. `check` is the guard that a text passes
    /// before it is sent.
    pub(crate) async fn run_in_turn(
        &self,
        statements: &[String],
        limits: &Limits,
        check: impl Fn(&str) -> Result<(), QueryError>,
    ) -> Vec<Result<ResultSet, QueryError>> {
        let mut lease = match self.lease(limits).await {
            Ok(lease) => lease,
            Err(error) => return vec![Err(error)],
        };
        let mut outcomes = Vec::with_capacity(statements.len());
        let mut verdict = statements.first().map(|sql| check(sql));
        for (at, sql) in statements.iter().enumerate() {
            let next = statements.get(at + 1).filter(|_| self.pool.status().waiting == 0);
            let is_last = next.is_none();
            let verdict_on_next = next.map(|sql| check(sql));
            let next = next.filter(|_| matches!(verdict_on_next, Some(Ok(()))));
            outcomes.push(match std::mem::replace(&mut verdict, verdict_on_next) {
                Some(Err(refusal)) => Err(refusal),
                _ => self.run_on(&mut lease, sql, next.map(String::as_str), limits).await,
            });
            if is_last || !lease.seat.as_ref().is_some_and(|seat| seat.session.goes_on()) {
                break;
            }
        }
        outcomes
    }

    async fn lease(&self, limits: &Limits) -> Result<Lease<S>, QueryError> {
        Ok(Lease {
            seat: Some(self.seat(limits).await?),
            settings: Arc::clone(&self.settings),
            runtime: self.runtime.clone(),
        })
    }

    async fn run_on(
        &self,
        lease: &mut Lease<S>,
        sql: &str,
        next: Option<&str>,
        limits: &Limits,
    ) -> Result<ResultSet, QueryError> {
        let Some(seat) = lease.seat.as_mut() else {
            return Err(QueryError::Unavailable("no session".into()));
        };
        seat.busy = true;
        match tokio::time::timeout(limits.client_timeout(), seat.session.run(sql, next, limits)).await {
            Ok(outcome) => {
                seat.busy = matches!(outcome, Err(QueryError::Unavailable(_)));
                if seat.busy {
                    lease.discard();
                    // What ended this session has most likely ended the others.
                    self.pool.retain(|_, _| false);
                }
                outcome
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
        match self.pool.get().await {
            Ok(_) => Ok(()),
            Err(PoolError::Backend(error)) => Err(error),
            Err(other) => Err(ConnectError::Other {
                address: self.settings.address(),
                detail: other.to_string(),
            }),
        }
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
