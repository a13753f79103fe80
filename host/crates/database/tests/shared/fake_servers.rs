//! Servers that speak just enough of the real protocols to greet a client the way no server at hand would.

use std::net::{SocketAddr, TcpListener as StdListener};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A listener that never answers; it must be kept.
pub fn silent() -> (StdListener, SocketAddr) {
    let listener = StdListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// URL of a PostgreSQL server of some version that takes every login
/// (<https://www.postgresql.org/docs/current/protocol-flow.html>, section Start-up).
pub async fn postgres_of_version(version: &'static str) -> String {
    let port = serve(move |mut client| async move {
        start_up(&mut client).await?;
        let mut answer = message(b'R', &0u32.to_be_bytes());
        answer.extend(message(b'S', format!("server_version\0{version}\0").as_bytes()));
        answer.extend(message(b'Z', b"I"));
        client.write_all(&answer).await?;
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.map(drop)
    })
    .await;
    format!("postgres://u:hunter2@127.0.0.1:{port}/x")
}

/// URL of a PostgreSQL server without encryption that asks for the password and refuses the login with an SQLSTATE.
pub async fn postgres_that_rejects(code: &'static str) -> String {
    let port = serve(move |mut client| async move {
        start_up(&mut client).await?;
        client.write_all(&message(b'R', &3u32.to_be_bytes())).await?;
        let mut header = [0; 5];
        client.read_exact(&mut header).await?;
        let length = u32::from_be_bytes([header[1], header[2], header[3], header[4]]) as usize;
        client.read_exact(&mut vec![0; length - 4]).await?;
        let error = format!("SFATAL\0VFATAL\0C{code}\0Mno entry for this login\0\0");
        client.write_all(&message(b'E', error.as_bytes())).await?;
        client.shutdown().await
    })
    .await;
    format!("postgres://u:hunter2@127.0.0.1:{port}/x")
}

/// URL of a PostgreSQL server that agrees to encryption and is gone before the handshake, as one that restarts is.
pub async fn postgres_that_hangs_up_on_a_handshake() -> String {
    let port = serve(move |mut client| async move {
        client.read_exact(&mut [0; 8]).await?;
        client.write_all(b"S").await?;
        client.read_exact(&mut [0; 16]).await?;
        client.shutdown().await
    })
    .await;
    format!("postgres://u:hunter2@127.0.0.1:{port}/x")
}

/// Reads the start-up message, declining encryption before it.
async fn start_up(client: &mut TcpStream) -> std::io::Result<()> {
    const SSL_REQUEST: u32 = 80_877_103;
    loop {
        let length = client.read_u32().await? as usize;
        let mut body = vec![0; length - 4];
        client.read_exact(&mut body).await?;
        if body[..4] != SSL_REQUEST.to_be_bytes() {
            return Ok(());
        }
        client.write_all(b"N").await?;
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// Serves every connection to a port of its own; a client that goes away ends its conversation.
pub async fn serve<F>(talk: impl Fn(TcpStream) -> F + Send + 'static) -> u16
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(talk(client));
        }
    });
    port
}
