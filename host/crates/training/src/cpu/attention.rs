//! Causal self-attention over concatenated samples, with grouped key/value heads and, where a layer has one, a window.
//!
//! A row of `qkv` holds the query heads, the key heads and the value heads of one token. Samples do not attend to each other; a shared prefix
//! may be stored in the same rows for several samples.

mod gathered;
mod sample;

use gathered::Gathered;
use sample::ScoreBlocks;

use nl2sql_model::architecture::AttentionRule;

use super::scored_rows::Span;

/// Head counts, sizes and rule of one attention layer.
#[derive(Debug, Clone, Copy)]
pub struct HeadShape {
    /// Query heads.
    pub heads: usize,
    /// Key/value heads; divides `heads`.
    pub kv_heads: usize,
    /// Values per head.
    pub head_dim: usize,
    /// How queries meet keys.
    pub rule: AttentionRule,
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
        self.rule.scale as f32
    }

    /// First columns of query head `head` and of its key and value heads.
    fn columns(&self, head: usize) -> (usize, usize, usize) {
        let kv = head / (self.heads / self.kv_heads);
        let keys = self.query_width() + kv * self.head_dim;
        (head * self.head_dim, keys, keys + self.kv_width())
    }
}

/// Buffers reused from call to call.
#[derive(Default)]
pub struct AttentionScratch {
    blocks: ScoreBlocks,
    gathered: Gathered,
}

/// `out[t] = softmax(scale q k^T) v` per head (`tokens x query_width`); `log_sums` (`tokens x heads`) receives
/// the logarithm of each softmax's denominator. Rows outside the query ranges are not touched.
pub fn forward(
    shape: HeadShape,
    qkv: &[f32],
    spans: &[Span],
    out: &mut [f32],
    log_sums: &mut [f32],
    scratch: &mut AttentionScratch,
) {
    let AttentionScratch { blocks, gathered } = scratch;
    for span in spans {
        if span.sample.shared.is_empty() {
            let (keys, queries) = (span.sample.own.clone(), span.queries.clone());
            sample::forward(shape, qkv, keys, queries, out, log_sums, blocks);
        } else {
            gathered.forward(shape, qkv, span, out, log_sums, blocks);
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
    let AttentionScratch { blocks, gathered } = scratch;
    for span in spans {
        if span.sample.shared.is_empty() {
            let (keys, queries) = (span.sample.own.clone(), span.queries.clone());
            sample::backward(shape, qkv, keys, queries, out, log_sums, d_out, d_qkv, blocks);
        } else {
            gathered.backward(shape, qkv, span, out, log_sums, d_out, d_qkv, blocks);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;
    use crate::batch::SampleRows;

    const SHAPE: HeadShape = HeadShape {
        heads: 4,
        kv_heads: 2,
        head_dim: 3,
        rule: AttentionRule {
            scale: 0.577_350_269_189_625_8,
            window: None,
        },
    };

    /// The same heads with a window that ends within blocks and within prefixes.
    const WINDOWED: HeadShape = HeadShape {
        rule: AttentionRule {
            window: Some(21),
            ..SHAPE.rule
        },
        ..SHAPE
    };

    /// A small deterministic sequence in [-1, 1].
    fn numbers(n: usize, mut state: u32) -> Vec<f32> {
        (0..n)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn rows(shared: &[(usize, usize)], own: Range<usize>) -> SampleRows {
        SampleRows {
            shared: shared.iter().map(|&(from, to)| from..to).collect(),
            own,
        }
    }

    fn spans(samples: &[SampleRows]) -> Vec<Span<'_>> {
        let span = |sample| Span {
            sample,
            queries: sample.own.clone(),
        };
        samples.iter().map(span).collect()
    }

    fn run(shape: HeadShape, qkv: &[f32], spans: &[Span]) -> (Vec<f32>, Vec<f32>) {
        let tokens = qkv.len() / SHAPE.qkv_width();
        let (mut out, mut sums) = (vec![0.0; tokens * SHAPE.query_width()], vec![0.0; tokens * SHAPE.heads]);
        forward(shape, qkv, spans, &mut out, &mut sums, &mut AttentionScratch::default());
        (out, sums)
    }

    /// Attention of one query head, score by score.
    fn plain(shape: HeadShape, qkv: &[f32], row: usize, head: usize) -> Vec<f32> {
        let (q, k, v) = shape.columns(head);
        let at = |row: usize, column: usize| &qkv[row * shape.qkv_width() + column..][..shape.head_dim];
        let seen = row + 1 - shape.rule.window.map_or(row + 1, |window| window.min(row + 1))..row + 1;
        let score = |key| {
            let products = at(row, q).iter().zip(at(key, k)).map(|(q, k)| f64::from(q * k));
            (products.sum::<f64>() * shape.rule.scale).exp()
        };
        let total: f64 = seen.clone().map(score).sum();
        (0..shape.head_dim)
            .map(|i| {
                seen.clone()
                    .map(|key| score(key) / total * f64::from(at(key, v)[i]))
                    .sum::<f64>() as f32
            })
            .collect()
    }

    #[test]
    fn a_query_sees_the_last_positions_of_its_window() {
        let qkv = numbers(150 * SHAPE.qkv_width(), 7);
        for window in [None, Some(1), Some(21), Some(64), Some(149), Some(150)] {
            let shape = HeadShape {
                rule: AttentionRule { window, ..SHAPE.rule },
                ..SHAPE
            };
            let (out, _) = run(shape, &qkv, &spans(&[rows(&[], 0..150)]));
            for (row, head) in [(0, 0), (20, 1), (21, 1), (63, 2), (64, 3), (100, 0), (149, 2)] {
                let ours = &out[row * SHAPE.query_width() + head * SHAPE.head_dim..][..SHAPE.head_dim];
                for (ours, plain) in ours.iter().zip(plain(shape, &qkv, row, head)) {
                    assert!(
                        (ours - plain).abs() < 1e-5,
                        "{window:?}, row {row}: {ours} instead of {plain}"
                    );
                }
            }
        }
    }

    /// The second sample shares a prefix with the first, the third a prefix in two ranges.
    fn shared_prefix() -> [SampleRows; 3] {
        [
            rows(&[], 0..90),
            rows(&[(0, 70)], 90..110),
            rows(&[(0, 70), (90, 100)], 110..117),
        ]
    }

    #[test]
    fn samples_do_not_attend_to_each_other() {
        let qkv = numbers(9 * SHAPE.qkv_width(), 11);
        let (together, _) = run(SHAPE, &qkv, &spans(&[rows(&[], 0..5), rows(&[], 5..9)]));
        let (alone, _) = run(SHAPE, &qkv[5 * SHAPE.qkv_width()..], &spans(&[rows(&[], 0..4)]));
        assert_eq!(together[5 * SHAPE.query_width()..], alone);
    }

    #[test]
    fn shared_prefix_attention_equals_attention_of_each_sample_alone() {
        let samples = shared_prefix();
        let qkv = numbers(117 * SHAPE.qkv_width(), 3);
        for shape in [SHAPE, WINDOWED] {
            let (together, _) = run(shape, &qkv, &spans(&samples));
            for sample in &samples {
                let whole: Vec<f32> = sample
                    .places()
                    .flat_map(|rows| &qkv[rows.start * SHAPE.qkv_width()..rows.end * SHAPE.qkv_width()])
                    .copied()
                    .collect();
                let tokens = whole.len() / SHAPE.qkv_width();
                let (alone, _) = run(shape, &whole, &spans(&[rows(&[], 0..tokens)]));
                let own = sample.own.start * SHAPE.query_width()..sample.own.end * SHAPE.query_width();
                let alone = &alone[sample.shared_tokens() * SHAPE.query_width()..];
                // Blocks of queries begin elsewhere, and with a window so do their keys: products are then summed in another order.
                let tolerance = if shape.rule.window.is_some() { 1e-6 } else { 0.0 };
                for (together, alone) in together[own].iter().zip(alone) {
                    assert!((together - alone).abs() <= tolerance, "{together} {alone}");
                }
            }
        }
    }

    #[test]
    fn gradient_matches_finite_differences_across_blocks_and_samples() {
        let apart = [rows(&[], 0..100), rows(&[], 100..117)];
        for shape in [SHAPE, WINDOWED] {
            for samples in [&apart[..], &shared_prefix()] {
                check_gradient(shape, &spans(samples));
            }
        }
    }

    fn check_gradient(shape: HeadShape, spans: &[Span]) {
        let qkv = numbers(117 * SHAPE.qkv_width(), 3);
        let d_out = numbers(117 * SHAPE.query_width(), 5);
        let loss = |x: &[f32]| {
            let (out, _) = run(shape, x, spans);
            out.iter().zip(&d_out).map(|(o, d)| f64::from(o * d)).sum::<f64>()
        };
        let (out, sums) = run(shape, &qkv, spans);
        let mut gradient = vec![1.0; qkv.len()];
        let mut scratch = AttentionScratch::default();
        backward(shape, &qkv, spans, &out, &sums, &d_out, &mut gradient, &mut scratch);
        for i in (0..qkv.len()).step_by(31) {
            let (mut up, mut down) = (qkv.clone(), qkv.clone());
            up[i] += 1e-2;
            down[i] -= 1e-2;
            let numeric = (loss(&up) - loss(&down)) / 2e-2;
            assert!(
                (numeric - f64::from(gradient[i])).abs() < 2e-3,
                "{:?}, {i}: {numeric} {}",
                shape.rule,
                gradient[i]
            );
        }
    }

    #[test]
    fn query_subset_equals_those_rows_of_full_attention() {
        let samples = shared_prefix();
        let qkv = numbers(117 * SHAPE.qkv_width(), 13);
        for shape in [SHAPE, WINDOWED] {
            let (all, _) = run(shape, &qkv, &spans(&samples));
            for (sample, queries) in samples.iter().zip([20..88, 95..96, 112..117]) {
                let asked = queries.start * SHAPE.query_width()..queries.end * SHAPE.query_width();
                let (alone, _) = run(shape, &qkv, &[Span { sample, queries }]);
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
    }
}
