//! Forward and backward of a decoder over `f32` slices, written for frozen base weights.
//!
//! No graph is recorded and only trained tensors are differentiated: projections of one input run as one product, elementwise chains are
//! fused, and scores and activations that are cheap to recompute are not saved.

mod attention;
mod bf16;
mod cross_entropy;
mod decoder;
mod dropout;
mod engine;
mod factor;
mod frozen;
mod gated_activation;
mod layer;
mod matrix;
mod product_speed;
mod projection;
mod rms_norm;
mod rotary;
mod scored_rows;
mod strassen;
mod vector;
mod weights;

pub use bf16::Unit;
pub use engine::{CpuEngine, CpuOptions};
pub use frozen::Precision;
pub(crate) use product_speed::product_speed;
