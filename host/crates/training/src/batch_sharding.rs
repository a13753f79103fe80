//! Distributes the samples of a step over workers, be they threads or devices, and batches.

use crate::batch::{Sample, TokenBatch, shared_prefix};
use crate::engine::StepSamples;

/// A sample with the number that seeds its dropout.
type Seeded<'a> = (&'a Sample, u64);

/// Batches of a step, per worker.
///
/// A step's sum does not depend on how its samples are batched. With `share`, samples with a shared prefix are therefore regrouped where that
/// saves more than a fifth of the rows. Otherwise each micro-batch is sharded over all workers, so that no worker holds more than its share of
/// one; when a micro-batch has fewer samples than there are workers, the samples of all micro-batches are sharded together.
pub fn shard_step(samples: &StepSamples, workers: usize, share: bool) -> Vec<Vec<TokenBatch>> {
    if share && let Some(shards) = shard_by_shared_prefix(samples, workers) {
        return shards;
    }
    let batch_of = |shard: &[Seeded]| match share {
        true => TokenBatch::sharing(shard.iter().copied()),
        false => TokenBatch::new(shard.iter().copied()),
    };
    let mut shards: Vec<Vec<TokenBatch>> = vec![Vec::new(); workers];
    if samples.micro_batches.iter().any(|batch| batch.len() < workers) {
        let singles: Vec<_> = samples.micro_batches.iter().flatten().copied().collect();
        for (batches, shard) in shards.iter_mut().zip(shard_by_length(singles, workers)) {
            batches.extend(shard.chunks(1).map(batch_of));
        }
        return shards;
    }
    for micro_batch in &samples.micro_batches {
        for (batches, shard) in shards.iter_mut().zip(shard_by_length(micro_batch.clone(), workers)) {
            batches.push(batch_of(&shard));
        }
    }
    shards
}

/// Assigns samples to workers, longest first, each to the worker with the fewest tokens.
fn shard_by_length(mut samples: Vec<Seeded>, workers: usize) -> Vec<Vec<Seeded>> {
    samples.sort_by_key(|(sample, _)| std::cmp::Reverse(sample.input_ids.len()));
    let mut shards = vec![Vec::new(); workers];
    let mut tokens = vec![0; workers];
    for sample in samples {
        let least = (0..workers).min_by_key(|&worker| tokens[worker]).unwrap_or(0);
        tokens[least] += sample.0.input_ids.len();
        shards[least].push(sample);
    }
    shards
}

/// Shards the step in the order of its samples' tokens, so that samples with a shared prefix are neighbours; `None` when that saves too little.
pub fn shard_by_shared_prefix(samples: &StepSamples, workers: usize) -> Option<Vec<Vec<TokenBatch>>> {
    let mut ordered: Vec<Seeded> = samples.micro_batches.iter().flatten().copied().collect();
    ordered.sort_by(|(a, _), (b, _)| a.input_ids.cmp(&b.input_ids));
    let before = std::iter::once(None).chain(ordered.iter().map(Some));
    let rows: Vec<usize> = ordered
        .iter()
        .zip(before)
        .map(|(s, before)| rows_after(before, s))
        .collect();
    let all: usize = rows.iter().sum();
    if 5 * all >= 4 * samples.tokens() {
        return None;
    }
    let mut shards = vec![Vec::new(); workers];
    let mut placed = 0;
    for (sample, rows) in ordered.into_iter().zip(rows) {
        shards[placed * workers / all].push(sample);
        placed += rows;
    }
    let capacity = rows_held(samples, workers);
    Some(shards.iter().map(|shard| split(shard, capacity)).collect())
}

/// Rows `sample` adds to a batch whose last sample is `before`.
fn rows_after(before: Option<&Seeded>, (sample, _): &Seeded) -> usize {
    sample.input_ids.len() - before.map_or(0, |(before, _)| shared_prefix(before, sample))
}

/// Rows a worker would hold at once if nothing were shared.
fn rows_held(samples: &StepSamples, workers: usize) -> usize {
    let held = |batch: &Vec<Seeded>| {
        let lengths = batch.iter().map(|(sample, _)| sample.input_ids.len());
        let longest = lengths.clone().max().unwrap_or(0);
        lengths.sum::<usize>().div_ceil(workers).max(longest)
    };
    samples.micro_batches.iter().map(held).max().unwrap_or(0)
}

/// Splits one worker's samples into batches of at most `capacity` rows; a longer sample is a batch of its own.
fn split(shard: &[Seeded], capacity: usize) -> Vec<TokenBatch> {
    let mut batches = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (at, sample) in shard.iter().enumerate() {
        let added = rows_after(shard[start..at].last(), sample);
        if at > start && rows + added > capacity {
            batches.push(&shard[start..at]);
            (start, rows) = (at, sample.0.input_ids.len());
        } else {
            rows += added;
        }
    }
    batches.push(&shard[start..]);
    let batch_of = |batch: &[Seeded]| TokenBatch::sharing(batch.iter().copied());
    batches.into_iter().map(batch_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::IGNORED;

    fn sample(ids: impl IntoIterator<Item = u32>) -> Sample {
        let input_ids: Vec<u32> = ids.into_iter().collect();
        let mut labels = vec![IGNORED; input_ids.len()];
        if let (Some(label), Some(id)) = (labels.last_mut(), input_ids.last()) {
            *label = i64::from(*id);
        }
        Sample { input_ids, labels }
    }

    fn step(samples: &[Sample], batch: usize) -> StepSamples<'_> {
        let micro_batches = samples
            .chunks(batch)
            .map(|batch| batch.iter().map(|s| (s, 0)).collect());
        StepSamples {
            micro_batches: micro_batches.collect(),
        }
    }

    fn rows(shards: &[Vec<TokenBatch>]) -> Vec<Vec<usize>> {
        let of = |batches: &Vec<TokenBatch>| batches.iter().map(TokenBatch::tokens).collect();
        shards.iter().map(of).collect()
    }

    #[test]
    fn samples_without_shared_prefix_are_sharded_by_length() {
        let samples: Vec<Sample> = [5, 9, 2, 7, 3].map(|n| sample((0..n).map(|i| 100 * n + i))).to_vec();
        for share in [true, false] {
            assert_eq!(rows(&shard_step(&step(&samples, 5), 2, share)), [[14], [12]]);
        }
    }

    #[test]
    fn shared_prefix_occupies_one_set_of_rows_per_batch() {
        // Two alternating schemas of 100 tokens; each sample adds ten tokens of its own.
        let question = |n: u32| 1_000 * (1 + n % 2)..1_000 * (1 + n % 2) + 100;
        let samples: Vec<Sample> = (0..16)
            .map(|n| sample(question(n).chain(9_000 + 10 * n..9_010 + 10 * n)))
            .collect();
        let step = step(&samples, 4);
        let shared = shard_step(&step, 2, true);
        assert_eq!(
            rows(&shared),
            [[180], [180]],
            "within the 220 rows a worker holds without sharing"
        );
        let unshared = shard_step(&step, 2, false);
        assert_eq!(rows(&unshared), [[220; 4], [220; 4]]);
        let targets = |shards: &[Vec<TokenBatch>]| {
            let mut targets: Vec<u32> = shards
                .iter()
                .flatten()
                .flat_map(|batch| batch.targets.clone())
                .collect();
            targets.sort_unstable();
            targets
        };
        assert_eq!(targets(&shared), targets(&unshared));
    }

    #[test]
    fn batches_stay_within_the_rows_held_without_sharing() {
        let samples: Vec<Sample> = (0..40).map(|n| sample((0..30).chain(100 * n..100 * n + 20))).collect();
        let shards = shard_step(&step(&samples, 1), 2, true);
        assert!(
            rows(&shards).iter().flatten().all(|rows| *rows <= 50),
            "{:?}",
            rows(&shards)
        );
        assert_eq!(
            shards.iter().flatten().map(|batch| batch.samples.len()).sum::<usize>(),
            40
        );
    }
}
