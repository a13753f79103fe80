//! Generation on the CPU by kernels of its own: weights are read in place, keys and values of shared prompt
//! prefixes are kept once, and rows of any length and adapter are advanced together.

mod adapter;
mod attention;
mod key_values;
mod layer;
mod matrix;
mod panel_product;
mod prefix_cache;
mod projection;
mod step_buffers;
mod vector;

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::DType;

use self::adapter::{AdapterGroup, CpuAdapter, adapter_groups};
use self::key_values::{CachedSequence, PAGE_POSITIONS, PagePool, PageShape};
use self::layer::{CpuLayer, StepAngles, StepShape};
use self::matrix::Matrix;
use self::prefix_cache::PrefixCache;
use self::step_buffers::StepBuffers;
use crate::error::{InferenceError, Result};
use crate::{AdapterId, Advance, Advanced, Engine, Wanted};
use nl2sql_model::AdapterConfig;
use nl2sql_model::decoder::{Decoder, OutputHead};
use nl2sql_model::layers::RotaryFrequencies;

pub use matrix::WeightPrecision;

/// Settings of the CPU engine.
#[derive(Debug, Clone, Copy)]
pub struct CpuOptions {
    /// How weights are held. f32 is exact; bf16 halves what a step reads.
    pub precision: WeightPrecision,
    /// Most memory for keys and values, of rows and earlier prompts together, in bytes.
    pub key_value_bytes: usize,
    /// Most of it that earlier prompts may hold, in bytes; 0 turns sharing off.
    pub prefix_cache_bytes: usize,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self {
            precision: WeightPrecision::F32,
            key_value_bytes: 4 << 30,
            prefix_cache_bytes: 256 << 20,
        }
    }
}

/// A decoder laid out for generation on the CPU.
#[derive(Debug)]
pub struct CpuEngine {
    embedding: Matrix,
    layers: Vec<CpuLayer>,
    final_norm: Vec<f32>,
    head: Option<Matrix>,
    epsilon: f32,
    precision: WeightPrecision,
    embedding_scale: f32,
    rotary: Vec<RotaryFrequencies>,
    pool: PagePool,
    prefixes: PrefixCache,
    buffers: StepBuffers,
    /// The adapter that the decoder came with, for rows that name none.
    own_adapter: Option<Arc<CpuAdapter>>,
    adapters: BTreeMap<AdapterId, Arc<CpuAdapter>>,
}

/// One row of the CPU engine.
#[derive(Debug)]
pub struct CpuRow {
    sequence: CachedSequence,
    adapter: Option<Arc<CpuAdapter>>,
    adapter_id: Option<AdapterId>,
}

impl CpuEngine {
    /// Takes a decoder apart, adapters included: its weights go as they are packed, so that no two copies of the model are held.
    pub fn new(decoder: Decoder, options: CpuOptions) -> Self {
        let own_adapter = CpuAdapter::factors_of(&decoder).map(Arc::new);
        let config = decoder.config;
        let precision = options.precision;
        // Looking tokens up reads single rows, so that a tied table can serve in either precision.
        let embedding = Matrix::from_tensor(decoder.embedding.table.val(), precision);
        let head = match &decoder.head {
            OutputHead::Tied(_) => None,
            OutputHead::Untied(head) => Some(Matrix::from_tensor(
                head.weight.matrix(DType::F32).transpose(),
                precision,
            )),
            OutputHead::Trained(weight) => Some(Matrix::from_tensor(weight.val(), precision)),
        };
        let page = PageShape {
            layers: config.num_hidden_layers,
            heads: config.num_key_value_heads,
            head_dim: config.head_dim,
        };
        let layers = decoder.layers.into_iter().enumerate();
        Self {
            embedding,
            layers: layers
                .map(|(number, layer)| CpuLayer::new(number, &layer, &config, page, precision))
                .collect(),
            final_norm: decoder.final_norm.values(),
            head,
            epsilon: config.rms_norm_eps as f32,
            precision,
            embedding_scale: config.design.embedding_scale as f32,
            rotary: decoder.rotary.different.clone(),
            pool: PagePool::new(page, options.key_value_bytes),
            prefixes: PrefixCache::new(options.prefix_cache_bytes / page.bytes()),
            buffers: StepBuffers::default(),
            own_adapter,
            adapters: BTreeMap::new(),
        }
    }

    /// Angles of each new token's position, for every kind of rotary positions that layers have.
    fn angles(&self, batch: &[Advance<'_, CpuRow>]) -> Vec<StepAngles> {
        let tokens: usize = batch.iter().map(|entry| entry.tokens.len()).sum();
        let of_kind = |rotary: &RotaryFrequencies| {
            let half = rotary.frequencies.len();
            let (mut cos, mut sin) = (vec![0.0; tokens * half], vec![0.0; tokens * half]);
            let positions = batch.iter().flat_map(|entry| {
                let past = entry.row.sequence.length();
                past..past + entry.tokens.len()
            });
            for ((position, cos), sin) in positions.zip(cos.chunks_mut(half)).zip(sin.chunks_mut(half)) {
                rotary.write_angles(position, cos, sin);
            }
            StepAngles { cos, sin }
        };
        self.rotary.iter().map(of_kind).collect()
    }

    /// Scaled vectors of all rows' new tokens.
    fn embed(&self, batch: &[Advance<'_, CpuRow>]) -> Vec<f32> {
        let hidden = self.final_norm.len();
        let tokens: usize = batch.iter().map(|entry| entry.tokens.len()).sum();
        let mut stream = vec![0.0; tokens * hidden];
        let mut slots = stream.chunks_mut(hidden);
        for entry in batch {
            let own = entry
                .row
                .adapter
                .as_ref()
                .and_then(|adapter| adapter.embedding.as_ref());
            let table = own.unwrap_or(&self.embedding);
            for (token, slot) in entry.tokens.iter().zip(&mut slots) {
                table.copy_row(*token as usize, slot);
            }
        }
        if self.embedding_scale != 1.0 {
            stream.iter_mut().for_each(|value| *value *= self.embedding_scale);
        }
        stream
    }

    /// Logits of normed hidden states, one row after the other.
    fn logits(&self, last: &[f32], groups: &[AdapterGroup]) -> Vec<f32> {
        let usual = self.head.as_ref().unwrap_or(&self.embedding);
        let own_head = |group: &AdapterGroup| group.adapter.as_ref().is_some_and(|adapter| adapter.head.is_some());
        if !groups.iter().any(own_head) {
            return usual.times(last);
        }
        let hidden = self.final_norm.len();
        let parts = groups.iter().map(|group| {
            let own = group.adapter.as_ref().and_then(|adapter| adapter.head.as_ref());
            let rows = &last[group.tokens.start * hidden..group.tokens.end * hidden];
            own.unwrap_or(usual).times(rows)
        });
        parts.collect::<Vec<_>>().concat()
    }

    /// A step of all rows, on one of the threads that share its work.
    fn step(&mut self, batch: &mut [Advance<'_, CpuRow>]) -> Advanced {
        let hidden = self.final_norm.len();
        let mut stream = self.embed(batch);
        let shape = StepShape {
            epsilon: self.epsilon,
            angles: &self.angles(batch),
            groups: &groups_of(batch, |entry| entry.tokens.len()),
        };
        for (number, layer) in self.layers.iter().enumerate() {
            layer.forward(number, &mut stream, &shape, batch, &mut self.buffers);
        }
        let mut last = Vec::with_capacity(batch.len() * hidden);
        let mut end = 0;
        for entry in batch.iter_mut() {
            end += entry.tokens.len();
            if wants_logits(entry) {
                last.extend_from_slice(&stream[(end - 1) * hidden..end * hidden]);
            }
            entry.row.sequence.advance(entry.tokens.len());
        }
        if last.is_empty() {
            return Advanced::default();
        }
        vector::rms_norm_rows(&mut last, &self.final_norm, self.epsilon);
        let groups = groups_of(batch, |entry| usize::from(wants_logits(entry)));
        Advanced {
            logits: self.logits(&last, &groups),
            likeliest: Vec::new(),
        }
    }
}

fn groups_of(batch: &[Advance<'_, CpuRow>], tokens: impl Fn(&Advance<'_, CpuRow>) -> usize) -> Vec<AdapterGroup> {
    adapter_groups(
        batch
            .iter()
            .map(|entry| (entry.row.adapter.as_ref(), tokens(entry)))
            .filter(|(_, count)| *count > 0),
    )
}

fn wants_logits(entry: &Advance<'_, CpuRow>) -> bool {
    entry.wanted == Wanted::Logits
}

impl Engine for CpuEngine {
    type Row = CpuRow;

    fn vocab_size(&self) -> usize {
        self.embedding.rows()
    }

    fn open(&mut self, prompt: &[u32], adapter: Option<AdapterId>) -> (CpuRow, usize) {
        let sequence = self.prefixes.open(prompt, adapter, &self.pool);
        let known = sequence.length();
        let row = CpuRow {
            sequence,
            adapter: adapter.map_or_else(|| self.own_adapter.clone(), |id| self.adapters.get(&id).cloned()),
            adapter_id: adapter,
        };
        (row, known)
    }

    fn advance(&mut self, batch: &mut [Advance<'_, CpuRow>]) -> Result<Advanced> {
        for entry in batch.iter_mut() {
            if !self.reserve(entry.row, entry.tokens.len()) {
                return Err(InferenceError::OutOfMemory);
            }
        }
        // From outside, every loop that threads share would wait for one of them to wake up, and be woken up itself.
        Ok(rayon::scope(|_| self.step(batch)))
    }

    fn shares_prompts(&self) -> bool {
        true
    }

    fn remember(&mut self, prompt: &[u32], row: &mut CpuRow) {
        self.prefixes
            .remember(prompt, row.adapter_id, &mut row.sequence, &self.pool);
    }

    fn reserve(&mut self, row: &mut CpuRow, positions: usize) -> bool {
        for _ in 0..row.sequence.missing_pages(positions) {
            match self.prefixes.page(&self.pool) {
                Some(page) => row.sequence.add_page(page),
                None => return false,
            }
        }
        true
    }

    fn capacity(&self) -> usize {
        self.pool.limit() * PAGE_POSITIONS
    }

    fn memory_in_use(&self) -> f64 {
        self.pool.used() as f64 / self.pool.limit() as f64
    }

    fn attach(&mut self, id: AdapterId, decoder: &Decoder, config: &AdapterConfig) -> Result<()> {
        let trained_tables = !config.modules_to_save.is_empty();
        let adapter = CpuAdapter::new(decoder, trained_tables, self.precision);
        self.adapters.insert(id, Arc::new(adapter));
        Ok(())
    }

    fn detach(&mut self, id: AdapterId) {
        self.adapters.remove(&id);
        self.prefixes.forget(id);
    }
}
