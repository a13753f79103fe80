//! What each stage read and wrote: how a run notices edits and knows where it stopped.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{PluginIdentity, Stage, StageSummary};

/// How far a stage came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StageState {
    /// Begun; its journals hold what was done.
    Begun,
    /// Ended short of its budgets because the language model's budget was spent.
    Short,
    /// Done.
    Complete,
}

/// The last time a stage ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StageRecord {
    pub(crate) state: StageState,
    /// Digest of the profile's settings that decide its outcome.
    pub(crate) settings: String,
    /// Digests of the artifacts it read.
    pub(crate) inputs: BTreeMap<String, String>,
    /// Plugins that did the work.
    pub(crate) plugins: Vec<PluginIdentity>,
    pub(crate) summary: StageSummary,
}

/// Version of the run folder's formats; a folder of a later one is not touched.
pub(crate) const FORMAT: u32 = 1;

/// The artifact `stages.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// [`FORMAT`] of the program that wrote it.
    #[serde(default = "first_format")]
    pub(crate) format: u32,
    /// Digest of every artifact as it was written last.
    pub(crate) artifacts: BTreeMap<String, String>,
    pub(crate) stages: BTreeMap<Stage, StageRecord>,
    /// Digest of the validators and settings that the verdicts come from.
    #[serde(default)]
    pub(crate) verdicts_by: String,
}

/// What every version of the ledger tells.
#[derive(Deserialize)]
pub(super) struct Marked {
    #[serde(default = "first_format")]
    pub(super) format: u32,
}

/// Folders from before the number was written.
fn first_format() -> u32 {
    1
}

impl Default for Ledger {
    fn default() -> Self {
        Self {
            format: FORMAT,
            artifacts: BTreeMap::new(),
            stages: BTreeMap::new(),
            verdicts_by: String::new(),
        }
    }
}

impl Ledger {
    /// Forgets a stage and everything after it.
    pub(crate) fn forget_from(&mut self, stage: Stage) {
        self.stages.retain(|known, _| *known < stage);
        self.artifacts.retain(|name, _| Stage::writer_of(name) < stage);
    }
}
