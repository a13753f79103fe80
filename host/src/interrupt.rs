//! Ctrl-C: the first asks the run to stop where it can be continued, the second ends the program.

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::failure::Exit;

/// A token that Ctrl-C cancels.
pub fn on_ctrl_c(runtime: &Runtime) -> CancellationToken {
    let token = CancellationToken::new();
    let cancelled = token.clone();
    runtime.spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if cancelled.is_cancelled() {
                std::process::exit(Exit::Interrupted as i32);
            }
            cancelled.cancel();
        }
    });
    token
}
