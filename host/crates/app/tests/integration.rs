//! The product driven as a library, without terminal or HTTP.

mod project;

use std::fs;
use std::sync::Arc;

use nl2sql_app::diagnostic::{Exit, all_codes, exit_codes};
use nl2sql_app::job::{EvaluateRequest, Job, Outcome, TrainRequest};
use nl2sql_app::{EVENT_VERSION, Event, EventKind, ServiceRuntime, Session, off_runtime};
use nl2sql_pipeline::{Rerun, Stage};

use project::{Project, artifacts, done, events_of};

#[test]
fn a_database_becomes_a_trained_and_evaluated_model() {
    let project = Project::new("shop", 60);
    let session = project.session();
    let Outcome::Run(run) = done(&session, Job::Run(Rerun::default())) else {
        panic!("a run ends as a run");
    };
    assert_eq!(run.stages.len(), Stage::ALL.len());
    assert!(!run.examples.is_empty());

    let Outcome::TrainingPlan(plan) = done(&session, Job::PlanTraining(TrainRequest::default())) else {
        panic!("a plan ends as a plan");
    };
    assert_eq!(plan.steps, 4);
    let Outcome::Train(trained) = done(&session, Job::Train(TrainRequest::default())) else {
        panic!("a training ends as a training");
    };
    assert_eq!(trained.steps, 4);
    assert!(trained.output.join("adapter_model.safetensors").is_file());

    let request = EvaluateRequest {
        after: Some(trained.output),
        ..EvaluateRequest::default()
    };
    let Outcome::Evaluate(evaluated) = done(&session, Job::Evaluate(request)) else {
        panic!("an evaluation ends as an evaluation");
    };
    assert!(evaluated.report.examples > 0);
    assert!(evaluated.page().is_file());

    let log = fs::read_to_string(session.place().folder.join("events.jsonl")).unwrap();
    let logged: Vec<EventKind> = log
        .lines()
        .map(|line| serde_json::from_str::<Event>(line).unwrap().kind)
        .collect();
    let ended = logged.iter().filter_map(|kind| match kind {
        EventKind::JobFinished { job, .. } => Some(job.as_str()),
        _ => None,
    });
    assert_eq!(ended.collect::<Vec<_>>(), ["run", "train", "eval"]);
    let has = |is: fn(&EventKind) -> bool| logged.iter().any(is);
    assert!(has(|kind| matches!(kind, EventKind::StageFinished { .. })));
    assert!(has(|kind| matches!(kind, EventKind::Training { .. })));
    assert!(has(|kind| matches!(kind, EventKind::Predicting { .. })));
}

#[test]
fn events_replay_from_their_lines() {
    let project = Project::new("shop", 30);
    let session = project.session();
    let (events, outcome) = events_of(&session, Job::Run(Rerun::default()));
    outcome.unwrap();
    for event in &events {
        let line = serde_json::to_string(event).unwrap();
        assert_eq!(&serde_json::from_str::<Event>(&line).unwrap(), event, "{line}");
    }
    let finished = |events: &[Event]| -> Vec<Stage> {
        let stages = events.iter().filter_map(|event| match &event.kind {
            EventKind::StageFinished { stage, .. } => Some(*stage),
            _ => None,
        });
        stages.collect()
    };
    assert_eq!(finished(&events), Stage::ALL);
    // The run folder keeps the same events.
    let log = fs::read_to_string(session.place().folder.join("events.jsonl")).unwrap();
    let logged: Vec<Event> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(logged.iter().all(|event| event.version == EVENT_VERSION));
    assert_eq!(finished(&logged), Stage::ALL);
}

#[test]
fn a_cancelled_run_continues_to_the_same_bytes() {
    let (whole, stopped) = (Project::new("shop", 400), Project::new("shop", 400));
    done(&whole.session(), Job::Run(Rerun::default()));

    let session = stopped.session();
    let mut handle = session.start(Job::Run(Rerun::default()));
    while let Some(event) = handle.events.blocking_recv() {
        if matches!(event.kind, EventKind::Round { .. }) {
            handle.cancel.cancel();
        }
    }
    let error = handle.join().expect_err("a cancelled run does not end as done");
    assert_eq!(error.exit(), Exit::Interrupted, "{error}");
    assert_eq!(error.diagnostic().code, "stopped");

    done(&stopped.session(), Job::Run(Rerun::default()));
    assert_eq!(artifacts(&stopped), artifacts(&whole));
}

#[test]
fn two_sessions_with_different_profiles_run_at_once() {
    let (first, second) = (Project::new("shop", 30), Project::new("library", 60));
    let alone = Project::new("shop", 30);
    let (a, b) = (first.session(), second.session());
    let handles = [a.start(Job::Run(Rerun::default())), b.start(Job::Run(Rerun::default()))];
    let names: Vec<String> = handles
        .map(|handle| match handle.join().unwrap() {
            Outcome::Run(run) => run.name,
            other => panic!("{other:?}"),
        })
        .into();
    assert_eq!(names, ["shop", "library"]);
    done(&alone.session(), Job::Run(Rerun::default()));
    assert_eq!(artifacts(&first), artifacts(&alone));
    assert_ne!(artifacts(&first), artifacts(&second));
}

#[tokio::test]
async fn blocking_services_are_safe_inside_a_runtime_of_one_thread() {
    let project = Project::new("shop", 30);
    let session = project.session();
    let connection = session.connection().unwrap();
    assert_eq!(connection.server_info().driver, "sqlite");
    let handle = session.start(Job::CheckConnection);
    assert!(matches!(handle.outcome().await.unwrap(), Outcome::Connection(_)));
    // The last owner of the session's runtime may be an asynchronous task.
    drop((connection, session));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn blocking_services_are_safe_inside_a_runtime_of_many_threads() {
    let runtime = ServiceRuntime::start().unwrap();
    assert_eq!(runtime.block_on(|| async { 7 }), 7);
    let nested = runtime.clone();
    assert_eq!(runtime.block_on(|| async move { nested.block_on(|| async { 8 }) }), 8);
    assert_eq!(off_runtime(|| 9).await, 9);
}

#[test]
fn errors_carry_codes_that_are_listed() {
    let project = Project::new("shop", 30);
    let session = project.session();
    let error = session.start(Job::Train(TrainRequest::default())).join().unwrap_err();
    let diagnostic = error.diagnostic();
    assert!(diagnostic.message.contains("run `nl2sql run` first"), "{diagnostic}");
    assert!(all_codes().iter().any(|(code, _)| *code == diagnostic.code));
    assert_eq!(error.exit(), Exit::Usage);

    let request = TrainRequest {
        model: Some("weights.gguf".into()),
        dataset: Some(project.folder().join("nl2sql.toml").display().to_string()),
        ..TrainRequest::default()
    };
    let error = session.start(Job::Train(request)).join().unwrap_err();
    assert!(
        error.to_string().contains("nl2sql model import weights.gguf weights"),
        "{error}"
    );

    let request = TrainRequest {
        device: Some("cuda:0".into()),
        ..TrainRequest::default()
    };
    done(&session, Job::Run(Rerun::default()));
    let error = session.start(Job::PlanTraining(request)).join().unwrap_err();
    assert_eq!(
        (error.diagnostic().code.as_str(), error.exit()),
        ("model::device", Exit::Usage),
        "{error}"
    );
}

#[test]
fn codes_and_exits_are_each_listed_once() {
    let mut codes: Vec<&str> = all_codes().iter().map(|(code, _)| *code).collect();
    let count = codes.len();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), count);
    let exits: Vec<u8> = exit_codes().iter().map(|(code, _)| *code).collect();
    assert_eq!(exits, [0, 1, 2, 3, 4, 130]);
}

#[test]
fn sessions_can_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<Session>>();
}
