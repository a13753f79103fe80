//! Each metric before and after, with intervals and a paired test.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Pair;
use crate::{
    scoring::ScoredRun,
    statistics::{Interval, PairedTest, interval, mcnemar_exact, mean, paired_bootstrap},
};

/// A figure with its 95% interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figure {
    /// The plugin's figure over the run.
    pub value: Option<f64>,
    /// Interval of the mean over the rows that have a value.
    pub interval: Option<Interval>,
    /// Rows that have a value.
    pub rows: usize,
}

/// One metric of both runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricChange {
    /// Name of the metric.
    pub name: String,
    /// `percent`, `ratio`, ...
    pub unit: String,
    /// `higher` or `lower` is better.
    pub direction: String,
    /// The run before.
    pub before: Option<Figure>,
    /// The run after.
    pub after: Option<Figure>,
    /// Mean change over the rows with a value in both.
    pub change: Option<f64>,
    /// Interval of the change.
    pub change_interval: Option<Interval>,
    /// Test of the change against none.
    pub test: Option<PairedTest>,
}

/// Every metric of the runs, those of the run after first.
pub(super) fn metrics(
    before: Option<&ScoredRun>,
    after: Option<&ScoredRun>,
    pairs: &[Pair],
    seed: u64,
) -> Vec<MetricChange> {
    let mut infos = Vec::new();
    for info in [after, before].into_iter().flatten().flat_map(|run| &run.metrics) {
        if !infos.contains(&info) {
            infos.push(info);
        }
    }
    let change = |info: &&nl2sql_catalog::MetricInfo| {
        let places = [before, after].map(|run| run.and_then(|run| run.metric(&info.name)));
        let value = |pair: &Pair, side: usize| pair[side]?.values.get(places[side]?).copied().flatten();
        let figure = |run: Option<&ScoredRun>, side: usize| {
            let run = run?;
            let values: Vec<f64> = pairs.iter().filter_map(|pair| value(pair, side)).collect();
            Some(Figure {
                value: run.figures.get(places[side]?).copied().flatten(),
                interval: interval(&values, seed),
                rows: values.len(),
            })
        };
        let both: Vec<(f64, f64)> = pairs
            .iter()
            .filter_map(|pair| Some((value(pair, 0)?, value(pair, 1)?)))
            .collect();
        let differences: Vec<f64> = both.iter().map(|(before, after)| after - before).collect();
        MetricChange {
            name: info.name.clone(),
            unit: info.unit.clone(),
            direction: info.direction.clone(),
            before: figure(before, 0),
            after: figure(after, 1),
            change: mean(&differences),
            change_interval: interval(&differences, seed),
            test: test(&both, &differences, seed),
        }
    };
    infos.par_iter().map(change).collect()
}

/// McNemar's test where every value is right or wrong, the bootstrap elsewhere.
fn test(both: &[(f64, f64)], differences: &[f64], seed: u64) -> Option<PairedTest> {
    let is_verdict = |value: f64| value == 0.0 || value == 100.0;
    if both.is_empty()
        || !both
            .iter()
            .all(|(before, after)| is_verdict(*before) && is_verdict(*after))
    {
        return paired_bootstrap(differences, seed);
    }
    let count = |wanted: f64| differences.iter().filter(|difference| **difference == wanted).count() as u64;
    Some(mcnemar_exact(count(-100.0), count(100.0)))
}
