//! Forward and backward of a decoder over `f32` slices, written for frozen base weights.
//!
//! Nothing is recorded and nothing is differentiated that is not trained: projections of one input run as one
//! product, elementwise chains are one pass, scores and activations that are cheap to make again are not kept.

mod attention;
mod bf16;
mod cross_entropy;
mod dealing;
mod decoder;
mod dropout;
mod engine;
mod factor;
mod frozen;
mod layer;
mod matrix;
mod projection;
mod rms_norm;
mod rotary;
mod strassen;
mod swiglu;
mod vector;
mod wanted;
mod weights;

pub use bf16::Unit;
pub use engine::{CpuEngine, CpuOptions};
pub use frozen::Precision;
