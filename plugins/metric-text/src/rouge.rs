//! ROUGE over sentences of words, as rouge-chinese 1.0.3 computes it.
//!
//! Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries". That package counts each distinct n-gram once,
//! and takes ROUGE-L over the words of all sentences in a row.

use std::collections::{HashMap, HashSet};

use crate::sentences::sentences;

/// F1 of ROUGE-1, ROUGE-2 and ROUGE-L, 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Rouge {
    /// Unigrams.
    pub rouge_1: f64,
    /// Bigrams.
    pub rouge_2: f64,
    /// Longest common subsequence.
    pub rouge_l: f64,
}

/// Scores two texts of words separated by white space; a text without any word scores 0.
pub fn rouge(hypothesis: &str, reference: &str) -> Rouge {
    let hypothesis = sentences(hypothesis);
    let reference = sentences(reference);
    if hypothesis.iter().all(|s| s.is_empty()) || reference.iter().all(|s| s.is_empty()) {
        return Rouge::default();
    }
    let mut ids = HashMap::new();
    let hypothesis = numbered(&hypothesis, &mut ids);
    let reference = numbered(&reference, &mut ids);
    Rouge {
        rouge_1: rouge_n(&hypothesis, &reference, 1),
        rouge_2: rouge_n(&hypothesis, &reference, 2),
        rouge_l: f1(
            longest_common_subsequence(&hypothesis, &reference, ids.len()),
            hypothesis.len(),
            reference.len(),
        ),
    }
}

/// All words in a row, equal words with equal numbers. A sentence of white space alone counts as one empty word.
fn numbered<'t>(sentences: &'t [String], ids: &mut HashMap<&'t str, u32>) -> Vec<u32> {
    sentences
        .iter()
        .flat_map(|sentence| sentence.split(' '))
        .map(|word| {
            let next = ids.len() as u32;
            *ids.entry(word).or_insert(next)
        })
        .collect()
}

fn rouge_n(hypothesis: &[u32], reference: &[u32], order: usize) -> f64 {
    let grams = |words: &[u32]| -> HashSet<u64> {
        words
            .windows(order)
            .map(|gram| gram.iter().fold(0, |key, id| (key << 32) | u64::from(*id)))
            .collect()
    };
    let hypothesis = grams(hypothesis);
    let reference = grams(reference);
    let shared = hypothesis.iter().filter(|gram| reference.contains(gram)).count();
    f1(shared, hypothesis.len(), reference.len())
}

/// Harmonic mean of precision and recall; the package's epsilon of 1e-8 keeps the sum off zero and shows in the digits.
fn f1(shared: usize, hypothesis: usize, reference: usize) -> f64 {
    let ratio = |total: usize| if total == 0 { 0.0 } else { shared as f64 / total as f64 };
    let (precision, recall) = (ratio(hypothesis), ratio(reference));
    2.0 * ((precision * recall) / (precision + recall + 1e-8))
}

/// Length of the longest common subsequence of two sequences of numbers below `alphabet`, 64 cells of a row of the
/// table at a time: Hyyrö 2004, "Bit-Parallel LCS-length Computation Revisited".
fn longest_common_subsequence(a: &[u32], b: &[u32], alphabet: usize) -> usize {
    let (pattern, text) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let blocks = pattern.len().div_ceil(64);
    let mut places = vec![Vec::<(u32, u64)>::new(); alphabet];
    for (at, symbol) in pattern.iter().enumerate() {
        let (block, bit) = ((at / 64) as u32, 1_u64 << (at % 64));
        let list = &mut places[*symbol as usize];
        match list.last_mut() {
            Some((last, bits)) if *last == block => *bits |= bit,
            _ => list.push((block, bit)),
        }
    }
    let mut row = vec![u64::MAX; blocks];
    for symbol in text {
        advance(&mut row, &places[*symbol as usize]);
    }
    let tail = pattern.len() % 64;
    row.iter()
        .enumerate()
        .map(|(block, bits)| {
            let used = if block + 1 == blocks && tail != 0 {
                (1 << tail) - 1
            } else {
                u64::MAX
            };
            (!bits & used).count_ones() as usize
        })
        .sum()
}

/// One row of the table: V' = (V + (V & M)) | (V & !M), carried from block to block. A zero bit is a step up.
fn advance(row: &mut [u64], places: &[(u32, u64)]) {
    let mut places = places.iter().peekable();
    let mut carry = false;
    for (block, bits) in row.iter_mut().enumerate() {
        let mask = places
            .next_if(|(at, _)| *at as usize == block)
            .map_or(0, |(_, mask)| *mask);
        let hit = *bits & mask;
        let (sum, first) = bits.overflowing_add(hit);
        let (sum, second) = sum.overflowing_add(u64::from(carry));
        carry = first || second;
        *bits = sum | (*bits & !mask);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The textbook table.
    fn slow_lcs(a: &[u32], b: &[u32]) -> usize {
        let mut row = vec![0; b.len() + 1];
        for x in a {
            let mut diagonal = 0;
            for (j, y) in b.iter().enumerate() {
                let above = row[j + 1];
                row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
                diagonal = above;
            }
        }
        row[b.len()]
    }

    #[test]
    fn the_bit_parallel_length_is_the_tables() {
        let mut state = 7_u64;
        let mut draw = |below: u64| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 33) % below
        };
        for round in 0..300 {
            let alphabet = 2 + round % 9;
            let (n, m) = (draw(200) as usize, 1 + draw(200) as usize);
            let a: Vec<u32> = (0..n).map(|_| draw(alphabet) as u32).collect();
            let b: Vec<u32> = (0..m).map(|_| draw(alphabet) as u32).collect();
            assert_eq!(longest_common_subsequence(&a, &b, alphabet as usize), slow_lcs(&a, &b));
        }
    }

    #[test]
    fn repeated_words_count_once_for_rouge_1() {
        let scores = rouge("a a a b", "a b");
        assert!((scores.rouge_1 - 1.0).abs() < 1e-7);
        assert!(scores.rouge_l < 0.7);
    }

    #[test]
    fn a_text_without_words_scores_zero() {
        assert_eq!(rouge(" \n ", "a"), Rouge::default());
    }
}
