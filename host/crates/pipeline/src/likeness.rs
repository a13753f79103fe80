//! How like two questions are.

use std::collections::BTreeSet;

/// Characters that are compared together.
const GRAM: usize = 3;

/// A question as it is compared: runs of characters in lower case, which serve languages without spaces too.
#[derive(Clone, Debug, Default)]
pub struct Grams(BTreeSet<Vec<char>>);

impl Grams {
    /// Of a text.
    pub fn of(text: &str) -> Self {
        let letters: Vec<char> = format!(" {} ", text.to_lowercase()).chars().collect();
        Self(letters.windows(GRAM.min(letters.len())).map(<[char]>::to_vec).collect())
    }

    /// Jaccard's index, from 0 to 1.
    pub fn likeness(&self, other: &Self) -> f64 {
        let common = self.0.intersection(&other.0).count();
        common as f64 / (self.0.len() + other.0.len() - common).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_alike_by_what_they_share() {
        let like = |a: &str, b: &str| Grams::of(a).likeness(&Grams::of(b));
        assert_eq!(like("How many?", "how many?"), 1.0);
        assert!(like("How many singers are there?", "How many stadiums are there?") > 0.4);
        assert!(like("列出所有歌手", "列出所有歌手的年龄") > like("列出所有歌手", "有多少场演唱会"));
    }
}
