//! LoRA and QLoRA fine-tuning of decoder models, with the semantics of LLaMA-Factory and transformers.
//!
//! # For callers
//! [`train()`] takes [`TrainSettings`], sends events to a [`TrainEvents`](events::TrainEvents), and writes a PEFT folder.
//! [`TrainPlan`](plan::TrainPlan) computes the figures of a dry run.

pub mod adamw;
pub mod adapter_file;
pub mod autodiff;
pub mod batch;
mod batch_sharding;
pub mod checkpoint;
pub mod cpu;
pub mod dataset;
pub mod durable;
pub mod encoding;
pub mod engine;
pub mod error;
pub mod events;
pub mod loss_plot;
pub mod manifest;
pub mod parameters;
pub mod plan;
pub mod prefix_groups;
pub mod progress;
pub mod recipe;
pub mod replay;
pub mod sampler;
pub mod schedule;
pub mod settings;
pub mod tensorboard;
pub mod train;
pub mod trained_state;
pub mod trainer;

pub use error::TrainError;
pub use settings::TrainSettings;
pub use train::{TrainSummary, train};
