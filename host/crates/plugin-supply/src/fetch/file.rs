//! Plugins from files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use nl2sql_plugin_host::MAX_PLUGIN_BYTES;

use super::{Fetched, SIGNATURE_SUFFIX};
use crate::SupplyError;
use crate::trust::MAX_SIGNATURE_BYTES;

/// Reads a file and the signature beside it.
pub(super) fn read(path: &Path, text: &str) -> Result<Fetched, SupplyError> {
    let unreachable = |error: io::Error| SupplyError::Unreachable {
        source_text: text.to_owned(),
        reason: error.to_string(),
    };
    let bytes = bounded(path, MAX_PLUGIN_BYTES).map_err(unreachable)?;
    let mut signature_path = path.as_os_str().to_owned();
    signature_path.push(SIGNATURE_SUFFIX);
    let signatures = match bounded(Path::new(&signature_path), MAX_SIGNATURE_BYTES) {
        Ok(signature) => vec![String::from_utf8_lossy(&signature).into_owned()],
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(unreachable(error)),
    };
    Ok(Fetched {
        bytes,
        signatures,
        resolved: None,
    })
}

fn bounded(path: &Path, most: usize) -> io::Result<Vec<u8>> {
    // Asked before it is opened, for opening a pipe waits for its other end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        return Err(io::Error::other(format!("it has more than {most} bytes")));
    }
    Ok(bytes)
}
