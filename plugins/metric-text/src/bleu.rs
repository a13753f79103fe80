//! Sentence BLEU with NIST geometric smoothing, as nltk's `sentence_bleu` with `SmoothingFunction().method3`.
//!
//! Papineni et al. 2002, "BLEU: a Method for Automatic Evaluation of Machine Translation"; smoothing: Chen and Cherry
//! 2014, "A Systematic Comparison of Smoothing Techniques for Sentence-Level BLEU", method 3.

use std::collections::HashMap;

/// Longest n-gram counted.
const MAX_ORDER: usize = 4;

/// BLEU-4 of a hypothesis against one reference, both as tokens; 0 to 1.
///
/// An order without any match counts as 1/2, 1/4, ... of an n-gram, for the first, second, ... such order. A
/// hypothesis without a matching unigram scores 0.
pub fn sentence_bleu(hypothesis: &[char], reference: &[char]) -> f64 {
    let mut log_sum = 0.0;
    let mut smoothed = 1.0;
    for order in 1..=MAX_ORDER {
        let matched = clipped_matches(hypothesis, reference, order);
        let total = (hypothesis.len() + 1).saturating_sub(order).max(1);
        let precision = if matched > 0 {
            matched as f64 / total as f64
        } else if order == 1 {
            return 0.0;
        } else {
            smoothed *= 2.0;
            1.0 / (smoothed * total as f64)
        };
        log_sum += precision.ln() / MAX_ORDER as f64;
    }
    brevity_penalty(hypothesis.len(), reference.len()) * log_sum.exp()
}

/// N-grams of the hypothesis found in the reference, each at most as often as the reference has it.
fn clipped_matches(hypothesis: &[char], reference: &[char], order: usize) -> usize {
    let mut left = HashMap::<u128, usize>::with_capacity(reference.len());
    for gram in reference.windows(order) {
        *left.entry(packed(gram)).or_default() += 1;
    }
    let mut matched = 0;
    for gram in hypothesis.windows(order) {
        if let Some(count) = left.get_mut(&packed(gram))
            && *count > 0
        {
            *count -= 1;
            matched += 1;
        }
    }
    matched
}

/// Up to four characters in one number: a key without allocation. Grams of one order only are ever compared.
fn packed(gram: &[char]) -> u128 {
    gram.iter().fold(0, |key, c| (key << 32) | u128::from(u32::from(*c)))
}

fn brevity_penalty(hypothesis: usize, reference: usize) -> f64 {
    if hypothesis > reference {
        1.0
    } else {
        (1.0 - reference as f64 / hypothesis as f64).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::sentence_bleu;

    fn bleu(hypothesis: &str, reference: &str) -> f64 {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        sentence_bleu(&chars(hypothesis), &chars(reference))
    }

    #[test]
    fn the_same_text_scores_one() {
        assert_eq!(bleu("SELECT 1", "SELECT 1"), 1.0);
    }

    #[test]
    fn nothing_in_common_or_nothing_at_all_scores_zero() {
        assert_eq!(bleu("xyz", "abc"), 0.0);
        assert_eq!(bleu("", "abc"), 0.0);
        assert_eq!(bleu("abc", ""), 0.0);
    }

    #[test]
    fn unmatched_orders_are_smoothed_by_successive_halving() {
        // Orders 1 to 4 of "ab" against itself: 2/2, 1/1, then 1/2 and 1/4 of one n-gram.
        let expected = (0.5_f64 * 0.25).powf(0.25);
        assert!((bleu("ab", "ab") - expected).abs() < 1e-12);
    }
}
