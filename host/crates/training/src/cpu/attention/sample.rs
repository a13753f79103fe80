//! Attention of one sample in contiguous rows; a row's distance from the first is its position.
//!
//! Scores are computed for one block of queries at a time and recomputed in backward from the saved log-sum-exp (Dao et al. 2022), so that memory
//! is linear in the length of a sample, not quadratic.

use std::ops::Range;

use super::HeadShape;
use crate::cpu::matrix::{View, ViewMut, add_product, product};
use crate::cpu::vector::{dot, exp, max, sum, wide};

/// Queries per block of scores.
const QUERY_BLOCK: usize = 64;

/// Scores of a block of queries; buffers reused across calls.
#[derive(Default)]
pub struct ScoreBlocks {
    scores: Vec<f32>,
    gradients: Vec<f32>,
}

/// As [`super::forward`], for the rows `queries` among `keys`.
pub fn forward(
    shape: HeadShape,
    qkv: &[f32],
    keys: Range<usize>,
    queries: Range<usize>,
    out: &mut [f32],
    log_sums: &mut [f32],
    scratch: &mut ScoreBlocks,
) {
    let first = keys.start;
    for head in 0..shape.heads {
        for (queries, keys) in query_blocks(shape, first, &queries) {
            let scores = &mut resized(&mut scratch.scores, queries.len() * keys.len())[..];
            raw_scores(shape, qkv, head, &queries, &keys, scores);
            let seen = |row: usize| seen_keys(shape, first, queries.start + row, &keys);
            softmax_rows(scores, keys.len(), seen, |row, log_sum| {
                log_sums[(queries.start + row) * shape.heads + head] = log_sum;
            });
            let (q, _, v) = shape.columns(head);
            let width = shape.query_width();
            product(
                ViewMut::new(
                    &mut out[queries.start * width + q..],
                    queries.len(),
                    shape.head_dim,
                    width,
                ),
                1.0,
                View::new(scores, queries.len(), keys.len(), keys.len()),
                head_view(shape, qkv, &keys, v),
            );
        }
    }
}

/// As [`super::backward`], but accumulates the gradients of keys and values.
#[allow(clippy::too_many_arguments)]
pub fn backward(
    shape: HeadShape,
    qkv: &[f32],
    keys: Range<usize>,
    queries: Range<usize>,
    out: &[f32],
    log_sums: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
    scratch: &mut ScoreBlocks,
) {
    let first = keys.start;
    for head in 0..shape.heads {
        for (queries, keys) in query_blocks(shape, first, &queries) {
            let block = Block {
                shape,
                head,
                queries,
                keys,
                first,
            };
            block.backward(qkv, out, log_sums, d_out, d_qkv, scratch);
        }
    }
}

/// One block of queries of one head, with every key it may attend to.
struct Block {
    shape: HeadShape,
    head: usize,
    queries: Range<usize>,
    keys: Range<usize>,
    first: usize,
}

impl Block {
    fn backward(
        &self,
        qkv: &[f32],
        out: &[f32],
        log_sums: &[f32],
        d_out: &[f32],
        d_qkv: &mut [f32],
        scratch: &mut ScoreBlocks,
    ) {
        let (shape, n, m) = (self.shape, self.queries.len(), self.keys.len());
        let (q, k, v) = shape.columns(self.head);
        let width = shape.query_width();
        let probabilities = resized(&mut scratch.scores, n * m);
        raw_scores(shape, qkv, self.head, &self.queries, &self.keys, probabilities);
        self.normalise(probabilities, log_sums);

        let d_head = View::new(&d_out[self.queries.start * width + q..], n, shape.head_dim, width);
        let d_scores = resized(&mut scratch.gradients, n * m);
        product(
            ViewMut::new(d_scores, n, m, m),
            1.0,
            d_head,
            head_view(shape, qkv, &self.keys, v).transposed(),
        );
        let probability_view = View::new(probabilities, n, m, m);
        add_product(
            head_view_mut(shape, d_qkv, &self.keys, v),
            1.0,
            probability_view.transposed(),
            d_head,
        );
        self.softmax_gradient(probabilities, out, d_out, d_scores);
        let d_scores = View::new(d_scores, n, m, m);
        product(
            head_view_mut(shape, d_qkv, &self.queries, q),
            1.0,
            d_scores,
            head_view(shape, qkv, &self.keys, k),
        );
        add_product(
            head_view_mut(shape, d_qkv, &self.keys, k),
            1.0,
            d_scores.transposed(),
            head_view(shape, qkv, &self.queries, q),
        );
    }

    /// Turns scores into probabilities with the saved log-sum-exp.
    fn normalise(&self, scores: &mut [f32], log_sums: &[f32]) {
        wide!({
            for (row, scores) in scores.chunks_exact_mut(self.keys.len()).enumerate() {
                let log_sum = log_sums[(self.queries.start + row) * self.shape.heads + self.head];
                let seen = seen_keys(self.shape, self.first, self.queries.start + row, &self.keys);
                for s in split_seen(scores, seen) {
                    *s = exp(*s - log_sum);
                }
            }
        });
    }

    /// `dS = P (dP - rowsum(dO O)) * scale`, in place of `dP`.
    fn softmax_gradient(&self, probabilities: &[f32], out: &[f32], d_out: &[f32], d_scores: &mut [f32]) {
        let (shape, scale) = (self.shape, self.shape.scale());
        let column = self.head * shape.head_dim;
        wide!({
            let rows = probabilities
                .chunks_exact(self.keys.len())
                .zip(d_scores.chunks_exact_mut(self.keys.len()));
            for (row, (p, ds)) in rows.enumerate() {
                let at = (self.queries.start + row) * shape.query_width() + column;
                let pull = dot(&out[at..at + shape.head_dim], &d_out[at..at + shape.head_dim]);
                for (ds, &p) in ds.iter_mut().zip(p) {
                    *ds = p * (*ds - pull) * scale;
                }
            }
        });
    }
}

/// Blocks of queries, each with the keys that some of it see; the sample begins at row `first`.
fn query_blocks(
    shape: HeadShape,
    first: usize,
    queries: &Range<usize>,
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + use<> {
    let queries = queries.clone();
    queries.clone().step_by(QUERY_BLOCK).map(move |start| {
        let end = (start + QUERY_BLOCK).min(queries.end);
        (start..end, first + shape.rule.first_seen(start - first)..end)
    })
}

/// The keys that the query in row `query` sees, as a range within `keys`.
#[inline(always)]
fn seen_keys(shape: HeadShape, first: usize, query: usize, keys: &Range<usize>) -> Range<usize> {
    first + shape.rule.first_seen(query - first) - keys.start..query + 1 - keys.start
}

/// The scores of seen keys; the others become zero.
#[inline(always)]
fn split_seen(scores: &mut [f32], seen: Range<usize>) -> &mut [f32] {
    let (scores, after) = scores.split_at_mut(seen.end);
    let (before, scores) = scores.split_at_mut(seen.start);
    before.fill(0.0);
    after.fill(0.0);
    scores
}

fn head_view<'a>(shape: HeadShape, qkv: &'a [f32], rows: &Range<usize>, column: usize) -> View<'a> {
    let width = shape.qkv_width();
    View::new(&qkv[rows.start * width + column..], rows.len(), shape.head_dim, width)
}

fn head_view_mut<'a>(shape: HeadShape, qkv: &'a mut [f32], rows: &Range<usize>, column: usize) -> ViewMut<'a> {
    let width = shape.qkv_width();
    ViewMut::new(
        &mut qkv[rows.start * width + column..],
        rows.len(),
        shape.head_dim,
        width,
    )
}

fn raw_scores(
    shape: HeadShape,
    qkv: &[f32],
    head: usize,
    queries: &Range<usize>,
    keys: &Range<usize>,
    scores: &mut [f32],
) {
    let (q, k, _) = shape.columns(head);
    product(
        ViewMut::new(scores, queries.len(), keys.len(), keys.len()),
        shape.scale(),
        head_view(shape, qkv, queries, q),
        head_view(shape, qkv, keys, k).transposed(),
    );
}

/// Softmax over the scores of each row that `seen` names, zero elsewhere.
fn softmax_rows(
    scores: &mut [f32],
    keys: usize,
    seen: impl Fn(usize) -> Range<usize>,
    mut keep: impl FnMut(usize, f32),
) {
    wide!({
        for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
            let seen = split_seen(scores, seen(row));
            let top = max(seen);
            for s in seen.iter_mut() {
                *s = exp(*s - top);
            }
            let total = sum(seen);
            let inverse = 1.0 / total;
            for s in seen {
                *s *= inverse;
            }
            keep(row, top + total.ln());
        }
    });
}

fn resized(buffer: &mut Vec<f32>, length: usize) -> &mut [f32] {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
    &mut buffer[..length]
}
