//! Tells whoever waits that a large plugin is being compiled, which is done once and takes seconds.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Bytes of a component from which on it is worth telling.
const LARGE: usize = 4 << 20;

/// How often it is told again.
const PERIOD: Duration = Duration::from_secs(5);

/// Where to tell it. By default nowhere.
#[derive(Clone, Default)]
pub struct CompileNotice(Option<Arc<dyn Fn(String) + Send + Sync>>);

impl CompileNotice {
    /// Tells it by this function, from any thread.
    pub fn new(tell: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }

    /// Compiles a plugin of `size` bytes, and tells of it as long as it takes.
    pub(crate) fn around<R>(&self, plugin: &str, size: usize, compile: impl FnOnce() -> R) -> R {
        let Some(tell) = self.0.as_deref().filter(|_| size >= LARGE) else {
            return compile();
        };
        tell(format!(
            "compiling plugin {plugin} ({} MB), once; the code is kept",
            size / 1_000_000
        ));
        let started = Instant::now();
        let (done, ended) = channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                    tell(format!(
                        "compiling plugin {plugin}: {} s so far",
                        started.elapsed().as_secs()
                    ));
                }
            });
            let compiled = compile();
            drop(done);
            compiled
        })
    }
}

impl fmt::Debug for CompileNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompileNotice")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[test]
    fn only_large_plugins_are_told_of() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = told.clone();
        let notice = CompileNotice::new(move |text| kept.lock().unwrap().push(text));
        assert_eq!(notice.around("small", LARGE - 1, || 1), 1);
        assert_eq!(notice.around("large", 18_000_000, || 2), 2);
        let told = told.lock().unwrap();
        assert_eq!(
            told.as_slice(),
            ["compiling plugin large (18 MB), once; the code is kept"]
        );
    }
}
