//! What tasks and results are in messages: JSON, compressed, with an artifact's digest in its place where it is too large for a message.
//!
//! The form is a block of LZ4 after the length of its text (four bytes, little endian), as `lz4_flex` writes it.

use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use serde::{Deserialize, Serialize};

use crate::artifacts::MAX_ARTIFACT_BYTES;
use crate::{Artifacts, QueueError};

/// A message beyond this many bytes is stored as an artifact, and its digest sent.
pub(crate) const MAX_INLINE_BYTES: usize = 256 << 10;

/// The most that a byte of an LZ4 block can stand for (LZ4 block format, "matchlength").
const MAX_EXPANSION: usize = 255;

/// A text that stands for an artifact.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    artifact: String,
}

/// The message for a text. A large one is stored first.
pub(crate) async fn to_message(artifacts: &Artifacts, text: &[u8]) -> Result<Vec<u8>, QueueError> {
    let packed = compress_prepend_size(text);
    if packed.len() <= MAX_INLINE_BYTES {
        return Ok(packed);
    }
    let artifact = artifacts.put(&packed).await?;
    let text = serde_json::to_vec(&Reference { artifact });
    let text = text.map_err(|error| QueueError::malformed("a reference", error))?;
    Ok(compress_prepend_size(&text))
}

/// The text of a message, fetched where it is an artifact.
pub(crate) async fn from_message(artifacts: &Artifacts, message: &[u8]) -> Result<Vec<u8>, QueueError> {
    let text = unpack(message)?;
    match serde_json::from_slice::<Reference>(&text) {
        Ok(reference) => unpack(&artifacts.get(&reference.artifact).await?),
        Err(_) => Ok(text),
    }
}

/// Opens a block. The length it claims is checked before there is memory for it.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, QueueError> {
    let malformed = |reason: String| QueueError::malformed("a message of the queue", reason);
    let (length, block) = uncompressed_size(packed).map_err(|error| malformed(error.to_string()))?;
    if length > MAX_ARTIFACT_BYTES || length > block.len().saturating_mul(MAX_EXPANSION) {
        return Err(malformed(format!(
            "it claims {length} bytes, which its {} cannot hold",
            packed.len()
        )));
    }
    let text = decompress(block, length).map_err(|error| malformed(error.to_string()))?;
    if text.len() == length {
        Ok(text)
    } else {
        Err(malformed(format!("it claims {length} bytes and holds {}", text.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_shrink() {
        for text in [
            String::new(),
            "x".into(),
            r#"{"question":"How many?","sql":"SELECT 1"}"#.repeat(500),
        ] {
            let packed = compress_prepend_size(text.as_bytes());
            assert_eq!(unpack(&packed).unwrap(), text.as_bytes());
            assert!(packed.len() < text.len() / 10 + 8, "{} of {}", packed.len(), text.len());
        }
    }

    #[test]
    fn false_lengths_and_cut_blocks_are_refused() {
        let packed = compress_prepend_size(&b"SELECT name FROM team ".repeat(40));
        let with_length = |length: u32| [&length.to_le_bytes()[..], &packed[4..]].concat();
        for hostile in [
            b"".to_vec(),
            b"{}".to_vec(),
            with_length(u32::MAX),
            with_length(600 << 20),
            with_length(10),
            with_length(881),
            packed[..packed.len() - 3].to_vec(),
        ] {
            let refused = unpack(&hostile).unwrap_err();
            assert!(matches!(refused, QueueError::Malformed { .. }), "{refused}");
        }
    }
}
