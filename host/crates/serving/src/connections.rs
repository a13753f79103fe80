//! Connections: accepted, bounded in number and time, and given time to finish when the server stops.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use nl2sql_profile::ServeSettings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Connections open at once; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1_024;
/// Pause after a connection could not be accepted, e.g. because there were too many open files.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// What connections are served with.
pub(crate) struct Connections {
    tls: Option<TlsAcceptor>,
    service: Router,
    /// Most time for a handshake, and for the head of each request.
    head_time: Duration,
    /// Most time for answers under way when the server stops.
    drain: Duration,
}

impl Connections {
    pub(crate) fn new(settings: &ServeSettings, tls: Option<TlsAcceptor>, service: Router) -> Self {
        let seconds = |seconds| Duration::from_secs(u64::from(seconds));
        Self {
            tls,
            service,
            head_time: seconds(settings.header_timeout_s),
            drain: seconds(settings.drain_s),
        }
    }

    /// Accepts until `stop` is cancelled, then waits for the answers under way.
    pub(crate) async fn serve(self, listener: &TcpListener, stop: &CancellationToken) {
        let (drain, connections) = (self.drain, Arc::new(self));
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let graceful = GracefulShutdown::new();
        loop {
            let accepted = async {
                let place = places.clone().acquire_owned().await;
                (place, listener.accept().await)
            };
            let (place, accepted) = tokio::select! {
                () = stop.cancelled() => break,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (connections, watcher) = (connections.clone(), graceful.watcher());
                    tokio::spawn(async move {
                        connections.one(stream, watcher).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        // What is not done by then is cut off.
        let _ = tokio::time::timeout(drain, graceful.shutdown()).await;
    }

    async fn one(&self, stream: TcpStream, watcher: Watcher) {
        // Tokens are small, and each is to arrive at once.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.http(stream, watcher).await;
        };
        // Who does not finish the handshake in time, or speaks no TLS, is let go without an answer.
        if let Ok(Ok(stream)) = tokio::time::timeout(self.head_time, tls.accept(stream)).await {
            self.http(stream, watcher).await;
        }
    }

    async fn http(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, watcher: Watcher) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_time)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.service.clone()));
        // Clients that break off are no failure of the server.
        let _ = watcher.watch(connection).await;
    }
}
