//! Generation on the CPU by kernels of its own: weights are read in place, keys and values of shared prompt
//! prefixes are kept once, and rows of any length are advanced together.

mod attention;
mod key_values;
mod layer;
mod matrix;
mod prefix_cache;
mod projection;
mod vector;

use burn::tensor::DType;

use self::attention::AttentionShape;
use self::key_values::CachedSequence;
use self::layer::{CpuLayer, StepShape};
use self::matrix::Matrix;
use self::prefix_cache::PrefixCache;
use crate::error::Result;
use crate::{Advance, Engine};
use nl2sql_model::decoder::{Decoder, OutputHead};
use nl2sql_model::layers::RotaryFrequencies;
use nl2sql_model::weights::values_of;

pub use matrix::WeightPrecision;

/// Settings of the CPU engine.
#[derive(Debug, Clone, Copy)]
pub struct CpuOptions {
    /// How weights are held. f32 is shared with the decoder and exact; bf16 halves what a step reads.
    pub precision: WeightPrecision,
    /// Memory for keys and values of earlier prompts, in bytes; 0 turns sharing off.
    pub prefix_cache_bytes: usize,
}

impl Default for CpuOptions {
    fn default() -> Self {
        Self {
            precision: WeightPrecision::F32,
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
    attention: AttentionShape,
    rotary: RotaryFrequencies,
    prefixes: PrefixCache,
}

impl CpuEngine {
    /// Lays out a decoder, adapters included; the decoder itself may be dropped afterwards.
    pub fn new(decoder: &Decoder, options: CpuOptions) -> Self {
        let config = &decoder.config;
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
        let attention = AttentionShape {
            heads: config.num_attention_heads,
            key_value_heads: config.num_key_value_heads,
            head_dim: config.head_dim,
        };
        let bytes_per_token = 8 * config.num_hidden_layers * attention.key_width();
        Self {
            embedding,
            layers: decoder
                .layers
                .iter()
                .map(|layer| CpuLayer::new(layer, precision))
                .collect(),
            final_norm: values_of(decoder.final_norm.scale.clone()),
            head,
            epsilon: config.rms_norm_eps as f32,
            attention,
            rotary: decoder.rotary.clone(),
            prefixes: PrefixCache::new(options.prefix_cache_bytes / bytes_per_token),
        }
    }

    /// Cosines and sines of each new token's position, `[tokens, head_dim / 2]`.
    fn angles(&self, batch: &[Advance<'_, CachedSequence>]) -> (Vec<f32>, Vec<f32>) {
        let half = self.attention.head_dim / 2;
        let tokens: usize = batch.iter().map(|entry| entry.tokens.len()).sum();
        let (mut cos, mut sin) = (vec![0.0; tokens * half], vec![0.0; tokens * half]);
        let positions = batch
            .iter()
            .flat_map(|entry| entry.row.length()..entry.row.length() + entry.tokens.len());
        for ((position, cos), sin) in positions.zip(cos.chunks_mut(half)).zip(sin.chunks_mut(half)) {
            self.rotary.write_angles(position, cos, sin);
        }
        (cos, sin)
    }
}

impl Engine for CpuEngine {
    type Row = CachedSequence;

    fn vocab_size(&self) -> usize {
        self.embedding.rows()
    }

    fn open(&mut self, prompt: &[u32]) -> (CachedSequence, usize) {
        let row = CachedSequence::new(self.prefixes.longest_prefix(prompt), self.layers.len());
        let known = row.length();
        (row, known)
    }

    fn advance(&mut self, batch: &mut [Advance<'_, CachedSequence>]) -> Result<Vec<f32>> {
        let hidden = self.final_norm.len();
        let tokens: Vec<u32> = batch.iter().flat_map(|entry| entry.tokens.iter().copied()).collect();
        let mut stream = vec![0.0; tokens.len() * hidden];
        for (token, row) in tokens.iter().zip(stream.chunks_mut(hidden)) {
            self.embedding.copy_row(*token as usize, row);
        }
        let (cos, sin) = self.angles(batch);
        let shape = StepShape {
            attention: self.attention,
            epsilon: self.epsilon,
            cos: &cos,
            sin: &sin,
        };
        for (number, layer) in self.layers.iter().enumerate() {
            layer.forward(number, &mut stream, &shape, batch);
        }
        let mut last = Vec::with_capacity(batch.len() * hidden);
        let mut end = 0;
        for entry in batch.iter_mut() {
            end += entry.tokens.len();
            last.extend_from_slice(&stream[(end - 1) * hidden..end * hidden]);
            entry.row.advance(entry.tokens.len());
        }
        vector::rms_norm_rows(&mut last, &self.final_norm, self.epsilon);
        Ok(self.head.as_ref().unwrap_or(&self.embedding).times(&last))
    }

    fn remember(&mut self, prompt: &[u32], row: &mut CachedSequence) {
        self.prefixes.remember(prompt, row);
    }
}
