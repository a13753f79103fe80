//! Servers that speak just enough of MySQL's protocol to let a client in, or not, in ways that no server at hand has
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html>).

use std::io;
use std::sync::{Arc, Mutex};

use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fake_servers::serve;

/// The password that logins need.
pub const PASSWORD: &str = "hunter2";

const NONCE: &[u8; 20] = b"12345678abcdefghijkl";
const ANOTHER_NONCE: &[u8; 20] = b"ABCDEFGHIJKLMNOPQRST";
const OK: [u8; 7] = [0, 0, 0, 2, 0, 0, 0];

/// How a server lets clients in.
#[derive(Clone, Copy, Debug)]
pub enum Login {
    /// Whoever comes.
    Anybody,
    /// By `caching_sha2_password`, which it proposes itself, or goes over to.
    CachingSha2 {
        /// Whether it has seen this user before; else it wants the password itself, encrypted by a key that it hands out.
        cached: bool,
        /// Whether it proposes another way first.
        switches: bool,
    },
    /// By a plugin that it goes over to.
    By(&'static str),
}

/// URL of a server of some version, without encryption, that answers every query with its version.
pub async fn mysql_of_version(version: &'static str) -> String {
    mysql_that_wants(Login::Anybody, version).await
}

/// The same for a server that wants a proof first.
pub async fn mysql_that_wants(login: Login, version: &'static str) -> String {
    let port = serve(move |mut client| async move {
        let proposed = match login {
            Login::CachingSha2 { switches: false, .. } => "caching_sha2_password",
            _ => "mysql_native_password",
        };
        client.write_all(&packet(0, &greeting(version, proposed))).await?;
        let answer = first_answer(&read_packet(&mut client).await?);
        let verdict = match login {
            Login::Anybody => true,
            Login::CachingSha2 { cached, switches } => caching_sha2(&mut client, answer, cached, switches).await?,
            Login::By(plugin) => {
                switch(&mut client, plugin).await?;
                read_packet(&mut client).await? == [PASSWORD.as_bytes(), &[0]].concat()
            }
        };
        if !verdict {
            client.write_all(&packet(2, b"\xff\x15\x04#28000Access denied")).await?;
            return client.shutdown().await;
        }
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
    format!("mysql://u:{PASSWORD}@127.0.0.1:{port}/")
}

/// URL of a server that knows no variable and takes one command in a request, and the commands that it has carried out.
pub async fn mysql_that_takes_one_command_at_a_time() -> (String, Arc<Mutex<Vec<String>>>) {
    let commands = Arc::new(Mutex::new(Vec::new()));
    let carried_out = Arc::clone(&commands);
    let port = serve(move |mut client| {
        let carried_out = Arc::clone(&carried_out);
        async move {
            let greeting = greeting("8.0.36", "mysql_native_password");
            client.write_all(&packet(0, &greeting)).await?;
            read_packet(&mut client).await?;
            client.write_all(&packet(2, &OK)).await?;
            loop {
                let command = read_packet(&mut client).await?;
                let text = String::from_utf8_lossy(&command[1..]).into_owned();
                let is_one = !text.trim_end_matches(';').contains(';');
                if is_one && !text.starts_with("SELECT") {
                    carried_out.lock().unwrap().push(text);
                    client.write_all(&packet(1, &OK)).await?;
                } else {
                    client.write_all(&packet(1, b"\xff\x28\x04#42000No")).await?;
                }
            }
        }
    })
    .await;
    (format!("mysql://u:{PASSWORD}@127.0.0.1:{port}/"), commands)
}

fn greeting(version: &str, plugin: &str) -> Vec<u8> {
    // Protocol 4.1, secure connection, plugin authentication; no CLIENT_SSL.
    let capabilities: u32 = 0x0000_0001 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000;
    let (low, high) = (capabilities.to_le_bytes(), &capabilities.to_le_bytes()[2..]);
    let mut greeting = vec![10];
    greeting.extend(version.as_bytes());
    greeting.extend([0, 1, 0, 0, 0]);
    greeting.extend(&NONCE[..8]);
    greeting.push(0);
    greeting.extend(&low[..2]);
    greeting.extend([45, 2, 0]);
    greeting.extend(high);
    greeting.push(21);
    greeting.extend([0; 10]);
    greeting.extend(&NONCE[8..]);
    greeting.push(0);
    greeting.extend(plugin.as_bytes());
    greeting.push(0);
    greeting
}

/// What the client says to the nonce: after 32 bytes and the user's name, a length and so many bytes.
fn first_answer(response: &[u8]) -> Vec<u8> {
    let user = response[32..].iter().position(|byte| *byte == 0).unwrap();
    let (length, rest) = response[32 + user + 1..].split_first().unwrap();
    rest[..usize::from(*length)].to_vec()
}

/// Goes over to another plugin, with another nonce.
async fn switch(client: &mut TcpStream, plugin: &str) -> io::Result<()> {
    let request = [&[0xfe], plugin.as_bytes(), &[0], ANOTHER_NONCE, &[0]].concat();
    client.write_all(&packet(2, &request)).await
}

/// <https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html>
async fn caching_sha2(client: &mut TcpStream, first: Vec<u8>, cached: bool, switches: bool) -> io::Result<bool> {
    let (nonce, answer) = if switches {
        switch(client, "caching_sha2_password").await?;
        (ANOTHER_NONCE, read_packet(client).await?)
    } else {
        (NONCE, first)
    };
    let hash = Sha256::digest(PASSWORD);
    let mask = Sha256::new()
        .chain_update(Sha256::digest(hash))
        .chain_update(nonce)
        .finalize();
    let expected: Vec<u8> = hash.iter().zip(mask).map(|(a, b)| a ^ b).collect();
    if cached {
        client.write_all(&packet(2, &[1, 3])).await?;
        return Ok(answer == expected);
    }
    client.write_all(&packet(2, &[1, 4])).await?;
    let key_is_wanted = read_packet(client).await? == [2];
    let key = "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n";
    client.write_all(&packet(4, &[&[1], key.as_bytes()].concat())).await?;
    // A client that encrypts the password by a key that it cannot trust is not what is tested here.
    Ok(key_is_wanted && read_packet(client).await.is_err())
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

async fn read_packet(client: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut header = [0; 4];
    client.read_exact(&mut header).await?;
    let length = u32::from_le_bytes([header[0], header[1], header[2], 0]);
    let mut body = vec![0; length as usize];
    client.read_exact(&mut body).await?;
    Ok(body)
}
