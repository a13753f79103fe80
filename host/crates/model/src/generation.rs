//! Text generation: continuous batching over an engine that keeps keys and values.

mod batcher;
mod engine;
mod host;
mod logits_mask;
mod request;
mod sampler;
mod stop;
mod tensor_engine;

pub use batcher::{Generator, Progress};
pub use engine::{Advance, Engine};
pub use host::{HostEngine, HostOptions, WeightPrecision};
pub use logits_mask::LogitsMask;
pub use request::{Completion, Finish, GenerationRequest, Sampling};
pub use tensor_engine::TensorEngine;
