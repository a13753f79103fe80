//! Tokens per second and peak memory of LoRA steps over synthetic tokens, as one JSON line. `benches/throughput.py` runs it
//! beside transformers + PEFT on the same weights and tokens.
//!
//! `throughput MODEL_DIR ROWS LENGTH SCORED STEPS [f32|bf16|int8|nf4] [recompute] [workers=N] [rank=N] [shared_prefix=N] [device=NAME]`; with
//! `shared_prefix=N` all rows share their first N tokens, as questions about one schema do. `device=cuda` trains on a card.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::Path;
use std::time::Instant;

use nl2sql_model::TargetModules;
use nl2sql_model::adapter::AdapterConfig;
use nl2sql_model::device::DeviceChoice;
use nl2sql_training::adamw::{AdamW, AdamWSettings};
use nl2sql_training::autodiff::AutodiffEngine;
use nl2sql_training::batch::{IGNORED, Sample};
use nl2sql_training::cpu::{CpuEngine, CpuOptions, Precision};
use nl2sql_training::engine::{Engine, StepSamples, stored_on_devices};
use nl2sql_training::events::peak_memory;
use nl2sql_training::trained_state::{TrainedState, Update};

/// Row `row` of the synthetic batch; the Python side generates the same.
fn sample(row: usize, length: usize, scored: usize, shared_prefix: usize) -> Sample {
    let row_at = |i: usize| if i < shared_prefix { 0 } else { row };
    let input_ids: Vec<u32> = (0..length)
        .map(|i| (100 + (row_at(i) * 7919 + i * 104_729) % 40_000) as u32)
        .collect();
    let labels = input_ids.iter().enumerate();
    let labels = labels
        .map(|(i, &id)| if i + scored < length { IGNORED } else { i64::from(id) })
        .collect();
    Sample { input_ids, labels }
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, rows, length, scored, steps, options @ ..] = words.as_slice() else {
        return Err("MODEL_DIR ROWS LENGTH SCORED STEPS are needed".into());
    };
    let (rows, length, scored, steps): (usize, usize, usize, usize) =
        (rows.parse()?, length.parse()?, scored.parse()?, steps.parse()?);
    let mut compute = CpuOptions {
        workers: 2,
        recompute: false,
        precision: Precision::F32,
    };
    let (mut shared_prefix, mut rank, mut device) = (0, 16, None);
    for option in options {
        match option.split_once('=') {
            Some(("workers", count)) => compute.workers = count.parse()?,
            Some(("shared_prefix", count)) => shared_prefix = count.parse()?,
            Some(("rank", count)) => rank = count.parse()?,
            Some(("device", name)) => device = Some(DeviceChoice::parse(name)?.resolve()?),
            Some(_) => return Err(format!("`{option}` is no option").into()),
            None if option == "recompute" => compute.recompute = true,
            None => compute.precision = serde_json::from_value(option.as_str().into())?,
        }
    }
    let adapter = AdapterConfig {
        rank,
        alpha: 2.0 * rank as f64,
        dropout: 0.0,
        targets: TargetModules::All,
        rank_stabilised: false,
        weight_decomposed: false,
        modules_to_save: BTreeSet::new(),
        base_model: model.clone(),
    };
    let folder = Path::new(model);
    let mut engine: Box<dyn Engine> = match device {
        None => Box::new(CpuEngine::load(folder, &adapter, compute)?),
        Some(device) => {
            let dtype = stored_on_devices(compute.precision);
            Box::new(AutodiffEngine::load(folder, &adapter, &[device], dtype)?)
        }
    };
    let values = engine.initial_values(1)?;
    let optimizer = AdamW::new(AdamWSettings::default(), values.len());
    let mut trained = TrainedState::new(values, optimizer);
    let update = Update {
        learning_rate: 1e-4,
        max_gradient_norm: 1.0,
    };
    let samples: Vec<Sample> = (0..rows)
        .map(|row| sample(row, length, scored, shared_prefix))
        .collect();
    let step = StepSamples {
        micro_batches: vec![samples.iter().map(|sample| (sample, 0)).collect()],
    };
    let mut losses = Vec::new();
    let mut seconds = Vec::new();
    for _ in 0..steps {
        let began = Instant::now();
        losses.push(engine.train_step(&mut trained, &step, update)?.loss);
        seconds.push(began.elapsed().as_secs_f64());
    }
    let each = seconds.clone();
    seconds.sort_by(f64::total_cmp);
    let result = serde_json::json!({
        "tokens_per_second": (rows * length) as f64 / seconds[seconds.len() / 2],
        "best_tokens_per_second": (rows * length) as f64 / seconds[0],
        "peak_mib": peak_memory().unwrap_or(0) >> 20,
        "seconds": each,
        "losses": losses,
    });
    println!("{result}");
    Ok(())
}
