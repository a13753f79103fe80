//! Starts a job, shows what it does, and lets Ctrl-C stop it.

use std::sync::Arc;

use nl2sql_app::job::{Job, Outcome};
use nl2sql_app::{AppError, Session};

use crate::arguments::Global;
use crate::interrupt::cancel_on_ctrl_c;
use crate::terminal::JobView;

/// Does the job in the foreground.
pub fn perform(global: &Global, session: &Arc<Session>, job: Job) -> Result<Outcome, AppError> {
    let mut handle = session.start(job);
    let mut view = JobView::new(global);
    let screen = view.screen();
    cancel_on_ctrl_c(session.runtime(), handle.cancel.clone(), move || {
        screen.line("stopping after this batch; Ctrl-C again quits");
    });
    while let Some(event) = handle.events.blocking_recv() {
        view.show(&event.kind);
    }
    view.finish();
    handle.join()
}
