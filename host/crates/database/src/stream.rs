//! What carries the bytes of a protocol that is spoken here: a socket, encrypted or not.

use std::io::{self, ErrorKind};
use std::path::Path;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::session_error::SessionError;
use crate::{ConnectionSettings, encryption};

/// Bytes there is room for, at least, when more is read.
const READ_AT_ONCE: usize = 16 << 10;

/// Both directions of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// A connection over TCP.
pub(crate) async fn over_tcp(settings: &ConnectionSettings) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((settings.host.as_str(), settings.effective_port())).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// A connection to a Unix socket of this machine.
#[cfg(unix)]
pub(crate) async fn over_socket(path: &Path) -> io::Result<Box<dyn Stream>> {
    let stream = tokio::net::UnixStream::connect(path).await?;
    Ok(Box::new(stream))
}

/// Unix sockets are not supported on this system.
#[cfg(not(unix))]
pub(crate) async fn over_socket(path: &Path) -> io::Result<Box<dyn Stream>> {
    Err(io::Error::new(
        ErrorKind::Unsupported,
        format!(
            "{} is a Unix socket, and those are not supported on this system; write a host and a port",
            path.display()
        ),
    ))
}

/// Encrypts what goes over `stream` from here on.
pub(crate) async fn encrypted<S>(
    stream: Box<dyn Stream>,
    settings: &ConnectionSettings,
) -> Result<Box<dyn Stream>, SessionError<S>> {
    let connector = TlsConnector::from(encryption::client_config(settings)?);
    let handshake = connector.connect(encryption::server_name(settings)?, stream);
    Ok(Box::new(handshake.await?))
}

/// Waits for more bytes and adds them to `incoming`.
pub(crate) async fn read_more(stream: &mut dyn Stream, incoming: &mut BytesMut) -> io::Result<()> {
    incoming.reserve(READ_AT_ONCE);
    if stream.read_buf(incoming).await? == 0 {
        return Err(io::Error::new(
            ErrorKind::UnexpectedEof,
            "the server closed the connection",
        ));
    }
    Ok(())
}

/// The other end says what this protocol does not have.
pub(crate) fn unexpected(protocol: &str, what: &str) -> io::Error {
    io::Error::new(
        ErrorKind::InvalidData,
        format!("what listens there does not speak {protocol}'s protocol as expected: {what}"),
    )
}
