//! `nl2sql mcp`: the database as tools for a language model's program, over standard input and output.

use std::sync::Arc;

use clap::Args;
use nl2sql_app::AppError;
use nl2sql_app::ask::Assistant;
use nl2sql_app::diagnostic::Exit;
use nl2sql_serving::McpServer;

use super::serve::{AnswererArguments, failed};
use crate::arguments::Global;
use crate::interrupt::cancel_on_ctrl_c;

/// `nl2sql mcp`
#[derive(Clone, Debug, Args)]
pub struct McpArguments {
    #[command(flatten)]
    pub answerer: AnswererArguments,
}

/// Standard output belongs to the protocol: nothing else is printed.
pub fn run(global: &Global, arguments: &McpArguments) -> Result<Exit, AppError> {
    let session = arguments.answerer.session(global, Vec::new())?;
    let (_, answerer) = arguments.answerer.open(&session)?;
    let assistant = Arc::new(Assistant::open(&session, answerer)?);
    let stop = session.cancellation().clone();
    cancel_on_ctrl_c(session.runtime(), stop.clone(), || {});
    let server = McpServer::over_stdio(assistant, session.profile().serve.request_timeout_s);
    session
        .runtime()
        .block_on(|| server.serve_stdio(stop))
        .map_err(failed)?;
    Ok(Exit::Done)
}
