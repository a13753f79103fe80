//! Causal attention by blocks of queries, within a layer's window, forward and backward, so that memory grows with the length and not with its
//! square.
//!
//! Scores are computed again for the backward pass, one block at a time (Rabe and Staats 2021, arXiv:2112.05682).

use std::ops::Range;

use burn::tensor::{DType, Tensor};
use nl2sql_model::architecture::AttentionRule;
use nl2sql_model::layers::{AttentionMask, scaled_dot_product};

use super::weighted_sum;

/// Scores of one block, in elements; 256 MiB in f32.
const MAX_SCORES: usize = 1 << 26;

/// Fewest queries of a block: with fewer, matrix products are too thin to keep a device busy.
const MIN_QUERIES: usize = 64;

/// Queries per block for `heads` query heads over `rows` sequences of `length` tokens.
pub fn queries_per_block(rows: usize, heads: usize, length: usize) -> usize {
    let fitting = MAX_SCORES / (rows * heads * length).max(1);
    fitting.max(MIN_QUERIES).min(length.max(1))
}

/// Attention of `[rows, heads, queries, head_dim]` on keys and values `[rows, key_value_heads, length, head_dim]`; the queries are those of the
/// last positions.
pub fn attend([queries, keys, values]: [Tensor<4>; 3], rule: AttentionRule, block: usize) -> Tensor<4> {
    let contexts = blocks(&queries, &keys, rule, block).map(|block| {
        let (q, k, v) = (
            part(&queries, &block.queries),
            part(&keys, &block.keys),
            part(&values, &block.keys),
        );
        attend_block(q, k, v, rule, block)
    });
    Tensor::cat(contexts.collect(), 2)
}

/// Gradients of queries, keys and values, given that of the context; those of keys and values in f32, for others may be added to them.
pub fn attend_backward(
    [queries, keys, values]: [Tensor<4>; 3],
    rule: AttentionRule,
    gradient: Tensor<4>,
    block: usize,
) -> [Tensor<4>; 3] {
    let mut query_gradients = Vec::new();
    // Many blocks add to the same keys and values; in bf16 the sums would lose what small blocks add.
    let mut key_gradients = keys.zeros_like().cast(DType::F32);
    let mut value_gradients = values.zeros_like().cast(DType::F32);
    for block in blocks(&queries, &keys, rule, block) {
        let leaf = |tensor: &Tensor<4>, range: &Range<usize>| part(tensor, range).autodiff().require_grad();
        let (q, k, v) = (
            leaf(&queries, &block.queries),
            leaf(&keys, &block.keys),
            leaf(&values, &block.keys),
        );
        let context = attend_block(q.clone(), k.clone(), v.clone(), rule, block.clone());
        let mut graph = weighted_sum(context, part(&gradient, &block.queries)).backward();
        query_gradients.extend(q.grad_remove(&mut graph));
        if let (Some(k), Some(v)) = (k.grad_remove(&mut graph), v.grad_remove(&mut graph)) {
            key_gradients = add_to_part(key_gradients, k.cast(DType::F32), &block.keys);
            value_gradients = add_to_part(value_gradients, v.cast(DType::F32), &block.keys);
        }
    }
    [Tensor::cat(query_gradients, 2), key_gradients, value_gradients]
}

/// Queries that are computed together, and the keys that some of them see.
#[derive(Debug, Clone)]
struct Block {
    queries: Range<usize>,
    /// Position of the first one.
    position: usize,
    keys: Range<usize>,
}

fn attend_block(
    queries: Tensor<4>,
    keys: Tensor<4>,
    values: Tensor<4>,
    rule: AttentionRule,
    block: Block,
) -> Tensor<4> {
    let device = keys.device().without_autodiff();
    let positions = block.position..block.position + block.queries.len();
    let mask = AttentionMask::causal_block(positions, block.keys, rule.window, &device);
    scaled_dot_product(queries, keys, values, rule.scale, &mask)
}

fn blocks(queries: &Tensor<4>, keys: &Tensor<4>, rule: AttentionRule, block: usize) -> impl Iterator<Item = Block> {
    let (count, block) = (queries.dims()[2], block.max(1));
    let first = keys.dims()[2] - count;
    (0..count).step_by(block).map(move |start| {
        let end = (start + block).min(count);
        Block {
            queries: start..end,
            position: first + start,
            keys: rule.first_seen(first + start)..first + end,
        }
    })
}

/// The positions `range` of `[rows, heads, length, head_dim]`.
pub fn part(tensor: &Tensor<4>, range: &Range<usize>) -> Tensor<4> {
    tensor.clone().narrow(2, range.start, range.len())
}

/// Adds `part` to the positions `range` of `sum`.
pub fn add_to_part(sum: Tensor<4>, part: Tensor<4>, range: &Range<usize>) -> Tensor<4> {
    let [rows, heads, _, width] = part.dims();
    let added = sum.clone().narrow(2, range.start, range.len()) + part;
    sum.slice_assign([0..rows, 0..heads, range.clone(), 0..width], added)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn tensor(shape: [usize; 4], salt: usize) -> Tensor<4> {
        let count: usize = shape.iter().product();
        let values: Vec<f32> = (0..count)
            .map(|i| ((i * 7_919 + salt * 104_729) % 1_009) as f32 / 504.0 - 1.0)
            .collect();
        Tensor::from_data(TensorData::new(values, shape), &Device::flex())
    }

    fn apart(a: Tensor<4>, b: Tensor<4>) -> f32 {
        (a - b).abs().max().into_scalar()
    }

    #[test]
    fn blocks_give_the_context_and_gradients_of_one_block() {
        let inputs = || {
            [
                tensor([2, 6, 11, 4], 1),
                tensor([2, 3, 11, 4], 2),
                tensor([2, 3, 11, 4], 3),
            ]
        };
        let gradient = tensor([2, 6, 11, 4], 4);
        for window in [None, Some(1), Some(3), Some(11)] {
            let rule = AttentionRule { scale: 0.5, window };
            let whole = attend_backward(inputs(), rule, gradient.clone(), 11);
            for block in [1, 4, 10] {
                assert!(apart(attend(inputs(), rule, block), attend(inputs(), rule, 11)) < 1e-5);
                let parts = attend_backward(inputs(), rule, gradient.clone(), block);
                for (part, whole) in parts.into_iter().zip(whole.clone()) {
                    assert!(apart(part, whole) < 1e-5, "blocks of {block}, {window:?}");
                }
            }
        }
    }

    #[test]
    fn long_sequences_are_cut_and_short_ones_are_not() {
        assert_eq!(queries_per_block(3, 4, 40), 40);
        assert_eq!(queries_per_block(8, 32, 2048), 128);
        assert_eq!(queries_per_block(64, 64, 8192), MIN_QUERIES);
    }
}
