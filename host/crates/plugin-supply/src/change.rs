//! What an update would change.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::lock::LockedPlugin;

/// One thing that is another after an update.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub what: &'static str,
    /// As it is locked.
    pub before: String,
    /// As it would be.
    pub after: String,
}

/// An update of one plugin, as it is shown before anything is changed.
#[derive(Clone, Debug, Serialize)]
pub struct UpdateReview {
    /// The plugin.
    pub name: String,
    /// As it is locked.
    pub before: LockedPlugin,
    /// As it would be.
    pub after: LockedPlugin,
    /// What differs.
    pub changes: Vec<Change>,
    /// Services that it imports and nobody granted, with its reasons.
    pub ungranted: Vec<(String, String)>,
    /// Whether the update was made.
    pub accepted: bool,
}

impl UpdateReview {
    /// The review of an update from `before` to `after`.
    pub(crate) fn new(before: LockedPlugin, after: LockedPlugin, ungranted: Vec<(String, String)>) -> Self {
        Self {
            name: before.name.clone(),
            changes: changes(&before, &after),
            before,
            after,
            ungranted,
            accepted: false,
        }
    }

    /// Whether the plugin is the one that is locked.
    pub fn is_up_to_date(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether the bytes are others.
    pub fn is_other_file(&self) -> bool {
        self.before.sha256 != self.after.sha256
    }
}

fn changes(before: &LockedPlugin, after: &LockedPlugin) -> Vec<Change> {
    let signer = |plugin: &LockedPlugin| match (&plugin.signer, &plugin.key) {
        (Some(name), Some(key)) => format!("{name} ({key})"),
        _ => "unsigned".to_owned(),
    };
    let bytes = |plugin: &LockedPlugin| format!("{} bytes", plugin.size);
    let resolved = |plugin: &LockedPlugin| plugin.resolved.clone().unwrap_or_else(|| "none".to_owned());
    let pairs = [
        ("version", before.version.clone(), after.version.clone()),
        ("kind", before.kind.to_string(), after.kind.to_string()),
        ("source", before.source.clone(), after.source.clone()),
        ("tag leads to", resolved(before), resolved(after)),
        ("signer", signer(before), signer(after)),
        ("contract", before.contract.clone(), after.contract.clone()),
        ("imports", words(&before.imports), words(&after.imports)),
        ("grants", words(&before.grants), words(&after.grants)),
        ("size", bytes(before), bytes(after)),
        ("sha256", before.sha256.clone(), after.sha256.clone()),
    ];
    let differing = pairs.into_iter().filter(|(_, before, after)| before != after);
    differing
        .map(|(what, before, after)| Change { what, before, after })
        .collect()
}

/// Names in one line.
pub(crate) fn words(names: &BTreeSet<String>) -> String {
    match names.len() {
        0 => "nothing".to_owned(),
        _ => names.iter().cloned().collect::<Vec<_>>().join(", "),
    }
}
