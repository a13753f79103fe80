//! The generator's own randomness: the same seed, topic and round give the same draws on every machine.

use rand_core::RngCore;
use rand_pcg::Pcg32;

/// A seeded source of draws.
#[derive(Clone, Debug)]
pub struct Draw(Pcg32);

impl Draw {
    /// The source for one call: `seed` of the run, `topic` and `round` of the request.
    pub fn new(seed: u64, topic: &str, round: u32) -> Self {
        // FNV-1a, so that topics differ in every bit of the state and no platform hash is involved.
        let digest = topic.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(Pcg32::new(seed ^ digest, u64::from(round)))
    }

    /// A number below `bound`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u64::from(self.0.next_u32()) * bound as u64) >> 32) as usize
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f32) -> bool {
        (self.0.next_u32() >> 8) as f32 / 16_777_216.0 < p
    }

    /// One of `items`, each as likely; `None` when there is none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// An index drawn in proportion to `weights`; `None` when they sum to nothing.
    pub fn weighted(&mut self, weights: &[f32]) -> Option<usize> {
        let total: f32 = weights.iter().sum();
        if total <= 0.0 {
            return None;
        }
        let mut rest = (self.0.next_u32() >> 8) as f32 / 16_777_216.0 * total;
        for (index, weight) in weights.iter().enumerate() {
            if rest < *weight {
                return Some(index);
            }
            rest -= weight;
        }
        weights.iter().rposition(|weight| *weight > 0.0)
    }

    /// `items` in a random order (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
