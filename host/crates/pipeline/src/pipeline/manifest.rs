//! `run.toml`: the resolved profile, versions, seeds and plugin digests.

use nl2sql_profile::Profile;
use serde::Serialize;

use super::Pipeline;
use crate::{PipelineError, PluginIdentity, artifact};

#[derive(Serialize)]
struct Manifest<'a> {
    name: &'a str,
    version: &'static str,
    seed: u64,
    plugins: &'a [PluginIdentity],
    profile: &'a Profile,
}

impl Pipeline<'_> {
    pub(super) fn write_manifest(&self) -> Result<(), PipelineError> {
        let manifest = Manifest {
            name: &self.name,
            version: env!("CARGO_PKG_VERSION"),
            seed: self.profile.run.seed,
            plugins: &self.plugins,
            profile: self.profile,
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
}
