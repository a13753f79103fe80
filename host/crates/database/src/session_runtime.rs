//! The runtime that the sessions of servers live on.
//!
//! A socket is heard of by the runtime that it was opened on alone, while the sessions of a pool are used from many threads and runtimes, some
//! of which run only while somebody waits. So whatever speaks to a server runs here.

use std::io;
use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;

/// Threads at most. They hear of sockets and decode rows; the work of a statement is the server's.
const MAX_THREADS: usize = 4;

static RUNTIME: LazyLock<io::Result<Runtime>> = LazyLock::new(|| {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    Builder::new_multi_thread()
        .worker_threads(cores.min(MAX_THREADS))
        .thread_name("nl2sql-sessions")
        .enable_all()
        .build()
});

/// The runtime; an error when the system has no threads left for it.
pub(crate) fn handle() -> Result<Handle, String> {
    match LazyLock::force(&RUNTIME) {
        Ok(runtime) => Ok(runtime.handle().clone()),
        Err(error) => Err(format!("nothing to wait for the server with: {error}")),
    }
}

/// Runs `future` on `runtime`, which may be the current one. It ends when the caller goes away.
pub(crate) async fn run_on<F>(runtime: &Handle, future: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    if Handle::try_current().is_ok_and(|current| current.id() == runtime.id()) {
        return future.await;
    }
    match AbortOnDropHandle::new(runtime.spawn(future)).await {
        Ok(output) => output,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::Mutex;

    use super::*;

    #[test]
    fn a_socket_serves_every_runtime_even_after_the_one_that_asked_for_it_has_ended() {
        let current_thread = || Builder::new_current_thread().enable_all().build().unwrap();
        let sessions = handle().unwrap();
        let listener = current_thread()
            .block_on(run_on(&sessions, TcpListener::bind("127.0.0.1:0")))
            .unwrap();
        let address = listener.local_addr().unwrap();
        sessions.spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut byte = [0];
            while stream.read_exact(&mut byte).await.is_ok() {
                stream.write_all(&[byte[0] + 1]).await.unwrap();
            }
        });
        let first = current_thread();
        let socket = first.block_on(run_on(&sessions, TcpStream::connect(address))).unwrap();
        let socket = std::sync::Arc::new(Mutex::new(socket));
        let ask = |runtime: &Runtime, byte: u8| {
            let socket = std::sync::Arc::clone(&socket);
            runtime.block_on(run_on(&sessions, async move {
                let mut socket = socket.lock().await;
                socket.write_all(&[byte]).await.unwrap();
                socket.read_u8().await.unwrap()
            }))
        };
        assert_eq!(ask(&first, 1), 2);
        let second = current_thread();
        assert_eq!(ask(&second, 2), 3);
        drop(first);
        assert_eq!(ask(&second, 3), 4);
    }

    #[test]
    fn a_caller_that_goes_away_ends_what_it_asked_for() {
        let sessions = handle().unwrap();
        let (held, mut gone) = tokio::sync::mpsc::channel::<()>(1);
        let forever = async move {
            let _held = held;
            std::future::pending::<()>().await;
        };
        let caller = Builder::new_current_thread().enable_all().build().unwrap();
        caller.block_on(async {
            let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), run_on(&sessions, forever));
            assert!(waiting.await.is_err());
            assert_eq!(gone.recv().await, None);
        });
    }
}
