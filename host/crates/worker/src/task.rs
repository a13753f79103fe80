//! What is computed elsewhere, and what comes of it.

use std::borrow::Cow;

use nl2sql_catalog::{AnsweredRow, GenerateRequest, Reading, Rejection, Sample, Topic};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::QueueError;

/// A piece of work whose result depends on its job and itself alone. Who hands it out need not own what it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Task<'a> {
    /// Write samples for some topics.
    Generate(GenerateTask<'a>),
    /// Judge samples by all validators.
    Validate(ValidateTask<'a>),
    /// Read and score answers by metric plugins.
    Score(ScoreTask<'a>),
    /// Answer chats by the job's model.
    Answer(AnswerTask),
}

/// Topics to write samples for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenerateTask<'a> {
    /// What a generator is asked for each.
    pub topics: Vec<AskedTopic<'a>>,
    /// Whether the samples are judged along with it, where the database is at hand.
    pub judge: bool,
}

/// What a generator is asked for a topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedTopic<'a> {
    /// As [`GenerateRequest::topic`].
    pub topic: Cow<'a, Topic>,
    /// As [`GenerateRequest::want`].
    pub want: u32,
    /// As [`GenerateRequest::round`].
    pub round: u32,
    /// As [`GenerateRequest::languages`].
    pub languages: Cow<'a, [(String, f32)]>,
    /// As [`GenerateRequest::difficulties`].
    pub difficulties: Cow<'a, [(String, f32)]>,
    /// As [`GenerateRequest::accepted`].
    pub accepted: Cow<'a, [Sample]>,
    /// As [`GenerateRequest::rejected`].
    pub rejected: Cow<'a, [Rejection]>,
    /// As [`GenerateRequest::wordings`].
    pub wordings: u32,
}

/// Samples to judge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidateTask<'a> {
    /// The samples.
    pub samples: Cow<'a, [Sample]>,
}

/// Answers about one database to score.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoreTask<'a> {
    /// The metric plugins, in the order of their scores.
    pub metrics: Cow<'a, [AskedMetric]>,
    /// What is read of answers and references.
    pub reading: Reading,
    /// Database that they are asked of.
    pub database: Cow<'a, str>,
    /// The answers.
    pub rows: Vec<AnsweredRow<'a>>,
}

/// A metric plugin to score by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedMetric {
    /// Its name.
    pub name: String,
    /// Its options as JSON.
    pub options: String,
}

/// Chats to answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerTask {
    /// The chats.
    pub chats: Vec<AskedChat>,
}

/// What a model is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedChat {
    /// System message.
    pub system: Option<String>,
    /// Earlier turns, user and assistant.
    pub history: Vec<(String, String)>,
    /// Last user message.
    pub user: String,
    /// Database the question is asked of.
    pub database: String,
    /// 0 for the answer that counts; further candidates are numbered.
    pub attempt: u32,
}

/// What a model answered to a chat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnsweredChat {
    /// The answer.
    pub text: String,
    /// The prompt as the model saw it, where that is known.
    pub rendered_prompt: Option<String>,
    /// Tokens generated, where that is known.
    pub tokens: Option<u64>,
    /// Why the answer ended, where that is known.
    pub finish_reason: Option<String>,
}

/// What came of a task: its answer, whose form the task's kind decides, or the reason why there is none and never will be. Who computes an
/// answer hands it over as JSON text.
pub type TaskResult<T = Box<RawValue>> = Result<T, TaskFailure>;

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

impl Task<'_> {
    /// The form in which it travels.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, QueueError> {
        serde_json::to_vec(self).map_err(|error| QueueError::malformed("a task", error))
    }

    /// Reads a task; what it does not know is refused.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Task<'static>, QueueError> {
        serde_json::from_slice(bytes).map_err(|error| QueueError::malformed("a task", error))
    }
}

impl<'a> From<&GenerateRequest<'a>> for AskedTopic<'a> {
    fn from(request: &GenerateRequest<'a>) -> Self {
        Self {
            topic: Cow::Borrowed(request.topic),
            want: request.want,
            round: request.round,
            languages: request.languages.into(),
            difficulties: request.difficulties.into(),
            accepted: request.accepted.into(),
            rejected: request.rejected.into(),
            wordings: request.wordings,
        }
    }
}

impl AskedTopic<'_> {
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
