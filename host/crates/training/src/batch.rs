//! What one micro-batch is made of: samples laid end to end, without padding.

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

/// Samples laid end to end. Attention stays within a sample and positions begin anew with each, so padding is never
/// computed and packing changes no number.
#[derive(Debug, Clone, Default)]
pub struct TokenBatch {
    /// Token ids of all samples.
    pub ids: Vec<u32>,
    /// Position of each token in its sample.
    pub positions: Vec<usize>,
    /// Where each sample lies.
    pub samples: Vec<Range<usize>>,
    /// Tokens whose successor is scored.
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
            let start = batch.ids.len();
            let length = sample.input_ids.len();
            batch.ids.extend(&sample.input_ids);
            batch.positions.extend(0..length);
            batch.samples.push(start..start + length);
            batch
                .dropout_keys
                .extend((0..length as u64).map(|i| mix(key.wrapping_add(i << 40)) as u32));
            for (i, &label) in sample.labels.iter().enumerate().skip(1) {
                if let Ok(target) = u32::try_from(label) {
                    batch.scored.push(start + i - 1);
                    batch.targets.push(target);
                }
            }
        }
        batch
    }

    /// Tokens in all.
    pub fn tokens(&self) -> usize {
        self.ids.len()
    }
}

/// SplitMix64's finaliser (Steele, Lea & Flood 2014): every bit of the input moves every bit of the output.
pub(crate) fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
