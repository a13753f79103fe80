//! What is computed elsewhere, and what comes of it.

use nl2sql_catalog::{GenerateRequest, Rejection, Sample, Topic};
use serde::{Deserialize, Serialize};

use crate::{QueueError, sha256};

/// A piece of work whose result depends on its job and itself alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task {
    /// Write samples for some topics.
    Generate(Vec<GenerateTask>),
    /// Judge samples by all validators.
    Validate(ValidateTask),
}

/// What a generator is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateTask {
    /// As [`GenerateRequest::topic`].
    pub topic: Topic,
    /// As [`GenerateRequest::want`].
    pub want: u32,
    /// As [`GenerateRequest::round`].
    pub round: u32,
    /// As [`GenerateRequest::languages`].
    pub languages: Vec<(String, f32)>,
    /// As [`GenerateRequest::difficulties`].
    pub difficulties: Vec<(String, f32)>,
    /// As [`GenerateRequest::accepted`].
    pub accepted: Vec<Sample>,
    /// As [`GenerateRequest::rejected`].
    pub rejected: Vec<Rejection>,
    /// As [`GenerateRequest::wordings`].
    pub wordings: u32,
}

/// Samples to judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidateTask {
    /// The samples.
    pub samples: Vec<Sample>,
}

/// What came of a task: its answer as JSON, whose form the task's kind decides, or the reason why there is none and never will be.
pub type TaskResult = Result<serde_json::Value, TaskFailure>;

/// Why a task has no answer, wherever it is computed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskFailure {
    /// The part that failed, e.g. the name of a plugin.
    pub part: String,
    /// Stable code.
    pub code: String,
    /// What happened, in one sentence.
    pub message: String,
    /// What to do next.
    pub hint: Option<String>,
}

impl Task {
    /// The form in which it travels.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, QueueError> {
        serde_json::to_vec(self).map_err(|error| QueueError::malformed("a task", error))
    }

    /// Reads a task; what it does not know is refused.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, QueueError> {
        serde_json::from_slice(bytes).map_err(|error| QueueError::malformed("a task", error))
    }
}

/// The name of a task within its job: equal tasks have one result.
pub(crate) fn task_id(bytes: &[u8]) -> String {
    sha256(bytes)
}

impl From<&GenerateRequest<'_>> for GenerateTask {
    fn from(request: &GenerateRequest<'_>) -> Self {
        Self {
            topic: request.topic.clone(),
            want: request.want,
            round: request.round,
            languages: request.languages.to_vec(),
            difficulties: request.difficulties.to_vec(),
            accepted: request.accepted.to_vec(),
            rejected: request.rejected.to_vec(),
            wordings: request.wordings,
        }
    }
}

impl GenerateTask {
    /// The request that it stands for.
    pub fn request(&self) -> GenerateRequest<'_> {
        GenerateRequest {
            topic: &self.topic,
            want: self.want,
            round: self.round,
            languages: &self.languages,
            difficulties: &self.difficulties,
            accepted: &self.accepted,
            rejected: &self.rejected,
            wordings: self.wordings,
        }
    }
}
