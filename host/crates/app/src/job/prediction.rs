//! A data set through a model into `generated_predictions.jsonl`.

use std::path::{Path, PathBuf};

use nl2sql_evaluation::candidates::CandidateSettings;
use nl2sql_evaluation::prediction::{TextGenerator, Throughput, predict as predict_rows};
use serde_json::{Value, json};

use super::JobContext;
use super::evaluation_context::{EvaluationContext, ExampleSource};
use crate::{AppError, EventKind};

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
            "predicted": throughput.predicted, "failed": throughput.failed, "tokens": throughput.tokens,
            "seconds": throughput.elapsed.as_secs_f64(),
        })
    }
}

/// Predicts every example that has no line yet.
pub(super) fn predict(job: &JobContext, request: &PredictRequest) -> Result<PredictionOutcome, AppError> {
    let context = EvaluationContext::open(job, &request.examples)?;
    let generator: Box<dyn TextGenerator> = if request.endpoint {
        Box::new(context.endpoint()?)
    } else {
        let model = context.local_model(request.model.as_deref(), request.adapter.as_deref())?;
        Box::new(model.generator(context.decoding()?, job.cancel.clone()))
    };
    let folder = request
        .output
        .clone()
        .unwrap_or_else(|| job.session.place().folder.join("predictions"));
    let throughput = predict_into(&context, generator.as_ref(), &folder)?;
    Ok(PredictionOutcome {
        predictions: folder.join(PREDICTIONS),
        throughput,
    })
}

/// Predicts into a folder. Rows that are there are kept, also when the job is stopped.
pub(super) fn predict_into(
    context: &EvaluationContext<'_>,
    generator: &dyn TextGenerator,
    folder: &Path,
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
        rows: context.examples().len(),
        ..Throughput::default()
    });
    let settings = &context.session().profile().evaluate;
    let candidates = (settings.candidates > 0).then(|| CandidateSettings {
        runner: context.databases.runner(),
        count: settings.candidates,
    });
    let output = folder.join(PREDICTIONS);
    let throughput = context
        .session()
        .runtime()
        .block_on(|| {
            predict_rows(
                generator,
                context.examples(),
                candidates.as_ref(),
                Some(context.databases.as_ref()),
                &output,
                &tell,
            )
        })
        .map_err(|error| AppError::Failed(error.to_string()))?;
    let done = throughput.resumed + throughput.predicted;
    if context.job.cancel.is_cancelled() && done < throughput.rows {
        let kept = format!("{done} of {} predictions are in {}", throughput.rows, output.display());
        return Err(AppError::Stopped { kept });
    }
    Ok(throughput)
}
