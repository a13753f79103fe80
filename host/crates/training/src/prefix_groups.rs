//! Samples whose prompts begin alike, as those of one schema do.

use crate::batch::{IGNORED, Sample, shared_prefix};
use crate::sampler::PrefixGroups;

/// Numbers the groups. Neighbours in the order of their tokens are of one group where they share more than half of the shorter prompt.
pub fn prefix_groups(samples: &[(usize, Sample)]) -> PrefixGroups {
    let mut order: Vec<usize> = (0..samples.len()).collect();
    order.sort_by(|&a, &b| samples[a].1.input_ids.cmp(&samples[b].1.input_ids));
    let mut groups = vec![0; samples.len()];
    let mut group = 0;
    for pair in order.windows(2) {
        let (before, sample) = (&samples[pair[0]].1, &samples[pair[1]].1);
        let shorter = prompt_length(before).min(prompt_length(sample));
        group += usize::from(2 * shared_prefix(before, sample) <= shorter);
        groups[pair[1]] = group;
    }
    groups
}

/// Tokens before the first that is scored.
fn prompt_length(sample: &Sample) -> usize {
    sample.labels.iter().take_while(|&&label| label == IGNORED).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prompt of these tokens and an answer of one.
    fn sample(prompt: impl IntoIterator<Item = u32>) -> (usize, Sample) {
        let mut input_ids: Vec<u32> = prompt.into_iter().collect();
        input_ids.push(1);
        let mut labels = vec![IGNORED; input_ids.len()];
        labels[input_ids.len() - 1] = 1;
        (0, Sample { input_ids, labels })
    }

    #[test]
    fn prompts_with_the_same_schema_are_a_group() {
        let samples = [
            sample((0..60).chain([900, 901])),
            sample((0..20).chain(200..260)),
            sample((0..60).chain([800, 801, 802])),
            sample((0..20).chain(200..250).chain([7])),
        ];
        let groups = prefix_groups(&samples);
        assert_eq!(groups[0], groups[2]);
        assert_eq!(groups[1], groups[3]);
        assert_ne!(groups[0], groups[1], "the words before the schema make no group");
    }

    #[test]
    fn prompts_that_begin_with_the_question_stand_alone() {
        let samples: Vec<_> = (0..5)
            .map(|n| sample((0..20).chain(100 * (n + 1)..100 * (n + 1) + 60)))
            .collect();
        let mut groups = prefix_groups(&samples);
        groups.sort_unstable();
        assert_eq!(groups, [0, 1, 2, 3, 4]);
    }
}
