//! What one micro-batch is made of: samples laid end to end, without padding, and what they begin with alike laid once.

use std::iter::zip;
use std::ops::Range;

use serde::{Deserialize, Serialize};

/// Label of a token that is not scored.
pub const IGNORED: i64 = -100;

/// One encoded sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Token ids.
    pub input_ids: Vec<u32>,
    /// The token to be predicted *at* its own place (not shifted), or [`IGNORED`].
    pub labels: Vec<i64>,
}

impl Sample {
    /// Tokens that are scored: labels, but for the first token, which nothing predicts.
    pub fn scored(&self) -> usize {
        self.labels.iter().skip(1).filter(|&&label| label != IGNORED).count()
    }
}

/// Fewest tokens that are worth sharing: attention gathers them for each sample.
const LEAST_SHARED: usize = 16;

/// Where one sample's tokens lie in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRows {
    /// Rows of its first tokens, which an earlier sample with the same beginning has laid; empty when none has.
    pub shared: Vec<Range<usize>>,
    /// Rows of its other tokens.
    pub own: Range<usize>,
}

impl SampleRows {
    /// The places of its rows, in the order of its tokens.
    pub fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        self.shared.iter().chain([&self.own])
    }

    /// How many of its tokens lie in shared rows.
    pub fn shared_tokens(&self) -> usize {
        self.shared.iter().map(Range::len).sum()
    }

    /// Rows of its first `count` tokens.
    fn first(&self, mut count: usize) -> Vec<Range<usize>> {
        let mut rows = Vec::new();
        for part in self.places() {
            let taken = count.min(part.len());
            count -= taken;
            if taken > 0 {
                rows.push(part.start..part.start + taken);
            }
        }
        rows
    }
}

/// Samples laid end to end. Attention stays within a sample and positions begin anew with each, so padding is never
/// computed and packing changes no number.
#[derive(Debug, Clone, Default)]
pub struct TokenBatch {
    /// Token ids, a row each.
    pub ids: Vec<u32>,
    /// Position of each row's token in its sample.
    pub positions: Vec<usize>,
    /// Where each sample lies.
    pub samples: Vec<SampleRows>,
    /// Rows whose token's successor is scored, ascending.
    pub scored: Vec<usize>,
    /// The successor of each token in `scored`.
    pub targets: Vec<u32>,
    /// What distinguishes each token's dropout from every other token's of the run.
    pub dropout_keys: Vec<u32>,
}

impl TokenBatch {
    /// Lays samples end to end; each comes with a number that seeds its dropout.
    pub fn new<'a>(samples: impl IntoIterator<Item = (&'a Sample, u64)>) -> Self {
        let mut batch = Self::default();
        for (sample, key) in samples {
            batch.lay(sample, key, Vec::new());
        }
        batch
    }

    /// As [`new`](Self::new), but what a sample begins with as one before it does is laid once: a decoder looks only back, so that there both are
    /// the same. Where dropout is to differ from sample to sample they are not.
    pub fn sharing<'a>(samples: impl IntoIterator<Item = (&'a Sample, u64)>) -> Self {
        let mut batch = Self::default();
        let mut laid: Vec<&Sample> = Vec::new();
        for (sample, key) in samples {
            let alike = laid.iter().map(|earlier| shareable(earlier, sample)).enumerate();
            // Of those that have most in common the first, whose rows lie in the fewest places.
            let best = alike.rev().max_by_key(|(_, alike)| *alike);
            let shared = best.map_or(Vec::new(), |(earlier, alike)| batch.samples[earlier].first(alike));
            batch.lay(sample, key, shared);
            laid.push(sample);
        }
        batch
    }

    fn lay(&mut self, sample: &Sample, key: u64, shared: Vec<Range<usize>>) {
        let start = self.ids.len();
        let (first, length) = (shared.iter().map(Range::len).sum::<usize>(), sample.input_ids.len());
        let own = start..start + length - first;
        self.ids.extend(&sample.input_ids[first..]);
        self.positions.extend(first..length);
        self.dropout_keys
            .extend((first as u64..length as u64).map(|i| mix(key.wrapping_add(i << 40)) as u32));
        for (i, &label) in sample.labels.iter().enumerate().skip(first + 1) {
            if let Ok(target) = u32::try_from(label) {
                self.scored.push(start + i - 1 - first);
                self.targets.push(target);
            }
        }
        self.samples.push(SampleRows { shared, own });
    }

    /// Rows in all.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }
}

/// Tokens that `sample` begins with as `earlier` does, up to its first one whose successor is scored; 0 when they are not worth sharing.
pub fn shareable(earlier: &Sample, sample: &Sample) -> usize {
    let unscored = sample
        .labels
        .iter()
        .skip(1)
        .take_while(|&&label| label == IGNORED)
        .count();
    let alike = zip(&earlier.input_ids, &sample.input_ids)
        .take_while(|(a, b)| a == b)
        .count();
    let alike = alike.min(unscored);
    if alike < LEAST_SHARED { 0 } else { alike }
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014): every bit of the input moves every bit of the output.
pub(crate) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sample of these ids of which the last `scored` are.
    fn sample(ids: impl IntoIterator<Item = u32>, scored: usize) -> Sample {
        let input_ids: Vec<u32> = ids.into_iter().collect();
        let prompt = input_ids.len() - scored;
        let label = |(at, id): (usize, &u32)| if at < prompt { IGNORED } else { i64::from(*id) };
        let labels = input_ids.iter().enumerate().map(label).collect();
        Sample { input_ids, labels }
    }

    #[test]
    fn a_common_beginning_is_laid_once() {
        let samples = [
            sample((0..40).chain([100, 101]), 2),
            sample((0..40).chain([200, 201, 202]), 3),
            sample((0..20).chain(300..310), 4),
            sample((0..40).chain([200, 201, 203]), 1),
            sample(0..10, 2),
        ];
        let batch = TokenBatch::sharing(samples.iter().zip(0..));
        let rows = |shared: &[(usize, usize)], own| SampleRows {
            shared: shared.iter().map(|&(from, to)| from..to).collect(),
            own,
        };
        assert_eq!(
            batch.samples,
            [
                rows(&[], 0..42),
                // Its last prompt token predicts a token of its own.
                rows(&[(0, 39)], 42..46),
                rows(&[(0, 20)], 46..56),
                // The beginning of the second sample, which lies in two places.
                rows(&[(0, 39), (42, 44)], 56..58),
                rows(&[], 58..68),
            ]
        );
        let plain = TokenBatch::new(samples.iter().zip(0..));
        assert_eq!(batch.targets, plain.targets);
        assert_eq!(batch.targets.len(), batch.scored.len());
        assert!(batch.scored.is_sorted());
        for (rows, sample) in batch.samples.iter().zip(&samples) {
            let lying = rows.places().flat_map(Range::clone);
            for (position, (row, id)) in lying.zip(&sample.input_ids).enumerate() {
                assert_eq!((batch.ids[row], batch.positions[row]), (*id, position));
            }
        }
    }

    #[test]
    fn a_token_that_is_scored_twice_lies_twice() {
        let samples = [sample(0..40, 20), sample(0..40, 20)];
        let batch = TokenBatch::sharing(samples.iter().zip(0..));
        assert_eq!(batch.samples[1].shared_tokens(), 19);
        assert_eq!(batch.scored.len(), 40);
    }
}
