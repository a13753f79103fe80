//! The name that was probably meant.

/// How alike two names are, 0 to 1: Jaro-Winkler, or better where few typing errors part them.
fn likeness(left: &str, right: &str) -> f64 {
    let length = left.chars().count().max(right.chars().count()).max(1);
    let edits = strsim::damerau_levenshtein(left, right);
    let typed = if edits <= 1 + length / 4 {
        0.75 + 0.25 * (1.0 - edits as f64 / length as f64)
    } else {
        0.0
    };
    strsim::jaro_winkler(left, right).max(typed)
}

/// The candidate most like `name`, if any is near enough: a likeness of 0.75 and up, case aside.
pub(super) fn nearest<S: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    let wanted = name.to_lowercase();
    let mut best: Option<(f64, String)> = None;
    for candidate in candidates {
        let candidate = candidate.as_ref();
        let score = likeness(&wanted, &candidate.to_lowercase());
        if score >= 0.75 && best.as_ref().is_none_or(|(known, _)| score > *known) {
            best = Some((score, candidate.to_owned()));
        }
    }
    best.map(|(_, name)| name)
}
