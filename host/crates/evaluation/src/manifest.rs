//! What a report was made from, digest by digest, so that it can be made again and compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::prediction_settings::PredictionSettings;

/// SHA-256 in lower-case hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// The artifact `manifest.json` of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of nl2sql that made it.
    pub version: String,
    /// Definition of execution match.
    pub definition: String,
    /// Seed of the resampling.
    pub seed: u64,
    /// Digests by role: `data`, `schema`, `weights-before`, `weights-after`, `predictions-before`, `predictions-after`,
    /// `plugin:<name>`, ...
    pub digests: BTreeMap<String, String>,
    /// Paths as given, by the same roles, so that the run can be repeated.
    pub paths: BTreeMap<String, String>,
    /// How the predictions of each side were made, where that is known.
    #[serde(default)]
    pub made_with: BTreeMap<String, PredictionSettings>,
    /// How many examples were taken, where not all were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
    /// Sections of the profile that decide the figures, so that they need not be given again. Secrets only as names.
    #[serde(default)]
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Every figure of the report by run (`before`, `after`) and metric.
    pub figures: BTreeMap<String, BTreeMap<String, Option<f64>>>,
}

/// One thing in which a second run differs from a manifest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} was {recorded} and is {found}")]
pub struct Difference {
    /// What differs, e.g. `digest of data` or `after execution-match`.
    pub what: String,
    /// In the manifest.
    pub recorded: String,
    /// Now.
    pub found: String,
}

impl Manifest {
    /// Everything in which `again`, made by a second run, differs; empty when it was reproduced.
    pub fn differences(&self, again: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        compare(
            &mut found,
            "definition of execution match",
            Some(&self.definition),
            Some(&again.definition),
        );
        compare(&mut found, "seed", Some(&self.seed), Some(&again.seed));
        for side in keys(&self.made_with, &again.made_with) {
            let fingerprint = |manifest: &Self| manifest.made_with.get(side).map(PredictionSettings::fingerprint);
            let (was, is) = (fingerprint(self), fingerprint(again));
            compare(
                &mut found,
                &format!("fingerprint of the predictions {side}"),
                was.as_ref(),
                is.as_ref(),
            );
        }
        for role in keys(&self.digests, &again.digests) {
            compare(
                &mut found,
                &format!("digest of {role}"),
                self.digests.get(role),
                again.digests.get(role),
            );
        }
        for run in keys(&self.figures, &again.figures) {
            let none = BTreeMap::new();
            let (before, after) = (
                self.figures.get(run).unwrap_or(&none),
                again.figures.get(run).unwrap_or(&none),
            );
            for metric in keys(before, after) {
                let figure = |figures: &BTreeMap<String, Option<f64>>| {
                    figures
                        .get(metric)
                        .map(|figure| figure.map_or("none".to_owned(), shown))
                };
                compare(
                    &mut found,
                    &format!("{run} {metric}"),
                    figure(before).as_ref(),
                    figure(after).as_ref(),
                );
            }
        }
        found
    }
}

/// To nine decimals: the last bits of a figure do not survive every JSON reader.
fn shown(figure: f64) -> String {
    ((figure * 1e9).round() / 1e9).to_string()
}

fn keys<'m, V>(left: &'m BTreeMap<String, V>, right: &'m BTreeMap<String, V>) -> impl Iterator<Item = &'m String> {
    left.keys().chain(right.keys().filter(|key| !left.contains_key(*key)))
}

fn compare<T: PartialEq + ToString>(found: &mut Vec<Difference>, what: &str, recorded: Option<&T>, now: Option<&T>) {
    if recorded != now {
        let text = |value: Option<&T>| value.map_or("absent".to_owned(), ToString::to_string);
        found.push(Difference {
            what: what.to_owned(),
            recorded: text(recorded),
            found: text(now),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_named() {
        let recorded = Manifest {
            definition: "nl2sql".into(),
            digests: [("data".into(), "a".into())].into(),
            figures: [("after".into(), [("bleu-4".into(), Some(1.5))].into())].into(),
            ..Manifest::default()
        };
        assert!(recorded.differences(&recorded.clone()).is_empty());
        let mut again = recorded.clone();
        again.digests.insert("data".into(), "b".into());
        again.figures.get_mut("after").unwrap().insert("bleu-4".into(), None);
        let told: Vec<String> = recorded.differences(&again).iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["digest of data was a and is b", "after bleu-4 was 1.5 and is none"]
        );
    }
}
