//! How sure a figure and a difference are.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Resamples drawn for an interval or a test.
const RESAMPLES: usize = 2_000;
/// Rows for each distinct value from which resamples are drawn by value: a binomial takes about as long as this many rows.
const ROWS_PER_VALUE: usize = 8;

/// A 95% interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A paired test of a difference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PairedTest {
    /// `mcnemar-exact` or `paired-bootstrap`.
    pub name: String,
    /// Two-sided p-value.
    pub p_value: f64,
}

/// Mean of some values; `None` where there is none.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Percentile bootstrap of the mean (Efron 1979): 2,000 resamples drawn with `seed`.
pub fn interval(values: &[f64], seed: u64) -> Option<Interval> {
    let mut means = resampled_means(values, seed)?;
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[((means.len() - 1) as f64 * share).round() as usize];
    Some(Interval {
        low: at(0.025),
        high: at(0.975),
    })
}

/// Tests the mean of paired differences against zero by bootstrap: the differences are centred, and the p-value is the share
/// of resampled means at least as far from zero as the observed one (with the usual one added above and below).
pub fn paired_bootstrap(differences: &[f64], seed: u64) -> Option<PairedTest> {
    let observed = mean(differences)?;
    let centred: Vec<f64> = differences.iter().map(|difference| difference - observed).collect();
    let means = resampled_means(&centred, seed)?;
    let as_far = means.iter().filter(|mean| mean.abs() >= observed.abs() - 1e-12).count();
    let p_value = (as_far + 1) as f64 / (means.len() + 1) as f64;
    Some(PairedTest {
        name: "paired-bootstrap".to_owned(),
        p_value,
    })
}

fn resampled_means(values: &[f64], seed: u64) -> Option<Vec<f64>> {
    if values.is_empty() {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let counts = counts(values);
    let mean = || {
        let sum = if counts.len() * ROWS_PER_VALUE <= values.len() {
            sum_drawn_by_value(&counts, values.len() as u64, &mut random)
        } else {
            sum_drawn_by_row(values, &mut random)
        };
        sum / values.len() as f64
    };
    Some(std::iter::repeat_with(mean).take(RESAMPLES).collect())
}

fn sum_drawn_by_row(values: &[f64], random: &mut ChaCha8Rng) -> f64 {
    let drawn = (0..values.len()).map(|_| values[random.random_range(0..values.len())]);
    drawn.sum()
}

/// How often each value is drawn is multinomial: one binomial after the other, each of the draws and values that are left
/// (Devroye 1986, XI.1.4). Verdicts have two values, so that a resample of 100,000 rows takes one draw.
fn sum_drawn_by_value(counts: &[(f64, u64)], rows: u64, random: &mut ChaCha8Rng) -> f64 {
    let (mut draws, mut rows) = (rows, rows);
    let mut sum = 0.0;
    for (value, count) in counts {
        let share = *count as f64 / rows as f64;
        let drawn = match Binomial::new(draws, share) {
            Ok(binomial) => binomial.sample(random),
            // A share is between 0 and 1.
            Err(_) => 0,
        };
        sum += value * drawn as f64;
        draws -= drawn;
        rows -= count;
    }
    sum
}

/// Distinct values in rising order, with the number of their rows.
fn counts(values: &[f64]) -> Vec<(f64, u64)> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let equal = sorted.chunk_by(|a, b| a.total_cmp(b).is_eq());
    equal.map(|rows| (rows[0], rows.len() as u64)).collect()
}

/// McNemar's test in its exact form (1947; binomial): of the rows that only one run got right, is each run as likely?
pub fn mcnemar_exact(only_before: u64, only_after: u64) -> PairedTest {
    let discordant = only_before + only_after;
    let fewer = only_before.min(only_after);
    // Terms of the binomial at one half, by logarithms so that thousands of rows do not underflow.
    let mut log_term = -(discordant as f64) * std::f64::consts::LN_2;
    let mut tail = log_term.exp();
    for k in 0..fewer {
        log_term += ((discordant - k) as f64).ln() - ((k + 1) as f64).ln();
        tail += log_term.exp();
    }
    PairedTest {
        name: "mcnemar-exact".to_owned(),
        p_value: (2.0 * tail).min(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mcnemar_is_the_binomial_test() {
        assert!((mcnemar_exact(0, 10).p_value - 2.0 / 1024.0).abs() < 1e-12);
        assert!((mcnemar_exact(3, 9).p_value - 0.145_996).abs() < 1e-5);
        assert_eq!(mcnemar_exact(0, 0).p_value, 1.0);
        assert!(mcnemar_exact(400, 4_000).p_value < 1e-100);
    }

    #[test]
    fn intervals_hold_the_mean_and_come_again_with_the_seed() {
        let values: Vec<f64> = (0..200).map(|at| f64::from(at % 2) * 100.0).collect();
        let first = interval(&values, 1).unwrap();
        assert!(first.low < 50.0 && first.high > 50.0 && first.high - first.low < 20.0);
        assert_eq!(Some(first), interval(&values, 1));
        assert_eq!(interval(&[], 1), None);
    }

    #[test]
    fn draws_by_value_spread_as_draws_by_row_do() {
        let values: Vec<f64> = (0..1_000)
            .map(|at| if at % 10 < 3 { 100.0 } else { f64::from(at % 2) })
            .collect();
        let spread = |drawn: &mut dyn FnMut(&mut ChaCha8Rng) -> f64| {
            let mut random = ChaCha8Rng::seed_from_u64(1);
            let means: Vec<f64> = (0..4_000).map(|_| drawn(&mut random) / 1_000.0).collect();
            let middle = mean(&means).unwrap();
            let squares: Vec<f64> = means.iter().map(|mean| (mean - middle).powi(2)).collect();
            (middle, mean(&squares).unwrap().sqrt())
        };
        let counts = counts(&values);
        assert_eq!(counts.len(), 3);
        let by_value = spread(&mut |random| sum_drawn_by_value(&counts, 1_000, random));
        let by_row = spread(&mut |random| sum_drawn_by_row(&values, random));
        assert!((by_value.0 - by_row.0).abs() < 0.1, "{by_value:?} {by_row:?}");
        assert!((by_value.1 / by_row.1 - 1.0).abs() < 0.05, "{by_value:?} {by_row:?}");
    }

    #[test]
    fn a_plain_difference_is_significant_and_none_is_not() {
        let better: Vec<f64> = (0..100).map(|at| 5.0 + f64::from(at % 7)).collect();
        assert!(paired_bootstrap(&better, 1).unwrap().p_value < 0.001);
        let even: Vec<f64> = (0..100).map(|at| f64::from(at % 2) * 2.0 - 1.0).collect();
        assert!(paired_bootstrap(&even, 1).unwrap().p_value > 0.5);
    }
}
