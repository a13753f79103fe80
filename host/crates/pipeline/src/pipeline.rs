//! One run: stages in order, each done once, again only where something it depends on changed.

mod manifest;
mod stages;
mod staleness;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Instant;

use nl2sql_profile::Profile;

use crate::run_folder::{Ledger, StageRecord, StageState};
use crate::{Dependencies, Event, Observer, PipelineError, PluginIdentity, RunFolder, Stage, StageSummary, artifact};

/// What to do about work that is already there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rerun {
    /// Go on with artifacts as they are although somebody changed them.
    pub accept_edits: bool,
    /// Set what the stage and the later ones made aside and recreate it.
    pub redo: bool,
}

/// What the stages make, in the order of the stages.
const MADE: [&str; 11] = [
    artifact::METADATA,
    artifact::CARDS,
    artifact::CARDS_TEXT,
    artifact::PLAN,
    artifact::SAMPLES,
    artifact::ROUNDS,
    artifact::REVIEWS,
    artifact::VERDICTS,
    artifact::ANALYSIS,
    artifact::COVERAGE,
    artifact::EXPORT,
];

/// A run folder with everything needed to work on it.
pub struct Pipeline<'a> {
    profile: &'a Profile,
    name: String,
    folder: RunFolder,
    dependencies: &'a dyn Dependencies,
    observer: &'a dyn Observer,
    ledger: RefCell<Ledger>,
    plugins: Vec<PluginIdentity>,
}

/// What one stage made.
pub(crate) struct Outcome {
    pub(crate) summary: StageSummary,
    /// Digests of the files it wrote.
    pub(crate) artifacts: BTreeMap<String, String>,
    pub(crate) state: StageState,
}

impl<'a> Pipeline<'a> {
    /// Opens the run and checks that nobody changed its artifacts.
    ///
    /// # Errors
    /// When the folder cannot be used, an artifact was changed, or a plugin cannot be read.
    pub fn open(
        folder: RunFolder,
        name: &str,
        profile: &'a Profile,
        dependencies: &'a dyn Dependencies,
        observer: &'a dyn Observer,
        rerun: Rerun,
    ) -> Result<Self, PipelineError> {
        let plugins = dependencies
            .identities()
            .map_err(|failure| PipelineError::part(Stage::Extract, failure))?;
        let (ledger, lost) = match folder.read_ledger() {
            Err(PipelineError::NoLedger { what, .. }) if rerun.accept_edits || rerun.redo => {
                (Ledger::default(), Some(what))
            }
            ledger => (ledger?, None),
        };
        let pipeline = Self {
            profile,
            name: name.into(),
            folder,
            dependencies,
            observer,
            ledger: RefCell::new(ledger),
            plugins,
        };
        if let Some(what) = lost {
            pipeline.begin_new_ledger(&what)?;
        }
        pipeline.check_artifacts(rerun)?;
        pipeline.accept_plugins(rerun);
        Ok(pipeline)
    }

    /// The run folder.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// All six stages; those that are done are not done again.
    ///
    /// # Errors
    /// At the first stage that stops.
    pub fn run(&self, rerun: Rerun) -> Result<(), PipelineError> {
        if rerun.redo {
            self.set_aside(Stage::Extract)?;
        }
        for stage in Stage::ALL {
            if self.is_current(stage)? {
                let ledger = self.ledger.borrow();
                if let Some(record) = ledger.stages.get(&stage) {
                    self.tell(&Event::StageUpToDate {
                        stage,
                        summary: &record.summary,
                    });
                }
            } else {
                self.perform(stage, false)?;
            }
        }
        Ok(())
    }

    /// One stage alone. Generation continues; every other stage is done again.
    ///
    /// # Errors
    /// When the stage stops.
    pub fn run_stage(&self, stage: Stage, rerun: Rerun) -> Result<(), PipelineError> {
        if rerun.redo {
            self.set_aside(stage)?;
        }
        if stage == Stage::Generate && self.is_current(stage)? {
            let ledger = self.ledger.borrow();
            if let Some(record) = ledger.stages.get(&stage) {
                self.tell(&Event::StageUpToDate {
                    stage,
                    summary: &record.summary,
                });
            }
            return Ok(());
        }
        self.perform(stage, true)
    }

    /// Summaries of the stages done, in order.
    pub fn summaries(&self) -> Vec<(Stage, StageSummary)> {
        self.ledger
            .borrow()
            .stages
            .iter()
            .map(|(stage, record)| (*stage, record.summary.clone()))
            .collect()
    }

    fn perform(&self, stage: Stage, alone: bool) -> Result<(), PipelineError> {
        if stage > Stage::Extract && !self.profile.glossary.is_empty() {
            // One that does not fit is refused before it is taken for a change that sets work aside.
            self.catalog()?;
        }
        self.guard_samples(stage)?;
        self.write_manifest(stage)?;
        let again = self.why_again(stage)?;
        self.tell(&Event::StageStarted { stage });
        if let Some(reason) = again {
            self.note(stage, &format!("done again: {reason}"));
        }
        let began = Instant::now();
        let inputs = self.input_digests(stage)?;
        self.begin(stage)?;
        let outcome = match stage {
            Stage::Extract => self.extract(),
            Stage::Cards => self.cards(),
            Stage::Plan => self.plan(),
            Stage::Generate => self.generate(&inputs),
            Stage::Validate => self.validate(alone),
            Stage::Export => self.export(),
        };
        let outcome = outcome.inspect_err(|error| {
            self.tell(&Event::StageFailed {
                stage,
                message: &error.to_string(),
            });
        })?;
        self.tell(&Event::StageFinished {
            stage,
            summary: &outcome.summary,
            seconds: began.elapsed().as_secs_f64(),
        });
        self.record(stage, inputs, outcome)
    }

    /// Writes down that what the stage made before is about to be replaced, so that a process killed while it does so leaves nothing that
    /// looks like an edit. Generation does so by itself, for it continues with what is there.
    fn begin(&self, stage: Stage) -> Result<(), PipelineError> {
        if stage == Stage::Generate {
            return Ok(());
        }
        let mut ledger = self.ledger.borrow_mut();
        let before = ledger.clone();
        ledger.artifacts.retain(|name, _| Stage::writer_of(name) != stage);
        if let Some(record) = ledger.stages.get_mut(&stage) {
            record.state = StageState::Begun;
        }
        if *ledger == before {
            return Ok(());
        }
        self.folder.write_ledger(&ledger)
    }

    fn record(&self, stage: Stage, inputs: BTreeMap<String, String>, outcome: Outcome) -> Result<(), PipelineError> {
        let mut ledger = self.ledger.borrow_mut();
        ledger.artifacts.extend(outcome.artifacts);
        ledger.stages.insert(
            stage,
            StageRecord {
                state: outcome.state,
                settings: self.settings_digest(stage),
                inputs,
                plugins: self.plugins_of(stage),
                summary: outcome.summary,
            },
        );
        self.folder.write_ledger(&ledger)
    }

    /// Keeps the journals of generation, which may hold what was paid for, and sets everything else aside: without a ledger nothing tells
    /// what it was made from.
    fn begin_new_ledger(&self, what: &str) -> Result<(), PipelineError> {
        let kept = [
            artifact::SAMPLES,
            artifact::ROUNDS,
            artifact::REVIEWS,
            artifact::VERDICTS,
        ];
        let remade: Vec<_> = MADE
            .into_iter()
            .filter(|name| !kept.contains(name))
            .chain([artifact::STAGES])
            .collect();
        self.note(
            Stage::Extract,
            &format!("{} {what}; only the samples are gone on with", artifact::STAGES),
        );
        if let Some(place) = self.folder.supersede(&remade)? {
            self.note(
                Stage::Extract,
                &format!("the other files are kept in {}", place.display()),
            );
        }
        self.folder.write_ledger(&self.ledger.borrow())
    }

    /// Moves what a stage and the later ones made into `superseded/`.
    fn set_aside(&self, stage: Stage) -> Result<(), PipelineError> {
        let made: Vec<_> = MADE
            .into_iter()
            .filter(|name| Stage::writer_of(name) >= stage)
            .filter(|name| stage <= Stage::Generate || *name != artifact::VERDICTS)
            .collect();
        let place = self.folder.supersede(&made)?;
        self.ledger.borrow_mut().forget_from(stage);
        self.folder.write_ledger(&self.ledger.borrow())?;
        if let Some(place) = place {
            self.note(stage, &format!("what was there is kept in {}", place.display()));
        }
        Ok(())
    }

    fn tell(&self, event: &Event<'_>) {
        self.observer.event(event);
    }

    fn note(&self, stage: Stage, message: &str) {
        self.tell(&Event::Note { stage, message });
    }
}
