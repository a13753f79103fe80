//! Token F1: how much two texts share of their words.

use std::collections::BTreeSet;

/// F1 of the sets of `\w+` tokens of both texts in lower case, 0 to 1; two texts without any token score 1.
pub fn token_f1(prediction: &str, gold: &str) -> f64 {
    let (prediction, gold) = (tokens(prediction), tokens(gold));
    if prediction.is_empty() && gold.is_empty() {
        return 1.0;
    }
    let shared = prediction.intersection(&gold).count();
    2.0 * shared as f64 / (prediction.len() + gold.len()) as f64
}

fn tokens(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|token| !token.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::token_f1;

    #[test]
    fn sets_of_words_are_compared() {
        assert_eq!(token_f1("SELECT a, a FROM t", "select a from t"), 1.0);
        assert_eq!(token_f1("select a", "select b"), 0.5);
        assert_eq!(token_f1("", "select b"), 0.0);
    }
}
