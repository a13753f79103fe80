//! LoRA adapters as PEFT folders: `adapter_config.json` and `adapter_model.safetensors`.

mod attach;
mod config;
mod merge;
mod record;
mod save;

pub use attach::{attach_adapter, attach_initial, detach_adapter, merge_adapter};
pub use config::{AdapterConfig, TargetModules};
pub use merge::merge_folders;
pub use record::{AdapterRecord, Contradiction, PromptLayout};
pub use save::save_adapter;

/// PEFT's prefix of every tensor of a wrapped causal language model.
const PREFIX: &str = "base_model.model.";
