//! What carries the bytes of a protocol that is spoken here: a socket, encrypted or not.

use std::io;
use std::path::Path;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;

use crate::{ConnectError, ConnectionSettings, encryption};

/// Bytes there is room for, at least, when more is read.
pub(crate) const READ_AT_ONCE: usize = 16 << 10;

/// Both directions of a connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for S {}

/// Why a connection is not encrypted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncryptionError {
    /// The settings cannot be used.
    #[error("{0}")]
    Settings(#[from] ConnectError),
    /// The handshake failed.
    #[error("{0}")]
    Handshake(#[from] io::Error),
}

/// A connection over TCP.
pub(crate) async fn over_tcp(settings: &ConnectionSettings) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((settings.host.as_str(), settings.effective_port())).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// A connection to a socket of this machine.
pub(crate) async fn over_socket(path: &Path) -> io::Result<Box<dyn Stream>> {
    Ok(Box::new(UnixStream::connect(path).await?))
}

/// Encrypts what goes over `stream` from here on.
pub(crate) async fn encrypted(
    stream: Box<dyn Stream>,
    settings: &ConnectionSettings,
) -> Result<Box<dyn Stream>, EncryptionError> {
    let connector = TlsConnector::from(encryption::client_config(settings)?);
    let handshake = connector.connect(encryption::server_name(settings)?, stream);
    Ok(Box::new(handshake.await?))
}
