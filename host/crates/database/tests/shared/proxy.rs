//! A TCP proxy that misbehaves when told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What happens to connections from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Everything passes.
    Fair,
    /// New connections are closed at once.
    Refusing,
    /// Nothing passes, nothing is closed.
    Silent,
    /// Everything passes a little later.
    Slow,
}

/// A proxy in front of a server.
pub struct Proxy {
    /// Where to connect instead of the server.
    pub address: SocketAddr,
    weather: Arc<AtomicU8>,
    cut: Arc<Notify>,
    accepted: Arc<AtomicUsize>,
}

impl Proxy {
    /// Listens on a free port for `host:port`.
    pub async fn before(host: &str, port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            address: listener.local_addr().unwrap(),
            weather: Arc::default(),
            cut: Arc::default(),
            accepted: Arc::default(),
        };
        let target = format!("{host}:{port}");
        let (weather, cut, accepted) = (
            Arc::clone(&proxy.weather),
            Arc::clone(&proxy.cut),
            Arc::clone(&proxy.accepted),
        );
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                accepted.fetch_add(1, Ordering::Relaxed);
                if weather.load(Ordering::Relaxed) == Weather::Refusing as u8 {
                    continue;
                }
                let (target, weather, cut) = (target.clone(), Arc::clone(&weather), Arc::clone(&cut));
                tokio::spawn(async move {
                    let server = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        () = carry(client, server, weather) => {}
                        () = cut.notified() => {}
                    }
                });
            }
        });
        proxy
    }

    /// Changes what happens from now on.
    pub fn weather(&self, weather: Weather) {
        self.weather.store(weather as u8, Ordering::Relaxed);
    }

    /// Drops every connection there is.
    pub fn cut(&self) {
        self.cut.notify_waiters();
    }

    /// Connections taken so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

async fn carry(client: TcpStream, server: TcpStream, weather: Arc<AtomicU8>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, Arc::clone(&weather)) => {}
        () = copy(from_server, to_client, weather) => {}
    }
}

async fn copy(mut from: impl AsyncReadExt + Unpin, mut to: impl AsyncWriteExt + Unpin, weather: Arc<AtomicU8>) {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let Ok(read @ 1..) = from.read(&mut buffer).await else {
            return;
        };
        while weather.load(Ordering::Relaxed) == Weather::Silent as u8 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        if weather.load(Ordering::Relaxed) == Weather::Slow as u8 {
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}
