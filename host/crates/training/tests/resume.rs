//! A killed, cancelled or out-of-disk run ends with the adapter of an uninterrupted one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::tiny_model::{adapter_bytes, alpaca, settings, unwatched};
use nl2sql_training::dataset::Description;
use nl2sql_training::events::TrainEvent;
use nl2sql_training::schedule::ScheduleKind;
use nl2sql_training::settings::{Every, Resume};
use nl2sql_training::{TrainError, checkpoint, train};

const CHILD: &str = "NL2SQL_TEST_CHILD_FOLDER";

fn uninterrupted(folder: &Path) -> Vec<u8> {
    let mut settings = settings(folder);
    settings.output = folder.join("uninterrupted");
    let summary = train(&settings, &mut unwatched).unwrap();
    assert_eq!(summary.steps, 12);
    adapter_bytes(&settings.output)
}

/// Not a test of its own: the process that is killed. It sleeps at each step so that it can be killed.
#[test]
fn child_process() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let mut settings = settings(Path::new(&folder));
    settings.output = Path::new(&folder).join("killed");
    let mut linger = |event: &TrainEvent| {
        if matches!(event, TrainEvent::Step(_)) {
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    train(&settings, &mut linger).unwrap();
}

#[test]
fn resuming_a_killed_run_is_bit_identical() {
    let folder = tempfile::tempdir().unwrap();
    let expected = uninterrupted(folder.path());
    let output = folder.path().join("killed");
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "resume::child_process"])
        .env(CHILD, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while checkpoint::list(&output).unwrap().len() < 2 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the child ended before it could be killed"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!output.join("adapter_model.safetensors").exists());

    let mut again = settings(folder.path());
    again.output = output.clone();
    let mut done_before = 0;
    let mut watch = |event: &TrainEvent| {
        if let TrainEvent::Started { done_steps, .. } = event {
            done_before = *done_steps;
        }
    };
    train(&again, &mut watch).unwrap();
    assert!(done_before >= 4, "began at step {done_before}");
    assert_eq!(adapter_bytes(&output), expected);
}

#[test]
fn resuming_a_cancelled_run_is_bit_identical() {
    let folder = tempfile::tempdir().unwrap();
    let expected = uninterrupted(folder.path());
    let first = settings(folder.path());
    let cancellation = first.cancellation.clone();
    let mut cancel_at_five = |event: &TrainEvent| {
        if let TrainEvent::Step(figures) = event
            && figures.step == 5
        {
            cancellation.cancel();
        }
    };
    let summary = train(&first, &mut cancel_at_five).unwrap();
    assert!(summary.cancelled);
    assert_eq!(checkpoint::list(&first.output).unwrap().last().unwrap().0, 5);
    let second = settings(folder.path());
    train(&second, &mut unwatched).unwrap();
    assert_eq!(adapter_bytes(&second.output), expected);
}

#[test]
fn checkpoint_of_other_settings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = settings(folder.path());
    train(&first, &mut unwatched).unwrap();
    first.optimization.seed = 1;
    let error = train(&first, &mut unwatched).unwrap_err().to_string();
    assert!(error.contains("seed was 42, is 1"), "{error}");
    first.optimization.schedule = ScheduleKind::Cosine;
    let error = train(&first, &mut unwatched).unwrap_err().to_string();
    let schedule =
        "schedule was linear, peak 0.001, 0 warm-up steps of 12, is cosine, peak 0.001, 0 warm-up steps of 12";
    assert!(error.contains(schedule), "{error}");
    first.optimization.schedule = ScheduleKind::Linear;
    first.resume = Resume::Never;
    let error = train(&first, &mut unwatched).unwrap_err().to_string();
    assert!(error.contains("output_dir already holds"), "{error}");
    first.resume = Resume::Overwrite;
    train(&first, &mut unwatched).unwrap();
}

#[test]
fn failed_checkpoint_leaves_older_ones_intact() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    run.watch.keep = Some(1);
    let output = run.output.clone();
    let mut reasons = Vec::new();
    let mut block = |event: &TrainEvent| match event {
        // A file in place of the temporary checkpoint folder simulates a full disk.
        TrainEvent::Saved { .. } => std::fs::write(output.join("checkpoint-4.partial"), b"").unwrap(),
        TrainEvent::SaveFailed { reason } => {
            reasons.push(reason.clone());
            assert_eq!(checkpoint::list(&output).unwrap().last().unwrap().0, 2);
            std::fs::remove_file(output.join("checkpoint-4.partial")).unwrap();
        }
        _ => {}
    };
    train(&run, &mut block).unwrap();
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    let left: Vec<usize> = checkpoint::list(&run.output)
        .unwrap()
        .into_iter()
        .map(|(step, _)| step)
        .collect();
    assert_eq!(left, [12]);
}

#[test]
fn non_finite_loss_stops_and_keeps_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    run.optimization.learning_rate = 1e30;
    run.optimization.max_gradient_norm = 0.0;
    let error = train(&run, &mut unwatched).unwrap_err();
    let TrainError::NotFinite { step, samples, .. } = &error else {
        panic!("{error}")
    };
    assert!(*step > 1 && samples.len() == 4, "{error}");
    assert!(error.to_string().contains(&format!("step {step}")));
    assert!(!run.output.join("adapter_model.safetensors").exists());
}

#[test]
fn stop_during_evaluation_is_resumed_with_that_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let evaluated = |folder: &Path, output: &str| {
        let mut run = settings(folder);
        run.output = folder.join(output);
        run.data.evaluation = vec![Description::file(alpaca(folder, 24))];
        run.optimization.evaluation_batch = 4;
        run.watch.evaluate = Every::Steps(3);
        run
    };
    let whole = evaluated(folder.path(), "whole");
    train(&whole, &mut unwatched).unwrap();
    let first = evaluated(folder.path(), "stopped");
    let cancellation = first.cancellation.clone();
    let mut progress = Vec::new();
    let mut stop_in_the_middle = |event: &TrainEvent| {
        if let TrainEvent::Evaluating { step: 6, done, total } = event {
            progress.push((*done, *total));
            if *done == 8 {
                cancellation.cancel();
            }
        }
    };
    assert!(train(&first, &mut stop_in_the_middle).unwrap().cancelled);
    assert_eq!(progress, [(0, 24), (4, 24), (8, 24)]);
    train(&evaluated(folder.path(), "stopped"), &mut unwatched).unwrap();
    assert_eq!(adapter_bytes(&first.output), adapter_bytes(&whole.output));
    let losses = |output: &Path| {
        let state: serde_json::Value =
            serde_json::from_slice(&std::fs::read(output.join("trainer_state.json")).unwrap()).unwrap();
        let entries = state["log_history"].as_array().unwrap().clone();
        let evaluations = entries.into_iter().filter(|entry| !entry["eval_loss"].is_null());
        evaluations.collect::<Vec<_>>()
    };
    assert_eq!(losses(&whole.output).len(), 4);
    assert_eq!(losses(&first.output), losses(&whole.output));
}
