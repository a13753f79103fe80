//! Output files, packing, early stopping and best-model tracking.

use crate::tiny_model::{adapter_bytes, alpaca, settings, unwatched};
use nl2sql_training::adapter_file;
use nl2sql_training::dataset::Description;
use nl2sql_training::events::TrainEvent;
use nl2sql_training::settings::Every;
use nl2sql_training::{checkpoint, train};
use serde_json::Value;

#[test]
fn output_folder_has_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let run = settings(folder.path());
    let summary = train(&run, &mut unwatched).unwrap();
    for name in [
        "adapter_config.json",
        "adapter_model.safetensors",
        "trainer_state.json",
        "train_results.json",
        "all_results.json",
        "training_loss.svg",
        "training_loss.png",
        "nl2sql_training.json",
        "checkpoint-12/optimizer.safetensors",
        "checkpoint-12/adapter_config.json",
    ] {
        assert!(run.output.join(name).is_file(), "{name} is missing");
    }
    let log = std::fs::read_to_string(run.output.join("trainer_log.jsonl")).unwrap();
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 12);
    assert_eq!(lines[11]["current_steps"], 12);
    assert_eq!(lines[11]["percentage"], 100.0);
    let mean = lines.iter().map(|line| line["loss"].as_f64().unwrap()).sum::<f64>() / 12.0;
    assert!((mean - summary.train_loss).abs() < 1e-9);
    let events = std::fs::read_dir(run.output.join("runs"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    assert!(events.file_name().to_str().unwrap().starts_with("events.out.tfevents."));
    assert!(
        std::fs::read(events.path())
            .unwrap()
            .windows(10)
            .any(|window| window == b"train/loss")
    );
}

#[test]
fn early_stopping_keeps_the_best_adapter() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    run.data.evaluation = vec![Description::file(alpaca(folder.path(), 6))];
    run.optimization.epochs = 50.0;
    // Far too fast: after a while each step makes the evaluation loss worse.
    run.optimization.learning_rate = 0.3;
    run.watch.evaluate = Every::Steps(1);
    run.watch.load_best = true;
    run.watch.patience = Some(3);
    run.watch.keep = Some(1);
    let mut losses = Vec::new();
    let mut watch = |event: &TrainEvent| {
        if let TrainEvent::Evaluated { loss, .. } = event {
            losses.push(*loss);
        }
    };
    let summary = train(&run, &mut watch).unwrap();
    assert!(summary.stopped_early && summary.steps < 300);
    let best = losses.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(summary.best_evaluation_loss, Some(best));
    let at = losses.iter().position(|&loss| loss == best).unwrap();
    assert_eq!(losses.len() - at, 4);
    let kept = run.output.join(format!("checkpoint-{}", at + 1));
    assert_eq!(adapter_bytes(&run.output), adapter_bytes(&kept));
    assert!(checkpoint::list(&run.output).unwrap().len() <= 2);
}

#[test]
fn packing_does_not_change_the_loss() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    run.adapter.dropout = 0.0;
    run.optimization.batch = 24;
    run.optimization.accumulation = 1;
    run.optimization.max_steps = Some(1);
    let plain = train(&run, &mut unwatched).unwrap();
    run.output = folder.path().join("packed");
    run.data.packing = true;
    run.data.cutoff = 64;
    let packed = train(&run, &mut unwatched).unwrap();
    assert!((plain.train_loss - packed.train_loss).abs() < 1e-6);
}

#[test]
fn adapter_file_round_trips() {
    let folder = tempfile::tempdir().unwrap();
    let run = settings(folder.path());
    let config = nl2sql_model::ModelConfig::read(&run.model).unwrap();
    let layout = nl2sql_training::parameters::ParameterLayout::new(&config, &run.adapter_config()).unwrap();
    let values = layout.initial_factors(3);
    let path = folder.path().join("a.safetensors");
    adapter_file::write(&path, &layout, &values).unwrap();
    assert_eq!(adapter_file::read(&path, &layout).unwrap(), values);
}
