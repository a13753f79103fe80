//! Thinking that a model speaks aloud is no part of its answer.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";

/// `text` without the thinking before the answer: everything up to the last closing mark, or everything when the thinking was cut off.
///
/// Qwen, DeepSeek and others put it between `<think>` and `</think>`; a template that opens the block itself leaves the closing mark alone.
pub(crate) fn without_thinking(text: &str) -> &str {
    match text.rfind(CLOSE) {
        Some(end) => text[end + CLOSE.len()..].trim_start(),
        None if text.trim_start().starts_with(OPEN) => "",
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::without_thinking;

    #[test]
    fn thinking_is_removed_from_answers() {
        assert_eq!(
            without_thinking("<think>\nhm {1}\n</think>\n\n{\"a\": 1}"),
            "{\"a\": 1}"
        );
        assert_eq!(without_thinking("opened by the template</think>{}"), "{}");
        assert_eq!(without_thinking("<think>cut off"), "");
        assert_eq!(without_thinking(" {\"a\": \"<think>\"}"), " {\"a\": \"<think>\"}");
    }
}
