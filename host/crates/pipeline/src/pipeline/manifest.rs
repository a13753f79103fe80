//! `run.toml`: the resolved profile, versions, seeds and plugin digests.

use nl2sql_profile::{Profile, QueueSettings};
use serde::Serialize;

use super::Pipeline;
use crate::{PipelineError, PluginIdentity, Stage, artifact};

#[derive(Serialize)]
struct Manifest<'a> {
    name: &'a str,
    version: &'static str,
    seed: u64,
    plugins: Vec<PluginIdentity>,
    profile: Profile,
}

impl Pipeline<'_> {
    /// Writes down what the run is made with once `stage` is done: earlier stages as they were done, the rest with what is at hand.
    pub(super) fn write_manifest(&self, stage: Stage) -> Result<(), PipelineError> {
        let manifest = Manifest {
            name: &self.name,
            version: env!("CARGO_PKG_VERSION"),
            seed: self.profile.run.seed,
            plugins: self.plugins_from(stage),
            // Who did the work is no part of what the run was made with.
            profile: Profile {
                queue: QueueSettings::default(),
                ..self.profile.clone()
            },
        };
        let path = self.folder.path(artifact::RUN);
        let text = toml::to_string(&manifest)
            .map_err(|error| PipelineError::io("writing", &path, std::io::Error::other(error.to_string())))?;
        let text = format!("# Written by nl2sql: what this run was made with.\n\n{text}");
        if self
            .folder
            .read(artifact::RUN)?
            .is_some_and(|before| before == text.as_bytes())
        {
            return Ok(());
        }
        self.folder.write(artifact::RUN, text.as_bytes()).map(drop)
    }

    fn plugins_from(&self, stage: Stage) -> Vec<PluginIdentity> {
        let ledger = self.ledger.borrow();
        let mut plugins: Vec<PluginIdentity> = Vec::new();
        for done in Stage::ALL {
            let used = match ledger.stages.get(&done).filter(|_| done < stage) {
                Some(record) => record.plugins.clone(),
                None => self.plugins_of(done),
            };
            for plugin in used {
                if !plugins.contains(&plugin) {
                    plugins.push(plugin);
                }
            }
        }
        plugins
    }
}
