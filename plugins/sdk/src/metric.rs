//! Metrics: score predictions.

use crate::bindings::metric::exports::nl2sql::plugin::metric::{self, Guest, GuestSession};
pub use crate::bindings::metric::exports::nl2sql::plugin::metric::{Context, Direction, MetricInfo, Row, RowScore};
use crate::types::PluginError;

/// A plugin that computes one or more metrics, bound to its options and to the catalog of a database.
pub trait Metric: Sized + 'static {
    /// The metrics, in the order of [`RowScore::values`].
    fn describe() -> Vec<MetricInfo>;

    /// Binds the metric. An error here is the answer to every request.
    fn open(context: Context) -> Result<Self, PluginError>;

    /// One score per row, in order.
    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError>;

    /// One figure per metric over all rows of a run; by default the mean of the rows that have a value, `None` where none has.
    fn aggregate(&self, scores: &[RowScore]) -> Result<Vec<Option<f64>>, PluginError> {
        let mean = |metric: usize| {
            let values = || {
                scores
                    .iter()
                    .filter_map(|score| score.values.get(metric).copied().flatten())
            };
            let count = values().count();
            (count > 0).then(|| values().sum::<f64>() / count as f64)
        };
        Ok((0..Self::describe().len()).map(mean).collect())
    }
}

impl MetricInfo {
    /// A metric that is better when it is higher, in percent.
    pub fn percent(name: &str) -> Self {
        Self {
            name: name.into(),
            direction: Direction::HigherIsBetter,
            unit: "percent".into(),
            extra: Vec::new(),
        }
    }
}

/// Stands between the exported interface and a [`Metric`].
#[doc(hidden)]
pub struct Exported<M>(core::marker::PhantomData<M>);

#[doc(hidden)]
pub struct Session<M>(M);

impl<M: Metric> Guest for Exported<M> {
    type Session = Session<M>;

    fn describe() -> Vec<MetricInfo> {
        crate::install_panic_report();
        M::describe()
    }

    fn open(context: Context) -> Result<metric::Session, PluginError> {
        crate::install_panic_report();
        M::open(context).map(|open| metric::Session::new(Session(open)))
    }
}

impl<M: Metric> GuestSession for Session<M> {
    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
        self.0.score(rows)
    }

    fn aggregate(&self, scores: Vec<RowScore>) -> Result<Vec<Option<f64>>, PluginError> {
        self.0.aggregate(&scores)
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

        fn open(_: Context) -> Result<Self, PluginError> {
            Ok(Self)
        }

        fn score(&self, _: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
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
        assert_eq!(Length.aggregate(&scores).unwrap(), [Some(2.5), None]);
        assert_eq!(Length.aggregate(&[]).unwrap(), [None, None]);
    }
}
