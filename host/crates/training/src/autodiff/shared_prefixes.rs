//! Attention of samples whose tokens lie one after the other, with prefixes that several of them share there once.
//!
//! Each sample's own queries meet the keys of its whole prefix; what samples add to the gradients of shared keys is summed.

use burn::tensor::{DType, Tensor};
use nl2sql_model::architecture::AttentionRule;

use super::query_blocks::{self, add_to_part, joined, part};
use crate::batch::SampleRows;

/// Attention of `[1, heads, tokens, head_dim]`, in blocks of queries.
pub fn attend(inputs: [Tensor<4>; 3], samples: &[SampleRows], rule: AttentionRule, block: usize) -> Tensor<4> {
    let contexts = samples
        .iter()
        .map(|sample| query_blocks::attend(of_sample(&inputs, sample), rule, block));
    // The samples' own tokens are all tokens, in their order.
    joined(contexts.collect())
}

/// Gradients of queries, keys and values, given that of the context; those of keys and values in f32.
pub fn attend_backward(
    inputs: [Tensor<4>; 3],
    samples: &[SampleRows],
    rule: AttentionRule,
    gradient: &Tensor<4>,
    block: usize,
) -> [Tensor<4>; 3] {
    let mut for_queries = Vec::with_capacity(samples.len());
    let [_, keys, values] = &inputs;
    let mut for_keys = keys.zeros_like().cast(DType::F32);
    let mut for_values = values.zeros_like().cast(DType::F32);
    for sample in samples {
        let given = part(gradient, &sample.own);
        let [q, k, v] = query_blocks::attend_backward(of_sample(&inputs, sample), rule, given, block);
        for_queries.push(q);
        let mut start = 0;
        for range in sample.places() {
            let here = start..start + range.len();
            for_keys = add_to_part(for_keys, part(&k, &here).cast(DType::F32), range);
            for_values = add_to_part(for_values, part(&v, &here).cast(DType::F32), range);
            start = here.end;
        }
    }
    [joined(for_queries), for_keys, for_values]
}

/// A sample's own queries, and the keys and values of all its tokens.
fn of_sample([queries, keys, values]: &[Tensor<4>; 3], sample: &SampleRows) -> [Tensor<4>; 3] {
    let all = |tensor: &Tensor<4>| {
        let parts = sample.places().map(|range| part(tensor, range));
        joined(parts.collect())
    };
    [part(queries, &sample.own), all(keys), all(values)]
}
