//! Causal attention by blocks of queries, within a layer's window, forward and backward, so that memory grows with the length and not with its
//! square.
//!
//! Scores are computed again for the backward pass, one block at a time (Rabe and Staats 2021, arXiv:2112.05682).

use std::ops::Range;

use burn::tensor::{DType, Tensor};
use nl2sql_model::architecture::AttentionRule;
use nl2sql_model::kernels::{VisibleKeys, masked_softmax, masked_softmax_backward};

/// Scores of one block, in elements; 256 MiB in bf16. On graphics cards the softmax takes the place of the scores.
const MAX_SCORES: usize = 1 << 27;

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
        let stacked = StackedQueries::of(&queries, &keys, &block);
        let weights = stacked.weights(&part(&keys, &block.keys), rule, &block);
        stacked.unstacked(weights.matmul(part(&values, &block.keys)))
    });
    joined(contexts.collect())
}

/// Gradients of queries, keys and values, given that of the context; those of keys and values in f32 where several blocks add to them.
pub fn attend_backward(
    [queries, keys, values]: [Tensor<4>; 3],
    rule: AttentionRule,
    gradient: Tensor<4>,
    block: usize,
) -> [Tensor<4>; 3] {
    let mut query_gradients = Vec::new();
    let mut sums: Option<[Tensor<4>; 2]> = None;
    for block in blocks(&queries, &keys, rule, block) {
        let stacked = StackedQueries::of(&queries, &keys, &block);
        let given = StackedQueries::of(&gradient, &keys, &block).queries;
        let (key_part, value_part) = (part(&keys, &block.keys), part(&values, &block.keys));
        let weights = stacked.weights(&key_part, rule, &block);
        let for_values = weights.clone().swap_dims(2, 3).matmul(given.clone());
        let for_weights = given.matmul(value_part.swap_dims(2, 3));
        let for_scores = masked_softmax_backward(&weights, for_weights, rule.scale);
        drop(weights);
        query_gradients.push(stacked.unstacked(for_scores.clone().matmul(key_part)));
        let for_keys = for_scores.swap_dims(2, 3).matmul(stacked.queries);
        if block.queries.len() == queries.dims()[2] && block.keys.len() == keys.dims()[2] {
            return [joined(query_gradients), for_keys, for_values];
        }
        // Many blocks add to the same keys and values; in bf16 the sums would lose what small blocks add.
        let [key_sum, value_sum] = sums.unwrap_or_else(|| [&keys, &values].map(|of| of.zeros_like().cast(DType::F32)));
        sums = Some([
            add_to_part(key_sum, for_keys.cast(DType::F32), &block.keys),
            add_to_part(value_sum, for_values.cast(DType::F32), &block.keys),
        ]);
    }
    let [for_keys, for_values] = sums.unwrap_or_else(|| [keys.zeros_like(), values.zeros_like()]);
    [joined(query_gradients), for_keys, for_values]
}

/// Queries of a block; those of the heads that share keys and values lie one below the other, so that keys and values are never repeated.
struct StackedQueries {
    /// `[rows, key_value_heads, group * queries, head_dim]`.
    queries: Tensor<4>,
    shape: [usize; 4],
}

impl StackedQueries {
    fn of(queries: &Tensor<4>, keys: &Tensor<4>, block: &Block) -> Self {
        let queries = part(queries, &block.queries);
        let shape @ [rows, heads, count, width] = queries.dims();
        let key_value_heads = keys.dims()[1];
        Self {
            queries: queries.reshape([rows, key_value_heads, heads / key_value_heads * count, width]),
            shape,
        }
    }

    /// What each query takes of the values of each key of the block.
    fn weights(&self, keys: &Tensor<4>, rule: AttentionRule, block: &Block) -> Tensor<4> {
        let scores = self.queries.clone().matmul(keys.clone().swap_dims(2, 3));
        let visible = VisibleKeys {
            queries: block.queries.len(),
            first_query: block.position - block.keys.start,
            window: rule.window,
        };
        masked_softmax(scores, visible, rule.scale)
    }

    /// What belongs to each head's queries, in the order of heads.
    fn unstacked(&self, stacked: Tensor<4>) -> Tensor<4> {
        stacked.reshape(self.shape)
    }
}

/// Blocks one behind the other; one alone is not copied.
pub fn joined(mut blocks: Vec<Tensor<4>>) -> Tensor<4> {
    match (blocks.len(), blocks.pop()) {
        (1, Some(only)) => only,
        (_, last) => Tensor::cat(blocks.into_iter().chain(last).collect(), 2),
    }
}

/// Queries that are computed together, and the keys that some of them see.
#[derive(Debug, Clone)]
struct Block {
    queries: Range<usize>,
    /// Position of the first one.
    position: usize,
    keys: Range<usize>,
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
    if range.len() == tensor.dims()[2] {
        return tensor.clone();
    }
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
        assert_eq!(queries_per_block(8, 32, 2048), 256);
        assert_eq!(queries_per_block(1, 32, 2048), 2048);
        assert_eq!(queries_per_block(64, 64, 8192), MIN_QUERIES);
    }
}
