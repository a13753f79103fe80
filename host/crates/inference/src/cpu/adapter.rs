//! Adapters beside the CPU engine's model: each row of a step may have another one.

use std::ops::Range;
use std::sync::Arc;

use super::matrix::{Matrix, WeightPrecision};
use nl2sql_model::decoder::{Decoder, OutputHead};
use nl2sql_model::layers::{LowRank, Projection};
use nl2sql_model::weights::values_of;

/// What an adapter changes of a model.
#[derive(Debug)]
pub(super) struct CpuAdapter {
    /// By layer and projection, in the decoder's order.
    factors: Vec<Option<CpuFactors>>,
    /// Token vectors of its own.
    pub(super) embedding: Option<Matrix>,
    /// An output head of its own.
    pub(super) head: Option<Matrix>,
}

/// Low-rank factors of one projection.
#[derive(Debug)]
pub(super) struct CpuFactors {
    down: Matrix,
    up: Matrix,
    scale: f32,
    /// DoRA's direction factor.
    direction: Option<Vec<f32>>,
}

/// Consecutive tokens of a step that have the same adapter.
#[derive(Debug)]
pub(super) struct AdapterGroup {
    pub(super) adapter: Option<Arc<CpuAdapter>>,
    pub(super) tokens: Range<usize>,
}

impl CpuAdapter {
    /// The factors that a decoder carries, if any; tables are left to the caller.
    pub(super) fn factors_of(decoder: &Decoder) -> Option<Self> {
        let factors: Vec<_> = decoder
            .projections()
            .into_iter()
            .map(|(_, projection)| CpuFactors::of(projection))
            .collect();
        factors.iter().any(Option::is_some).then_some(Self {
            factors,
            embedding: None,
            head: None,
        })
    }

    /// What a decoder carries, with the tables that were trained in full.
    pub(super) fn new(decoder: &Decoder, trained_tables: bool, precision: WeightPrecision) -> Self {
        let mut adapter = Self::factors_of(decoder).unwrap_or(Self {
            factors: Vec::new(),
            embedding: None,
            head: None,
        });
        if trained_tables {
            adapter.embedding = Some(Matrix::from_tensor(decoder.embedding.table.val(), precision));
            adapter.head = match &decoder.head {
                OutputHead::Trained(weight) => Some(Matrix::from_tensor(weight.val(), precision)),
                OutputHead::Tied(_) | OutputHead::Untied(_) => None,
            };
        }
        adapter
    }

    pub(super) fn factors(&self, place: usize) -> Option<&CpuFactors> {
        self.factors.get(place)?.as_ref()
    }
}

impl CpuFactors {
    fn of(projection: &Projection) -> Option<Self> {
        let adapter: &LowRank = projection.adapter.as_ref()?;
        let direction = adapter.magnitude.as_ref().map(|magnitude| {
            let magnitude = values_of(magnitude.val());
            let norms = values_of(projection.initial_magnitude());
            magnitude
                .iter()
                .zip(norms)
                .map(|(magnitude, norm)| magnitude / norm)
                .collect()
        });
        Some(Self {
            down: Matrix::from_tensor(adapter.down.val().transpose(), WeightPrecision::F32),
            up: Matrix::from_tensor(adapter.up.val().transpose(), WeightPrecision::F32),
            scale: adapter.scale as f32,
            direction,
        })
    }

    pub(super) fn add(&self, inputs: &[f32], outputs: &mut [f32]) {
        let change = self.up.times(&self.down.times(inputs));
        for (output, change) in outputs.iter_mut().zip(change) {
            *output += self.scale * change;
        }
        if let Some(direction) = &self.direction {
            for row in outputs.chunks_exact_mut(direction.len()) {
                for (value, factor) in row.iter_mut().zip(direction) {
                    *value *= factor;
                }
            }
        }
    }
}

/// Groups of consecutive rows with one adapter; `rows` are each row's adapter and how many tokens it has.
pub(super) fn adapter_groups<'a>(
    rows: impl Iterator<Item = (Option<&'a Arc<CpuAdapter>>, usize)>,
) -> Vec<AdapterGroup> {
    let mut groups: Vec<AdapterGroup> = Vec::new();
    let mut start = 0;
    for (adapter, count) in rows {
        let end = start + count;
        match groups.last_mut() {
            Some(last) if last.adapter.as_ref().map(Arc::as_ptr) == adapter.map(Arc::as_ptr) => last.tokens.end = end,
            _ => groups.push(AdapterGroup {
                adapter: adapter.cloned(),
                tokens: start..end,
            }),
        }
        start = end;
    }
    groups
}
