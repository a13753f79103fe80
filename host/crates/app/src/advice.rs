//! Errors with their advice, as one paragraph.

/// An error with its help in the same paragraph.
pub fn advised(error: &impl miette::Diagnostic) -> String {
    match error.help() {
        Some(help) => format!("{error}. {}", sentence(&help.to_string())),
        None => error.to_string(),
    }
}

/// With a capital letter, to stand behind a full stop.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
