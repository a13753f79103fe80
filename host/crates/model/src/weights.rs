//! Model folders: safetensors in and out.

mod load;
mod save;
mod shards;

/// Element type of stored weights: `F32`, `F16` or `BF16`.
pub use safetensors::Dtype;

pub use load::{LoadOptions, StoredDtype, load_decoder};
pub use save::{ShardLimit, TensorToWrite, save_decoder, values_of, write_shards};
pub(crate) use save::{dtype_name, write_file, write_json};
pub use shards::{ShardedTensors, TensorView};
