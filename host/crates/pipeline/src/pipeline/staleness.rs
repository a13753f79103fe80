//! What is still current: artifacts nobody changed, stages whose inputs and settings are what they were.

use std::collections::BTreeMap;

use nl2sql_catalog::Sample;
use nl2sql_profile::without_password;
use serde_json::json;

use super::{Pipeline, Rerun};
use crate::digest::of_settings;
use crate::run_folder::{StageRecord, StageState};
use crate::{PipelineError, PluginIdentity, Stage, artifact};

impl Pipeline<'_> {
    /// Refuses artifacts that are not as a stage left them, or takes them as they are.
    pub(super) fn check_artifacts(&self, rerun: Rerun) -> Result<(), PipelineError> {
        let known: Vec<_> = self
            .ledger
            .borrow()
            .artifacts
            .iter()
            .map(|(name, digest)| (name.clone(), digest.clone()))
            .collect();
        for (name, recorded) in known {
            let writer = Stage::writer_of(&name);
            let found = self.folder.digest(&name)?;
            if found.as_ref() == Some(&recorded) || rerun.redo {
                continue;
            }
            if !rerun.accept_edits {
                let path = self.folder.path(&name);
                return Err(PipelineError::Edited {
                    path,
                    gone: found.is_none(),
                    writer,
                });
            }
            let mut ledger = self.ledger.borrow_mut();
            match found {
                Some(digest) => {
                    ledger.artifacts.insert(name.clone(), digest);
                    if name == artifact::SAMPLES {
                        ledger.verdicts_by.clear();
                    }
                }
                None => {
                    ledger.artifacts.remove(&name);
                    ledger.stages.remove(&writer);
                }
            }
            drop(ledger);
            self.note(writer, &format!("continuing with {name} as it is"));
        }
        Ok(())
    }

    /// Takes what stages before the export of samples made with other plugins as it is.
    pub(super) fn accept_plugins(&self, rerun: Rerun) {
        if !rerun.accept_edits || rerun.redo {
            return;
        }
        for stage in Stage::ALL.into_iter().filter(|stage| *stage <= Stage::Generate) {
            let now = self.plugins_of(stage);
            let mut ledger = self.ledger.borrow_mut();
            let Some(record) = ledger.stages.get_mut(&stage) else {
                continue;
            };
            let Some(reason) = PluginIdentity::difference(&record.plugins, &now) else {
                continue;
            };
            record.plugins = now;
            drop(ledger);
            self.note(stage, &format!("keeping what is there although {reason}"));
        }
    }

    /// Whether a stage needs not run again.
    pub(super) fn is_current(&self, stage: Stage) -> Result<bool, PipelineError> {
        let ledger = self.ledger.borrow();
        let complete = |record: &&StageRecord| record.state == StageState::Complete;
        match ledger.stages.get(&stage).filter(complete) {
            Some(record) => Ok(self.any_change(stage, record)?.is_none()),
            None => Ok(false),
        }
    }

    /// Why a stage that was done is done again, in words.
    pub(super) fn why_again(&self, stage: Stage) -> Result<Option<String>, PipelineError> {
        let ledger = self.ledger.borrow();
        ledger
            .stages
            .get(&stage)
            .map_or(Ok(None), |record| self.any_change(stage, record))
    }

    fn any_change(&self, stage: Stage, record: &StageRecord) -> Result<Option<String>, PipelineError> {
        match self.plugin_change(stage, record) {
            None => self.change_since(stage, record),
            change => Ok(change),
        }
    }

    fn plugin_change(&self, stage: Stage, record: &StageRecord) -> Option<String> {
        PluginIdentity::difference(&record.plugins, &self.plugins_of(stage))
    }

    /// What changed in settings and artifacts since a stage ran, in words.
    fn change_since(&self, stage: Stage, record: &StageRecord) -> Result<Option<String>, PipelineError> {
        if record.settings != self.settings_digest(stage) {
            return Ok(Some(format!("the profile's settings for {} changed", stage.name())));
        }
        let now = self.input_digests(stage)?;
        let changed = now
            .iter()
            .find(|(name, digest)| record.inputs.get(*name) != Some(*digest));
        let gone = record.inputs.keys().find(|name| !now.contains_key(*name));
        Ok(changed
            .map(|(name, _)| format!("{name} changed"))
            .or_else(|| gone.map(|name| format!("{name} is gone"))))
    }

    /// Refuses to do a stage again when samples depend on what it made before.
    pub(super) fn guard_samples(&self, stage: Stage) -> Result<(), PipelineError> {
        if stage > Stage::Generate {
            return Ok(());
        }
        let samples = self.folder.readable_lines::<Sample>(artifact::SAMPLES)?.rows.len();
        let ledger = self.ledger.borrow();
        let Some(record) = ledger.stages.get(&stage) else {
            return Ok(());
        };
        if samples == 0 {
            return Ok(());
        }
        if let Some(reason) = self.plugin_change(stage, record) {
            return Err(PipelineError::OtherPlugin { stage, reason, samples });
        }
        if let Some(reason) = self.change_since(stage, record)?
            && !(stage == Stage::Generate && reason == format!("{} changed", artifact::PLAN))
        {
            return Err(PipelineError::WouldSupersede { stage, reason, samples });
        }
        Ok(())
    }

    /// Digests of the artifacts a stage reads; absent ones are left out.
    pub(super) fn input_digests(&self, stage: Stage) -> Result<BTreeMap<String, String>, PipelineError> {
        let mut digests = BTreeMap::new();
        for name in stage.inputs() {
            if let Some(digest) = self.folder.digest(name)? {
                digests.insert((*name).to_owned(), digest);
            }
        }
        Ok(digests)
    }

    /// Digest of the settings that decide a stage's outcome.
    pub(super) fn settings_digest(&self, stage: Stage) -> String {
        let profile = self.profile;
        let seed = profile.run.seed;
        let database = &profile.database;
        let mut settings = match stage {
            Stage::Extract => json!([
                database.dialect,
                database.driver,
                database.url.as_deref().map(without_password),
                database.path,
                database.host,
                database.port,
                database.database,
                database.schemas,
                database.include,
                database.exclude
            ]),
            Stage::Cards => json!([profile.cards, profile.privacy, seed]),
            Stage::Plan => json!([profile.plan, seed]),
            Stage::Generate => json!([profile.generate, seed]),
            Stage::Validate => json!([profile.validate]),
            Stage::Export => json!([profile.export, seed, self.name]),
        };
        let speaks = !matches!(stage, Stage::Extract | Stage::Validate);
        if let (true, false, Some(settings)) = (speaks, profile.glossary.is_empty(), settings.as_array_mut()) {
            settings.push(json!(profile.glossary));
        }
        if let (Stage::Cards, true, Some(settings)) = (stage, profile.export.reads_values(), settings.as_array_mut()) {
            settings.push(json!("{values}"));
        }
        of_settings(&settings)
    }

    /// Plugins that decide a stage's outcome.
    pub(super) fn plugins_of(&self, stage: Stage) -> Vec<PluginIdentity> {
        let role = match stage {
            Stage::Extract | Stage::Export => "dialect",
            Stage::Cards => return Vec::new(),
            Stage::Plan => "planner",
            Stage::Generate => "generator",
            Stage::Validate => "validator",
        };
        self.plugins
            .iter()
            .filter(|plugin| plugin.role == role)
            .cloned()
            .collect()
    }

    /// Digest of everything the verdicts depend on beside the samples.
    pub(super) fn verdict_source(&self) -> String {
        of_settings(&json!([
            self.settings_digest(Stage::Validate),
            self.plugins_of(Stage::Validate)
        ]))
    }
}
