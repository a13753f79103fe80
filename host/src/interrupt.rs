//! Ctrl-C and SIGTERM: the first asks the job to stop where it can be continued, the second ends the program.

use nl2sql_app::ServiceRuntime;
use nl2sql_app::diagnostic::Exit;
use tokio_util::sync::CancellationToken;

/// Cancels `token` at Ctrl-C or SIGTERM, and says so by `announce` at once.
pub fn cancel_on_ctrl_c(
    runtime: &ServiceRuntime,
    token: CancellationToken,
    announce: impl Fn() + Send + Sync + 'static,
) {
    let _entered = runtime.enter();
    // Where signals are not supported, they end the program at once, as they do by themselves; a run can be continued after that too.
    if let Ok(mut requests) = StopRequests::listen() {
        runtime.spawn(async move {
            while requests.next().await {
                if token.is_cancelled() {
                    std::process::exit(Exit::Interrupted as i32);
                }
                token.cancel();
                announce();
            }
        });
    }
}

/// The signals that ask the program to stop.
#[cfg(unix)]
struct StopRequests {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// Heard and dropped: a file that grows beyond `ulimit -f` is then an error of that write, with its path and advice, and not the end of
    /// the process.
    too_large: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl StopRequests {
    fn listen() -> std::io::Result<Self> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            too_large: signal(SignalKind::from_raw(Signal::XFSZ.as_raw()))?,
        })
    }

    /// Waits for the next request; `false` when none can come any more.
    async fn next(&mut self) -> bool {
        loop {
            tokio::select! {
                request = self.interrupt.recv() => return request.is_some(),
                request = self.terminate.recv() => return request.is_some(),
                Some(()) = self.too_large.recv() => {}
            }
        }
    }
}

#[cfg(not(unix))]
struct StopRequests;

#[cfg(not(unix))]
impl StopRequests {
    fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> bool {
        tokio::signal::ctrl_c().await.is_ok()
    }
}
