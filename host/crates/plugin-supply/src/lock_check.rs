//! The lock of a profile held to profile, store, keys and lists.

use nl2sql_profile::Profile;
use serde::Serialize;

use crate::lock::Lock;
use crate::locked_supply::LockedSupply;
use crate::{Store, SupplyError, Trust};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FindingLevel {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Warning,
    /// A run would stop.
    Error,
}

/// What was found about a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The plugin.
    pub plugin: String,
    /// How much it matters.
    pub level: FindingLevel,
    /// What was found, in a sentence.
    pub message: String,
}

/// Checks every plugin that the profile has from elsewhere, and every line of the lock.
pub(crate) fn check(profile: &Profile, trust: &Trust, store: &Store) -> Result<Vec<Finding>, SupplyError> {
    let supply = LockedSupply::of(profile, trust.clone(), store.clone())?;
    let mut findings = Vec::new();
    let mut add = |plugin: &str, level, message| {
        findings.push(Finding {
            plugin: plugin.to_owned(),
            level,
            message,
        });
    };
    for (name, settings) in &profile.plugins {
        if settings.source.is_some() {
            match supply.verified(name) {
                Ok(plugin) => match &plugin.signer {
                    Some(signer) => add(name, FindingLevel::Ok, format!("locked, signed by {signer}")),
                    None => add(
                        name,
                        FindingLevel::Warning,
                        "locked, accepted without a signature".to_owned(),
                    ),
                },
                Err(error) => add(name, FindingLevel::Error, error.to_string()),
            }
        } else if settings.path.is_some() && settings.sha256.is_none() {
            let message = "a file of your own that no digest pins; whoever can write it decides what runs".to_owned();
            add(name, FindingLevel::Warning, message);
        }
    }
    let lock = profile
        .trust
        .lock
        .as_deref()
        .map(Lock::read)
        .transpose()?
        .unwrap_or_default();
    let is_used = |name: &str| {
        profile
            .plugins
            .get(name)
            .is_some_and(|settings| settings.source.is_some())
    };
    for plugin in lock.plugins.iter().filter(|plugin| !is_used(&plugin.name)) {
        let message = "stands in the lock, and the profile does not use it".to_owned();
        add(&plugin.name, FindingLevel::Warning, message);
    }
    Ok(findings)
}
