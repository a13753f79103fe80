//! Makes model folders: from a GGUF file, and from a base model with an adapter.

use std::path::{Path, PathBuf};

use nl2sql_model::adapter::{AdapterRecord, merge_adapter};
use nl2sql_model::device::DeviceChoice;
use nl2sql_model::gguf::{ImportReport, import_gguf};
use nl2sql_model::weights::{Dtype, ShardLimit};
use nl2sql_model::{LoadOptions, attach_adapter, load_decoder, save_decoder};

use crate::AppError;

/// An imported model.
#[derive(Debug)]
pub struct ImportOutcome {
    /// The folder.
    pub folder: PathBuf,
    /// What is in it.
    pub report: ImportReport,
}

/// A merged model.
#[derive(Clone, Debug)]
pub struct MergeOutcome {
    /// The folder.
    pub folder: PathBuf,
}

/// Writes a Hugging Face folder from a GGUF file.
///
/// # Errors
/// When the folder holds files, or the file cannot be read.
pub fn import_model(gguf: &Path, folder: &Path, dtype: Dtype) -> Result<ImportOutcome, AppError> {
    refuse_filled(folder)?;
    Ok(ImportOutcome {
        report: import_gguf(gguf, folder, dtype)?,
        folder: folder.to_owned(),
    })
}

/// Writes a plain model from a base model and an adapter.
///
/// # Errors
/// When the folder holds files, or the adapter does not fit the model.
pub fn merge_adapter_into(base: &Path, adapter: &Path, folder: &Path, dtype: Dtype) -> Result<MergeOutcome, AppError> {
    refuse_filled(folder)?;
    let mut decoder = load_decoder(base, &LoadOptions::f32(DeviceChoice::Cpu.resolve()?))?;
    attach_adapter(&mut decoder, adapter)?;
    merge_adapter(&mut decoder);
    save_decoder(&decoder, folder, dtype, ShardLimit::default())?;
    copy_companions(base, folder)?;
    if let Some(record) = AdapterRecord::read(adapter)? {
        record.write(folder)?;
    }
    Ok(MergeOutcome {
        folder: folder.to_owned(),
    })
}

/// A folder with files in it is somebody's work.
fn refuse_filled(folder: &Path) -> Result<(), AppError> {
    let filled = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if filled {
        return Err(AppError::Usage(format!(
            "{} is not empty: choose another folder, or remove it first",
            folder.display()
        )));
    }
    Ok(())
}

/// The files a model folder needs beside its weights.
fn copy_companions(base: &Path, output: &Path) -> Result<(), AppError> {
    let names = [
        "tokenizer.json",
        "tokenizer_config.json",
        "special_tokens_map.json",
        "generation_config.json",
        "chat_template.jinja",
    ];
    for name in names.iter().filter(|name| base.join(name).is_file()) {
        let path = output.join(name);
        std::fs::copy(base.join(name), &path).map_err(|error| AppError::unwritable(&path, &error))?;
    }
    Ok(())
}
