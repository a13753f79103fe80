//! A micro-batch: samples concatenated without padding, shared prefixes stored once.

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
    /// Number of scored tokens: labels, except that of the first token, which nothing predicts.
    pub fn scored(&self) -> usize {
        self.labels.iter().skip(1).filter(|&&label| label != IGNORED).count()
    }
}

/// Shortest prefix worth sharing: attention gathers its rows for each sample.
const MIN_SHARED_PREFIX: usize = 16;

/// Rows of one sample's tokens in a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleRows {
    /// Rows of its prefix, stored by an earlier sample with the same tokens; empty when nothing is shared.
    pub shared: Vec<Range<usize>>,
    /// Rows of its other tokens.
    pub own: Range<usize>,
}

impl SampleRows {
    /// Row ranges in the order of its tokens.
    pub fn places(&self) -> impl Iterator<Item = &Range<usize>> {
        self.shared.iter().chain([&self.own])
    }

    /// Number of tokens in shared rows.
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

/// Concatenated samples. Attention stays within a sample and positions restart with each, so that no padding is computed and packing
/// changes no result.
#[derive(Debug, Clone, Default)]
pub struct TokenBatch {
    /// Token ids, one per row.
    pub ids: Vec<u32>,
    /// Position of each row's token in its sample.
    pub positions: Vec<usize>,
    /// Rows of each sample.
    pub samples: Vec<SampleRows>,
    /// Rows whose token's successor is scored, ascending.
    pub scored: Vec<usize>,
    /// The successor of each token in `scored`.
    pub targets: Vec<u32>,
    /// Seeds each token's dropout, distinct within the run.
    pub dropout_keys: Vec<u32>,
}

impl TokenBatch {
    /// Concatenates samples; each comes with its dropout seed.
    pub fn new<'a>(samples: impl IntoIterator<Item = (&'a Sample, u64)>) -> Self {
        let mut batch = Self::default();
        for (sample, key) in samples {
            batch.append(sample, key, Vec::new());
        }
        batch
    }

    /// As [`new`](Self::new), but stores a prefix shared with an earlier sample once: a decoder is causal, so the hidden states of a shared
    /// prefix are equal. Not valid with dropout, which differs from sample to sample.
    pub fn sharing<'a>(samples: impl IntoIterator<Item = (&'a Sample, u64)>) -> Self {
        let mut batch = Self::default();
        let mut appended: Vec<&Sample> = Vec::new();
        for (sample, key) in samples {
            let prefixes = appended
                .iter()
                .map(|earlier| shared_prefix(earlier, sample))
                .enumerate();
            // Among the longest prefixes the first one, whose rows are in the fewest ranges.
            let longest = prefixes.rev().max_by_key(|(_, length)| *length);
            let shared = longest.map_or(Vec::new(), |(earlier, length)| batch.samples[earlier].first(length));
            batch.append(sample, key, shared);
            appended.push(sample);
        }
        batch
    }

    fn append(&mut self, sample: &Sample, key: u64, shared: Vec<Range<usize>>) {
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

    /// Total number of rows.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }
}

/// Length of the prefix `sample` shares with `earlier`, up to its first token whose successor is scored; 0 when it is too short to be worth
/// sharing.
pub fn shared_prefix(earlier: &Sample, sample: &Sample) -> usize {
    let unscored = sample
        .labels
        .iter()
        .skip(1)
        .take_while(|&&label| label == IGNORED)
        .count();
    let common = zip(&earlier.input_ids, &sample.input_ids)
        .take_while(|(a, b)| a == b)
        .count();
    let length = common.min(unscored);
    if length < MIN_SHARED_PREFIX { 0 } else { length }
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

    /// A sample of these ids; the last `scored` of them are scored.
    fn sample(ids: impl IntoIterator<Item = u32>, scored: usize) -> Sample {
        let input_ids: Vec<u32> = ids.into_iter().collect();
        let prompt = input_ids.len() - scored;
        let label = |(at, id): (usize, &u32)| if at < prompt { IGNORED } else { i64::from(*id) };
        let labels = input_ids.iter().enumerate().map(label).collect();
        Sample { input_ids, labels }
    }

    #[test]
    fn shared_prefixes_are_stored_once() {
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
                // The last prompt token is not shared: it predicts a scored token.
                rows(&[(0, 39)], 42..46),
                rows(&[(0, 20)], 46..56),
                // The prefix of the second sample, which is in two ranges.
                rows(&[(0, 39), (42, 44)], 56..58),
                rows(&[], 58..68),
            ]
        );
        let plain = TokenBatch::new(samples.iter().zip(0..));
        assert_eq!(batch.targets, plain.targets);
        assert_eq!(batch.targets.len(), batch.scored.len());
        assert!(batch.scored.is_sorted());
        for (rows, sample) in batch.samples.iter().zip(&samples) {
            let indices = rows.places().flat_map(Range::clone);
            for (position, (row, id)) in indices.zip(&sample.input_ids).enumerate() {
                assert_eq!((batch.ids[row], batch.positions[row]), (*id, position));
            }
        }
    }

    #[test]
    fn duplicate_scored_tokens_are_counted_twice() {
        let samples = [sample(0..40, 20), sample(0..40, 20)];
        let batch = TokenBatch::sharing(samples.iter().zip(0..));
        assert_eq!(batch.samples[1].shared_tokens(), 19);
        assert_eq!(batch.scored.len(), 40);
    }
}
