//! JSON objects out of a file: one a line, or the elements of an array.

use rayon::prelude::*;
use serde_json::{Map, Value, value::RawValue};

/// Number of the row from 1 and the row, or what is wrong with it.
pub(super) type NumberedRow = (usize, Result<Map<String, Value>, String>);

/// The rows of a file; a byte order mark and empty lines are passed over.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<NumberedRow>, String> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => elements(bytes),
        Some(b'{') => Ok(lines(bytes)),
        Some(_) if bytes.contains(&b'\n') => Ok(lines(bytes)),
        Some(_) => Err("it starts with neither `{` nor `[`".to_owned()),
        None => Ok(Vec::new()),
    }
}

fn lines(bytes: &[u8]) -> Vec<NumberedRow> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let told: Vec<(usize, &[u8])> = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
    told.into_par_iter().map(|(at, line)| (at + 1, object(line))).collect()
}

/// Elements are taken as text first, so that one that is not UTF-8 is an error of its own.
fn elements(bytes: &[u8]) -> Result<Vec<NumberedRow>, String> {
    let text = String::from_utf8_lossy(bytes);
    let elements: Vec<&RawValue> = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let damaged = matches!(text, std::borrow::Cow::Owned(_));
    let row = |(at, element): (usize, &&RawValue)| {
        let row = if damaged && element.get().contains('\u{fffd}') {
            Err("it is not UTF-8".to_owned())
        } else {
            object(element.get().as_bytes())
        };
        (at + 1, row)
    };
    Ok(elements.iter().enumerate().map(row).collect())
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?;
    serde_json::from_str(text).map_err(|error| format!("it is not a JSON object: {error}"))
}
