//! What strangers wrote, as it may be shown.

/// Most characters that are shown.
const MAX_CHARACTERS: usize = 120;

/// The beginning of a text on one line, without what moves a terminal's cursor.
pub(crate) fn on_one_line(text: &str) -> String {
    let plain = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(MAX_CHARACTERS).collect::<String>().trim_end().to_owned()
}
