//! Projections of one input with their low-rank adapters: `y = x W^T + b + s (drop(x) A^T) B^T`.
//!
//! Projections that read the same input (query, key and value; gate and up) form one group: their frozen rows are in
//! one matrix and their outputs are adjacent.

use std::ops::Range;

use super::dropout::Dropout;
use super::factor::FactorScratch;
use super::frozen::FrozenMatrix;
use super::matrix::{View, ViewMut, add_product, product};
use super::vector::{dot, wide};

/// The frozen weights of a group and the ranges of its trained tensors in the flat arrays.
pub struct ProjectionGroup {
    /// Rows of all projections, `[outputs, inputs]`.
    pub weight: FrozenMatrix,
    /// One value per output, if any.
    pub bias: Option<Vec<f32>>,
    /// The low-rank adapters of the group; empty when none is targeted.
    pub adapters: Vec<LowRankAdapter>,
    /// Factor of the low-rank product.
    pub scale: f32,
}

/// Ranges of one projection's adapter.
pub struct LowRankAdapter {
    /// Columns of the group's output this adapter adds to.
    pub outputs: Range<usize>,
    /// `A`, `[rank, inputs]`, in the flat arrays. Those of one group are contiguous.
    pub down: Range<usize>,
    /// `B`, `[outputs, rank]`, in the flat arrays.
    pub up: Range<usize>,
    /// DoRA's magnitudes, `[outputs]`, in the flat arrays.
    pub magnitude: Option<Range<usize>>,
    /// The adapter's rank.
    pub rank: usize,
    /// Distinguishes this projection's dropout from every other's.
    pub salt: u32,
}

/// Buffers reused across calls.
#[derive(Default)]
pub struct ProjectionScratch {
    frozen: FrozenScratch,
    reduced: Vec<f32>,
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    raw: Vec<f32>,
}

/// Buffers for dequantising and multiplying a frozen matrix.
#[derive(Default)]
struct FrozenScratch {
    opened: Vec<f32>,
    products: FactorScratch,
}

/// Dropout of a pass over a batch: probability and one key per token.
#[derive(Clone, Copy)]
pub struct PassDropout<'a> {
    /// Dropout probability; 0 for none.
    pub share: f32,
    /// One key per token.
    pub keys: &'a [u32],
}

impl ProjectionGroup {
    fn total_rank(&self) -> usize {
        self.adapters.iter().map(|adapter| adapter.rank).sum()
    }

    /// All `A` of the group as one `[total rank, inputs]` range of the flat arrays.
    fn downs(&self) -> Range<usize> {
        match (self.adapters.first(), self.adapters.last()) {
            (Some(first), Some(last)) => first.down.start..last.down.end,
            _ => 0..0,
        }
    }

    /// `out = x W^T + b + s (drop(x) A^T) B^T`; `reduced` saves `drop(x) A^T` (`tokens x total rank`) for backward.
    pub fn forward(
        &self,
        values: &[f32],
        x: &[f32],
        out: &mut [f32],
        reduced: &mut Vec<f32>,
        dropout: PassDropout,
        scratch: &mut ProjectionScratch,
    ) {
        let outputs = self.weight.rows();
        self.reduce(values, x, reduced, dropout, &mut scratch.inputs);
        self.undecomposed(values, x, reduced, out, &mut scratch.frozen);
        self.rescale(values, out);
        if let Some(bias) = &self.bias {
            wide!({
                for row in out.chunks_exact_mut(outputs) {
                    row.iter_mut().zip(bias).for_each(|(o, b)| *o += b);
                }
            });
        }
    }

    /// `out = x W^T + s reduced B^T`.
    fn undecomposed(&self, values: &[f32], x: &[f32], reduced: &[f32], out: &mut [f32], scratch: &mut FrozenScratch) {
        let (outputs, inputs) = (self.weight.rows(), self.weight.cols());
        let (tokens, total) = (x.len() / inputs, self.total_rank());
        let FrozenScratch { opened, products } = scratch;
        self.weight.factor(opened).project(x, out, products);
        self.each_adapter(|adapter, rank_start| {
            let (width, rank) = (adapter.outputs.len(), adapter.rank);
            add_product(
                ViewMut::new(&mut out[adapter.outputs.start..], tokens, width, outputs),
                self.scale,
                View::new(&reduced[rank_start..], tokens, rank, total),
                View::new(&values[adapter.up.clone()], width, rank, rank).transposed(),
            );
        });
    }

    /// `reduced = drop(x) A^T` for all adapters of the group.
    fn reduce(&self, values: &[f32], x: &[f32], reduced: &mut Vec<f32>, dropout: PassDropout, dropped: &mut Vec<f32>) {
        let inputs = self.weight.cols();
        let (tokens, total) = (x.len() / inputs, self.total_rank());
        reduced.resize(tokens * total, 0.0);
        if total == 0 {
            return;
        }
        if dropout.share == 0.0 {
            let downs = View::new(&values[self.downs()], total, inputs, inputs);
            product(
                ViewMut::new(reduced, tokens, total, total),
                1.0,
                View::new(x, tokens, inputs, inputs),
                downs.transposed(),
            );
            return;
        }
        dropped.resize(x.len(), 0.0);
        self.each_adapter(|adapter, rank_start| {
            adapter.dropout(dropout).apply(x, dropped);
            let down = View::new(&values[adapter.down.clone()], adapter.rank, inputs, inputs);
            product(
                ViewMut::new(&mut reduced[rank_start..], tokens, adapter.rank, total),
                1.0,
                View::new(dropped, tokens, inputs, inputs),
                down.transposed(),
            );
        });
    }

    /// Adds the adapters' gradients to `gradients` and, unless nothing below is trained, overwrites `dx` with the
    /// gradient of the input. `dy` is changed when the group has DoRA magnitudes.
    #[allow(clippy::too_many_arguments)]
    pub fn backward(
        &self,
        values: &[f32],
        x: &[f32],
        reduced: &[f32],
        dy: &mut [f32],
        dx: Option<&mut [f32]>,
        gradients: &mut [f32],
        dropout: PassDropout,
        scratch: &mut ProjectionScratch,
    ) {
        let (outputs, inputs) = (self.weight.rows(), self.weight.cols());
        let (tokens, total) = (x.len() / inputs, self.total_rank());
        if self.adapters.iter().any(|adapter| adapter.magnitude.is_some()) {
            self.magnitude_gradient(values, x, reduced, dy, gradients, scratch);
        }
        let d_reduced = &mut scratch.reduced;
        d_reduced.resize(tokens * total, 0.0);
        self.each_adapter(|adapter, rank_start| {
            let (width, rank) = (adapter.outputs.len(), adapter.rank);
            let dy = View::new(&dy[adapter.outputs.start..], tokens, width, outputs);
            product(
                ViewMut::new(&mut d_reduced[rank_start..], tokens, rank, total),
                self.scale,
                dy,
                View::new(&values[adapter.up.clone()], width, rank, rank),
            );
            add_product(
                ViewMut::new(&mut gradients[adapter.up.clone()], width, rank, rank),
                self.scale,
                dy.transposed(),
                View::new(&reduced[rank_start..], tokens, rank, total),
            );
        });
        let mut dx = dx;
        if let Some(dx) = dx.as_deref_mut() {
            let FrozenScratch { opened, products } = &mut scratch.frozen;
            self.weight.factor(opened).project_back(dy, dx, products);
        }
        if total == 0 {
            return;
        }
        if dropout.share == 0.0 {
            self.plain_down_gradient(values, x, d_reduced, dx, gradients);
        } else {
            self.dropped_down_gradient(values, x, dx, gradients, dropout, scratch);
        }
    }

    fn plain_down_gradient(
        &self,
        values: &[f32],
        x: &[f32],
        d_reduced: &[f32],
        dx: Option<&mut [f32]>,
        gradients: &mut [f32],
    ) {
        let inputs = self.weight.cols();
        let (tokens, total) = (x.len() / inputs, self.total_rank());
        let d_reduced = View::new(d_reduced, tokens, total, total);
        add_product(
            ViewMut::new(&mut gradients[self.downs()], total, inputs, inputs),
            1.0,
            d_reduced.transposed(),
            View::new(x, tokens, inputs, inputs),
        );
        if let Some(dx) = dx {
            let downs = View::new(&values[self.downs()], total, inputs, inputs);
            add_product(ViewMut::new(dx, tokens, inputs, inputs), 1.0, d_reduced, downs);
        }
    }

    fn dropped_down_gradient(
        &self,
        values: &[f32],
        x: &[f32],
        mut dx: Option<&mut [f32]>,
        gradients: &mut [f32],
        dropout: PassDropout,
        scratch: &mut ProjectionScratch,
    ) {
        let inputs = self.weight.cols();
        let (tokens, total) = (x.len() / inputs, self.total_rank());
        let ProjectionScratch {
            reduced: d_reduced,
            inputs: dropped,
            outputs: d_dropped,
            ..
        } = scratch;
        dropped.resize(x.len(), 0.0);
        d_dropped.resize(x.len(), 0.0);
        self.each_adapter(|adapter, rank_start| {
            let mask = adapter.dropout(dropout);
            mask.apply(x, dropped);
            let d_reduced = View::new(&d_reduced[rank_start..], tokens, adapter.rank, total);
            add_product(
                ViewMut::new(&mut gradients[adapter.down.clone()], adapter.rank, inputs, inputs),
                1.0,
                d_reduced.transposed(),
                View::new(dropped, tokens, inputs, inputs),
            );
            if let Some(dx) = dx.as_deref_mut() {
                let down = View::new(&values[adapter.down.clone()], adapter.rank, inputs, inputs);
                product(ViewMut::new(d_dropped, tokens, inputs, inputs), 1.0, d_reduced, down);
                mask.add_gradient(d_dropped, dx);
            }
        });
    }

    /// DoRA (Liu et al. 2024): each output is scaled by `m / |W + s B A|`, the norm treated as constant in backward.
    fn rescale(&self, values: &[f32], out: &mut [f32]) {
        let outputs = self.weight.rows();
        for adapter in &self.adapters {
            let Some(magnitude) = &adapter.magnitude else { continue };
            let norms = self.row_norms(values, adapter);
            for row in out.chunks_exact_mut(outputs) {
                let gains = values[magnitude.clone()].iter().zip(&norms);
                row[adapter.outputs.clone()]
                    .iter_mut()
                    .zip(gains)
                    .for_each(|(o, (m, n))| *o *= m / n);
            }
        }
    }

    /// Adds the magnitudes' gradient and turns `dy` into the gradient of the outputs before they were scaled.
    #[allow(clippy::too_many_arguments)]
    fn magnitude_gradient(
        &self,
        values: &[f32],
        x: &[f32],
        reduced: &[f32],
        dy: &mut [f32],
        gradients: &mut [f32],
        scratch: &mut ProjectionScratch,
    ) {
        let outputs = self.weight.rows();
        let tokens = x.len() / self.weight.cols();
        let mut raw = std::mem::take(&mut scratch.raw);
        raw.resize(tokens * outputs, 0.0);
        self.undecomposed(values, x, reduced, &mut raw, &mut scratch.frozen);
        for adapter in &self.adapters {
            let Some(magnitude) = &adapter.magnitude else { continue };
            let norms = self.row_norms(values, adapter);
            for (dy, raw) in dy.chunks_exact_mut(outputs).zip(raw.chunks_exact(outputs)) {
                let columns = adapter.outputs.clone();
                let parameters = values[magnitude.clone()]
                    .iter()
                    .zip(&mut gradients[magnitude.clone()])
                    .zip(&norms);
                for ((dy, raw), ((m, dm), n)) in dy[columns.clone()].iter_mut().zip(&raw[columns]).zip(parameters) {
                    *dm += *dy * raw / n;
                    *dy *= m / n;
                }
            }
        }
        scratch.raw = raw;
    }

    /// `|W + s B A|` of each output row of one adapter.
    fn row_norms(&self, values: &[f32], adapter: &LowRankAdapter) -> Vec<f32> {
        let (inputs, rows, rank) = (self.weight.cols(), adapter.outputs.len(), adapter.rank);
        let mut adapted = Vec::with_capacity(rows * inputs);
        for row in adapter.outputs.clone() {
            adapted.extend_from_slice(&self.weight.row(row));
        }
        add_product(
            ViewMut::new(&mut adapted, rows, inputs, inputs),
            self.scale,
            View::new(&values[adapter.up.clone()], rows, rank, rank),
            View::new(&values[adapter.down.clone()], rank, inputs, inputs),
        );
        wide!(adapted.chunks_exact(inputs).map(|row| dot(row, row).sqrt()).collect())
    }

    /// DoRA's magnitudes at the start of training: the norms of the frozen rows.
    pub fn start_magnitudes(&self, values: &mut [f32]) {
        for adapter in &self.adapters {
            if let Some(magnitude) = adapter.magnitude.clone() {
                let norms = self.row_norms(values, adapter);
                values[magnitude].copy_from_slice(&norms);
            }
        }
    }

    fn each_adapter(&self, mut visit: impl FnMut(&LowRankAdapter, usize)) {
        let mut rank_start = 0;
        for adapter in &self.adapters {
            visit(adapter, rank_start);
            rank_start += adapter.rank;
        }
    }
}

impl LowRankAdapter {
    fn dropout<'a>(&self, pass: PassDropout<'a>) -> Dropout<'a> {
        Dropout {
            share: pass.share,
            keys: pass.keys,
            salt: self.salt,
        }
    }
}
