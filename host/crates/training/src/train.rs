//! Trains an adapter and writes its folder.

use std::collections::BTreeMap;
use std::path::PathBuf;

use nl2sql_model::ModelConfig;
use nl2sql_model::adapter::{AdapterConfig, AdapterRecord};
use nl2sql_model::layers::DecoderLayer;
use nl2sql_model::templates::{ChatTemplate, Thinking};
use serde::Serialize;
use serde_json::json;

use crate::adamw::AdamW;
use crate::adapter_file;
use crate::checkpoint;
use crate::engine::{self, Engine};
use crate::error::TrainError;
use crate::events::{TrainEvent, TrainEvents};
use crate::loss_plot;
use crate::manifest;
use crate::plan::TrainPlan;
use crate::progress::{TrainerState, rewrite_log, write_json};
use crate::settings::{Resume, TrainSettings};
use crate::tensorboard::EventFile;
use crate::trained_state::TrainedState;
use crate::trainer::{Outcome, Trainer};

/// Result of a run.
#[derive(Debug, Clone, Serialize)]
pub struct TrainSummary {
    /// The adapter folder.
    pub output: PathBuf,
    /// Total steps, earlier sessions included.
    pub steps: usize,
    /// Mean loss of all steps.
    pub train_loss: f64,
    /// Lowest evaluation loss.
    pub best_evaluation_loss: Option<f64>,
    /// Training time over all sessions, in seconds.
    pub seconds: f64,
    /// Tokens trained on.
    pub tokens: u64,
    /// Whether it was stopped before the end; train again to resume.
    pub cancelled: bool,
    /// Whether it stopped because the evaluation loss no longer decreased.
    pub stopped_early: bool,
}

/// Trains an adapter and writes everything into the output folder.
///
/// # Errors
/// On impossible settings, unusable model or data, a checkpoint of another run, a full disk at the end, or a loss that
/// is not finite. Earlier checkpoints stay intact.
pub fn train(settings: &TrainSettings, events: &mut dyn TrainEvents) -> Result<TrainSummary, TrainError> {
    let plan = TrainPlan::prepare(settings, events)?;
    let adapter = settings.adapter_config();
    let default_system = settings.data.default_system.clone().unwrap_or_default();
    refuse_other_template(settings, plan.template)?;
    let record = AdapterRecord::new(plan.template, default_system, settings.data.prompt.clone())
        .with_thinking(thinking_of(settings, plan.template)?);
    let start = starting_point(settings)?;
    let mut engine = engine::open(settings, &adapter)?;
    let fingerprint = manifest::fingerprint(settings, &plan, &adapter)?;
    let (trained, state) = begin(settings, &plan, engine.as_ref(), start.as_deref(), &fingerprint)?;
    std::fs::create_dir_all(&settings.output).map_err(|source| TrainError::file("create", &settings.output, source))?;
    checkpoint::sweep(&settings.output)?;
    if settings.resume == Resume::Overwrite {
        checkpoint::clear(&settings.output)?;
    }
    rewrite_log(&settings.output, &state)?;
    manifest::write(settings, &plan, &fingerprint)?;
    events.event(&TrainEvent::Started {
        total_steps: state.max_steps,
        done_steps: state.global_step,
        samples: plan.samples.len(),
        trainable: engine.layout().len(),
        device: engine.description(),
    });
    let mut trainer = Trainer {
        settings,
        adapter: &adapter,
        record: &record,
        engine: engine.as_mut(),
        samples: &plan.samples,
        held_out: &plan.held_out,
        sampler: &plan.sampler,
        schedule: plan.schedule,
        fingerprint: &fingerprint,
        trained,
        state,
        board: EventFile::create(&settings.output.join("runs"))?,
        events,
    };
    let outcome = trainer.run()?;
    let Trainer { mut trained, state, .. } = trainer;
    engine.fetch(&mut trained)?;
    let mut values = trained.values;
    if outcome != Outcome::Cancelled {
        if let (true, Some(best)) = (settings.watch.load_best, &state.best_model_checkpoint) {
            values = checkpoint::values(&settings.output.join(best), engine.layout())?;
        }
        record.write(&settings.output)?;
        write_outputs(settings, &plan, &adapter, engine.as_ref(), &values, &state)?;
    }
    Ok(TrainSummary {
        output: settings.output.clone(),
        steps: state.global_step,
        train_loss: state.mean_loss(),
        best_evaluation_loss: state.best_metric,
        seconds: state.seconds,
        tokens: state.num_input_tokens_seen,
        cancelled: outcome == Outcome::Cancelled,
        stopped_early: outcome == Outcome::StoppedEarly,
    })
}

/// Whether answers are learned with thinking blocks; none for a template without them.
fn thinking_of(settings: &TrainSettings, template: &str) -> Result<Option<bool>, TrainError> {
    let thinks = ChatTemplate::named(template)?.thinks();
    Ok(thinks.then_some(settings.data.thinking == Thinking::Enabled))
}

/// An adapter goes on with the template it was begun with, and with or without thoughts as before.
fn refuse_other_template(settings: &TrainSettings, template: &str) -> Result<(), TrainError> {
    let Some(folder) = &settings.start_adapter else {
        return Ok(());
    };
    let Some(record) = AdapterRecord::read(folder)? else {
        return Ok(());
    };
    if record.template != template {
        return Err(TrainError::setting(
            "template",
            format!(
                "is {template}, but {} was trained with {}",
                folder.display(),
                record.template
            ),
            "use the adapter's template, or start a new adapter",
        ));
    }
    let thinking = thinking_of(settings, template)?;
    match (record.enable_thinking, thinking) {
        (Some(before), Some(now)) if before != now => Err(TrainError::setting(
            "enable_thinking",
            format!("is {now}, but {} was trained with {before}", folder.display()),
            "leave it as it was, or start a new adapter",
        )),
        _ => Ok(()),
    }
}

/// The checkpoint to resume from, if any.
fn starting_point(settings: &TrainSettings) -> Result<Option<PathBuf>, TrainError> {
    let last = checkpoint::list(&settings.output)?.pop().map(|(_, folder)| folder);
    match (&settings.resume, last) {
        (Resume::From(folder), _) => Ok(Some(folder.clone())),
        (Resume::Latest, last) => Ok(last),
        (Resume::Never, None) | (Resume::Overwrite, _) => Ok(None),
        (Resume::Never, Some(last)) => Err(TrainError::setting(
            "output_dir",
            format!("already holds {}", last.display()),
            "choose another folder, or resume from the checkpoint",
        )),
    }
}

fn begin(
    settings: &TrainSettings,
    plan: &TrainPlan,
    engine: &dyn Engine,
    start: Option<&std::path::Path>,
    fingerprint: &BTreeMap<String, String>,
) -> Result<(TrainedState, TrainerState), TrainError> {
    let o = &settings.optimization;
    let mut optimizer = AdamW::new(o.adamw, engine.layout().len());
    if let Some(folder) = start {
        let restored = checkpoint::restore(folder, engine.layout(), fingerprint, &mut optimizer)?;
        return Ok((TrainedState::new(restored.values, optimizer), restored.state));
    }
    let values = match &settings.start_adapter {
        Some(folder) => adapter_file::read(&folder.join("adapter_model.safetensors"), engine.layout())?,
        None => engine.initial_values(o.seed)?,
    };
    Ok((
        TrainedState::new(values, optimizer),
        TrainerState::new(plan.schedule.total, plan.epochs, settings.watch.log, o.batch),
    ))
}

fn write_outputs(
    settings: &TrainSettings,
    plan: &TrainPlan,
    adapter: &AdapterConfig,
    engine: &dyn Engine,
    values: &[f32],
    state: &TrainerState,
) -> Result<(), TrainError> {
    let output = &settings.output;
    adapter_file::write(&output.join("adapter_model.safetensors"), engine.layout(), values)?;
    adapter.write(output)?;
    state.write(output)?;
    let seconds = state.seconds.max(1e-9);
    let mut results = json!({
        "epoch": state.epoch,
        "num_input_tokens_seen": state.num_input_tokens_seen,
        "train_loss": state.mean_loss(),
        "train_runtime": state.seconds,
        "train_samples_per_second": plan.samples.len() as f64 * state.epoch / seconds,
        "train_steps_per_second": state.global_step as f64 / seconds,
        "train_tokens_per_second": state.num_input_tokens_seen as f64 / seconds,
    });
    write_json(&output.join("train_results.json"), &results)?;
    if let Some(last) = state.log_history.iter().rev().find_map(|entry| entry.eval_loss) {
        let evaluated = json!({ "epoch": state.epoch, "eval_loss": last });
        write_json(&output.join("eval_results.json"), &evaluated)?;
        results["eval_loss"] = evaluated["eval_loss"].clone();
    }
    write_json(&output.join("all_results.json"), &results)?;
    if settings.watch.plot {
        loss_plot::write(output, &state.log_history)?;
    }
    Ok(())
}

/// Number of parameters of the frozen model.
pub fn model_parameters(config: &ModelConfig) -> usize {
    let hidden = config.hidden_size;
    let layers = config.design.layers.iter().map(|layer| {
        let projections = (0..DecoderLayer::PROJECTIONS.len()).map(|place| {
            let [outputs, inputs] = config.projection_shape(place);
            outputs * (inputs + usize::from(layer.has_bias(place)))
        });
        let head_norms = if layer.query_key_norm { 2 * config.head_dim } else { 0 };
        projections.sum::<usize>() + layer.norm_count() * hidden + head_norms
    });
    let tables = if config.tie_word_embeddings { 1 } else { 2 };
    layers.sum::<usize>() + tables * config.vocab_size * hidden + hidden
}
