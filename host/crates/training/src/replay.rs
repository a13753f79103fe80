//! Samples of earlier stages among those of a later one, so that what was learned is not forgotten.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::batch::Sample;

/// Adds as many of the `earlier` samples, drawn by the seed, as make up `share` of all, or all there are.
pub fn replay(samples: &mut Vec<(usize, Sample)>, mut earlier: Vec<(usize, Sample)>, share: f64, seed: u64) {
    let wanted = (samples.len() as f64 * share / (1.0 - share)).round() as usize;
    earlier.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    earlier.truncate(wanted);
    samples.append(&mut earlier);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(rows: std::ops::Range<usize>) -> Vec<(usize, Sample)> {
        rows.map(|row| {
            let (input_ids, labels) = (vec![row as u32; 2], vec![row as i64; 2]);
            (row, Sample { input_ids, labels })
        })
        .collect()
    }

    #[test]
    fn earlier_samples_make_up_their_share() {
        let mut own = samples(0..80);
        replay(&mut own, samples(1000..1100), 0.2, 3);
        assert_eq!(own.len(), 100);
        assert_eq!(own.iter().filter(|(row, _)| *row >= 1000).count(), 20);
        let mut again = samples(0..80);
        replay(&mut again, samples(1000..1100), 0.2, 3);
        assert_eq!(own, again);
    }

    #[test]
    fn where_there_are_too_few_all_are_taken() {
        let mut own = samples(0..80);
        replay(&mut own, samples(1000..1005), 0.5, 3);
        assert_eq!(own.len(), 85);
    }
}
