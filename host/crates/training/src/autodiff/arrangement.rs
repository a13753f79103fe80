//! How the tokens of a micro-batch lie in its tensors.

use burn::tensor::{Device, Int, Tensor};
use nl2sql_model::architecture::AttentionRule;
use nl2sql_model::decoder::token_tensor;

use super::query_blocks::{self, queries_per_block};
use super::shared_prefixes;
use crate::batch::{IGNORED, Sample, TokenBatch};

/// How the tokens of a micro-batch lie in its tensors.
pub enum Arrangement<'a> {
    /// A row for each sample, padded on the right.
    Padded(Vec<&'a Sample>),
    /// One row for all, with prefixes that samples share there once.
    Shared(&'a TokenBatch),
}

/// Tokens that are scored.
pub struct Scored {
    /// Where the token before each lies: its row times the length of rows, and its column.
    pub positions: Vec<usize>,
    /// The tokens.
    pub targets: Vec<i64>,
}

impl Arrangement<'_> {
    /// Columns of the rows.
    pub fn length(&self) -> usize {
        match self {
            Self::Padded(samples) => longest(samples.iter().map(|sample| sample.input_ids.len())),
            Self::Shared(batch) => batch.tokens(),
        }
    }

    /// `[rows, length]`.
    pub fn tokens(&self, device: &Device) -> Tensor<2, Int> {
        match self {
            Self::Padded(samples) => {
                let rows: Vec<Vec<u32>> = samples.iter().map(|sample| sample.input_ids.clone()).collect();
                token_tensor(&rows, self.length(), device)
            }
            Self::Shared(batch) => token_tensor(std::slice::from_ref(&batch.ids), batch.tokens(), device),
        }
    }

    /// The position of each column's token in its sample.
    pub fn positions(&self) -> Vec<usize> {
        match self {
            Self::Padded(_) => (0..self.length()).collect(),
            Self::Shared(batch) => batch.positions.clone(),
        }
    }

    /// Tokens that are scored.
    pub fn scored(&self) -> Scored {
        match self {
            Self::Padded(samples) => scored(samples, self.length()),
            Self::Shared(batch) => Scored {
                positions: batch.scored.clone(),
                targets: batch.targets.iter().map(|target| i64::from(*target)).collect(),
            },
        }
    }

    /// Queries that meet their keys at the same time, of each sample.
    pub fn queries_per_block(&self, heads: usize) -> usize {
        match self {
            Self::Padded(samples) => queries_per_block(samples.len(), heads, self.length()),
            Self::Shared(batch) => {
                let lengths = batch
                    .samples
                    .iter()
                    .map(|sample| sample.shared_tokens() + sample.own.len());
                queries_per_block(1, heads, longest(lengths))
            }
        }
    }

    /// Attention within samples, in blocks of queries.
    pub fn attend(&self, inputs: [Tensor<4>; 3], rule: AttentionRule, block: usize) -> Tensor<4> {
        match self {
            Self::Padded(_) => query_blocks::attend(inputs, rule, block),
            Self::Shared(batch) => shared_prefixes::attend(inputs, &batch.samples, rule, block),
        }
    }

    /// Gradients of queries, keys and values, given that of the context; those of keys and values may be in f32.
    pub fn attend_backward(
        &self,
        inputs: [Tensor<4>; 3],
        rule: AttentionRule,
        gradient: Tensor<4>,
        block: usize,
    ) -> [Tensor<4>; 3] {
        match self {
            Self::Padded(_) => query_blocks::attend_backward(inputs, rule, gradient, block),
            Self::Shared(batch) => shared_prefixes::attend_backward(inputs, &batch.samples, rule, &gradient, block),
        }
    }
}

fn longest(lengths: impl Iterator<Item = usize>) -> usize {
    lengths.max().unwrap_or(0)
}

fn scored(samples: &[&Sample], length: usize) -> Scored {
    let (mut positions, mut targets) = (Vec::new(), Vec::new());
    for (row, sample) in samples.iter().enumerate() {
        let labels = sample.labels.iter().enumerate().skip(1);
        for (column, &label) in labels.filter(|(_, label)| **label != IGNORED) {
            positions.push(row * length + column - 1);
            targets.push(label);
        }
    }
    Scored { positions, targets }
}
