//! Attention of new tokens over a row's keys and values, as far back as a layer's window reaches.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::key_values::{CachedSequence, LayerSlice, PAGE_POSITIONS};
use super::vector::{add_scaled, dot_tile, softmax};
use nl2sql_model::architecture::AttentionRule;

/// Heads of a layer, and how queries meet keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttentionShape {
    pub(super) heads: usize,
    pub(super) key_value_heads: usize,
    pub(super) head_dim: usize,
    pub(super) rule: AttentionRule,
}

impl AttentionShape {
    /// Width of all query heads.
    pub(super) fn query_width(&self) -> usize {
        self.heads * self.head_dim
    }

    /// Width of all key heads.
    pub(super) fn key_width(&self) -> usize {
        self.key_value_heads * self.head_dim
    }
}

/// Queries that one task serves.
const QUERIES_PER_TASK: usize = 32;
/// Multiplications below which a second thread costs more than it brings.
const MIN_PARALLEL_WORK: usize = 100_000;

/// One key/value head and some consecutive queries of one row.
struct Task<'a> {
    parts: &'a [LayerSlice<'a>],
    /// Queries `[tokens, query width]` of this task.
    queries: &'a [f32],
    first_token: usize,
    /// Position of the first query.
    position: usize,
    head: usize,
    shape: AttentionShape,
}

/// Context `[tokens, query width]` of all rows' queries, which lie one row after the other; row `n` brings
/// `counts[n]` new tokens whose keys and values it already holds.
pub(super) fn attend(
    shape: AttentionShape,
    layer: usize,
    queries: &[f32],
    rows: &[(&CachedSequence, usize)],
) -> Vec<f32> {
    let width = shape.query_width();
    let slices: Vec<Vec<LayerSlice<'_>>> = rows
        .iter()
        .map(|(row, _)| row.layer(layer, shape.key_width()))
        .collect();
    let mut tasks = Vec::new();
    let mut first = 0;
    let mut work = 0;
    for (parts, (row, count)) in slices.iter().zip(rows) {
        for start in (0..*count).step_by(QUERIES_PER_TASK) {
            let tokens = QUERIES_PER_TASK.min(count - start);
            let token = first + start;
            let position = row.length() + start;
            work += shape.rule.pairs(position..position + tokens) * width;
            tasks.extend((0..shape.key_value_heads).map(|head| Task {
                parts,
                queries: &queries[token * width..(token + tokens) * width],
                first_token: token,
                position,
                head,
                shape,
            }));
        }
        first += count;
    }
    let run = |task: &Task<'_>| pulp::Arch::new().dispatch(TaskInVectors(task));
    let contexts: Vec<Vec<f32>> = if work < MIN_PARALLEL_WORK {
        tasks.iter().map(run).collect()
    } else {
        tasks.par_iter().map(run).collect()
    };
    let mut result = vec![0.0; queries.len()];
    let group_width = width / shape.key_value_heads;
    for (task, context) in tasks.iter().zip(contexts) {
        for (token, context) in context.chunks_exact(group_width).enumerate() {
            let start = (task.first_token + token) * width + task.head * group_width;
            result[start..start + group_width].copy_from_slice(context);
        }
    }
    result
}

struct TaskInVectors<'a>(&'a Task<'a>);

impl WithSimd for TaskInVectors<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        self.0.run(simd)
    }
}

impl Task<'_> {
    /// Context of the head's query group, `[tokens, group * head_dim]`.
    #[inline(always)]
    fn run<S: Simd>(&self, simd: S) -> Vec<f32> {
        let AttentionShape {
            heads,
            key_value_heads,
            head_dim,
            rule,
        } = self.shape;
        let group = heads / key_value_heads;
        let width = self.shape.query_width();
        let tokens = self.queries.len() / width;
        let scale = rule.scale as f32;
        let mut context = vec![0.0; tokens * group * head_dim];
        let mut scores = vec![0.0; self.position + tokens - rule.first_seen(self.position)];
        for token in 0..tokens {
            let position = self.position + token;
            let seen = rule.first_seen(position)..position + 1;
            let scores = &mut scores[..seen.len()];
            for member in 0..group {
                let start = token * width + (self.head * group + member) * head_dim;
                let query = &self.queries[start..start + head_dim];
                self.score(simd, query, seen.start, scores);
                for score in scores.iter_mut() {
                    *score *= scale;
                }
                softmax(scores);
                let slot = (token * group + member) * head_dim;
                self.mix(simd, scores, seen.start, &mut context[slot..slot + head_dim]);
            }
        }
        context
    }

    /// Products of a query with the `scores.len()` keys from position `first` on; the last page may hold room for more.
    #[inline(always)]
    fn score<S: Simd>(&self, simd: S, query: &[f32], first: usize, scores: &mut [f32]) {
        let (stride, offset, length) = self.head_layout();
        let (page, mut position) = (first / PAGE_POSITIONS, first % PAGE_POSITIONS);
        let mut done = 0;
        for part in &self.parts[page..] {
            let count = PAGE_POSITIONS.min(position + scores.len() - done);
            let begin = position;
            while position + 8 <= count {
                let mut keys: [&[f32]; 8] = [&[]; 8];
                for (n, key) in keys.iter_mut().enumerate() {
                    let start = (position + n) * stride + offset;
                    *key = &part.keys[start..start + length];
                }
                let products = dot_tile(simd, [query], keys);
                let slot = done + position - begin;
                scores[slot..slot + 8].copy_from_slice(&products[0]);
                position += 8;
            }
            while position < count {
                let start = position * stride + offset;
                scores[done + position - begin] = dot_tile(simd, [query], [&part.keys[start..start + length]])[0][0];
                position += 1;
            }
            done += count - begin;
            position = 0;
        }
    }

    /// Values from position `first` on, weighted and summed.
    #[inline(always)]
    fn mix<S: Simd>(&self, simd: S, weights: &[f32], first: usize, context: &mut [f32]) {
        let (stride, offset, length) = self.head_layout();
        let (page, mut begin) = (first / PAGE_POSITIONS, first % PAGE_POSITIONS);
        let mut done = 0;
        for part in &self.parts[page..] {
            let count = PAGE_POSITIONS.min(begin + weights.len() - done);
            for position in begin..count {
                let start = position * stride + offset;
                let weight = weights[done + position - begin];
                add_scaled(simd, context, weight, &part.values[start..start + length]);
            }
            done += count - begin;
            begin = 0;
        }
    }

    /// Width of a position, where this head begins in it, and the head's width.
    #[inline(always)]
    fn head_layout(&self) -> (usize, usize, usize) {
        let length = self.shape.head_dim;
        (self.shape.key_width(), self.head * length, length)
    }
}
