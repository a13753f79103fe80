//! What goes on in a queue: workers, jobs, dead letters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bucket::entries;
use crate::dead_letters::DeadLetter;
use crate::{JobManifest, Queue, QueueError};

/// Dead letters that are shown.
const MAX_LETTERS: usize = 100;

/// What a worker says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkerStatus {
    /// Its name.
    pub name: String,
    /// Version of its program.
    pub program: String,
    /// Version of its messages.
    pub protocol: u32,
    /// Tasks it does at once.
    pub slots: usize,
    /// Tasks it does now.
    pub busy: usize,
    /// Tasks it has done.
    pub done: u64,
    /// Tasks it could not do and gave back.
    pub given_back: u64,
    /// Jobs and messages that it refused.
    pub refused: u64,
    /// Jobs it takes part in.
    pub jobs: Vec<String>,
}

/// A run that wants workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct JobStatus {
    /// Name of the job.
    pub job: String,
    /// Name of the run.
    pub run: String,
    /// Version of its coordinator.
    pub program: String,
    /// Tasks that wait for a worker.
    pub waiting: u64,
    /// Tasks that workers have.
    pub leased: usize,
    /// Tasks that were handed out more than once.
    pub handed_out_again: usize,
}

/// Everything about a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FleetStatus {
    /// Workers, by name.
    pub workers: Vec<WorkerStatus>,
    /// Jobs, by name.
    pub jobs: Vec<JobStatus>,
    /// Tasks that nobody could do, latest last.
    pub dead_letters: Vec<DeadLetter>,
}

impl FleetStatus {
    /// Reads the status.
    ///
    /// # Errors
    /// When the queue cannot be used.
    pub async fn read(queue: &Queue) -> Result<Self, QueueError> {
        let mut workers: Vec<WorkerStatus> = entries(&queue.workers, "show its status")
            .await?
            .iter()
            .filter_map(|(_, text)| serde_json::from_slice(text).ok())
            .collect();
        workers.sort_by(|a, b| a.name.cmp(&b.name));
        let mut jobs = Vec::new();
        for (job, text) in entries(&queue.jobs, "show its status").await? {
            let (run, program) = match JobManifest::from_bytes(&text) {
                Ok(manifest) => (manifest.run, manifest.program),
                Err(error) => (error.to_string(), String::new()),
            };
            // A job that ends just now has none.
            let consumer = queue.tasks.consumer_info(&job).await.ok();
            jobs.push(JobStatus {
                waiting: consumer.as_ref().map_or(0, |info| info.num_pending),
                leased: consumer.as_ref().map_or(0, |info| info.num_ack_pending),
                handed_out_again: consumer.as_ref().map_or(0, |info| info.num_redelivered),
                job,
                run,
                program,
            });
        }
        jobs.sort_by(|a, b| a.job.cmp(&b.job));
        Ok(Self {
            workers,
            jobs,
            dead_letters: dead_letters(queue).await?,
        })
    }
}

/// Tasks that all workers together do at once; none where that cannot be said.
pub(crate) async fn slots_of_workers(queue: &Queue) -> usize {
    let entries = entries(&queue.workers, "show its status").await.unwrap_or_default();
    let workers = entries
        .iter()
        .filter_map(|(_, text)| serde_json::from_slice::<WorkerStatus>(text).ok());
    workers.map(|worker| worker.slots).sum()
}

/// The latest dead letters.
async fn dead_letters(queue: &Queue) -> Result<Vec<DeadLetter>, QueueError> {
    let refused = |error: String| QueueError::refused("show dead letters", error);
    let state = queue
        .dead_letters
        .get_info()
        .await
        .map_err(|error| refused(error.to_string()))?
        .state;
    let first = state
        .first_sequence
        .max(state.last_sequence.saturating_sub(MAX_LETTERS as u64));
    let mut letters = Vec::new();
    for sequence in first..=state.last_sequence {
        // Gaps are letters of runs that were completed since.
        if let Ok(message) = queue.dead_letters.get_raw_message(sequence).await {
            letters.push(DeadLetter::from_bytes(&message.payload));
        }
    }
    Ok(letters)
}
