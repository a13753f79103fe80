//! Digests of artifacts and settings.

use std::io::{self, BufRead};

use serde::Serialize;
use sha2::{Digest, Sha256};

/// SHA-256 of bytes in lower-case hex.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// SHA-256 of what is read, in lower-case hex.
pub(crate) fn sha256_hex_of(mut source: impl BufRead) -> io::Result<String> {
    let mut hasher = Sha256::new();
    loop {
        let part = source.fill_buf()?;
        if part.is_empty() {
            return Ok(hex::encode(hasher.finalize()));
        }
        hasher.update(part);
        let read = part.len();
        source.consume(read);
    }
}

/// Digest of anything that serialises, by its JSON.
pub(crate) fn of_settings(settings: &impl Serialize) -> String {
    sha256_hex(serde_json::to_vec(settings).unwrap_or_default())
}

/// A number in 64 bits from a seed and a text, for deterministic orders.
pub(crate) fn order_key(seed: u64, text: &str) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(seed.to_le_bytes());
    hasher.update(text.as_bytes());
    hasher.finalize().into()
}
