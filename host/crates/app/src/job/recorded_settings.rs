//! Settings of an evaluation, kept in its manifest, so that it can be repeated without the flags it was run with.

use std::collections::BTreeMap;
use std::sync::Arc;

use nl2sql_evaluation::manifest::Manifest;
use nl2sql_profile::{DatabaseSettings, Profile, without_password};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{AppError, Session};

/// The sections of a profile that decide the figures.
pub(super) fn recorded_settings(profile: &Profile) -> BTreeMap<String, Value> {
    let sections = [
        ("database", json!(profile.database)),
        ("evaluate", json!(profile.evaluate)),
        ("export", json!(profile.export)),
        ("plugins", json!(profile.plugins)),
    ];
    sections
        .into_iter()
        .map(|(name, section)| (name.to_owned(), section))
        .collect()
}

/// A session with the settings of a manifest. What the manifest does not hold (an older one, a password) is the profile's.
pub(super) fn as_recorded(session: &Session, manifest: &Manifest) -> Result<Arc<Session>, AppError> {
    let mut profile = session.profile().clone();
    profile.run.seed = manifest.seed;
    let kept = &manifest.settings;
    take(kept, "evaluate", &mut profile.evaluate)?;
    take(kept, "export", &mut profile.export)?;
    take(kept, "plugins", &mut profile.plugins)?;
    let today = profile.database.clone();
    take(kept, "database", &mut profile.database)?;
    give_password(&mut profile.database, &today);
    Session::with_drivers(profile, Some(session.place().folder.clone()), session.drivers().clone())
}

fn take<T: DeserializeOwned>(kept: &BTreeMap<String, Value>, name: &str, section: &mut T) -> Result<(), AppError> {
    if let Some(value) = kept.get(name) {
        *section = serde_json::from_value(value.clone()).map_err(|error| {
            AppError::Usage(format!(
                "the manifest's settings of [{name}] cannot be used: {error}; it was written by another version of nl2sql"
            ))
        })?;
    }
    Ok(())
}

/// A URL is recorded without its password; today's profile may know it.
fn give_password(recorded: &mut DatabaseSettings, today: &DatabaseSettings) {
    if let (Some(kept), Some(url)) = (&recorded.url, &today.url)
        && *kept == without_password(url)
    {
        recorded.url = Some(url.clone());
    }
}
