//! What a server sends, read no further than it may be long.

use futures::StreamExt;
use reqwest::Response;

use super::innermost;

/// Why a body was not read to its end.
pub(super) enum BodyError {
    /// It is longer than it may be.
    TooLarge,
    /// The connection broke, or what came was not what HTTP allows.
    Broken(String),
}

/// A body of at most `most` bytes, unpacked where the server packed it: what counts is the size of that.
pub(super) async fn read(answer: Response, most: usize) -> Result<Vec<u8>, BodyError> {
    if answer.content_length().is_some_and(|announced| announced > most as u64) {
        return Err(BodyError::TooLarge);
    }
    let mut bytes = Vec::new();
    let mut stream = answer.bytes_stream();
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| BodyError::Broken(innermost(&error)))?;
        if bytes.len() + piece.len() > most {
            return Err(BodyError::TooLarge);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}
