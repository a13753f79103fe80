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

    /// Whether a stage needs not run again.
    pub(super) fn is_current(&self, stage: Stage) -> Result<bool, PipelineError> {
        Ok(match self.ledger.borrow().stages.get(&stage) {
            Some(record) => record.state == StageState::Complete && self.change_since(stage, record)?.is_none(),
            None => false,
        })
    }

    /// What changed since a stage ran, in words.
    fn change_since(&self, stage: Stage, record: &StageRecord) -> Result<Option<String>, PipelineError> {
        if record.settings != self.settings_digest(stage) {
            return Ok(Some(format!("the profile's settings for {} changed", stage.name())));
        }
        let now = self.input_digests(stage)?;
        let changed = now
            .iter()
            .find(|(name, digest)| record.inputs.get(*name) != Some(*digest));
        Ok(changed.map(|(name, _)| format!("{name} changed")))
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
        if let Some(reason) = self.change_since(stage, record)?
            && !(stage == Stage::Generate && reason == format!("{} changed", artifact::PLAN))
        {
            return Err(PipelineError::WouldSupersede { stage, reason, samples });
        }
        let now = self.plugins_of(stage);
        if stage == Stage::Generate && record.state != StageState::Complete && record.plugins != now {
            let name = |plugins: &[PluginIdentity]| plugins.first().map(ToString::to_string).unwrap_or_default();
            return Err(PipelineError::OtherGenerator {
                before: name(&record.plugins),
                now: name(&now),
                samples,
            });
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
        of_settings(&match stage {
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
        })
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
