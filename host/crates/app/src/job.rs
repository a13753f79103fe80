//! Jobs: the long pieces of work of a session, each on a thread of its own.

mod answerer;
mod cost_estimate;
mod custom_dataset;
mod evaluation;
mod evaluation_context;
mod model_folder;
mod prediction;
mod recorded_settings;
mod run;
mod setup_check;
mod training;
mod training_settings;
mod training_stages;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use nl2sql_pipeline::{Rerun, Stage};
use nl2sql_training::TrainSummary;
use nl2sql_training::plan::PlanFigures;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::event_log::EventLog;
use crate::{AppError, Event, EventKind, Session, plugin_audit};

pub use cost_estimate::CostEstimate;
pub use evaluation::{EvaluateRequest, EvaluationOutcome, Verification};
pub use evaluation_context::ExampleSource;
pub use model_folder::{ImportOutcome, MergeOutcome};
pub use prediction::{PREDICTIONS, PredictRequest, PredictionOutcome};
pub(crate) use run::USAGE;
pub use run::{RunOutcome, StageRow};
pub use setup_check::{Check, ConnectionReport, SetupReport};
pub use training::TrainRequest;

/// What a session can be asked to do.
#[derive(Clone, Debug)]
pub enum Job {
    /// All six stages; those that are done are not done again.
    Run(Rerun),
    /// One stage alone.
    Stage(Stage, Rerun),
    /// What stages are expected to cost; no language model is asked.
    EstimateCost(Vec<Stage>),
    /// Trains an adapter.
    Train(TrainRequest),
    /// What a training would do; nothing is trained.
    PlanTraining(TrainRequest),
    /// Predicts the answers of a data set.
    Predict(PredictRequest),
    /// Scores predictions and writes a report.
    Evaluate(EvaluateRequest),
    /// Scores the predictions of a manifest again and compares.
    VerifyEvaluation {
        /// The manifest.
        manifest: PathBuf,
        /// As for an evaluation, where the manifest does not say it.
        request: EvaluateRequest,
    },
    /// Connects to the database and reads what the login may do.
    CheckConnection,
    /// Checks everything a run needs. The text says where the profile comes from.
    CheckSetup {
        /// Where the profile comes from.
        profile: String,
    },
}

impl Job {
    /// The name of the command that asks for it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Run(_) | Self::EstimateCost(_) => "run",
            Self::Stage(stage, _) => stage.name(),
            Self::Train(_) | Self::PlanTraining(_) => "train",
            Self::Predict(_) => "predict",
            Self::Evaluate(_) | Self::VerifyEvaluation { .. } => "eval",
            Self::CheckConnection => "connect",
            Self::CheckSetup { .. } => "doctor",
        }
    }

    /// Whether it leaves something that belongs to the run. Estimates, plans and checks leave nothing.
    fn works_on_the_run(&self) -> bool {
        matches!(
            self,
            Self::Run(_) | Self::Stage(..) | Self::Train(_) | Self::Predict(_) | Self::Evaluate(_)
        )
    }
}

/// What came of a job.
#[derive(Debug)]
pub enum Outcome {
    /// Of [`Job::Run`] and [`Job::Stage`].
    Run(RunOutcome),
    /// Of [`Job::EstimateCost`].
    CostEstimate(CostEstimate),
    /// Of [`Job::Train`].
    Train(TrainSummary),
    /// Of [`Job::PlanTraining`].
    TrainingPlan(PlanFigures),
    /// Of [`Job::Predict`].
    Predict(PredictionOutcome),
    /// Of [`Job::Evaluate`].
    Evaluate(Box<EvaluationOutcome>),
    /// Of [`Job::VerifyEvaluation`].
    Verification(Verification),
    /// Of [`Job::CheckConnection`].
    Connection(ConnectionReport),
    /// Of [`Job::CheckSetup`].
    Setup(SetupReport),
}

/// A job under way.
pub struct Handle {
    /// What it does, in order; ends when the job ends.
    pub events: mpsc::UnboundedReceiver<Event>,
    /// Asks it to stop where it can be continued.
    pub cancel: CancellationToken,
    outcome: oneshot::Receiver<Result<Outcome, AppError>>,
}

impl Handle {
    /// Waits for the outcome in an asynchronous task.
    ///
    /// # Errors
    /// As the job.
    pub async fn outcome(self) -> Result<Outcome, AppError> {
        self.outcome.await.unwrap_or_else(|_| Err(panicked()))
    }

    /// Waits for the outcome on a thread that may block.
    ///
    /// # Errors
    /// As the job.
    pub fn join(self) -> Result<Outcome, AppError> {
        self.outcome.blocking_recv().unwrap_or_else(|_| Err(panicked()))
    }
}

fn panicked() -> AppError {
    AppError::Failed(
        "the job ended without an outcome, which is a defect of nl2sql; what was made before is kept".into(),
    )
}

/// What a job works with.
pub(crate) struct JobContext {
    pub(crate) session: Arc<Session>,
    pub(crate) cancel: CancellationToken,
    events: mpsc::UnboundedSender<Event>,
    /// The run's log, for jobs that work on the run.
    log: Option<Arc<EventLog>>,
}

impl JobContext {
    /// Tells of something that happened. Nobody has to listen.
    pub(crate) fn tell(&self, kind: EventKind) {
        let event = Event::now(kind);
        if let Some(log) = &self.log {
            log.append(&event);
        }
        let _ = self.events.send(event);
    }

    /// Tells the user something worth knowing.
    pub(crate) fn note(&self, message: impl std::fmt::Display) {
        self.tell(EventKind::Note {
            stage: None,
            message: message.to_string(),
        });
    }

    /// The same job in another session.
    pub(crate) fn within(&self, session: Arc<Session>) -> Self {
        Self {
            session,
            cancel: self.cancel.clone(),
            events: self.events.clone(),
            log: self.log.clone(),
        }
    }

    /// Performs the job between the events of its start and its end.
    fn perform_logged(&self, job: Job) -> Result<Outcome, AppError> {
        let (name, started) = (job.name(), Instant::now());
        self.tell(EventKind::JobStarted { job: name.into() });
        let outcome = self.perform(job);
        if self.log.is_some()
            && let Err(error) = plugin_audit::append(&self.session, name)
        {
            self.note(format!(
                "what plugins used could not be written to {}: {error}",
                plugin_audit::PLUGIN_AUDIT
            ));
        }
        self.tell(match &outcome {
            Ok(_) => EventKind::JobFinished {
                job: name.into(),
                seconds: started.elapsed().as_secs_f64(),
            },
            Err(error) => EventKind::JobFailed {
                job: name.into(),
                message: error.to_string(),
            },
        });
        outcome
    }

    fn perform(&self, job: Job) -> Result<Outcome, AppError> {
        Ok(match job {
            Job::Run(rerun) => Outcome::Run(run::run(self, rerun)?),
            Job::Stage(stage, rerun) => Outcome::Run(run::run_stage(self, stage, rerun)?),
            Job::EstimateCost(stages) => Outcome::CostEstimate(cost_estimate::estimate(self, &stages)?),
            Job::Train(request) => Outcome::Train(training::train(self, &request)?),
            Job::PlanTraining(request) => Outcome::TrainingPlan(training::plan(self, &request)?),
            Job::Predict(request) => Outcome::Predict(prediction::predict(self, &request)?),
            Job::Evaluate(request) => Outcome::Evaluate(Box::new(evaluation::evaluate(self, &request)?)),
            Job::VerifyEvaluation { manifest, request } => {
                Outcome::Verification(evaluation::verify(self, &manifest, &request)?)
            }
            Job::CheckConnection => Outcome::Connection(setup_check::connection(&self.session)?),
            Job::CheckSetup { profile } => Outcome::Setup(setup_check::setup(&self.session, profile)),
        })
    }
}

impl Session {
    /// Starts a job on a thread of its own. It stops when its handle's token is cancelled, or the session's.
    pub fn start(self: &Arc<Self>, job: Job) -> Handle {
        let (events, received) = mpsc::unbounded_channel();
        self.begin_telling(&events);
        let (sender, outcome) = oneshot::channel();
        let context = JobContext {
            session: self.clone(),
            cancel: self.cancellation().child_token(),
            events,
            log: job.works_on_the_run().then(|| Arc::new(EventLog::of(self.place()))),
        };
        let cancel = context.cancel.clone();
        std::thread::spawn(move || {
            let outcome = context.perform_logged(job);
            // Listeners see the end of the events before the outcome.
            drop(context);
            let _ = sender.send(outcome);
        });
        Handle {
            events: received,
            cancel,
            outcome,
        }
    }
}

/// Model folders, which need no profile.
pub use model_folder::{import_model, merge_adapter_into};
