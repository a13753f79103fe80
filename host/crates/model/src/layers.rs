//! Building blocks shared by every architecture.

mod attention;
pub(crate) mod block_quantised;
mod decoder_layer;
mod embedding;
mod feed_forward;
mod low_rank;
mod mask;
mod projection;
mod rms_norm;
mod rotary;

pub use attention::{Attend, Attention, CausalAttention, scaled_dot_product};
pub use block_quantised::{BlockQuantised, QuantisedBits};
pub use decoder_layer::DecoderLayer;
pub use embedding::TokenEmbedding;
pub use feed_forward::GatedFeedForward;
pub use low_rank::LowRank;
pub use mask::AttentionMask;
pub use projection::{Projection, ProjectionWeight};
pub use rms_norm::RmsNorm;
pub use rotary::{DecoderAngles, DecoderRotary, RotaryAngles, RotaryFrequencies};
