//! The four figures of one row, and of a run.

use crate::{bleu::sentence_bleu, python::round4, rouge::rouge, words::words};

/// Names of the figures, in the order of [`score`].
pub const NAMES: [&str; 4] = ["bleu-4", "rouge-1", "rouge-2", "rouge-l"];

/// Scores of one prediction against its label: percentages rounded to four digits.
pub fn score(prediction: &str, label: &str) -> [f64; 4] {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    let bleu = sentence_bleu(&chars(prediction), &chars(label));
    let rouge = rouge(&words(prediction).join(" "), &words(label).join(" "));
    [bleu, rouge.rouge_1, rouge.rouge_2, rouge.rouge_l].map(|ratio| round4(ratio * 100.0))
}

/// Mean of the values that are there; `None` where there is none. Summed in row order, as Python's `sum`.
pub fn mean(values: impl IntoIterator<Item = Option<f64>>) -> Option<f64> {
    let (sum, count) = values
        .into_iter()
        .flatten()
        .fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}
