//! Connections: accepted, bounded in number and time, and given time to finish when the server stops.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use nl2sql_profile::ServeSettings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_io_timeout::TimeoutStream;
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
    /// Most time for which a client may take nothing of what is sent to it.
    stall_time: Duration,
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
            stall_time: seconds(settings.stall_timeout_s),
            drain: seconds(settings.drain_s),
        }
    }

    /// Accepts until `stop` is cancelled, then waits for the answers under way.
    pub(crate) async fn serve(self, listener: &TcpListener, stop: &CancellationToken) {
        let (drain, connections) = (self.drain, Arc::new(self));
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        let closing = stop.child_token();
        // Each connection holds the sending end as long as it lives.
        let (living, mut all_gone) = mpsc::channel::<()>(1);
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
                    let (connections, closing, living) = (connections.clone(), closing.clone(), living.clone());
                    tokio::spawn(async move {
                        connections.one(stream, &closing).await;
                        drop((place, living));
                    });
                }
                Err(error) => {
                    tracing::warn!("a connection could not be accepted: {error}");
                    tokio::time::sleep(AFTER_FAILURE).await;
                }
            }
        }
        // What is not done by then is cut off.
        drop(living);
        let _ = tokio::time::timeout(drain, all_gone.recv()).await;
    }

    async fn one(&self, stream: TcpStream, closing: &CancellationToken) {
        // Tokens are small, and each is to arrive at once.
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(self.stall_time));
        let stream = Box::pin(stream);
        let Some(tls) = &self.tls else {
            return self.http(stream, closing).await;
        };
        // Who does not finish the handshake in time, or speaks no TLS, is let go without an answer.
        if let Ok(Ok(stream)) = tokio::time::timeout(self.head_time, tls.accept(stream)).await {
            self.http(stream, closing).await;
        }
    }

    async fn http(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, closing: &CancellationToken) {
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.head_time)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(self.service.clone()))
            .with_upgrades();
        let mut connection = pin!(connection);
        // Clients that break off are no failure of the server.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = closing.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}
