//! Which weights a model folder holds, told without reading all of them.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// How much of each file counts; the header and the first tensors of a weights file are in it.
const COUNTED: u64 = 1 << 20;
/// Hexadecimal digits of an identity.
const DIGITS: usize = 16;

/// Digest over names, lengths and beginnings of the files that decide what a model says.
pub fn of(model: &Path, adapter: Option<&Path>) -> Result<String, String> {
    let mut hasher = Sha256::new();
    for folder in std::iter::once(model).chain(adapter) {
        let files = deciding_files(folder)?;
        if !files
            .iter()
            .any(|file| file.extension().is_some_and(|kind| kind == "safetensors"))
        {
            return Err(format!(
                "{} holds no model; `nl2sql model import` makes such a folder from a GGUF file",
                folder.display()
            ));
        }
        for file in files {
            let beginning =
                beginning_of(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
            hasher.update(file.file_name().unwrap_or_default().as_encoded_bytes());
            hasher.update(beginning.1.to_le_bytes());
            hasher.update(&beginning.0);
        }
    }
    Ok(hex::encode(hasher.finalize())[..DIGITS].to_owned())
}

/// Configuration, tokenizer and weights, in the order of their names.
fn deciding_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        format!(
            "the model folder {} cannot be read: {error}; set its path, or model.path",
            folder.display()
        )
    })?;
    let mut files: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            path.extension()
                .is_some_and(|kind| kind == "json" || kind == "safetensors")
        })
        .collect();
    files.sort();
    Ok(files)
}

fn beginning_of(path: &Path) -> std::io::Result<(Vec<u8>, u64)> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut beginning = Vec::new();
    file.take(COUNTED).read_to_end(&mut beginning)?;
    Ok((beginning, length))
}
