//! Attention of a sample whose rows are in several ranges: they are gathered first.

use std::ops::Range;

use super::HeadShape;
use super::sample::{self, ScoreBlocks};
use crate::cpu::scored_rows::Span;

/// One sample's rows made contiguous; buffers reused across calls.
#[derive(Default)]
pub struct Gathered {
    qkv: Vec<f32>,
    out: Vec<f32>,
    log_sums: Vec<f32>,
    d_out: Vec<f32>,
    d_qkv: Vec<f32>,
}

impl Gathered {
    /// As [`super::forward`], for one sample.
    pub fn forward(
        &mut self,
        shape: HeadShape,
        qkv: &[f32],
        span: &Span,
        out: &mut [f32],
        log_sums: &mut [f32],
        blocks: &mut ScoreBlocks,
    ) {
        let (tokens, queries) = self.gather(shape, qkv, span);
        let (width, heads) = (shape.query_width(), shape.heads);
        self.out.resize(tokens * width, 0.0);
        self.log_sums.resize(tokens * heads, 0.0);
        sample::forward(
            shape,
            &self.qkv,
            0..tokens,
            queries.clone(),
            &mut self.out,
            &mut self.log_sums,
            blocks,
        );
        out[values(&span.queries, width)].copy_from_slice(&self.out[values(&queries, width)]);
        log_sums[values(&span.queries, heads)].copy_from_slice(&self.log_sums[values(&queries, heads)]);
    }

    /// As [`super::backward`], for one sample; adds to `d_qkv`.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &mut self,
        shape: HeadShape,
        qkv: &[f32],
        span: &Span,
        out: &[f32],
        log_sums: &[f32],
        d_out: &[f32],
        d_qkv: &mut [f32],
        blocks: &mut ScoreBlocks,
    ) {
        let (tokens, queries) = self.gather(shape, qkv, span);
        let (width, heads) = (shape.query_width(), shape.heads);
        for (all, own, width) in [
            (out, &mut self.out, width),
            (log_sums, &mut self.log_sums, heads),
            (d_out, &mut self.d_out, width),
        ] {
            own.resize(tokens * width, 0.0);
            own[values(&queries, width)].copy_from_slice(&all[values(&span.queries, width)]);
        }
        self.d_qkv.clear();
        self.d_qkv.resize(self.qkv.len(), 0.0);
        sample::backward(
            shape,
            &self.qkv,
            0..tokens,
            queries,
            &self.out,
            &self.log_sums,
            &self.d_out,
            &mut self.d_qkv,
            blocks,
        );
        let mut gathered = &self.d_qkv[..];
        for rows in span.sample.places() {
            let all = &mut d_qkv[values(rows, shape.qkv_width())];
            let (own, rest) = gathered.split_at(all.len());
            all.iter_mut().zip(own).for_each(|(sum, d)| *sum += d);
            gathered = rest;
        }
    }

    /// Gathers the sample's rows; returns their number and the range of queries among them.
    fn gather(&mut self, shape: HeadShape, qkv: &[f32], span: &Span) -> (usize, Range<usize>) {
        let (sample, width) = (span.sample, shape.qkv_width());
        self.qkv.clear();
        for rows in sample.places() {
            self.qkv.extend_from_slice(&qkv[values(rows, width)]);
        }
        let moved = |row: usize| row - sample.own.start + sample.shared_tokens();
        (
            self.qkv.len() / width,
            moved(span.queries.start)..moved(span.queries.end),
        )
    }
}

/// Range of the values of these rows, `width` per row.
fn values(rows: &Range<usize>, width: usize) -> Range<usize> {
    rows.start * width..rows.end * width
}
