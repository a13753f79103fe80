//! A socket that any runtime may use.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};

/// A socket that belongs to the runtime that polls it. A runtime hears of its own sockets alone, while the sessions of a pool are used by the
/// runtimes of all its readers: one that comes from another is registered anew, which takes a few microseconds.
pub(crate) struct RoamingSocket<S> {
    /// None once it could not be registered.
    socket: Option<S>,
    runtime: Id,
}

/// A socket of tokio's.
pub(crate) trait Socket: AsyncRead + AsyncWrite + Unpin + Sized {
    /// Takes it from the runtime it is registered with to the current one.
    fn registered_here(self) -> io::Result<Self>;
}

impl Socket for TcpStream {
    fn registered_here(self) -> io::Result<Self> {
        Self::from_std(self.into_std()?)
    }
}

#[cfg(unix)]
impl Socket for tokio::net::UnixStream {
    fn registered_here(self) -> io::Result<Self> {
        Self::from_std(self.into_std()?)
    }
}

impl<S: Socket> RoamingSocket<S> {
    /// Takes a socket that the current runtime has opened.
    pub(crate) fn new(socket: S) -> Self {
        Self {
            socket: Some(socket),
            runtime: Handle::current().id(),
        }
    }

    /// The socket, registered with the current runtime.
    fn here(self: Pin<&mut Self>) -> io::Result<Pin<&mut S>> {
        let this = self.get_mut();
        let runtime = Handle::current().id();
        if this.runtime != runtime {
            this.socket = this.socket.take().map(S::registered_here).transpose()?;
            this.runtime = runtime;
        }
        let socket = this.socket.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        Ok(Pin::new(socket))
    }
}

impl<S: Socket> AsyncRead for RoamingSocket<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context, buffer: &mut ReadBuf) -> Poll<io::Result<()>> {
        self.here()?.poll_read(context, buffer)
    }
}

impl<S: Socket> AsyncWrite for RoamingSocket<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.here()?.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        self.here()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context) -> Poll<io::Result<()>> {
        self.here()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;
    use tokio::runtime::{Builder, Runtime};

    use super::*;

    fn runtime() -> Runtime {
        Builder::new_current_thread().enable_all().build().unwrap()
    }

    #[test]
    fn a_socket_serves_every_runtime_even_after_its_own_has_ended() {
        let server = Runtime::new().unwrap();
        let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        server.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).await.is_ok() {
                stream.write_all(&[byte[0] + 1]).await.unwrap();
            }
        });
        let (first, second) = (runtime(), runtime());
        let mut socket = first.block_on(async { RoamingSocket::new(TcpStream::connect(address).await.unwrap()) });
        let mut ask = |runtime: &Runtime, byte: u8| {
            runtime.block_on(async {
                socket.write_all(&[byte]).await.unwrap();
                socket.read_u8().await.unwrap()
            })
        };
        assert_eq!(ask(&first, 1), 2);
        assert_eq!(ask(&second, 2), 3);
        assert_eq!(ask(&first, 3), 4);
        drop(first);
        assert_eq!(ask(&second, 4), 5);
        assert_eq!(ask(&server, 5), 6);
    }
}
