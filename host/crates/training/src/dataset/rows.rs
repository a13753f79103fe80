//! Files of a data set as rows: JSON arrays of objects and JSON lines.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::error::TrainError;

/// Fields of one row.
pub type Row = Map<String, Value>;

/// One file of a data set.
pub struct DataFile {
    /// The file.
    pub path: PathBuf,
    /// sha256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its rows, in order.
    pub rows: Vec<Row>,
}

/// Reads a file, or every file of a folder in the order of their names.
///
/// # Errors
/// When a file cannot be read, is in a format other than JSON, or is not an array or lines of objects.
pub fn read(path: &Path) -> Result<Vec<DataFile>, TrainError> {
    if !path.is_dir() {
        return Ok(vec![read_file(path)?]);
    }
    let failed = |source| TrainError::file("list", path, source);
    let mut files = std::fs::read_dir(path)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    files.sort();
    files.iter().map(|file| read_file(file)).collect()
}

fn read_file(path: &Path) -> Result<DataFile, TrainError> {
    if let Some(extension) = path.extension().and_then(|extension| extension.to_str())
        && ["csv", "parquet", "arrow", "txt"].contains(&extension)
    {
        return Err(TrainError::dataset(
            path,
            format!("is a .{extension} file; only JSON and JSON lines are read, so convert it first"),
        ));
    }
    let bytes = std::fs::read(path).map_err(|source| TrainError::file("read", path, source))?;
    let sha256 = Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok(DataFile {
        path: path.to_owned(),
        sha256,
        rows: parse(path, &bytes)?,
    })
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Vec<Row>, TrainError> {
    let broken = |reason: String| TrainError::dataset(path, reason);
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(broken("is UTF-16; save it as UTF-8".to_owned()));
    }
    let bytes = without_byte_order_mark(bytes);
    if bytes.trim_ascii_start().starts_with(b"[") {
        return serde_json::from_slice(bytes).map_err(|error| {
            broken(format!(
                "is not a JSON array of objects: {error}; the file may be truncated"
            ))
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| broken(format!("is not UTF-8: {error}")))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|error| broken(format!("line {} is not a JSON object: {error}", number + 1)))
        })
        .collect()
}

/// The bytes after a UTF-8 byte order mark, which editors on Windows put in front of text.
pub fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}
