//! Everything a run does, as events that something else can watch.

use crate::{RoundRecord, Stage, StageSummary};

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// A stage began.
    StageStarted {
        /// The stage.
        stage: Stage,
    },
    /// A stage was already done.
    StageUpToDate {
        /// The stage.
        stage: Stage,
        /// What it had done.
        summary: &'a StageSummary,
    },
    /// A stage advanced.
    Progress {
        /// The stage.
        stage: Stage,
        /// Units done.
        done: u64,
        /// Units to do.
        total: u64,
    },
    /// A round of generation was written.
    Round {
        /// The round.
        round: &'a RoundRecord,
    },
    /// Something the user should know.
    Note {
        /// The stage.
        stage: Stage,
        /// One sentence.
        message: &'a str,
    },
    /// A stage ended.
    StageFinished {
        /// The stage.
        stage: Stage,
        /// What it did.
        summary: &'a StageSummary,
        /// How long it took.
        seconds: f64,
    },
    /// A stage stopped.
    StageFailed {
        /// The stage.
        stage: Stage,
        /// Why.
        message: &'a str,
    },
}

/// Watches a run. Called from the thread that runs the stage.
pub trait Observer: Sync {
    /// Something happened.
    fn event(&self, event: &Event<'_>);
    /// Whether the user asked to stop.
    fn cancelled(&self) -> bool {
        false
    }
}
