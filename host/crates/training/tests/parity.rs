//! Losses, gradient norms, learning rates and final adapters against transformers + PEFT.
//!
//! The two fixture folders are always checked; `NL2SQL_PARITY` may name a folder with more of the same kind.

use std::path::{Path, PathBuf};

use nl2sql_model::adapter::AdapterConfig;
use nl2sql_training::adamw::{AdamW, AdamWSettings, clip_global_norm};
use nl2sql_training::adapter_file;
use nl2sql_training::batch::Sample;
use nl2sql_training::cpu::{CpuEngine, CpuOptions, Precision};
use nl2sql_training::engine::{Engine, StepSamples};
use nl2sql_training::schedule::{Schedule, ScheduleKind, WarmUp};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    losses: Vec<f64>,
    grad_norms: Vec<f64>,
    learning_rates: Vec<f64>,
    steps: usize,
    peak_lr: f64,
    warmup_steps: usize,
    max_grad_norm: f64,
}

fn json<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn folders() -> Vec<PathBuf> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../model/tests/fixtures");
    let mut folders = vec![fixtures.join("qwen3-tiny"), fixtures.join("llama-tiny")];
    if let Some(more) = std::env::var_os("NL2SQL_PARITY") {
        folders.extend(std::fs::read_dir(more).unwrap().map(|entry| entry.unwrap().path()));
    }
    folders
}

fn close(a: f64, b: f64, what: &str) {
    assert!((a - b).abs() <= 1e-4 * b.abs().max(1e-6), "{what}: {a} instead of {b}");
}

/// Largest difference, in parts of the largest magnitude of the tensor.
fn relative_distance(a: &[f32], b: &[f32]) -> f64 {
    let top = b.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    let apart = a.iter().zip(b).fold(0.0f32, |m, (x, y)| m.max((x - y).abs()));
    f64::from(apart) / f64::from(top)
}

fn check(folder: &Path, workers: usize, recompute: bool) -> Vec<f32> {
    let expected: Expected = json(&folder.join("expected.json"));
    let steps: Vec<Vec<Vec<Sample>>> = json(&folder.join("batches.json"));
    let adapter = AdapterConfig::read(folder).unwrap();
    let options = CpuOptions {
        workers,
        recompute,
        precision: Precision::F32,
    };
    let mut engine = CpuEngine::load(folder, &adapter, options).unwrap();
    let mut values = adapter_file::read(&folder.join("adapter_init.safetensors"), engine.layout()).unwrap();
    let schedule = Schedule::new(
        ScheduleKind::Cosine,
        expected.peak_lr,
        WarmUp::Steps(expected.warmup_steps),
        expected.steps,
    );
    let mut optimizer = AdamW::new(AdamWSettings::default(), values.len());
    let mut gradients = vec![0.0; values.len()];
    for (number, step) in steps.iter().enumerate() {
        let micro_batches = step
            .iter()
            .map(|batch| batch.iter().map(|sample| (sample, 0)).collect())
            .collect();
        let loss = engine
            .step(&values, &StepSamples { micro_batches }, &mut gradients)
            .unwrap();
        let norm = clip_global_norm(&mut gradients, expected.max_grad_norm);
        let at = |what: &str| format!("{} {what} of step {number}", folder.display());
        close(loss, expected.losses[number], &at("loss"));
        close(norm, expected.grad_norms[number], &at("gradient norm"));
        close(
            schedule.at(number),
            expected.learning_rates[number],
            &at("learning rate"),
        );
        optimizer.step(&mut values, &gradients, schedule.at(number));
    }
    let last = adapter_file::read(&folder.join("adapter_final.safetensors"), engine.layout()).unwrap();
    for slot in engine.layout().slots() {
        let apart = relative_distance(&values[slot.range.clone()], &last[slot.range.clone()]);
        assert!(apart < 1e-4, "{} {}: {apart:e}", folder.display(), slot.name);
    }
    values
}

#[test]
fn trains_as_transformers_and_peft_do() {
    for folder in folders() {
        check(&folder, 1, false);
    }
}

#[test]
fn recomputing_layers_changes_no_bit() {
    for folder in folders() {
        assert_eq!(check(&folder, 1, true), check(&folder, 1, false));
    }
}

#[test]
fn workers_agree_and_repeat_bit_for_bit() {
    for folder in folders() {
        let once = check(&folder, 2, false);
        assert_eq!(once, check(&folder, 2, false));
        check(&folder, 3, true);
    }
}
