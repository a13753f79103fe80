//! Assigns samples to optimizer steps.
//!
//! The order of an epoch depends only on the seed and the epoch number, so that a checkpoint needs to store nothing but the step.

use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Micro-batches among which samples are grouped by length, as in transformers' `LengthGroupedSampler`.
const GROUPED_BATCHES: usize = 50;

/// How rows are ordered and cut into batches.
#[derive(Debug, Clone, Copy)]
pub struct SamplerSettings {
    /// Seed of all orders.
    pub seed: u64,
    /// Rows of one micro-batch.
    pub batch: usize,
    /// Micro-batches of one optimizer step.
    pub accumulation: usize,
    /// Order rows differently in each epoch; false keeps the order of the data.
    pub shuffle: bool,
    /// Group rows of similar length.
    pub group_by_length: bool,
}

/// The group of samples each sample belongs to, by number: those of a group begin with the same prompt, e.g. the same schema.
pub type PrefixGroups = Vec<usize>;

/// Rows of all epochs. A row is one sample, or several packed samples.
#[derive(Debug)]
pub struct Sampler {
    rows: Vec<Vec<usize>>,
    lengths: Vec<usize>,
    /// Where micro-batches are of one group each.
    groups: Option<PrefixGroups>,
    settings: SamplerSettings,
}

impl Sampler {
    /// One row per sample of the given lengths, in tokens.
    pub fn new(lengths: &[usize], settings: SamplerSettings) -> Self {
        Self {
            rows: (0..lengths.len()).map(|sample| vec![sample]).collect(),
            lengths: lengths.to_vec(),
            groups: None,
            settings,
        }
    }

    /// As [`new`](Self::new), with micro-batches that are each of one group as far as it goes, in a random order.
    pub fn grouped(groups: PrefixGroups, lengths: &[usize], settings: SamplerSettings) -> Self {
        Self {
            groups: Some(groups),
            ..Self::new(lengths, settings)
        }
    }

    /// Rows packed with samples up to `cutoff` tokens: longest first, each into the fullest row it fits.
    pub fn packed(lengths: &[usize], cutoff: usize, settings: SamplerSettings) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&sample| std::cmp::Reverse(lengths[sample]));
        let mut rows: Vec<Vec<usize>> = Vec::new();
        let mut room: BTreeSet<(usize, usize)> = BTreeSet::new();
        let mut filled: Vec<usize> = Vec::new();
        for sample in order {
            let length = lengths[sample];
            let row = match room.range((length, 0)..).next().copied() {
                Some(place) => {
                    room.remove(&place);
                    place.1
                }
                None => {
                    rows.push(Vec::new());
                    filled.push(0);
                    rows.len() - 1
                }
            };
            rows[row].push(sample);
            filled[row] += length;
            room.insert((cutoff.saturating_sub(filled[row]), row));
        }
        Self {
            rows,
            lengths: filled,
            groups: None,
            settings,
        }
    }

    /// Number of rows per epoch.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Optimizer steps per epoch: an incomplete last batch or accumulation counts as a whole one.
    pub fn steps_per_epoch(&self) -> usize {
        self.rows
            .len()
            .div_ceil(self.settings.batch)
            .div_ceil(self.settings.accumulation)
    }

    /// All steps of an epoch; a step is a list of micro-batches, a micro-batch a list of samples.
    pub fn epoch(&self, epoch: usize) -> Vec<Vec<Vec<usize>>> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.settings.seed);
        rng.set_stream(epoch as u64 + 1);
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        if self.settings.shuffle {
            order.shuffle(&mut rng);
        }
        if self.settings.group_by_length {
            self.group(&mut order);
        }
        if let Some(groups) = &self.groups {
            order = by_group(&order, groups, self.settings.batch, &mut rng);
        }
        let batches: Vec<Vec<usize>> = order
            .chunks(self.settings.batch)
            .map(|rows| rows.iter().flat_map(|&row| self.rows[row].iter().copied()).collect())
            .collect();
        batches.chunks(self.settings.accumulation).map(<[_]>::to_vec).collect()
    }

    /// Sorts within mega-batches, longest first, and moves the longest row to the front so that an out-of-memory failure
    /// shows in the first step.
    fn group(&self, order: &mut [usize]) {
        let size = self.settings.batch * GROUPED_BATCHES.min((order.len() / (self.settings.batch * 4)).max(1));
        for group in order.chunks_mut(size) {
            group.sort_by_key(|&row| std::cmp::Reverse(self.lengths[row]));
        }
        let longest = (0..order.len())
            .step_by(size)
            .max_by_key(|&first| (self.lengths[order[first]], std::cmp::Reverse(first)));
        if let Some(first) = longest {
            order.swap(0, first);
        }
    }
}

/// Rows in an order whose chunks of `batch` are of one group each. What groups leave over is chunked last; chunks are shuffled.
fn by_group(order: &[usize], groups: &[usize], batch: usize, rng: &mut ChaCha8Rng) -> Vec<usize> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for &row in order {
        members.entry(groups[row]).or_default().push(row);
    }
    let (mut chunks, mut left_over) = (Vec::new(), Vec::new());
    for rows in members.values() {
        let whole = rows.chunks_exact(batch);
        left_over.extend_from_slice(whole.remainder());
        chunks.extend(whole.map(<[usize]>::to_vec));
    }
    let short = left_over.len() % batch;
    let last = left_over.split_off(left_over.len() - short);
    chunks.extend(left_over.chunks(batch).map(<[usize]>::to_vec));
    chunks.shuffle(rng);
    // The one that is not full stays last, so that the others stay whole.
    chunks.push(last);
    chunks.concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: SamplerSettings = SamplerSettings {
        seed: 7,
        batch: 2,
        accumulation: 3,
        shuffle: true,
        group_by_length: false,
    };

    fn flat(steps: &[Vec<Vec<usize>>]) -> Vec<usize> {
        steps.iter().flatten().flatten().copied().collect()
    }

    fn sorted(mut samples: Vec<usize>) -> Vec<usize> {
        samples.sort_unstable();
        samples
    }

    #[test]
    fn epochs_contain_every_sample_once_in_different_orders() {
        let sampler = Sampler::new(&[5; 23], SETTINGS);
        assert_eq!(sampler.steps_per_epoch(), 4);
        let (first, second) = (sampler.epoch(0), sampler.epoch(1));
        assert_eq!(first.len(), 4);
        assert_eq!(first[3].len(), 3);
        assert_eq!(sorted(flat(&first)), (0..23).collect::<Vec<_>>());
        assert_ne!(first, second);
        assert_eq!(first, sampler.epoch(0));
    }

    #[test]
    fn without_shuffling_every_epoch_keeps_the_order_of_the_data() {
        let settings = SamplerSettings {
            shuffle: false,
            ..SETTINGS
        };
        let sampler = Sampler::new(&[5; 23], settings);
        assert_eq!(flat(&sampler.epoch(0)), (0..23).collect::<Vec<_>>());
        assert_eq!(sampler.epoch(0), sampler.epoch(4));
    }

    #[test]
    fn grouping_keeps_every_sample_and_starts_with_the_longest() {
        let lengths: Vec<usize> = (0..200).map(|i| i * 37 % 101).collect();
        let sampler = Sampler::new(
            &lengths,
            SamplerSettings {
                group_by_length: true,
                ..SETTINGS
            },
        );
        let order = flat(&sampler.epoch(3));
        assert_eq!(lengths[order[0]], 100);
        assert_eq!(sorted(order), (0..200).collect::<Vec<_>>());
    }

    #[test]
    fn micro_batches_are_of_one_group_and_steps_of_several() {
        let groups: PrefixGroups = (0..203).map(|sample| sample % 5).collect();
        let settings = SamplerSettings { batch: 8, ..SETTINGS };
        let sampler = Sampler::grouped(groups.clone(), &[5; 203], settings);
        let steps = sampler.epoch(1);
        assert_eq!(steps.len(), sampler.steps_per_epoch());
        assert_eq!(sorted(flat(&steps)), (0..203).collect::<Vec<_>>());
        let pure = |batch: &Vec<usize>| batch.iter().all(|&sample| groups[sample] == groups[batch[0]]);
        assert_eq!(steps.iter().flatten().filter(|batch| pure(batch)).count(), 25);
        assert!(
            steps
                .iter()
                .any(|step| step.iter().any(|batch| groups[batch[0]] != groups[step[0][0]]))
        );
        assert_ne!(steps, sampler.epoch(2));
        assert_eq!(steps, sampler.epoch(1));
    }

    #[test]
    fn packed_rows_stay_within_the_cutoff() {
        let lengths = [60, 50, 40, 30, 20, 200];
        let sampler = Sampler::packed(&lengths, 100, SETTINGS);
        for row in sampler.rows.iter().filter(|row| row.len() > 1) {
            assert!(row.iter().map(|&sample| lengths[sample]).sum::<usize>() <= 100);
        }
        assert_eq!(sampler.rows(), 3);
        assert_eq!(sorted(sampler.rows.concat()), [0, 1, 2, 3, 4, 5]);
    }
}
