//! Standard error, shared by lines and by a bar that is redrawn below them.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use indicatif::ProgressBar;

/// Standard error. Clones share it.
#[derive(Clone, Default)]
pub struct Screen {
    bar: Arc<Mutex<Option<ProgressBar>>>,
}

impl Screen {
    /// Whether a bar can be redrawn.
    pub fn redraws(&self) -> bool {
        std::io::stderr().is_terminal()
    }

    /// A line above the bar.
    pub fn line(&self, text: &str) {
        match &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(bar) if !bar.is_hidden() => bar.suspend(|| eprint_line(text)),
            _ => eprint_line(text),
        }
    }

    /// Puts a bar in the place of the one before.
    pub fn set_bar(&self, bar: Option<ProgressBar>) {
        let mut slot = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = slot.take() {
            before.finish_and_clear();
        }
        *slot = bar;
    }

    /// Works on the bar, if there is one.
    pub fn with_bar(&self, work: impl FnOnce(&ProgressBar)) {
        if let Some(bar) = &*self.bar.lock().unwrap_or_else(PoisonError::into_inner) {
            work(bar);
        }
    }
}

fn eprint_line(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
