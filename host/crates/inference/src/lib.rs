//! Text generation with decoder models: continuous batching over an engine that keeps keys and values.
//!
//! A [`Scheduler`] has an engine on a thread of its own: any number of callers [`submit`](Scheduler::submit) requests at any time and read each
//! answer as a stream. A [`Generator`] answers a list of requests on the calling thread. Both run the same batches on [`CpuEngine`] (shares
//! prompt prefixes) or [`TensorEngine`] (any device). Each request brings its own [`Sampling`], adapter, stop tokens, stop texts and, if
//! wanted, a [`LogitsMask`]; its answer does not depend on what else is served.

mod batch;
mod cpu;
mod detokeniser;
mod engine;
mod error;
mod generator;
mod json_constraint;
mod request;
mod request_check;
mod sampler;
mod scheduler;
mod sequence;
mod stop;
mod tensor_engine;

pub use cpu::{CpuEngine, CpuOptions, WeightPrecision};
pub use engine::{AdapterId, Advance, Advanced, Engine, Wanted};
pub use error::{InferenceError, Result};
pub use generator::{Generator, Progress};
pub use json_constraint::{JsonConstraint, JsonSchemas};
pub use request::{Completion, Finish, GenerationRequest, LogitsMask, MaskNeeds, Sampling, TokenLogprobs};
pub use scheduler::{Generation, GenerationEvent, Scheduler, SchedulerFigures, SchedulerOptions};
pub use tensor_engine::{TensorEngine, TensorOptions};
