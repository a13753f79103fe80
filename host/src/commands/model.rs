//! `nl2sql model`: imports, inspects and merges model folders.

use std::path::{Path, PathBuf};

use clap::{Subcommand, ValueEnum};
use nl2sql_app::AppError;
use nl2sql_app::diagnostic::Exit;
use nl2sql_app::job::{import_model, merge_adapter_into};
use nl2sql_model::device::devices;
use nl2sql_model::inspect::inspect_model;
use nl2sql_model::weights::Dtype;
use serde_json::json;

use crate::arguments::Global;
use crate::terminal::{say, say_json};

/// `nl2sql model`
#[derive(Debug, Subcommand)]
pub enum ModelCommand {
    /// Write a Hugging Face folder from a GGUF file
    #[command(after_help = "Example:\n  nl2sql model import SmolLM2-135M-Instruct.Q4_1.gguf models/smollm2")]
    Import {
        /// GGUF file
        gguf: PathBuf,
        /// Folder to write
        folder: PathBuf,
        /// Type of the written weights
        #[arg(long, value_enum, default_value_t)]
        dtype: WrittenDtype,
    },
    /// Show what a model folder holds, without loading it
    #[command(after_help = "Example:\n  nl2sql model inspect models/smollm2")]
    Inspect {
        /// Hugging Face folder
        folder: PathBuf,
    },
    /// Write a plain model from a base model and an adapter
    #[command(after_help = "Example:\n  nl2sql model merge models/smollm2 runs/shop/train models/shop")]
    Merge {
        /// Hugging Face folder of the base model
        base: PathBuf,
        /// PEFT folder of the adapter
        adapter: PathBuf,
        /// Folder to write
        output: PathBuf,
        /// Type of the written weights
        #[arg(long, value_enum, default_value_t)]
        dtype: WrittenDtype,
    },
    /// List the devices this build can compute on
    #[command(after_help = "Example:\n  nl2sql model devices")]
    Devices,
}

/// Type of written weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum WrittenDtype {
    /// Four bytes a weight
    #[default]
    F32,
    /// Two bytes a weight, the range of f32
    Bf16,
    /// Two bytes a weight, the precision of half
    F16,
}

impl From<WrittenDtype> for Dtype {
    fn from(dtype: WrittenDtype) -> Self {
        match dtype {
            WrittenDtype::F32 => Self::F32,
            WrittenDtype::Bf16 => Self::BF16,
            WrittenDtype::F16 => Self::F16,
        }
    }
}

pub fn run(global: &Global, command: &ModelCommand) -> Result<Exit, AppError> {
    match command {
        ModelCommand::Import { gguf, folder, dtype } => import(global, gguf, folder, (*dtype).into()),
        ModelCommand::Inspect { folder } => inspect(global, folder),
        ModelCommand::Merge {
            base,
            adapter,
            output,
            dtype,
        } => merge(global, base, adapter, output, (*dtype).into()),
        ModelCommand::Devices => list_devices(global),
    }
}

fn import(global: &Global, gguf: &Path, folder: &Path, dtype: Dtype) -> Result<Exit, AppError> {
    let report = import_model(gguf, folder, dtype)?.report;
    if global.json {
        say_json(&json!({
            "folder": folder, "model_type": report.model_type, "tensors": report.tensors,
            "parameters": report.parameters, "formats": report.formats,
        }));
    } else if !global.quiet {
        let formats: Vec<String> = report
            .formats
            .iter()
            .map(|(format, count)| format!("{count} {format}"))
            .collect();
        say(format!(
            "{}: {} with {} parameters, from {}",
            folder.display(),
            report.model_type,
            report.parameters,
            formats.join(", ")
        ));
    }
    Ok(Exit::Done)
}

fn inspect(global: &Global, folder: &Path) -> Result<Exit, AppError> {
    let summary = inspect_model(folder)?;
    let config = &summary.config;
    if global.json {
        say_json(&json!({
            "layers": config.num_hidden_layers, "hidden_size": config.hidden_size,
            "attention_heads": config.num_attention_heads, "key_value_heads": config.num_key_value_heads,
            "head_dim": config.head_dim, "vocab_size": config.vocab_size,
            "parameters": summary.parameters, "parameters_by_dtype": summary.parameters_by_dtype, "bytes": summary.bytes,
            "bytes_in_f32": summary.bytes_in_f32(), "cache_bytes_per_token": summary.cache_bytes_per_token(),
            "adapter_parameters_at_rank_16": summary.adapter_parameters(16),
        }));
        return Ok(Exit::Done);
    }
    let share = 100.0 * summary.adapter_parameters(16) as f64 / summary.parameters.max(1) as f64;
    say(format!("layers             {}", config.num_hidden_layers));
    say(format!("hidden size        {}", config.hidden_size));
    say(format!(
        "attention          {} heads, {} for keys and values, {} wide",
        config.num_attention_heads, config.num_key_value_heads, config.head_dim
    ));
    say(format!("vocabulary         {}", config.vocab_size));
    say(format!(
        "parameters         {} in {} tensors",
        summary.parameters, summary.tensors
    ));
    say(format!(
        "memory in f32      {} MiB, and {} KiB for each token of context",
        summary.bytes_in_f32() >> 20,
        summary.cache_bytes_per_token() >> 10
    ));
    say(format!(
        "LoRA at rank 16    {} parameters, {share:.2}%",
        summary.adapter_parameters(16)
    ));
    Ok(Exit::Done)
}

fn merge(global: &Global, base: &Path, adapter: &Path, output: &Path, dtype: Dtype) -> Result<Exit, AppError> {
    let merged = merge_adapter_into(base, adapter, output, dtype)?;
    if global.json {
        say_json(&json!({ "folder": merged.folder }));
    } else if !global.quiet {
        say(format!("{} merged into {}", adapter.display(), merged.folder.display()));
    }
    Ok(Exit::Done)
}

fn list_devices(global: &Global) -> Result<Exit, AppError> {
    let names: Vec<String> = devices().into_iter().map(|device| device.name).collect();
    if global.json {
        say_json(&json!({ "devices": names }));
    } else {
        names.iter().for_each(say);
    }
    Ok(Exit::Done)
}
