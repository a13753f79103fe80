//! GGUF files (llama.cpp's format) into Hugging Face folders.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod blocks;
mod configuration;
mod import;
mod k_blocks;
mod metadata;
mod reader;
mod tokenizer;

pub use import::{ImportReport, import_gguf};
