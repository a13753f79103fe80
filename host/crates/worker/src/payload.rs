//! What tasks and results are in messages: JSON, compressed, with an artifact's digest in its place where it is too large for a message.
//!
//! The form is a block of LZ4 after the length of its text (four bytes, little endian), as `lz4_flex` writes it.

use std::borrow::Cow;

use bytes::Bytes;
use lz4_flex::block::{compress_prepend_size, decompress, uncompressed_size};
use serde::{Deserialize, Serialize};

use crate::artifacts::MAX_ARTIFACT_BYTES;
use crate::{Artifacts, QueueError, sha256};

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

/// A text as it travels, and as it is named: the digest is taken of the few bytes that are sent.
pub(crate) struct Packed(Bytes);

impl Packed {
    pub(crate) fn new(text: &[u8]) -> Self {
        Self(compress_prepend_size(text).into())
    }

    /// SHA-256 of the block.
    pub(crate) fn digest(&self) -> String {
        sha256(&self.0)
    }

    /// The message for it. A large block is stored first.
    pub(crate) async fn message(&self, artifacts: &Artifacts) -> Result<Bytes, QueueError> {
        if self.0.len() <= MAX_INLINE_BYTES {
            return Ok(self.0.clone());
        }
        let artifact = artifacts.put(&self.0).await?;
        let text = serde_json::to_vec(&Reference { artifact });
        let text = text.map_err(|error| QueueError::malformed("a reference", error))?;
        Ok(compress_prepend_size(&text).into())
    }
}

/// A message that was opened.
pub(crate) struct Opened<'m> {
    /// The block that it is, or that it names.
    block: Cow<'m, [u8]>,
    /// What the block says.
    pub(crate) text: Vec<u8>,
}

impl<'m> Opened<'m> {
    /// Opens a message; its block is fetched where it is an artifact.
    pub(crate) async fn new(artifacts: &Artifacts, message: &'m [u8]) -> Result<Self, QueueError> {
        let text = unpack(message)?;
        match serde_json::from_slice::<Reference>(&text) {
            Ok(reference) => {
                let block = artifacts.get(&reference.artifact).await?;
                let text = unpack(&block)?;
                Ok(Self {
                    block: block.into(),
                    text,
                })
            }
            Err(_) => Ok(Self {
                block: message.into(),
                text,
            }),
        }
    }

    /// As [`Packed::digest`] of who sent it.
    pub(crate) fn digest(&self) -> String {
        sha256(&self.block)
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
