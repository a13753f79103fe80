//! Stop texts in an answer that grows.

/// Where the answer's text ends, when one of the stop texts occurs in it; up to `searched` it has none.
pub(super) fn cut_at_stop(text: &str, searched: usize, stops: &[String]) -> Option<usize> {
    let stops = stops.iter().filter(|stop| !stop.is_empty());
    let found = stops.filter_map(|stop| {
        // A stop text may begin in what was searched.
        let from = text.floor_char_boundary(searched.saturating_sub(stop.len()));
        text[from..].find(stop.as_str()).map(|place| from + place)
    });
    found.min()
}

/// Bytes of the text that can be shown already: not the start of a stop text.
pub(super) fn safe_length(text: &str, stops: &[String]) -> usize {
    let mut safe = text.len();
    for stop in stops {
        let starts = stop.char_indices().map(|(end, _)| &stop[..end]).skip(1);
        for start in starts {
            if text.ends_with(start) {
                safe = safe.min(text.len() - start.len());
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
        assert_eq!(cut_at_stop("SELECT 1; x\n\n", 0, &stops), Some(8));
        assert_eq!(cut_at_stop("SELECT 1", 0, &stops), None);
    }

    #[test]
    fn a_stop_text_that_came_in_two_pieces_is_found() {
        let stops = ["<end>".to_owned()];
        assert_eq!(cut_at_stop("é<end>", "é<en".len(), &stops), Some(2));
    }

    #[test]
    fn a_partial_stop_text_is_held_back() {
        let stops = ["<end>".to_owned()];
        assert_eq!(safe_length("abc<en", &stops), 3);
        assert_eq!(safe_length("abc<xn", &stops), 6);
    }
}
