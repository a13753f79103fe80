//! The profile that a run was made with, as its folder recorded it.

use std::path::Path;

use nl2sql_pipeline::artifact;
use nl2sql_profile::Profile;
use serde::Deserialize;

use crate::AppError;

/// The part of `run.toml` that is read again.
#[derive(Deserialize)]
struct Manifest {
    profile: Profile,
}

/// The profile of a run, with how to serve and whom to ask as `now` says: these belong to the server, not to the run.
///
/// # Errors
/// When the folder is no run, or was made by another version whose settings this one does not know.
pub fn profile_of_run(folder: &Path, now: &Profile) -> Result<Profile, AppError> {
    let path = folder.join(artifact::RUN);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let path = path.display();
        AppError::Usage(format!(
            "{path} cannot be read: {error}; name the folder of a run, e.g. runs/shop"
        ))
    })?;
    let manifest: Manifest = toml::from_str(&text)
        .map_err(|error| AppError::Usage(format!("{} cannot be understood: {}", path.display(), error.message())))?;
    Ok(Profile {
        serve: now.serve.clone(),
        ask: now.ask.clone(),
        llm: now.llm.clone(),
        ..manifest.profile
    })
}
