//! Stop texts in an answer that grows.

/// Where the answer's text ends, when one of the stop texts occurs in it.
pub(super) fn cut_at_stop(text: &str, stops: &[String]) -> Option<usize> {
    stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| text.find(stop.as_str()))
        .min()
}

/// Bytes of the text that can be shown already: neither an unfinished character nor the start of a stop text.
pub(super) fn safe_length(text: &str, stops: &[String]) -> usize {
    let whole = text.trim_end_matches(char::REPLACEMENT_CHARACTER).len();
    let mut safe = whole;
    for stop in stops {
        let starts = stop.char_indices().map(|(end, _)| &stop[..end]).skip(1);
        for start in starts {
            if text[..whole].ends_with(start) {
                safe = safe.min(whole - start.len());
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_stop_text_ends_the_answer() {
        let stops = ["\n\n".to_owned(), ";".to_owned()];
        assert_eq!(cut_at_stop("SELECT 1; x\n\n", &stops), Some(8));
        assert_eq!(cut_at_stop("SELECT 1", &stops), None);
    }

    #[test]
    fn a_partial_stop_text_is_held_back() {
        let stops = ["<end>".to_owned()];
        assert_eq!(safe_length("abc<en", &stops), 3);
        assert_eq!(safe_length("abc<xn", &stops), 6);
        assert_eq!(safe_length("ab\u{fffd}", &stops), 2);
    }
}
