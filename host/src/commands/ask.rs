//! `nl2sql ask`

use clap::Args;
use comfy_table::{ContentArrangement, Table};
use nl2sql_app::AppError;
use nl2sql_app::ask::{AccessPolicy, Answer, AskError, AskRequest, Assistant, ResultTable};
use nl2sql_app::diagnostic::Exit;
use nl2sql_pipeline::Failure;
use serde_json::{Value, json};

use super::serve::AnswererArguments;
use crate::arguments::Global;
use crate::terminal::{say, say_json};

/// `nl2sql ask`
#[derive(Clone, Debug, Args)]
pub struct AskArguments {
    /// The question
    pub question: String,
    #[command(flatten)]
    pub answerer: AnswererArguments,
    /// Language of the question as a BCP 47 tag, e.g. `zh`; by default its letters or plan.language say it
    #[arg(long, value_name = "TAG")]
    pub language: Option<String>,
    /// Show at most this many rows
    #[arg(long, value_name = "N")]
    pub limit: Option<u32>,
    /// Show the statement without running it for its rows
    #[arg(long)]
    pub sql_only: bool,
}

pub fn run(global: &Global, arguments: &AskArguments) -> Result<Exit, AppError> {
    let session = arguments.answerer.session(global, Vec::new())?;
    let (_, answerer) = arguments.answerer.open(&session)?;
    let assistant = std::sync::Arc::new(Assistant::open(&session, answerer)?);
    let request = AskRequest {
        question: arguments.question.clone(),
        language: arguments.language.clone(),
        limit: arguments.limit,
        run: !arguments.sql_only,
        explain: false,
    };
    let policy = AccessPolicy::default();
    let answer = session
        .runtime()
        .block_on(|| async { assistant.ask(&request, &policy, &|_| {}).await });
    let answer = answer.map_err(|error| match error {
        AskError::Invalid { message, .. } => AppError::Usage(message),
        AskError::Refused { message, .. } => AppError::Failed(message),
        AskError::Unavailable { told, reason } => AppError::Part(Failure::new(told, "unavailable", reason)),
    })?;
    show(global, &answer);
    Ok(if answer.unanswered.is_some() {
        Exit::Failed
    } else {
        Exit::Done
    })
}

fn show(global: &Global, answer: &Answer) {
    if global.json {
        say_json(&json!(answer));
        return;
    }
    if let Some(unanswered) = &answer.unanswered {
        say(&unanswered.message);
    }
    if let Some(sql) = &answer.sql {
        say(sql);
    }
    if let Some(table) = &answer.table {
        say(drawn(table));
    }
    for pair in &answer.similar {
        say(format!(
            "shown to the model: \"{}\" {}",
            plain(&pair.question),
            plain(&pair.sql)
        ));
    }
    if let (Some(share), true) = (answer.confidence, answer.sql.is_some()) {
        let agreement = answer.agreement;
        say(format!(
            "{:.0}% sure: {} of {} statements return this",
            share * 100.0,
            agreement.agreed,
            agreement.written
        ));
    }
}

fn drawn(result: &ResultTable) -> Table {
    let mut table = Table::new();
    table
        .load_preset(comfy_table::presets::UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(result.columns.iter().map(|column| plain(&column.name)));
    for row in &result.rows {
        table.add_row(row.iter().map(|value| match value {
            Value::String(text) => plain(text),
            Value::Null => "NULL".to_owned(),
            other => plain(&other.to_string()),
        }));
    }
    if result.truncated {
        table.add_row(["…"]);
    }
    table
}

/// A value of the database as one line that cannot command the terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
