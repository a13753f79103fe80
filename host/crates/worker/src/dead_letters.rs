//! Tasks that nobody could do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{QueueError, Task};

/// A task that was given to several workers, none of which answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// Name of the run.
    pub run: String,
    /// What the task was, for people.
    pub task: String,
    /// How many workers had it.
    pub deliveries: i64,
    /// What the last one said, or that it said nothing.
    pub reason: String,
}

impl DeadLetter {
    /// What a message holds; one that cannot be read is reported as it is.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_else(|error| Self {
            reason: format!("the dead letter cannot be understood: {error}"),
            ..Self::default()
        })
    }

    pub(crate) fn into_error(self) -> QueueError {
        QueueError::DeadLetter {
            what: self.task,
            deliveries: self.deliveries,
            reason: self.reason,
        }
    }
}

impl Task<'_> {
    /// What the task is, for people.
    pub fn label(&self) -> String {
        match self {
            Self::Generate(task) => match task.topics.first() {
                Some(first) if task.topics.len() == 1 => {
                    format!("generate, topic `{}`, round {}", first.topic.name, first.round)
                }
                Some(first) => format!(
                    "generate, {} topics from `{}`, round {}",
                    task.topics.len(),
                    first.topic.name,
                    first.round
                ),
                None => "generate, no topic".to_owned(),
            },
            Self::Validate(task) => format!("validate, {} samples", task.samples.len()),
            Self::Score(task) => {
                let metrics: Vec<&str> = task.metrics.iter().map(|metric| metric.name.as_str()).collect();
                format!("score, {} rows by {}", task.rows.len(), metrics.join(", "))
            }
            Self::Answer(task) => format!("answer, {} questions", task.chats.len()),
        }
    }
}
