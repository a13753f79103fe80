//! Work that is counted: a bar with its rate on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget};

use super::progress::{eprint_line, style};

/// Plain lines between nothing and everything.
const PLAIN_LINES: u64 = 10;

/// Counts one kind of work.
pub struct Counter {
    name: &'static str,
    quiet: bool,
    bar: Option<ProgressBar>,
    tenth: AtomicU64,
}

impl Counter {
    /// `quiet` shows nothing.
    pub fn new(name: &'static str, quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(style("{prefix:>9} [{bar:32}] {pos}/{len} {per_sec} {eta}"));
            bar.set_prefix(name);
            bar
        });
        Self {
            name,
            quiet,
            bar,
            tenth: AtomicU64::new(0),
        }
    }

    /// `done` of `total`.
    pub fn set(&self, done: u64, total: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            return;
        }
        let tenth = done * PLAIN_LINES / total.max(1);
        if !self.quiet && self.tenth.fetch_max(tenth, Ordering::Relaxed) < tenth {
            eprint_line(&format!("{:>9} {done}/{total}", self.name));
        }
    }
}
