//! Building blocks shared by every architecture.

mod attention;
mod block_quantised;
mod decoder_layer;
mod embedding;
mod low_rank;
mod mask;
mod projection;
mod rms_norm;
mod rotary;
mod swiglu;

pub use attention::{Attend, Attention, MaskedAttention, scaled_dot_product};
pub use block_quantised::{BlockQuantised, QuantisedBits};
pub use decoder_layer::DecoderLayer;
pub use embedding::TokenEmbedding;
pub use low_rank::LowRank;
pub use mask::AttentionMask;
pub use projection::{Projection, ProjectionWeight};
pub use rms_norm::RmsNorm;
pub use rotary::{RotaryAngles, RotaryFrequencies};
pub use swiglu::SwiGlu;
