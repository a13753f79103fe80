//! Causal self-attention over whole samples laid end to end, with grouped key/value heads.
//!
//! Rows of `qkv` hold the query heads, then the key heads, then the value heads of one token. Scores are made
//! for a block of queries at a time and made again on the way back from the kept log-sum-exp (Dao et al. 2022),
//! so memory grows with the length of a sample, not with its square. Samples never see each other.

use std::ops::Range;

use super::matrix::{View, ViewMut, add_product, product};
use super::vector::{dot, exp, max, sum, wide};
use super::wanted::Span;

/// Queries whose scores are held at once.
const QUERY_BLOCK: usize = 64;

/// Head counts and sizes of one attention layer.
#[derive(Debug, Clone, Copy)]
pub struct HeadShape {
    /// Query heads.
    pub heads: usize,
    /// Key/value heads; divides `heads`.
    pub kv_heads: usize,
    /// Values a head.
    pub head_dim: usize,
}

impl HeadShape {
    /// Values of one row of queries.
    pub fn query_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Values of one row of keys (or of values).
    pub fn kv_width(&self) -> usize {
        self.kv_heads * self.head_dim
    }

    /// Values of one row of queries, keys and values together.
    pub fn qkv_width(&self) -> usize {
        self.query_width() + 2 * self.kv_width()
    }

    fn scale(&self) -> f32 {
        1.0 / (self.head_dim as f32).sqrt()
    }

    /// Where the query head `head` and its key and value heads begin in a row.
    fn columns(&self, head: usize) -> (usize, usize, usize) {
        let kv = head / (self.heads / self.kv_heads);
        let keys = self.query_width() + kv * self.head_dim;
        (head * self.head_dim, keys, keys + self.kv_width())
    }
}

/// Score blocks reused from call to call.
#[derive(Default)]
pub struct AttentionScratch {
    scores: Vec<f32>,
    gradients: Vec<f32>,
}

/// `out[t] = softmax(q k^T / sqrt(head_dim)) v` per head (`tokens x query_width`); `log_sums` (`tokens x heads`) keeps
/// the logarithm of each softmax's denominator. Rows of tokens that do not ask are left as they are.
pub fn forward(
    shape: HeadShape,
    qkv: &[f32],
    spans: &[Span],
    out: &mut [f32],
    log_sums: &mut [f32],
    scratch: &mut AttentionScratch,
) {
    for span in spans {
        for head in 0..shape.heads {
            for (queries, keys) in query_blocks(span) {
                let scores = &mut resized(&mut scratch.scores, queries.len() * keys.len())[..];
                raw_scores(shape, qkv, head, &queries, &keys, scores);
                let first = queries.start - span.keys.start;
                softmax_rows(scores, keys.len(), first, |row, log_sum| {
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
}

/// Overwrites `d_qkv` with the gradient of `qkv`, given that of the output (`d_out`).
#[allow(clippy::too_many_arguments)]
pub fn backward(
    shape: HeadShape,
    qkv: &[f32],
    spans: &[Span],
    out: &[f32],
    log_sums: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
    scratch: &mut AttentionScratch,
) {
    d_qkv.fill(0.0);
    for span in spans {
        for head in 0..shape.heads {
            for (queries, keys) in query_blocks(span) {
                let block = Block {
                    shape,
                    head,
                    queries,
                    keys,
                    first: span.keys.start,
                };
                block.backward(qkv, out, log_sums, d_out, d_qkv, scratch);
            }
        }
    }
}

/// One block of queries of one head with every key it may see.
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
        scratch: &mut AttentionScratch,
    ) {
        let (shape, n, m) = (self.shape, self.queries.len(), self.keys.len());
        let (q, k, v) = shape.columns(self.head);
        let (width, wide_width) = (shape.query_width(), shape.qkv_width());
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
            ViewMut::new(
                &mut d_qkv[self.keys.start * wide_width + v..],
                m,
                shape.head_dim,
                wide_width,
            ),
            1.0,
            probability_view.transposed(),
            d_head,
        );
        self.softmax_gradient(probabilities, out, d_out, d_scores);
        let d_scores = View::new(d_scores, n, m, m);
        product(
            ViewMut::new(
                &mut d_qkv[self.queries.start * wide_width + q..],
                n,
                shape.head_dim,
                wide_width,
            ),
            1.0,
            d_scores,
            head_view(shape, qkv, &self.keys, k),
        );
        add_product(
            ViewMut::new(
                &mut d_qkv[self.keys.start * wide_width + k..],
                m,
                shape.head_dim,
                wide_width,
            ),
            1.0,
            d_scores.transposed(),
            head_view(shape, qkv, &self.queries, q),
        );
    }

    /// Keys the query of `row` may see.
    fn seen(&self, row: usize) -> usize {
        self.queries.start - self.first + row + 1
    }

    /// Scores to probabilities by the kept log-sum-exp.
    fn normalise(&self, scores: &mut [f32], log_sums: &[f32]) {
        wide!({
            for (row, scores) in scores.chunks_exact_mut(self.keys.len()).enumerate() {
                let log_sum = log_sums[(self.queries.start + row) * self.shape.heads + self.head];
                let (seen, unseen) = scores.split_at_mut(self.seen(row));
                for s in seen {
                    *s = exp(*s - log_sum);
                }
                unseen.fill(0.0);
            }
        });
    }

    /// `dS = P (dP - rowsum(dO O)) / sqrt(head_dim)`, in place of `dP`.
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

/// Blocks of queries, each with the keys from the sample's beginning to the block's end.
fn query_blocks(span: &Span) -> impl Iterator<Item = (Range<usize>, Range<usize>)> + use<> {
    let Span { keys, queries } = span.clone();
    queries.clone().step_by(QUERY_BLOCK).map(move |start| {
        let end = (start + QUERY_BLOCK).min(queries.end);
        (start..end, keys.start..end)
    })
}

fn head_view<'a>(shape: HeadShape, qkv: &'a [f32], rows: &Range<usize>, column: usize) -> View<'a> {
    let width = shape.qkv_width();
    View::new(&qkv[rows.start * width + column..], rows.len(), shape.head_dim, width)
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

/// Softmax over the first `first + row + 1` scores of each row, zero after them.
fn softmax_rows(scores: &mut [f32], keys: usize, first: usize, mut keep: impl FnMut(usize, f32)) {
    wide!({
        for (row, scores) in scores.chunks_exact_mut(keys).enumerate() {
            let (seen, unseen) = scores.split_at_mut(first + row + 1);
            let top = max(seen);
            for s in seen.iter_mut() {
                *s = exp(*s - top);
            }
            let total = sum(seen);
            let inverse = 1.0 / total;
            for s in seen {
                *s *= inverse;
            }
            unseen.fill(0.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A small deterministic sequence in [-1, 1].
    fn numbers(n: usize, mut state: u32) -> Vec<f32> {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    /// Whole samples of these lengths.
    fn samples(lengths: &[usize]) -> Vec<Span> {
        let mut end = 0;
        let span = |length: &usize| {
            let start = end;
            end += length;
            Span {
                keys: start..end,
                queries: start..end,
            }
        };
        lengths.iter().map(span).collect()
    }

    fn run(shape: HeadShape, qkv: &[f32], spans: &[Span]) -> (Vec<f32>, Vec<f32>) {
        let tokens = qkv.len() / shape.qkv_width();
        let (mut out, mut sums) = (vec![0.0; tokens * shape.query_width()], vec![0.0; tokens * shape.heads]);
        forward(shape, qkv, spans, &mut out, &mut sums, &mut AttentionScratch::default());
        (out, sums)
    }

    #[test]
    fn gradient_agrees_with_differences_across_blocks_and_samples() {
        let shape = HeadShape {
            heads: 4,
            kv_heads: 2,
            head_dim: 3,
        };
        let samples = samples(&[QUERY_BLOCK + 9, 11]);
        let tokens = QUERY_BLOCK + 20;
        let qkv = numbers(tokens * shape.qkv_width(), 3);
        let d_out = numbers(tokens * shape.query_width(), 5);
        let loss = |x: &[f32]| {
            run(shape, x, &samples)
                .0
                .iter()
                .zip(&d_out)
                .map(|(o, d)| (o * d) as f64)
                .sum::<f64>()
        };
        let (out, sums) = run(shape, &qkv, &samples);
        let mut gradient = vec![1.0; qkv.len()];
        backward(
            shape,
            &qkv,
            &samples,
            &out,
            &sums,
            &d_out,
            &mut gradient,
            &mut AttentionScratch::default(),
        );
        for i in (0..qkv.len()).step_by(97) {
            let (mut up, mut down) = (qkv.clone(), qkv.clone());
            up[i] += 1e-2;
            down[i] -= 1e-2;
            let numeric = (loss(&up) - loss(&down)) / 2e-2;
            assert!(
                (numeric - gradient[i] as f64).abs() < 2e-3,
                "{i}: {numeric} {}",
                gradient[i]
            );
        }
    }

    #[test]
    fn a_sample_beside_another_gives_what_it_gives_alone() {
        let shape = HeadShape {
            heads: 2,
            kv_heads: 1,
            head_dim: 4,
        };
        let qkv = numbers(9 * shape.qkv_width(), 11);
        let (together, _) = run(shape, &qkv, &samples(&[5, 4]));
        let (alone, _) = run(shape, &qkv[5 * shape.qkv_width()..], &samples(&[4]));
        assert_eq!(together[5 * shape.query_width()..], alone);
    }
    #[test]
    fn tokens_that_ask_alone_get_what_they_get_among_all() {
        let shape = HeadShape {
            heads: 2,
            kv_heads: 1,
            head_dim: 4,
        };
        let tokens = QUERY_BLOCK + 30;
        let qkv = numbers(tokens * shape.qkv_width(), 13);
        let (all, _) = run(shape, &qkv, &samples(&[tokens]));
        let some = Span {
            keys: 0..tokens,
            queries: 20..tokens - 1,
        };
        let (alone, _) = run(shape, &qkv, &[some]);
        let asked = 20 * shape.query_width()..(tokens - 1) * shape.query_width();
        for (a, b) in alone[asked.clone()].iter().zip(&all[asked.clone()]) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
        assert!(
            alone[..asked.start]
                .iter()
                .chain(&alone[asked.end..])
                .all(|x| *x == 0.0)
        );
    }
}
