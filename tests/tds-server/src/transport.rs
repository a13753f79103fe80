//! Packets over TCP, in the clear or under TLS ([MS-TDS] 2.2.3, and 2.2.6.5 for the handshake inside packets).

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Kinds of packets.
pub(crate) mod kind {
    pub(crate) const BATCH: u8 = 0x01;
    pub(crate) const RPC: u8 = 0x03;
    pub(crate) const RESPONSE: u8 = 0x04;
    pub(crate) const ATTENTION: u8 = 0x06;
    pub(crate) const TRANSACTION: u8 = 0x0E;
    pub(crate) const LOGIN: u8 = 0x10;
    pub(crate) const PRELOGIN: u8 = 0x12;
}

const HEADER: usize = 8;
const END_OF_MESSAGE: u8 = 0x01;
/// Status bits by which a client asks for a fresh session.
const RESET_CONNECTION: u8 = 0x08 | 0x10;
/// A message longer than this is refused.
const MAX_MESSAGE: usize = 64 << 20;

/// One message of the client, its packets joined.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: u8,
    /// The client asked for the session to be reset first.
    pub(crate) resets: bool,
    pub(crate) body: Vec<u8>,
}

/// One client's connection.
pub(crate) struct Transport {
    tcp: TcpStream,
    tls: Option<Box<ServerConnection>>,
    /// Bytes that came in and are no whole packet yet, deciphered.
    incoming: Vec<u8>,
    /// Packets of a message that has not ended.
    partial: Vec<u8>,
    /// Largest packet sent.
    pub(crate) packet_size: usize,
    /// Pause before each packet.
    pub(crate) pause: Duration,
    sequence: u8,
}

impl Transport {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        Self {
            tcp,
            tls: None,
            incoming: Vec::new(),
            partial: Vec::new(),
            packet_size: 4096,
            pause: Duration::ZERO,
            sequence: 0,
        }
    }

    /// The next message. Nothing is lost when the future is dropped.
    pub(crate) async fn receive(&mut self) -> io::Result<Message> {
        loop {
            if let Some(message) = self.take_message()? {
                return Ok(message);
            }
            self.fill().await?;
        }
    }

    fn take_message(&mut self) -> io::Result<Option<Message>> {
        while let Some(header) = self.incoming.get(..HEADER) {
            let (kind, status) = (header[0], header[1]);
            let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
            if length < HEADER || self.partial.len() > MAX_MESSAGE {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a packet of a wrong length"));
            }
            if self.incoming.len() < length {
                return Ok(None);
            }
            self.partial.extend_from_slice(&self.incoming[HEADER..length]);
            self.incoming.drain(..length);
            if status & END_OF_MESSAGE != 0 {
                return Ok(Some(Message {
                    kind,
                    resets: status & RESET_CONNECTION != 0,
                    body: std::mem::take(&mut self.partial),
                }));
            }
        }
        Ok(None)
    }

    async fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 16 << 10];
        let read = self.tcp.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let Some(tls) = self.tls.as_mut() else {
            self.incoming.extend_from_slice(&buffer[..read]);
            return Ok(());
        };
        let mut records = &buffer[..read];
        while !records.is_empty() {
            tls.read_tls(&mut records)?;
            let state = tls.process_new_packets().map_err(io::Error::other)?;
            let mut clear = vec![0; state.plaintext_bytes_to_read()];
            tls.reader().read_exact(&mut clear)?;
            self.incoming.extend_from_slice(&clear);
        }
        Ok(())
    }

    /// Sends `body` as packets of one message; `ends` marks the last of them.
    pub(crate) async fn send(&mut self, kind: u8, body: &[u8], ends: bool) -> io::Result<()> {
        let room = self.packet_size - HEADER;
        let mut packets = body.chunks(room).peekable();
        if packets.peek().is_none() && ends {
            return self.send_packet(kind, END_OF_MESSAGE, &[]).await;
        }
        while let Some(packet) = packets.next() {
            let last = ends && packets.peek().is_none();
            self.send_packet(kind, u8::from(last), packet).await?;
        }
        Ok(())
    }

    async fn send_packet(&mut self, kind: u8, status: u8, body: &[u8]) -> io::Result<()> {
        if !self.pause.is_zero() {
            tokio::time::sleep(self.pause).await;
        }
        let length = u16::try_from(body.len() + HEADER).unwrap_or(u16::MAX).to_be_bytes();
        let mut packet = vec![kind, status, length[0], length[1], 0, 0, self.sequence, 0];
        packet.extend_from_slice(body);
        self.sequence = self.sequence.wrapping_add(1);
        self.send_raw(&packet).await
    }

    /// Sends bytes as they are, packets or not.
    pub(crate) async fn send_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        let Some(tls) = self.tls.as_mut() else {
            return self.tcp.write_all(bytes).await;
        };
        tls.writer().write_all(bytes)?;
        let records = records_of(tls)?;
        self.tcp.write_all(&records).await
    }

    /// The TLS handshake, whose records travel inside pre-login packets.
    pub(crate) async fn handshake(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
        tls.set_buffer_limit(None);
        while tls.is_handshaking() {
            let message = self.receive().await?;
            if message.kind != kind::PRELOGIN {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "no handshake inside pre-login packets",
                ));
            }
            let mut records = message.body.as_slice();
            while !records.is_empty() {
                tls.read_tls(&mut records)?;
                let processed = tls.process_new_packets();
                let answer = records_of(&mut tls)?;
                if !answer.is_empty() {
                    self.send(kind::PRELOGIN, &answer, true).await?;
                }
                processed.map_err(io::Error::other)?;
            }
        }
        self.tls = Some(Box::new(tls));
        Ok(())
    }

    /// From here on everything is in the clear again: what "encryption off" means after the login.
    pub(crate) fn end_encryption(&mut self) {
        self.tls = None;
    }

    /// Whether this connection is encrypted now.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.tls.is_some()
    }

    /// Ends the connection with a reset instead of a farewell.
    pub(crate) fn reset(self) {
        // With no time to linger the kernel sends RST.
        let _ = self.tcp.set_zero_linger();
    }
}

fn records_of(tls: &mut ServerConnection) -> io::Result<Vec<u8>> {
    let mut records = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut records)?;
    }
    Ok(records)
}
