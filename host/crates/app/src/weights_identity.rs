//! Which weights a model folder holds.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Files beside the weights that decide what a model says.
const DECIDING: [&str; 5] = [
    "adapter_config.json",
    "config.json",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
];
/// Pieces of a file that a quick identity looks at. Merging an adapter changes projections and leaves embeddings, so that the beginning
/// alone would not tell a merged model from its base.
const PIECES: u64 = 64;
/// Bytes of a piece.
const PIECE: u64 = 64 << 10;
/// Hexadecimal digits of a quick identity.
const DIGITS: usize = 16;

/// Digest over names, lengths and pieces of the files that decide what a model says; told without reading all of them.
pub fn of(model: &Path, adapter: Option<&Path>) -> Result<String, String> {
    let mut hasher = Sha256::new();
    for folder in std::iter::once(model).chain(adapter) {
        take_folder(&mut hasher, folder, take_pieces)?;
    }
    Ok(hex::encode(hasher.finalize())[..DIGITS].to_owned())
}

/// Digest over the whole files of a folder that decide what a model says.
pub fn whole(folder: &Path) -> Result<String, String> {
    let mut hasher = Sha256::new();
    take_folder(&mut hasher, folder, |hasher, file, _| take_all(hasher, file))?;
    Ok(hex::encode(hasher.finalize()))
}

type TakeFile = fn(&mut Sha256, &mut File, u64) -> io::Result<()>;

fn take_folder(hasher: &mut Sha256, folder: &Path, take: TakeFile) -> Result<(), String> {
    let files = deciding_files(folder)?;
    if !files.iter().any(|file| is_weights(file)) {
        return Err(format!(
            "{} holds no model; `nl2sql model import` makes such a folder from a GGUF file",
            folder.display()
        ));
    }
    for path in files {
        let unreadable = |error: io::Error| format!("{} cannot be read: {error}", path.display());
        let mut file = File::open(&path).map_err(unreadable)?;
        let length = file.metadata().map_err(unreadable)?.len();
        hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update(length.to_le_bytes());
        take(hasher, &mut file, length).map_err(unreadable)?;
    }
    Ok(())
}

fn take_pieces(hasher: &mut Sha256, file: &mut File, length: u64) -> io::Result<()> {
    if length <= PIECES * PIECE {
        return take_all(hasher, file);
    }
    for piece in 0..PIECES {
        file.seek(SeekFrom::Start(piece * (length - PIECE) / (PIECES - 1)))?;
        take_all(hasher, &mut file.take(PIECE))?;
    }
    Ok(())
}

fn take_all(hasher: &mut Sha256, file: &mut impl Read) -> io::Result<()> {
    let mut chunk = vec![0; 1 << 20];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(()),
            length => hasher.update(&chunk[..length]),
        }
    }
}

fn is_weights(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "safetensors")
        && path.file_stem().is_some_and(|stem| stem != "optimizer")
}

/// Configuration, tokenizer and weights, in the order of their names.
/// Files of a model or adapter folder that decide what the model says, by name.
pub(crate) fn deciding_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|error| {
        format!(
            "the model folder {} cannot be read: {error}; set its path, or model.path",
            folder.display()
        )
    })?;
    let decides = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default();
        is_weights(path) || DECIDING.iter().any(|deciding| name == *deciding)
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(decides).collect();
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_that_differ_only_far_from_their_beginning_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let mut weights = vec![0_u8; 6 << 20];
        std::fs::write(&path, &weights).unwrap();
        let (quick, all) = (of(folder.path(), None).unwrap(), whole(folder.path()).unwrap());
        weights[5 << 20..].fill(1);
        std::fs::write(&path, &weights).unwrap();
        assert_ne!(of(folder.path(), None).unwrap(), quick);
        assert_ne!(whole(folder.path()).unwrap(), all);
    }

    #[test]
    fn logs_and_optimizer_state_do_not_change_an_identity() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("adapter_model.safetensors"), "weights").unwrap();
        let identity = whole(folder.path()).unwrap();
        for name in ["trainer_state.json", "optimizer.safetensors"] {
            std::fs::write(folder.path().join(name), "more").unwrap();
        }
        assert_eq!(whole(folder.path()).unwrap(), identity);
    }
}
