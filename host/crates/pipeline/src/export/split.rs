//! Splits in which no SQL template occurs twice.

use std::collections::BTreeMap;

use nl2sql_catalog::Sample;
use nl2sql_profile::SplitRatios;

use crate::coverage::SampleFacts;
use crate::digest::order_key;

/// Part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Split {
    Train,
    Dev,
    Test,
}

impl Split {
    pub(super) const ALL: [Split; 3] = [Self::Train, Self::Dev, Self::Test];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Dev => "dev",
            Self::Test => "test",
        }
    }
}

/// The split of each row. Templates are taken in an order drawn from the seed; each goes whole to the development or test
/// split while it fits there, else to training. Training gets everything when the ratios ask for no other split.
pub(super) fn by_template(rows: &[(&Sample, &SampleFacts)], ratios: SplitRatios, seed: u64) -> Vec<Split> {
    let mut groups: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, facts) in rows {
        *groups.entry(facts.template.as_str()).or_default() += 1;
    }
    let mut order: Vec<_> = groups
        .iter()
        .map(|(template, size)| (order_key(seed, template), *template, *size))
        .collect();
    order.sort();
    let quota = |share: f64| (rows.len() as f64 * share).round() as usize;
    let (mut dev, mut test) = (quota(ratios.dev), quota(ratios.test));
    let mut of = BTreeMap::new();
    for (_, template, size) in order {
        let split = if size <= dev {
            dev -= size;
            Split::Dev
        } else if size <= test {
            test -= size;
            Split::Test
        } else {
            Split::Train
        };
        of.insert(template, split);
    }
    rows.iter()
        .map(|(_, facts)| of.get(facts.template.as_str()).copied().unwrap_or(Split::Train))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use nl2sql_catalog::Sample;
    use nl2sql_profile::SplitRatios;
    use proptest::prelude::*;

    use super::{Split, by_template};
    use crate::coverage::SampleFacts;

    proptest! {
        #[test]
        fn no_template_is_in_two_splits_and_shares_are_kept(groups in prop::collection::vec(1usize..6, 1..60), seed: u64) {
            let facts: Vec<_> = groups
                .iter()
                .enumerate()
                .flat_map(|(group, size)| (0..*size).map(move |_| SampleFacts { template: format!("t{group}"), ..SampleFacts::default() }))
                .collect();
            let sample = Sample::default();
            let rows: Vec<_> = facts.iter().map(|facts| (&sample, facts)).collect();
            let ratios = SplitRatios { train: 0.8, dev: 0.1, test: 0.1 };
            let splits = by_template(&rows, ratios, seed);
            let mut of: BTreeMap<&str, Split> = BTreeMap::new();
            for (facts, split) in facts.iter().zip(&splits) {
                prop_assert_eq!(*of.entry(&facts.template).or_insert(*split), *split);
            }
            let held_out = splits.iter().filter(|split| **split != Split::Train).count();
            prop_assert!(held_out as f64 <= rows.len() as f64 * 0.2 + 1.0);
            prop_assert_eq!(splits, by_template(&rows, ratios, seed));
        }
    }
}
