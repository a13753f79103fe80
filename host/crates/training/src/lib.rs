//! LoRA and QLoRA fine-tuning of decoder models, with the semantics of LLaMA-Factory and transformers.

pub mod adamw;
pub mod adapter_file;
pub mod batch;
pub mod cpu;
pub mod durable;
pub mod engine;
pub mod error;
pub mod parameters;
pub mod schedule;

pub use error::TrainError;
