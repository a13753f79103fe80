//! What came of a job, and the exit code that says so.

use std::path::PathBuf;

use nl2sql_app::diagnostic::Exit;
use nl2sql_app::job::{
    ConnectionReport, CostEstimate, EvaluationOutcome, Outcome, PredictionOutcome, SetupReport, Verification,
};
use nl2sql_evaluation::report::{Figure, Report};
use nl2sql_training::TrainSummary;
use serde_json::json;

use super::resume::following;
use super::run_report::{self, cost, table};
use super::{say, say_json};
use crate::arguments::Global;

/// Shows the outcome, as JSON where that is asked for, and answers with the exit code.
pub fn show_outcome(global: &Global, outcome: &Outcome) -> Exit {
    if global.json {
        say_json(&match outcome {
            Outcome::Run(run) => run.as_json(),
            Outcome::CostEstimate(estimate) => estimate.as_json(),
            Outcome::Train(summary) => json!(summary),
            Outcome::TrainingPlan(figures) => json!(figures),
            Outcome::Predict(predicted) => predicted.as_json(),
            Outcome::Evaluate(evaluated) => evaluated.as_json(),
            Outcome::Verification(verification) => verification.as_json(),
            Outcome::Connection(connection) => connection.as_json(),
            Outcome::Setup(setup) => setup.as_json(),
        });
        return exit(outcome);
    }
    match outcome {
        Outcome::Connection(connection) => show_connection(connection),
        Outcome::Setup(setup) => show_setup(setup),
        Outcome::Verification(verification) => show_verification(verification),
        Outcome::TrainingPlan(figures) => say(figures),
        _ if global.quiet => {}
        Outcome::Run(run) => run_report::print(global, run),
        Outcome::CostEstimate(estimate) => show_estimate(estimate),
        Outcome::Train(summary) => show_training(global, summary),
        Outcome::Predict(predicted) => show_prediction(global, predicted),
        Outcome::Evaluate(evaluated) => show_evaluation(evaluated),
    }
    exit(outcome)
}

fn exit(outcome: &Outcome) -> Exit {
    match outcome {
        Outcome::Setup(setup) if !setup.healthy() => Exit::Unavailable,
        Outcome::Verification(verification) if !verification.differences.is_empty() => Exit::Failed,
        _ => Exit::Done,
    }
}

fn show_connection(connection: &ConnectionReport) {
    let (server, rights) = (&connection.server, &connection.rights);
    say(format!("{} at {}", server.driver, connection.address));
    say(format!("version   {}", server.version));
    say(format!("database  {}", server.database));
    if !rights.login.is_empty() {
        say(format!("login     {}", rights.login));
    }
    if rights.read_only {
        say("rights    read-only");
    }
    for right in &rights.beyond_select {
        say(format!("beyond reading: {right}"));
    }
    for note in &rights.notes {
        say(format!("note      {note}"));
    }
    say(format!("guards    {}", rights.promise));
}

fn show_setup(setup: &SetupReport) {
    for check in &setup.checks {
        let (mark, text) = match &check.outcome {
            Ok(text) => ("ok  ", text),
            Err(text) => ("FAIL", text),
        };
        say(format!("{mark} {:15} {text}", check.name));
    }
}

fn show_verification(verification: &Verification) {
    if verification.differences.is_empty() {
        say(format!(
            "reproduced: every digest and figure of {}",
            verification.manifest.display()
        ));
    }
    verification.differences.iter().for_each(say);
}

fn show_estimate(estimate: &CostEstimate) {
    if let Some((name, model)) = estimate.provider.as_ref().filter(|_| !estimate.stages.is_empty()) {
        say(format!("estimate for {name} {model}; nothing was asked"));
        let total = ("all", estimate.total());
        let stages = estimate.stages.iter().map(|(stage, amounts)| (stage.name(), *amounts));
        let rows = stages.chain([total]).map(|(name, amounts)| {
            vec![
                name.to_owned(),
                amounts.requests.to_string(),
                amounts.input_tokens.to_string(),
                amounts.output_tokens.to_string(),
                cost(estimate.known_cost(&amounts)),
            ]
        });
        say(table(
            &["stage", "requests", "tokens in", "tokens out", "cost"],
            rows.collect(),
        ));
    }
    estimate.notes.iter().for_each(say);
}

fn show_training(global: &Global, summary: &TrainSummary) {
    say(format!(
        "{} steps, mean loss {:.4}, {:.0} s, {:.0} tokens/s: {}",
        summary.steps,
        summary.train_loss,
        summary.seconds,
        summary.tokens as f64 / summary.seconds.max(1e-9),
        summary.output.display()
    ));
    let adapter = summary.output.display().to_string();
    say(format!("next: {}", following(global, "eval", &["--after", &adapter])));
}

fn show_prediction(global: &Global, predicted: &PredictionOutcome) {
    let throughput = &predicted.throughput;
    let file = predicted.predictions.display().to_string();
    if throughput.predicted == 0 {
        say(format!(
            "all {} rows had been predicted with the same model, prompts and decoding: {file}",
            throughput.rows,
        ));
    } else {
        say(format!(
            "{} of {} rows predicted ({} were there), {} failed, {:.2} rows/s, {:.0} tokens/s: {file}",
            throughput.predicted,
            throughput.rows,
            throughput.resumed,
            throughput.failed,
            throughput.rows_per_second(),
            throughput.tokens_per_second(),
        ));
    }
    say(format!("next: {}", scoring(global, predicted)));
}

/// The command that scores the predictions against the examples they were made for.
fn scoring(global: &Global, predicted: &PredictionOutcome) -> String {
    let examples = &predicted.examples;
    let folder = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let flags = [
        ("--after", Some(predicted.predictions.display().to_string())),
        ("--dataset", folder(&examples.dataset)),
        ("--databases", folder(&examples.databases)),
        ("--limit", examples.limit.map(|limit| limit.to_string())),
    ];
    let given = flags
        .iter()
        .filter_map(|(flag, value)| Some([*flag, value.as_deref()?]))
        .flatten();
    following(global, "eval", &given.collect::<Vec<_>>())
}

fn show_evaluation(evaluated: &EvaluationOutcome) {
    say(metric_table(&evaluated.report));
    say(format!(
        "{} examples; report: {}",
        evaluated.report.examples,
        evaluated.page().display()
    ));
}

fn metric_table(report: &Report) -> impl std::fmt::Display {
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
    let rows = report.metrics.iter().map(|metric| {
        let figure = |figure: Option<&Figure>| {
            figure.map_or_else(
                || "-".to_owned(),
                |figure| {
                    let interval = figure.interval.map_or_else(String::new, |interval| {
                        format!(" [{:.2}, {:.2}]", interval.low, interval.high)
                    });
                    format!("{}{interval}", number(figure.value))
                },
            )
        };
        let p = metric
            .test
            .as_ref()
            .map_or_else(|| "-".to_owned(), |test| format!("{:.4}", test.p_value));
        vec![
            metric.name.clone(),
            figure(metric.before.as_ref()),
            figure(metric.after.as_ref()),
            number(metric.change),
            p,
        ]
    });
    table(
        &["metric", "before [95%]", "after [95%]", "change", "p"],
        rows.collect(),
    )
}
