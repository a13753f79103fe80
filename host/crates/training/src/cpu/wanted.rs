//! The tokens a layer's output is wanted of.
//!
//! Of the last layer only the scored tokens matter: its keys and values are made for all, but what follows attention for those alone, and in
//! attention nobody asks before the first of them.

use std::borrow::Cow;
use std::ops::Range;

use crate::batch::{SampleRows, TokenBatch};

/// One sample in attention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span<'a> {
    /// Its tokens: the keys that its queries may see.
    pub sample: &'a SampleRows,
    /// The rows that ask, among the sample's own.
    pub queries: Range<usize>,
}

/// The tokens of a batch that a layer's output is wanted of.
pub struct Wanted<'a> {
    /// For each sample the queries among which they are.
    pub spans: Vec<Span<'a>>,
    /// Keys of their dropout, one a wanted token.
    pub dropout_keys: Cow<'a, [u32]>,
    /// Their rows, ascending; none when every token is wanted.
    rows: Option<&'a [usize]>,
    tokens: usize,
}

impl<'a> Wanted<'a> {
    /// Every token.
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

    /// The scored tokens alone.
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

    /// How many tokens are wanted.
    pub fn count(&self) -> usize {
        self.dropout_keys.len()
    }

    /// Of `values` (`tokens x width`) keeps the wanted rows.
    pub fn keep(&self, values: &mut Vec<f32>, width: usize) {
        let Some(rows) = self.rows else { return };
        for (at, row) in rows.iter().enumerate() {
            values.copy_within(row * width..(row + 1) * width, at * width);
        }
        values.truncate(rows.len() * width);
    }

    /// The way back of [`keep`](Self::keep): puts the rows where they were, among zeros.
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
    fn queries_reach_from_the_first_to_the_last_scored_token_of_each_sample() {
        let batch = batch(&[&[IGNORED, 1, IGNORED, 2, IGNORED], &[IGNORED; 3], &[5, 6]]);
        let wanted = Wanted::scored(&batch);
        let queries: Vec<_> = wanted.spans.iter().map(|span| span.queries.clone()).collect();
        assert_eq!(queries, [0..3, 5..5, 8..9]);
        assert_eq!(*wanted.dropout_keys, [0, 2, 8].map(|row| batch.dropout_keys[row]));
    }

    #[test]
    fn rows_that_were_kept_go_back_to_where_they_were() {
        let batch = batch(&[&[IGNORED, IGNORED, 1, IGNORED, 2, IGNORED]]);
        let wanted = Wanted::scored(&batch);
        let mut values: Vec<f32> = (0..12).map(|x| x as f32).collect();
        wanted.keep(&mut values, 2);
        assert_eq!(values, [2., 3., 6., 7.]);
        wanted.spread(&mut values, 2);
        assert_eq!(values, [0., 0., 2., 3., 0., 0., 6., 7., 0., 0., 0., 0.]);

        let every = Wanted::every(&batch);
        every.keep(&mut values, 2);
        every.spread(&mut values, 2);
        assert_eq!(values.len(), 12);
    }
}
