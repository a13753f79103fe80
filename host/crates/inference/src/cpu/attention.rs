//! Attention of new tokens over a row's keys and values, as far back as a layer's window reaches.

use pulp::{Simd, WithSimd};
use rayon::prelude::*;

use super::key_values::{CachedSequence, HeadSlice, PAGE_POSITIONS, PageShape};
use super::panel_product::{PANEL_ROWS, PanelProduct};
use super::vector::softmax;
use nl2sql_model::architecture::AttentionRule;

/// Heads of a layer, and how queries meet keys.
#[derive(Debug, Clone, Copy)]
pub(super) struct AttentionShape {
    /// Heads of queries.
    pub(super) heads: usize,
    /// Heads of keys and values, as pages hold them.
    pub(super) page: PageShape,
    pub(super) rule: AttentionRule,
}

impl AttentionShape {
    /// Width of all query heads.
    pub(super) fn query_width(&self) -> usize {
        self.heads * self.page.head_dim
    }

    /// Width of all key heads.
    pub(super) fn key_width(&self) -> usize {
        self.page.heads * self.page.head_dim
    }

    /// Width of the query heads that share a key head.
    fn group_width(&self) -> usize {
        self.query_width() / self.page.heads
    }
}

/// Tokens that one task serves.
const TOKENS_PER_TASK: usize = 16;
/// Multiplications below which a second thread costs more than it brings.
const MIN_PARALLEL_WORK: usize = 100_000;

/// One key/value head and some consecutive tokens of one row.
struct Task<'a> {
    pages: Vec<HeadSlice<'a>>,
    /// Queries of the heads that share it, `[tokens * group, head_dim]`.
    queries: Vec<f32>,
    first_token: usize,
    /// Position of the first token.
    position: usize,
    head: usize,
    shape: AttentionShape,
}

/// Context `[tokens, query width]` of all rows' queries, which lie one row after the other; each row comes with how many new tokens it
/// brings, whose keys and values it already holds.
pub(super) fn attend(
    shape: AttentionShape,
    layer: usize,
    queries: &[f32],
    rows: &[(&CachedSequence, usize)],
    context: &mut Vec<f32>,
) {
    let width = shape.query_width();
    let mut tasks = Vec::new();
    let mut first = 0;
    let mut work = 0;
    for (row, count) in rows {
        for start in (0..*count).step_by(TOKENS_PER_TASK) {
            let tokens = TOKENS_PER_TASK.min(count - start);
            let token = first + start;
            let position = row.length() + start;
            work += shape.rule.pairs(position..position + tokens) * width;
            let queries = &queries[token * width..(token + tokens) * width];
            tasks.extend((0..shape.page.heads).map(|head| Task {
                pages: row.head(layer, head, shape.page),
                queries: group_of(queries, head, shape),
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
    context.resize(queries.len(), 0.0);
    let group_width = shape.group_width();
    for (task, of_task) in tasks.iter().zip(contexts) {
        for (token, values) in of_task.chunks_exact(group_width).enumerate() {
            let start = (task.first_token + token) * width + task.head * group_width;
            context[start..start + group_width].copy_from_slice(values);
        }
    }
}

/// Queries that share a key head, token after token.
fn group_of(queries: &[f32], head: usize, shape: AttentionShape) -> Vec<f32> {
    let width = shape.group_width();
    let mut group = Vec::with_capacity(queries.len() / shape.page.heads);
    for token in queries.chunks_exact(shape.query_width()) {
        group.extend_from_slice(&token[head * width..(head + 1) * width]);
    }
    group
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
        let rule = self.shape.rule;
        let group = self.shape.heads / self.shape.page.heads;
        let queries = self.queries.len() / self.shape.page.head_dim;
        let first_page = rule.first_seen(self.position) / PAGE_POSITIONS;
        let last_page = (self.position + queries / group - 1) / PAGE_POSITIONS;
        let pages = &self.pages[first_page..=last_page];
        let length = pages.len() * PAGE_POSITIONS;
        let mut scores = vec![0.0; queries * length];
        self.score(simd, pages, &mut scores);
        let scale = rule.scale as f32;
        for (query, scores) in scores.chunks_exact_mut(length).enumerate() {
            let position = self.position + query / group;
            let begin = rule.first_seen(position) - first_page * PAGE_POSITIONS;
            let end = position + 1 - first_page * PAGE_POSITIONS;
            let seen = &mut scores[begin..end];
            for score in seen.iter_mut() {
                *score *= scale;
            }
            softmax(seen);
            // What a token does not see must not enter its mix.
            scores[..begin].fill(0.0);
            scores[end..].fill(0.0);
        }
        let mut context = vec![0.0; self.queries.len()];
        self.mix(simd, pages, &scores, &mut context);
        context
    }

    /// Products of all queries with the keys of all positions of the pages.
    #[inline(always)]
    fn score<S: Simd>(&self, simd: S, pages: &[HeadSlice<'_>], scores: &mut [f32]) {
        let keys: Vec<&[f32]> = pages.iter().map(|page| page.keys).collect();
        let mut rows: Vec<&mut [f32]> = scores.chunks_exact_mut(pages.len() * PAGE_POSITIONS).collect();
        let product = PanelProduct {
            panels: &keys,
            inputs: &self.queries,
            stride: self.shape.page.head_dim,
            out: &mut rows,
            goes_on: false,
        };
        product.with_simd(simd);
    }

    /// Values of all positions of the pages, weighted and summed.
    #[inline(always)]
    fn mix<S: Simd>(&self, simd: S, pages: &[HeadSlice<'_>], weights: &[f32], context: &mut [f32]) {
        let mut rows: Vec<&mut [f32]> = context.chunks_exact_mut(self.shape.page.head_dim).collect();
        for (number, page) in pages.iter().enumerate() {
            let values: Vec<&[f32]> = page.values.chunks_exact(PAGE_POSITIONS * PANEL_ROWS).collect();
            let product = PanelProduct {
                panels: &values,
                inputs: &weights[number * PAGE_POSITIONS..],
                stride: pages.len() * PAGE_POSITIONS,
                out: &mut rows,
                goes_on: number > 0,
            };
            product.with_simd(simd);
        }
    }
}
