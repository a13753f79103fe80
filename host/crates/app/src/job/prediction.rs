//! A data set through a model into `generated_predictions.jsonl`.

use std::path::{Path, PathBuf};

use nl2sql_evaluation::candidates::{CandidateSettings, SecondLook};
use nl2sql_evaluation::dataset::Example;
use nl2sql_evaluation::prediction::{TextGenerator, Throughput, predict as predict_rows};
use nl2sql_evaluation::prediction_journal::PredictionJournal;
use nl2sql_evaluation::scoring::SqlReader;
use nl2sql_profile::CandidatesFor;
use serde_json::{Value, json};

use super::JobContext;
use super::answerer::Answerer;
use super::evaluation_context::{EvaluationContext, ExampleSource};
use crate::{AppError, EventKind, PromptSettings};

/// Name of the file predictions go to, as LLaMA-Factory calls it.
pub const PREDICTIONS: &str = "generated_predictions.jsonl";

/// What to predict, and with what.
#[derive(Clone, Debug, Default)]
pub struct PredictRequest {
    /// The examples.
    pub examples: ExampleSource,
    /// Hugging Face folder of the model; the profile's by default.
    pub model: Option<PathBuf>,
    /// PEFT folder of an adapter.
    pub adapter: Option<PathBuf>,
    /// Asks the profile's language model instead of a model on this machine.
    pub endpoint: bool,
    /// Folder to write; `predictions/` of the run by default.
    pub output: Option<PathBuf>,
}

/// What was predicted.
#[derive(Clone, Debug)]
pub struct PredictionOutcome {
    /// What was predicted, of which databases.
    pub examples: ExampleSource,
    /// The file.
    pub predictions: PathBuf,
    /// How much of it, and how fast.
    pub throughput: Throughput,
}

impl PredictionOutcome {
    /// The outcome as data.
    pub fn as_json(&self) -> Value {
        let throughput = &self.throughput;
        json!({
            "predictions": self.predictions, "rows": throughput.rows, "resumed": throughput.resumed,
            "predicted": throughput.predicted, "failed": throughput.failed, "cut_off": throughput.cut_off,
            "tokens": throughput.tokens,
            "seconds": throughput.elapsed.as_secs_f64(),
        })
    }
}

/// Predicts every example that has no line yet.
pub(super) fn predict(job: &JobContext, request: &PredictRequest) -> Result<PredictionOutcome, AppError> {
    let context = EvaluationContext::open(job, &request.examples)?;
    let answerer = if request.endpoint {
        Answerer::endpoint(&context)?
    } else {
        let adapter = request.adapter.as_deref();
        let model = context.model_folder(request.model.as_deref(), adapter)?;
        let prompts = PromptSettings::of_model(job.session.profile(), Some(&model), adapter)?;
        Answerer::local(model, adapter, prompts)?
    };
    let folder = request
        .output
        .clone()
        .unwrap_or_else(|| job.session.place().folder.join("predictions"));
    let throughput = predict_into(&context, answerer, &folder)?;
    Ok(PredictionOutcome {
        examples: request.examples.clone(),
        predictions: folder.join(PREDICTIONS),
        throughput,
    })
}

/// Predicts into a folder. Rows that are there are kept, also when the job is stopped.
pub(super) fn predict_into(
    context: &EvaluationContext<'_>,
    answerer: Answerer,
    folder: &Path,
) -> Result<Throughput, AppError> {
    let (job, profile) = (context.job, context.session().profile());
    let examples = context.prompted(&answerer.prompts.layout)?;
    if let Some(departures) = answerer.prompts.departures(profile) {
        job.note(departures);
    }
    if let Some(adapter) = answerer.unrecorded_adapter() {
        job.note(format!(
            "{} has no nl2sql.json, so nothing says how it was trained; template and prompts are the profile's",
            adapter.display()
        ));
    }
    let output = folder.join(PREDICTIONS);
    let journal = PredictionJournal::open(&output, &answerer.settings(context)?)
        .map_err(|error| AppError::Failed(error.to_string()))?;
    if let Some(aside) = &journal.set_aside {
        job.note(aside);
    }
    let rows = examples.len();
    if examples.iter().all(|example| journal.answers(example)) {
        return Ok(Throughput {
            rows,
            resumed: rows,
            ..Throughput::default()
        });
    }
    let answering = answerer.generator(context)?;
    let throughput = predicted(context, answering.generator.as_ref(), &examples, journal);
    if let Some(workers) = &answering.job {
        workers.end("predict", throughput.as_ref().is_ok_and(Throughput::is_whole))?;
        if let Some(failure) = workers.broken().filter(|_| !job.cancel.is_cancelled()) {
            return Err(failure.into());
        }
    }
    let throughput = throughput?;
    let done = throughput.resumed + throughput.predicted;
    if job.cancel.is_cancelled() && done < throughput.rows {
        let kept = format!("{done} of {} predictions are in {}", throughput.rows, output.display());
        return Err(AppError::Stopped { kept });
    }
    if throughput.cut_off > 0 {
        let limit = profile.evaluate.max_new_tokens;
        job.note(format!(
            "{} answers were cut off at evaluate.max_new_tokens = {limit}; raise it, for a model that thinks to 4096 or more",
            throughput.cut_off
        ));
    }
    Ok(throughput)
}

fn predicted(
    context: &EvaluationContext<'_>,
    generator: &dyn TextGenerator,
    examples: &[Example],
    journal: PredictionJournal,
) -> Result<Throughput, AppError> {
    let tell = |throughput: &Throughput| {
        context.job.tell(EventKind::Predicting {
            done: (throughput.resumed + throughput.predicted) as u64,
            total: throughput.rows as u64,
            failed: throughput.failed as u64,
            rows_per_second: throughput.rows_per_second(),
            tokens_per_second: throughput.tokens_per_second(),
        });
    };
    tell(&Throughput {
        rows: examples.len(),
        ..Throughput::default()
    });
    let settings = &context.session().profile().evaluate;
    let candidates = (settings.candidates > 0).then(|| CandidateSettings {
        runner: context.databases.runner(),
        count: settings.candidates,
        of: match settings.candidates_for {
            CandidatesFor::Failing => SecondLook::Failing,
            CandidatesFor::Empty => SecondLook::Empty,
            CandidatesFor::Doubtful => SecondLook::Doubtful,
            CandidatesFor::Every => SecondLook::Every,
        },
    });
    let reader = Some(context.databases.as_ref() as &dyn SqlReader);
    context
        .session()
        .runtime()
        .block_on(|| predict_rows(generator, examples, candidates.as_ref(), reader, journal, &tell))
        .map_err(|error| AppError::Failed(error.to_string()))
}
