//! Text generation with decoder models: continuous batching over an engine that keeps keys and values.
//!
//! A [`Generator`] serves [`GenerationRequest`]s on [`CpuEngine`] (shares prompt prefixes) or [`TensorEngine`] (any
//! device). Each request brings its own [`Sampling`], stop tokens, stop texts and, if wanted, a [`LogitsMask`].

mod cpu;
mod engine;
mod error;
mod generator;
mod request;
mod sampler;
mod stop;
mod tensor_engine;

pub use cpu::{CpuEngine, CpuOptions, WeightPrecision};
pub use engine::{Advance, Engine};
pub use error::{InferenceError, Result};
pub use generator::{Generator, Progress};
pub use request::{Completion, Finish, GenerationRequest, LogitsMask, Sampling};
pub use tensor_engine::TensorEngine;
