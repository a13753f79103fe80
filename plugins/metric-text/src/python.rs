//! The two habits of Python that show in the figures: what counts as white space, and how `round` rounds.

/// Whether Python's `str.isspace`, `str.split` and `\s` take `c` as white space: Unicode's set and the four
/// information separators U+001C to U+001F.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// The words of `text` as `str.split()` gives them.
pub fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(is_space).filter(|word| !word.is_empty())
}

/// `round(value, 4)`: the nearest decimal of four digits to the exact binary value, ties to even.
pub fn round4(value: f64) -> f64 {
    format!("{value:.4}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_takes_ties_to_even() {
        assert_eq!(round4(3.03125), 3.0312);
        assert_eq!(round4(3.09375), 3.0938);
        assert_eq!(round4(96.09375), 96.0938);
        assert_eq!(round4(1.00005), 1.0001); // just above the tie in binary
    }

    #[test]
    fn separators_are_white_space() {
        assert_eq!(split(" a\u{1c}b\u{3000}c ").collect::<Vec<_>>(), ["a", "b", "c"]);
    }
}
