//! Errors quote what was sent, and what was sent can be as long as a body: a message keeps its beginning and its end.

/// Most characters of a message.
const MAX_MESSAGE: usize = 1_000;
/// Characters of the end that are kept; what was expected stands there.
const KEPT_END: usize = 200;
/// In the place of what was left out.
const LEFT_OUT: &str = " … ";

/// The message, with its middle left out where it is too long.
pub(crate) fn bounded(message: String) -> String {
    let length = message.chars().count();
    if length <= MAX_MESSAGE {
        return message;
    }
    let kept_beginning = MAX_MESSAGE - KEPT_END - LEFT_OUT.chars().count();
    let beginning = message.chars().take(kept_beginning);
    let end = message.chars().skip(length - KEPT_END);
    beginning.chain(LEFT_OUT.chars()).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_keep_their_beginning_and_their_end() {
        let long = format!("invalid type: string \"{}\", expected a map", "é".repeat(100_000));
        let short = bounded(long);
        assert_eq!(short.chars().count(), MAX_MESSAGE);
        assert!(
            short.starts_with("invalid type: string \"éé") && short.ends_with("é\", expected a map"),
            "{short}"
        );
        assert_eq!(bounded("é".repeat(MAX_MESSAGE)), "é".repeat(MAX_MESSAGE));
    }
}
