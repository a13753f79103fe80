//! Sentences without the places of this machine that they name.

use serde_json::Value;

/// The text with every absolute path replaced by its last part.
pub(super) fn without_places(text: &str) -> String {
    let mut told = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = next_place(rest) {
        let (before, from) = rest.split_at(at);
        told.push_str(before);
        let end = from.find(ends_a_path).unwrap_or(from.len());
        let (path, after) = from.split_at(end);
        let sentence_end = path.len() - path.trim_end_matches(['.', ':']).len();
        let (path, stop) = path.split_at(path.len() - sentence_end);
        let last = path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next();
        told.push_str(last.unwrap_or_default());
        told.push_str(stop);
        rest = after;
    }
    told + rest
}

/// Every text of a value without places.
pub(super) fn value_without_places(value: &mut Value) {
    match value {
        Value::String(text) => *text = without_places(text),
        Value::Array(items) => items.iter_mut().for_each(value_without_places),
        Value::Object(fields) => fields.values_mut().for_each(value_without_places),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Where the next absolute path begins: at the start of a word, with a name behind the separator.
fn next_place(text: &str) -> Option<usize> {
    let starts = |at: usize| {
        let before = text[..at].chars().next_back();
        let rest = &text[at..];
        let is_unix = rest.strip_prefix('/').or_else(|| rest.strip_prefix("~/"));
        let is_windows = rest
            .split_once(":\\")
            .filter(|(drive, _)| drive.len() == 1 && drive.chars().all(|letter| letter.is_ascii_alphabetic()))
            .map(|(_, rest)| rest);
        let named = is_unix
            .or(is_windows)
            .and_then(|rest| rest.chars().next())
            .is_some_and(|first| first.is_alphanumeric() || "._-".contains(first));
        named && before.is_none_or(|before| before.is_whitespace() || "\"'`(=[,{<".contains(before))
    };
    text.char_indices().map(|(at, _)| at).find(|at| starts(*at))
}

fn ends_a_path(letter: char) -> bool {
    letter.is_whitespace() || "\"'`)],;}>".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_paths_are_told_by_their_last_part() {
        for (text, told) in [
            (
                "what was there is kept in /home/me/runs/shop/superseded/1",
                "what was there is kept in 1",
            ),
            ("cannot read /a/b.json: gone", "cannot read b.json: gone"),
            ("`/a/b` and (/c/d/), then ~/x/y.", "`b` and (d), then y."),
            (r"C:\Users\me\model is no model", "model is no model"),
            ("path=/secret/place", "path=place"),
            (
                "4 / 2, tables 3/4, a/b, http://host/v1 and 'x' / 'y'",
                "4 / 2, tables 3/4, a/b, http://host/v1 and 'x' / 'y'",
            ),
            ("wrote export/shop_train.json", "wrote export/shop_train.json"),
            ("", ""),
        ] {
            assert_eq!(without_places(text), told);
        }
    }
}
