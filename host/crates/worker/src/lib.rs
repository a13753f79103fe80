//! Stages on more than one machine.
//!
//! A coordinator has the run folder and writes every journal. What generation and validation compute depends on nothing but its request, so
//! it can be computed anywhere: the coordinator puts each request as a [`Task`] into a work queue of NATS JetStream, workers lease tasks and
//! publish what came of them, and the coordinator takes the results in the order of the plan. The bytes of a run are therefore the same from
//! any number of workers, whatever dies.
//!
//! - A lease ends when its worker does not renew it; the task then goes to another worker. A task that outlives too many workers becomes a
//!   dead letter.
//! - A result stays until its run is complete, so that a coordinator that was stopped finds what was computed meanwhile.
//! - What a worker tells of its plugins ([`WorkerReport`]) is in the queue before the result that it belongs to, and stays until a coordinator has
//!   written it down.
//! - Everything a worker needs (profile, catalog, cards, plugins) comes from an object store by its SHA-256, and is checked.
//! - Language models are asked by the coordinator alone ([`ChatRelay`]): it has the store of paid answers, the budgets and the keys.

mod artifacts;
mod bucket;
mod chat_relay;
mod coordinator;
mod dead_letters;
mod error;
mod job;
mod job_news;
mod lease;
#[cfg(test)]
#[path = "../tests/nats.rs"]
#[allow(dead_code)]
mod nats;
mod payload;
mod queue;
mod reports;
mod status;
mod task;
mod worker;

pub use artifacts::{Artifacts, sha256};
pub use chat_relay::{ChatExchange, ChatRelay, ChatResponder};
pub use coordinator::Coordinator;
pub use dead_letters::DeadLetter;
pub use error::QueueError;
pub use job::{JobManifest, PROTOCOL};
pub use queue::Queue;
pub use reports::WorkerReport;
pub use status::{FleetStatus, JobStatus, WorkerStatus};
pub use task::{
    AnswerTask, AnsweredChat, AskedChat, AskedMetric, AskedTopic, GenerateTask, ScoreTask, Task, TaskFailure,
    TaskResult, ValidateTask,
};
pub use worker::{CannotRunHere, TaskRunner, Worker};
