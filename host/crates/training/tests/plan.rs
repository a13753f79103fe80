//! Figures of a dry run.

use crate::tiny_model::{alpaca, settings, unwatched};
use nl2sql_model::device::DeviceChoice;
use nl2sql_training::dataset::Description;
use nl2sql_training::plan::{PlanFigures, TrainPlan};
use nl2sql_training::settings::{Every, TrainSettings};

fn figures(run: &TrainSettings) -> PlanFigures {
    let plan = TrainPlan::prepare(run, &mut unwatched).unwrap();
    plan.figures(run).unwrap()
}

#[test]
fn figures_name_template_device_time_and_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    let plain = figures(&run);
    assert_eq!((plain.samples, plain.steps, plain.evaluations), (24, 12, 0));
    assert!(plain.tokens_per_epoch > plain.longest && plain.longest > 10);
    assert!(plain.time.training_seconds > 0.0 && plain.time.evaluation_seconds == 0.0);
    let text = plain.to_string();
    assert!(text.contains("template           default"), "{text}");
    assert!(
        text.contains("device             cpu (2 workers), frozen weights in f32"),
        "{text}"
    );
    assert!(
        text.contains("evaluation         none;") && text.contains("eval_steps"),
        "{text}"
    );
    assert!(
        text.contains("time, estimated    about ") && text.contains("GFLOP/s measured now"),
        "{text}"
    );

    let held_out = tempfile::tempdir().unwrap();
    run.data.evaluation = vec![Description::file(alpaca(held_out.path(), 6))];
    let unused = figures(&run).to_string();
    assert!(
        unused.contains("6 samples, not evaluated during training; set eval_steps"),
        "{unused}"
    );
    run.watch.evaluate = Every::Steps(5);
    let evaluated = figures(&run);
    assert_eq!((evaluated.evaluation_samples, evaluated.evaluations), (6, 2));
    assert!(evaluated.time.evaluation_seconds > 0.0);
    assert!(evaluated.to_string().contains("6 samples, 2 times"), "{evaluated}");
    run.watch.evaluate = Every::Epoch;
    assert_eq!(figures(&run).evaluations, 2);
}

#[test]
fn dry_run_refuses_a_missing_device_as_training_does() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = settings(folder.path());
    run.compute.devices = vec![DeviceChoice::Cuda(99)];
    let plan = TrainPlan::prepare(&run, &mut unwatched).unwrap();
    let dry = plan.figures(&run).unwrap_err().to_string();
    let real = nl2sql_training::train(&run, &mut unwatched).unwrap_err().to_string();
    assert!(dry.contains("cuda:99"), "{dry}");
    assert_eq!(dry, real);
}
