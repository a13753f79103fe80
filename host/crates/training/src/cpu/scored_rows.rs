//! The rows of a batch for which a layer computes its output.
//!
//! The last layer computes keys and values for every token, but the rest only for scored tokens; its attention skips queries before the
//! first scored token of a sample.

use std::borrow::Cow;
use std::ops::Range;

use crate::batch::{SampleRows, TokenBatch};

/// One sample in attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<'a> {
    /// Its tokens: the keys its queries may attend to.
    pub sample: &'a SampleRows,
    /// The query rows, a subset of the sample's own.
    pub queries: Range<usize>,
}

/// The rows of a batch for which a layer computes its output.
pub struct ScoredRows<'a> {
    /// For each sample, the range of queries that covers them.
    pub spans: Vec<Span<'a>>,
    /// Dropout keys, one per row.
    pub dropout_keys: Cow<'a, [u32]>,
    /// Row indices, ascending; `None` stands for every row.
    rows: Option<&'a [usize]>,
    tokens: usize,
}

impl<'a> ScoredRows<'a> {
    /// Every row.
    pub fn every(batch: &'a TokenBatch) -> Self {
        let span = |sample: &'a SampleRows| Span {
            sample,
            queries: sample.own.clone(),
        };
        Self {
            spans: batch.samples.iter().map(span).collect(),
            dropout_keys: Cow::Borrowed(&batch.dropout_keys),
            rows: None,
            tokens: batch.tokens(),
        }
    }

    /// Only the scored rows.
    pub fn scored(batch: &'a TokenBatch) -> Self {
        let rows = &batch.scored;
        let span = |sample: &'a SampleRows| {
            let own = &sample.own;
            let within = rows.partition_point(|&row| row < own.start)..rows.partition_point(|&row| row < own.end);
            let queries = match &rows[within] {
                [] => own.start..own.start,
                [only] => *only..only + 1,
                [first, .., last] => *first..last + 1,
            };
            Span { sample, queries }
        };
        Self {
            spans: batch.samples.iter().map(span).collect(),
            dropout_keys: rows.iter().map(|&row| batch.dropout_keys[row]).collect(),
            rows: Some(rows),
            tokens: batch.tokens(),
        }
    }

    /// Number of rows.
    pub fn count(&self) -> usize {
        self.dropout_keys.len()
    }

    /// Compacts `values` (`tokens x width`) to these rows.
    pub fn keep(&self, values: &mut Vec<f32>, width: usize) {
        let Some(rows) = self.rows else { return };
        for (at, row) in rows.iter().enumerate() {
            values.copy_within(row * width..(row + 1) * width, at * width);
        }
        values.truncate(rows.len() * width);
    }

    /// Backward of [`keep`](Self::keep): scatters the rows to their places and fills the others with zeros.
    pub fn spread(&self, values: &mut Vec<f32>, width: usize) {
        let Some(rows) = self.rows else { return };
        values.resize(self.tokens * width, 0.0);
        let mut done = self.tokens;
        for (at, &row) in rows.iter().enumerate().rev() {
            values[(row + 1) * width..done * width].fill(0.0);
            values.copy_within(at * width..(at + 1) * width, row * width);
            done = row;
        }
        values[..done * width].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::{IGNORED, Sample};

    fn batch(labels: &[&[i64]]) -> TokenBatch {
        let sample = |labels: &&[i64]| Sample {
            input_ids: vec![7; labels.len()],
            labels: labels.to_vec(),
        };
        let samples: Vec<Sample> = labels.iter().map(sample).collect();
        TokenBatch::new(samples.iter().zip(0..))
    }

    #[test]
    fn query_ranges_span_first_to_last_scored_token() {
        let batch = batch(&[&[IGNORED, 1, IGNORED, 2, IGNORED], &[IGNORED; 3], &[5, 6]]);
        let scored_rows = ScoredRows::scored(&batch);
        let queries: Vec<_> = scored_rows.spans.iter().map(|span| span.queries.clone()).collect();
        assert_eq!(queries, [0..3, 5..5, 8..9]);
        assert_eq!(*scored_rows.dropout_keys, [0, 2, 8].map(|row| batch.dropout_keys[row]));
    }

    #[test]
    fn spread_restores_row_positions_after_keep() {
        let batch = batch(&[&[IGNORED, IGNORED, 1, IGNORED, 2, IGNORED]]);
        let scored_rows = ScoredRows::scored(&batch);
        let mut values: Vec<f32> = (0..12).map(|x| x as f32).collect();
        scored_rows.keep(&mut values, 2);
        assert_eq!(values, [2., 3., 6., 7.]);
        scored_rows.spread(&mut values, 2);
        assert_eq!(values, [0., 0., 2., 3., 0., 0., 6., 7., 0., 0., 0., 0.]);

        let every = ScoredRows::every(&batch);
        every.keep(&mut values, 2);
        every.spread(&mut values, 2);
        assert_eq!(values.len(), 12);
    }
}
