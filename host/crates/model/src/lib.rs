//! Decoder language models on burn: architectures, weights, tokenizers, chat templates and adapters.
//!
//! # For callers
//! - [`load_decoder`] reads a Hugging Face folder into a [`Decoder`]; [`save_decoder`] writes one, adapters folded in.
//! - Training: put an [`LowRank`](layers::LowRank) into [`Projection::adapter`](layers::Projection) (through
//!   [`Decoder::projections_mut`]), call [`Decoder::hidden_states`] (right-padded rows) or
//!   [`Decoder::hidden_states_with`] (own mask, positions or attention), then [`Decoder::logits_at`] for the positions
//!   that carry a label. Only adapter factors, and tables named in `modules_to_save`, are parameters; frozen weights
//!   are plain tensors outside of the graph. Per-layer recomputation can drive
//!   [`DecoderLayer::forward`](layers::DecoderLayer::forward) over [`Decoder::layers`] itself.
//! - Adapters: [`attach_initial`] for a new one, [`attach_adapter`] and [`save_adapter`] for PEFT folders,
//!   [`merge_folders`](adapter::merge_folders) for a plain model.
//! - Conversations: [`resolve_template`](templates::resolve_template) (`auto` or a name, held against the model), then
//!   `encode_sample` for training and `encode_prompt` with `stop_tokens` for generation, over a
//!   [`TextTokenizer`](tokenizer::TextTokenizer).
//! - What an adapter was trained with: [`AdapterRecord`](adapter::AdapterRecord), `nl2sql.json` beside it.
//! - [`import_gguf`](gguf::import_gguf), [`inspect_model`](inspect::inspect_model), [`devices`](device::devices).
//! - Frozen weights may be held in f32, bf16, f16 or packed 8/4-bit blocks ([`StoredDtype`]).

pub mod adapter;
pub mod architecture;
pub mod config;
pub mod decoder;
pub mod device;
pub mod error;
pub mod gguf;
pub mod inspect;
pub mod kernels;
pub mod layers;
pub mod templates;
pub mod tokenizer;
pub mod weights;

pub use adapter::{AdapterConfig, TargetModules, attach_adapter, attach_initial, save_adapter};
pub use config::ModelConfig;
pub use decoder::{Decoder, OutputHead};
pub use error::{ModelError, Result};
pub use weights::{LoadOptions, StoredDtype, load_decoder, save_decoder};
