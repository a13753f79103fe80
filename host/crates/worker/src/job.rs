//! What a worker must have to do the tasks of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{QueueError, sha256};

/// Version of the messages between coordinator and workers.
pub const PROTOCOL: u32 = 4;

/// Maximum number of artifacts of a job.
const MAX_ARTIFACTS: usize = 256;

/// A run that wants workers: which program it speaks, and which artifacts its tasks refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobManifest {
    /// [`PROTOCOL`] of the coordinator.
    pub protocol: u32,
    /// Version of the coordinator.
    pub program: String,
    /// Name of the run, for people.
    pub run: String,
    /// Tells apart runs of one name: the digest of machine and folder.
    pub place: String,
    /// Tasks worth having at once in one worker, where they wait for a language model rather than for cores.
    pub at_once: Option<usize>,
    /// A task whose worker is silent for so long goes to another one, milliseconds.
    pub lease_ms: u64,
    /// Name and SHA-256 of what a worker fetches.
    pub artifacts: BTreeMap<String, String>,
    /// Plugins that every nl2sql of this build has, with their SHA-256.
    pub built_in: BTreeMap<String, String>,
}

impl JobManifest {
    /// The name of the job: equal manifests are one job.
    pub fn id(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        sha256(&text)[..32].to_owned()
    }

    /// Reads a manifest and refuses what this version does not know, so that an old worker does nothing wrong for a new coordinator.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, QueueError> {
        #[derive(Deserialize)]
        struct Version {
            protocol: u32,
            program: String,
            run: String,
        }
        let version: Version = serde_json::from_slice(bytes).map_err(|error| QueueError::malformed("a job", error))?;
        if version.protocol != PROTOCOL {
            return Err(QueueError::OtherVersion {
                run: version.run,
                reason: format!(
                    "its coordinator is nl2sql {} with protocol {}, and this worker has protocol {PROTOCOL}",
                    version.program, version.protocol
                ),
            });
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| QueueError::malformed("a job", error))?;
        if manifest.artifacts.len() > MAX_ARTIFACTS {
            return Err(QueueError::malformed(
                "a job",
                format!("it names more than {MAX_ARTIFACTS} artifacts"),
            ));
        }
        Ok(manifest)
    }

    /// How long a lease lasts that is not renewed.
    pub(crate) fn lease(&self) -> Duration {
        Duration::from_millis(self.lease_ms)
    }

    /// Refuses a job of another version of the program.
    pub(crate) fn check_program(&self, program: &str) -> Result<(), QueueError> {
        if self.program == program {
            return Ok(());
        }
        Err(QueueError::OtherVersion {
            run: self.run.clone(),
            reason: format!(
                "its coordinator is nl2sql {}, and this worker is {program}",
                self.program
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> JobManifest {
        JobManifest {
            protocol: PROTOCOL,
            program: "1.0.0".into(),
            run: "shop".into(),
            place: "x".into(),
            at_once: None,
            lease_ms: 20_000,
            artifacts: BTreeMap::new(),
            built_in: BTreeMap::new(),
        }
    }

    #[test]
    fn a_manifest_of_another_protocol_is_refused_by_its_version_whatever_else_it_holds() {
        let text = format!(
            r#"{{"protocol":{},"program":"9.0.0","run":"shop","new":1}}"#,
            PROTOCOL + 1
        );
        let refused = JobManifest::from_bytes(text.as_bytes()).unwrap_err().to_string();
        assert!(
            refused.contains("nl2sql 9.0.0") && refused.contains("`shop`"),
            "{refused}"
        );
    }

    #[test]
    fn unknown_fields_and_other_programs_are_refused() {
        let mut value = serde_json::to_value(manifest()).unwrap();
        value["surprise"] = 1.into();
        assert!(JobManifest::from_bytes(value.to_string().as_bytes()).is_err());
        assert!(manifest().check_program("1.0.1").is_err());
        assert!(manifest().check_program("1.0.0").is_ok());
    }

    #[test]
    fn equal_manifests_are_one_job() {
        assert_eq!(manifest().id(), manifest().id());
        let other = JobManifest {
            place: "y".into(),
            ..manifest()
        };
        assert_ne!(manifest().id(), other.id());
    }
}
