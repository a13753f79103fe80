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

/// URL of a MySQL server of some version, without encryption, that takes every login and answers every query with its version
/// (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html>).
pub async fn mysql_of_version(version: &'static str) -> String {
    let port = serve(move |mut client| async move {
        // Protocol 4.1, secure connection, plugin authentication; no CLIENT_SSL.
        let capabilities: u32 = 0x0000_0001 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000;
        let (low, high) = (capabilities.to_le_bytes(), &capabilities.to_le_bytes()[2..]);
        let mut greeting = vec![10];
        greeting.extend(version.as_bytes());
        greeting.extend([0, 1, 0, 0, 0]);
        greeting.extend(b"12345678\0");
        greeting.extend(&low[..2]);
        greeting.extend([45, 2, 0]);
        greeting.extend(high);
        greeting.push(21);
        greeting.extend([0; 10]);
        greeting.extend(b"123456789012\0mysql_native_password\0");
        client.write_all(&packet(0, &greeting)).await?;
        read_packet(&mut client).await?;
        const OK: [u8; 7] = [0, 0, 0, 2, 0, 0, 0];
        client.write_all(&packet(2, &OK)).await?;
        loop {
            let command = read_packet(&mut client).await?;
            let answer = if command[1..].to_ascii_uppercase().starts_with(b"SELECT") {
                rows(version)
            } else {
                packet(1, &OK)
            };
            client.write_all(&answer).await?;
        }
    })
    .await;
    format!("mysql://u:hunter2@127.0.0.1:{port}/")
}

/// One row of two texts: the session's number and the version.
fn rows(version: &str) -> Vec<u8> {
    const EOF: [u8; 5] = [0xfe, 0, 0, 2, 0];
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let column = |name: &str| {
        let mut definition: Vec<u8> = ["def", "", "", "", name, name]
            .iter()
            .flat_map(|part| text(part))
            .collect();
        definition.extend([0x0c, 45, 0, 255, 0, 0, 0, 0xfd, 0, 0, 0, 0, 0]);
        definition
    };
    [
        packet(1, &[2]),
        packet(2, &column("id")),
        packet(3, &column("version")),
        packet(4, &EOF),
        packet(5, &[text("1"), text(version)].concat()),
        packet(6, &EOF),
    ]
    .concat()
}

fn packet(sequence: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [&length[..3], &[sequence], body].concat()
}

async fn read_packet(client: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut header = [0; 4];
    client.read_exact(&mut header).await?;
    let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let mut body = vec![0; length as usize];
    client.read_exact(&mut body).await?;
    Ok(body)
}

/// Serves every connection to a port of its own; a client that goes away ends its conversation.
async fn serve<F>(talk: impl Fn(TcpStream) -> F + Send + 'static) -> u16
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
