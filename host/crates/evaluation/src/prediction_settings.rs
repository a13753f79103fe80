//! What decides the answers of a model: weights, adapter, template, prompt layout and decoding, under one fingerprint.
//!
//! Predictions carry the fingerprint, so that those of another model or another way of asking are never taken for today's.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::manifest::digest;

/// Hexadecimal digits of a fingerprint.
const DIGITS: usize = 16;

/// Longest value that is shown to a person.
const MAX_SHOWN: usize = 48;

/// Settings by name, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PredictionSettings(pub BTreeMap<String, String>);

impl PredictionSettings {
    /// Digest of all settings, in 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let text = self.0.iter().map(|(name, value)| format!("{name}\0{value}\0"));
        digest(text.collect::<String>().as_bytes())[..DIGITS].to_owned()
    }

    /// In what `now` differs, for a person: `template was "default", is "qwen"`. Digests and long texts are named alone.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(now.0.keys()).collect();
        let difference = |name: &String| {
            let values = [self.0.get(name), now.0.get(name)];
            let [was, is] =
                values.map(|value| value.map_or_else(|| "not set".to_owned(), |value| format!("{value:?}")));
            match values.into_iter().flatten().any(|value| value.len() > MAX_SHOWN) {
                _ if was == is => None,
                true => Some(format!("another {name}")),
                false => Some(format!("{name} was {was}, is {is}")),
            }
        };
        names.into_iter().filter_map(difference).collect()
    }

    /// Where the settings of predictions in `folder` are kept.
    fn path(folder: &Path, fingerprint: &str) -> PathBuf {
        folder.join(format!("prediction_settings-{fingerprint}.json"))
    }

    /// The settings behind a fingerprint, where they are kept beside the predictions.
    pub fn read(folder: &Path, fingerprint: &str) -> Option<Self> {
        // A fingerprint comes out of a file that anybody may have written.
        let is_fingerprint = fingerprint.len() == DIGITS && fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bytes = is_fingerprint.then(|| std::fs::read(Self::path(folder, fingerprint)).ok())??;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps the settings beside the predictions.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        let path = Self::path(folder, &self.fingerprint());
        let beside = path.with_extension("json.part");
        std::fs::write(&beside, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(beside, path)
    }
}
