//! A company's way out: a SOCKS 5 proxy (RFC 1928, with the passwords of RFC 1929) and an HTTP proxy (RFC 9110, `CONNECT`) in one.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const SOCKS_VERSION: u8 = 5;
const NO_PASSWORD: u8 = 0;
const PASSWORD: u8 = 2;
const NONE_ACCEPTABLE: u8 = 0xFF;
const DOMAIN_NAME: u8 = 3;

/// A proxy that knows one server, whatever name it is asked for; dropping it stops it.
pub struct Gateway {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Gateway {
    /// Listens on a free port of the loopback interface; with `login`, a SOCKS client must give this user and password.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub async fn start(server: SocketAddr, login: Option<(&'static str, &'static str)>) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let noted = Arc::clone(&asked);
        let task = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let noted = Arc::clone(&noted);
                tokio::spawn(async move {
                    let target = greet(&mut client, login).await?;
                    noted.lock().unwrap_or_else(PoisonError::into_inner).push(target);
                    let mut server = TcpStream::connect(server).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Ok(Self { address, asked, task })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every `host:port` it was asked to connect to.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Speaks the client's protocol up to where its own bytes begin, and gives where it wants to go.
async fn greet(client: &mut TcpStream, login: Option<(&str, &str)>) -> io::Result<String> {
    match client.read_u8().await? {
        SOCKS_VERSION => socks(client, login).await,
        first => http_connect(client, first).await,
    }
}

async fn socks(client: &mut TcpStream, login: Option<(&str, &str)>) -> io::Result<String> {
    let methods = counted(client).await?;
    let method = if login.is_some() { PASSWORD } else { NO_PASSWORD };
    if !methods.contains(&method) {
        client.write_all(&[SOCKS_VERSION, NONE_ACCEPTABLE]).await?;
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    client.write_all(&[SOCKS_VERSION, method]).await?;
    if let Some((user, password)) = login {
        client.read_u8().await?;
        let right = counted(client).await? == user.as_bytes() && counted(client).await? == password.as_bytes();
        client.write_all(&[1, u8::from(!right)]).await?;
        if !right {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
    }
    let mut request = [0; 4];
    client.read_exact(&mut request).await?;
    let host = if request[3] == DOMAIN_NAME {
        String::from_utf8_lossy(&counted(client).await?).into_owned()
    } else {
        let mut address = [0; 4];
        client.read_exact(&mut address).await?;
        std::net::Ipv4Addr::from(address).to_string()
    };
    let port = client.read_u16().await?;
    client.write_all(&[SOCKS_VERSION, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(format!("{host}:{port}"))
}

/// Bytes behind their count.
async fn counted(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::from(client.read_u8().await?)];
    client.read_exact(&mut bytes).await?;
    Ok(bytes)
}

async fn http_connect(client: &mut TcpStream, first: u8) -> io::Result<String> {
    let mut head = vec![first];
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split_whitespace().next())
        .ok_or(io::ErrorKind::InvalidData)?;
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    Ok(target.to_owned())
}
