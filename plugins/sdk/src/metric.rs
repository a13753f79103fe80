//! Metrics: score predictions.

use crate::bindings::metric::exports::nl2sql::plugin::metric::Guest;
pub use crate::bindings::metric::exports::nl2sql::plugin::metric::{MetricInfo, Row, RowScore};
use crate::types::PluginError;

/// A plugin that computes one or more metrics.
pub trait Metric: 'static {
    /// The metrics, in the order of [`RowScore::values`].
    fn describe() -> Vec<MetricInfo>;

    /// One score per row, in order; `options` is the profile's options for this metric as JSON.
    fn score(rows: Vec<Row>, options: &str) -> Result<Vec<RowScore>, PluginError>;

    /// One figure per metric over all rows of a run; by default the mean of the rows that have a value, `None` where none has.
    fn aggregate(scores: &[RowScore]) -> Vec<Option<f64>> {
        let mean = |metric: usize| {
            let values = || {
                scores
                    .iter()
                    .filter_map(|score| score.values.get(metric).copied().flatten())
            };
            let count = values().count();
            (count > 0).then(|| values().sum::<f64>() / count as f64)
        };
        (0..Self::describe().len()).map(mean).collect()
    }
}

/// Stands between the exported interface and a [`Metric`].
#[doc(hidden)]
pub struct Exported<M>(core::marker::PhantomData<M>);

impl<M: Metric> Guest for Exported<M> {
    fn describe() -> Vec<MetricInfo> {
        crate::install_panic_report();
        M::describe()
    }

    fn score(rows: Vec<Row>, options: String) -> Result<Vec<RowScore>, PluginError> {
        crate::install_panic_report();
        M::score(rows, &options)
    }

    fn aggregate(scores: Vec<RowScore>) -> Vec<Option<f64>> {
        crate::install_panic_report();
        M::aggregate(&scores)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Length;

    impl Metric for Length {
        fn describe() -> Vec<MetricInfo> {
            vec![MetricInfo::default(), MetricInfo::default()]
        }

        fn score(_: Vec<Row>, _: &str) -> Result<Vec<RowScore>, PluginError> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn the_default_aggregate_is_the_mean_of_the_rows_that_have_a_value() {
        let score = |values: &[Option<f64>]| RowScore {
            values: values.to_vec(),
            labels: Vec::new(),
        };
        let scores = [
            score(&[Some(1.0), None]),
            score(&[None, None]),
            score(&[Some(4.0), None]),
        ];
        assert_eq!(Length::aggregate(&scores), [Some(2.5), None]);
        assert_eq!(Length::aggregate(&[]), [None, None]);
    }
}
