//! Which worker computes which samples of a step, and in which batches.

use crate::batch::{Sample, TokenBatch, shareable};
use crate::engine::StepSamples;

/// A sample with the number that seeds its dropout.
type Seeded<'a> = (&'a Sample, u64);

/// Each worker's batches of a step.
///
/// What is summed over a step is the same however it is cut, so that, when `share` is set, samples that begin alike are brought together
/// where that saves more than a fifth of the rows. Elsewhere every micro-batch is dealt over all workers, so that a worker never holds more than its
/// share of one; micro-batches smaller than the number of workers are dealt whole, together.
pub fn deal_step(samples: &StepSamples, workers: usize, share: bool) -> Vec<Vec<TokenBatch>> {
    if share && let Some(dealt) = deal_alike(samples, workers) {
        return dealt;
    }
    let lay = |dealt: &[Seeded]| match share {
        true => TokenBatch::sharing(dealt.iter().copied()),
        false => TokenBatch::new(dealt.iter().copied()),
    };
    let mut shares: Vec<Vec<TokenBatch>> = vec![Vec::new(); workers];
    if samples.micro_batches.iter().any(|batch| batch.len() < workers) {
        let singles: Vec<_> = samples.micro_batches.iter().flatten().copied().collect();
        for (share, dealt) in shares.iter_mut().zip(deal(singles, workers)) {
            share.extend(dealt.chunks(1).map(lay));
        }
        return shares;
    }
    for micro_batch in &samples.micro_batches {
        for (share, dealt) in shares.iter_mut().zip(deal(micro_batch.clone(), workers)) {
            share.push(lay(&dealt));
        }
    }
    shares
}

/// Deals samples to workers: longest first, to whoever has fewest tokens.
fn deal(mut samples: Vec<Seeded>, workers: usize) -> Vec<Vec<Seeded>> {
    samples.sort_by_key(|(sample, _)| std::cmp::Reverse(sample.input_ids.len()));
    let mut shares = vec![Vec::new(); workers];
    let mut tokens = vec![0; workers];
    for sample in samples {
        let least = (0..workers).min_by_key(|&worker| tokens[worker]).unwrap_or(0);
        tokens[least] += sample.0.input_ids.len();
        shares[least].push(sample);
    }
    shares
}

/// Deals the step in the order of its samples' tokens, so that those that begin alike are neighbours; none when that saves too little.
fn deal_alike(samples: &StepSamples, workers: usize) -> Option<Vec<Vec<TokenBatch>>> {
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
    let mut shares = vec![Vec::new(); workers];
    let mut laid = 0;
    for (sample, rows) in ordered.into_iter().zip(rows) {
        shares[laid * workers / all].push(sample);
        laid += rows;
    }
    let room = rows_held(samples, workers);
    Some(shares.iter().map(|share| cut(share, room)).collect())
}

/// Rows that `sample` adds to a batch whose last one is `before`.
fn rows_after(before: Option<&Seeded>, (sample, _): &Seeded) -> usize {
    sample.input_ids.len() - before.map_or(0, |(before, _)| shareable(before, sample))
}

/// Rows that a worker would hold at once if nothing were shared.
fn rows_held(samples: &StepSamples, workers: usize) -> usize {
    let held = |batch: &Vec<Seeded>| {
        let lengths = batch.iter().map(|(sample, _)| sample.input_ids.len());
        let longest = lengths.clone().max().unwrap_or(0);
        lengths.sum::<usize>().div_ceil(workers).max(longest)
    };
    samples.micro_batches.iter().map(held).max().unwrap_or(0)
}

/// Cuts one worker's samples into batches of at most `room` rows; a longer sample is one by itself.
fn cut(share: &[Seeded], room: usize) -> Vec<TokenBatch> {
    let mut batches = Vec::new();
    let (mut start, mut rows) = (0, 0);
    for (at, sample) in share.iter().enumerate() {
        let added = rows_after(share[start..at].last(), sample);
        if at > start && rows + added > room {
            batches.push(&share[start..at]);
            (start, rows) = (at, sample.0.input_ids.len());
        } else {
            rows += added;
        }
    }
    batches.push(&share[start..]);
    let lay = |batch: &[Seeded]| TokenBatch::sharing(batch.iter().copied());
    batches.into_iter().map(lay).collect()
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

    fn rows(dealt: &[Vec<TokenBatch>]) -> Vec<Vec<usize>> {
        let of = |batches: &Vec<TokenBatch>| batches.iter().map(TokenBatch::tokens).collect();
        dealt.iter().map(of).collect()
    }

    #[test]
    fn samples_that_have_nothing_in_common_are_dealt_by_length() {
        let samples: Vec<Sample> = [5, 9, 2, 7, 3].map(|n| sample((0..n).map(|i| 100 * n + i))).to_vec();
        for share in [true, false] {
            assert_eq!(rows(&deal_step(&step(&samples, 5), 2, share)), [[14], [12]]);
        }
    }

    #[test]
    fn samples_of_one_schema_lay_it_once_a_batch() {
        // Two schemas of 100 tokens, in turns; each sample adds ten of its own.
        let question = |n: u32| 1_000 * (1 + n % 2)..1_000 * (1 + n % 2) + 100;
        let samples: Vec<Sample> = (0..16)
            .map(|n| sample(question(n).chain(9_000 + 10 * n..9_010 + 10 * n)))
            .collect();
        let step = step(&samples, 4);
        let alike = deal_step(&step, 2, true);
        assert_eq!(
            rows(&alike),
            [[180], [180]],
            "within the 220 rows that a worker held before"
        );
        let apart = deal_step(&step, 2, false);
        assert_eq!(rows(&apart), [[220; 4], [220; 4]]);
        let targets = |dealt: &[Vec<TokenBatch>]| {
            let mut targets: Vec<u32> = dealt.iter().flatten().flat_map(|batch| batch.targets.clone()).collect();
            targets.sort_unstable();
            targets
        };
        assert_eq!(targets(&alike), targets(&apart));
    }

    #[test]
    fn no_batch_outgrows_what_a_worker_held_before() {
        let samples: Vec<Sample> = (0..40).map(|n| sample((0..30).chain(100 * n..100 * n + 20))).collect();
        let dealt = deal_step(&step(&samples, 1), 2, true);
        assert!(
            rows(&dealt).iter().flatten().all(|rows| *rows <= 50),
            "{:?}",
            rows(&dealt)
        );
        assert_eq!(
            dealt.iter().flatten().map(|batch| batch.samples.len()).sum::<usize>(),
            40
        );
    }
}
