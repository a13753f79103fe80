//! Finds JSON in text that is not JSON.

use serde_json::Value;

use crate::json_repair::repaired;

/// Stretches of an answer that may be JSON, the likeliest first: fenced blocks, then the whole answer from its first bracket on.
pub fn json_texts(answer: &str) -> Vec<&str> {
    let spoken = answer.rsplit("</think>").next().unwrap_or(answer);
    let mut texts: Vec<&str> = fenced_blocks(spoken);
    texts.push(spoken.trim());
    texts.extend(
        spoken
            .char_indices()
            .filter(|(_, c)| matches!(c, '{' | '['))
            .take(MAX_STARTS)
            .map(|(start, _)| &spoken[start..]),
    );
    texts
}

/// How many opening brackets in prose are tried as the start of the JSON.
const MAX_STARTS: usize = 8;

fn fenced_blocks(text: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find("```") {
        let after = &rest[open + 3..];
        let body = after.find('\n').map_or(after, |newline| &after[newline + 1..]);
        let end = body.find("```").unwrap_or(body.len());
        blocks.push(body[..end].trim());
        rest = body.get(end + 3..).unwrap_or("");
    }
    blocks
}

/// A JSON text, its slips repaired where it has some.
pub fn parse(text: &str) -> Option<Value> {
    serde_json::from_str(text)
        .or_else(|_| serde_json::from_str(&repaired(text)))
        .ok()
}

/// Every whole object, outermost first, of a text whose end or surroundings are not JSON.
pub fn whole_objects(text: &str) -> Vec<Value> {
    let mut objects = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' if !in_string => open.push(index),
            b'}' if !in_string => {
                let Some(start) = open.pop() else { continue };
                objects.extend(parse(&text[start..=index]));
            }
            _ => {}
        }
    }
    objects
}
