//! Whether answers are right as often as their confidence says.
//!
//! Bins and calibration error after Guo et al. 2017 (<https://arxiv.org/abs/1706.04599>, equations 1 to 3).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Pair;
use crate::scoring::ScoredRow;
use crate::statistics::mean;

/// Bins of equal width between no confidence and certainty.
const BINS: usize = 10;

/// The answers of a run that have a confidence.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Reliability {
    /// How many there are.
    pub answers: usize,
    /// How far confidence and execution match lie apart: the mean over the bins, each weighted by its answers; in points.
    pub calibration_error: f64,
    /// The bins that hold answers, from the least sure to the surest.
    pub bins: Vec<ReliabilityBin>,
}

/// Answers of like confidence. All shares are in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReliabilityBin {
    /// Their mean confidence.
    pub confidence: f64,
    /// How many there are.
    pub answers: usize,
    /// Execution match among them.
    pub right: f64,
    /// The lowest confidence among them: an `ask.threshold` of as much leaves this bin and the surer ones.
    pub threshold: f64,
    /// Answers that such a threshold leaves, of all.
    pub answered: f64,
    /// Execution match among these.
    pub right_of_answered: f64,
}

/// The reliability of each run; none of one whose answers have no confidence.
pub(super) fn reliability(pairs: &[Pair], main: [Option<usize>; 2]) -> [Option<Reliability>; 2] {
    [0, 1].map(|side| {
        let answers = pairs.iter().filter_map(|pair| answer(pair[side]?, main[side]?));
        of_answers(answers.collect())
    })
}

/// Confidence and execution match of an answer, in percent.
fn answer(row: &ScoredRow, main: usize) -> Option<(f64, f64)> {
    let confidence = row.prediction.agreement?.confidence()?;
    Some((100.0 * confidence, row.values.get(main).copied().flatten()?))
}

fn of_answers(mut answers: Vec<(f64, f64)>) -> Option<Reliability> {
    answers.sort_by(|a, b| a.0.total_cmp(&b.0));
    let bin_of = |confidence: f64| ((confidence / 100.0 * BINS as f64) as usize).min(BINS - 1);
    let (mut bins, mut apart, mut less_sure) = (Vec::new(), 0.0, 0);
    for of_bin in answers.chunk_by(|a, b| bin_of(a.0) == bin_of(b.0)) {
        let confidence = mean_of(of_bin, |answer| answer.0)?;
        let right = mean_of(of_bin, |answer| answer.1)?;
        let answered = &answers[less_sure..];
        bins.push(ReliabilityBin {
            confidence,
            answers: of_bin.len(),
            right,
            threshold: of_bin[0].0,
            answered: 100.0 * answered.len() as f64 / answers.len() as f64,
            right_of_answered: mean_of(answered, |answer| answer.1)?,
        });
        apart += (confidence - right).abs() * of_bin.len() as f64;
        less_sure += of_bin.len();
    }
    (!bins.is_empty()).then(|| Reliability {
        answers: answers.len(),
        calibration_error: apart / answers.len() as f64,
        bins,
    })
}

fn mean_of(answers: &[(f64, f64)], of: impl Fn(&(f64, f64)) -> f64) -> Option<f64> {
    mean(&answers.iter().map(of).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_tell_how_often_answers_of_like_confidence_are_right() {
        let sure = [(100.0, 100.0), (100.0, 100.0), (100.0, 100.0), (100.0, 0.0)];
        let unsure = [(50.0, 0.0), (50.0, 100.0), (58.0, 0.0), (58.0, 0.0)];
        let found = of_answers([sure, unsure].concat()).unwrap();
        assert_eq!((found.answers, found.bins.len()), (8, 2));
        let [low, high] = [found.bins[0], found.bins[1]];
        assert_eq!((low.confidence, low.right, low.threshold), (54.0, 25.0, 50.0));
        assert_eq!((low.answered, low.right_of_answered), (100.0, 50.0));
        assert_eq!((high.confidence, high.right, high.answers), (100.0, 75.0, 4));
        assert_eq!((high.answered, high.right_of_answered), (50.0, 75.0));
        // Half of the answers lie 29 points apart, half 25.
        assert_eq!(found.calibration_error, 27.0);
    }

    #[test]
    fn answers_without_confidence_have_no_reliability() {
        assert_eq!(of_answers(Vec::new()), None);
    }
}
