//! The threads that asynchronous services run on, and safe ways on and off them.

use std::sync::Arc;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

/// Threads that drivers and language model clients wait on. Nothing that blocks runs there.
const WORKERS: usize = 2;

/// The asynchronous runtime of a session. Clones share it.
#[derive(Clone, Debug)]
pub struct ServiceRuntime(Arc<OwnedRuntime>);

/// Shuts down without waiting, because waiting is forbidden where the last clone may be dropped: in an asynchronous task.
#[derive(Debug)]
struct OwnedRuntime(Option<Runtime>);

impl Drop for OwnedRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl ServiceRuntime {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives no more threads.
    pub fn start() -> std::io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("nl2sql-services")
            .enable_all()
            .build()?;
        Ok(Self(Arc::new(OwnedRuntime(Some(runtime)))))
    }

    fn handle(&self) -> &Handle {
        match &self.0.0 {
            Some(runtime) => runtime.handle(),
            None => unreachable!("the runtime is taken only when the last clone is dropped"),
        }
    }

    /// Waits for the future that `start` makes. Unlike [`Handle::block_on`], it may be called from any thread, also from inside this or
    /// another asynchronous runtime: the waiting is then done by a thread of its own.
    pub fn block_on<F: Future>(&self, start: impl FnOnce() -> F + Send) -> F::Output
    where
        F::Output: Send,
    {
        let handle = self.handle();
        if Handle::try_current().is_err() {
            return handle.block_on(start());
        }
        let joined = std::thread::scope(|scope| scope.spawn(|| handle.block_on(start())).join());
        joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Runs `future` beside everything else.
    pub fn spawn(&self, future: impl Future<Output = ()> + Send + 'static) {
        self.handle().spawn(future);
    }

    /// The context that timers and sockets need when they are made.
    pub fn enter(&self) -> tokio::runtime::EnterGuard<'_> {
        self.handle().enter()
    }
}

/// Runs blocking `work` (plugins, generation) on a thread of its own, and waits for it without holding one of the runtime's.
///
/// # Panics
/// When `work` panics.
pub async fn off_runtime<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = oneshot::channel();
    let worker = std::thread::spawn(move || drop(sender.send(work())));
    match receiver.await {
        Ok(outcome) => outcome,
        Err(_) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => unreachable!("work that ends has sent its outcome"),
        },
    }
}
