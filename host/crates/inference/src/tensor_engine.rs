//! Generation by tensor operations, on any device.

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::{Device, Tensor};

use crate::error::{InferenceError, Result};
use crate::{AdapterId, Advance, Engine};
use nl2sql_model::AdapterConfig;
use nl2sql_model::architecture::AttentionRule;
use nl2sql_model::decoder::{Decoder, token_tensor};
use nl2sql_model::layers::{Attend, AttentionMask, scaled_dot_product};

/// Runs a decoder row by row with keys and values kept on the device.
#[derive(Debug)]
pub struct TensorEngine {
    decoder: Decoder,
    /// The decoder with each adapter; what they have in common is held once.
    adapted: BTreeMap<AdapterId, Arc<Decoder>>,
}

impl TensorEngine {
    /// An engine over a decoder, adapters included.
    pub fn new(decoder: Decoder) -> Self {
        Self {
            decoder,
            adapted: BTreeMap::new(),
        }
    }
}

/// Keys and values of a row: per layer two tensors `[1, key_value_heads, capacity, head_dim]`, grown by doubling.
#[derive(Debug, Default)]
pub struct CachedRow {
    /// A decoder of the row's own, which an adapter brought.
    adapted: Option<Arc<Decoder>>,
    layers: Vec<(Tensor<4>, Tensor<4>)>,
    length: usize,
}

/// Smallest number of positions a cache is made for.
const MIN_CAPACITY: usize = 64;

impl CachedRow {
    /// Appends new keys and values to a layer and gives all of them.
    fn append(&mut self, layer: usize, keys: Tensor<4>, values: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let added = keys.dims()[2];
        let needed = self.length + added;
        if layer == self.layers.len() {
            let [rows, heads, _, width] = keys.dims();
            let empty = Tensor::zeros([rows, heads, needed.max(MIN_CAPACITY), width], &keys.device());
            self.layers.push((empty.clone(), empty));
        }
        let slot = std::mem::replace(&mut self.layers[layer], (keys.clone(), values.clone()));
        let write = |cache: Tensor<4>, new: Tensor<4>| {
            let [rows, heads, capacity, width] = cache.dims();
            let cache = if capacity < needed {
                let more = Tensor::zeros(
                    [rows, heads, needed.max(2 * capacity) - capacity, width],
                    &cache.device(),
                );
                Tensor::cat(vec![cache, more], 2)
            } else {
                cache
            };
            cache.slice_assign([0..rows, 0..heads, self.length..needed, 0..width], new)
        };
        let (keys, values) = (write(slot.0, keys), write(slot.1, values));
        self.layers[layer] = (keys.clone(), values.clone());
        (keys.narrow(2, 0, needed), values.narrow(2, 0, needed))
    }
}

struct CachedAttention<'a> {
    row: &'a mut CachedRow,
    /// The mask of each window that layers asked for.
    masks: Vec<(Option<usize>, AttentionMask)>,
}

impl CachedAttention<'_> {
    /// Hides from new queries what comes after them, and what a window does not reach.
    fn mask(&mut self, added: usize, window: Option<usize>, device: &Device) -> AttentionMask {
        if let Some((_, mask)) = self.masks.iter().find(|(known, _)| *known == window) {
            return mask.clone();
        }
        let past = self.row.length;
        let mask = AttentionMask::causal_block(past..past + added, 0..past + added, window, device);
        self.masks.push((window, mask.clone()));
        mask
    }
}

impl Attend for CachedAttention<'_> {
    fn attend(
        &mut self,
        layer: usize,
        rule: AttentionRule,
        queries: Tensor<4>,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> Tensor<4> {
        let mask = self.mask(queries.dims()[2], rule.window, &queries.device());
        let (keys, values) = self.row.append(layer, keys, values);
        scaled_dot_product(queries, keys, values, rule.scale, &mask)
    }
}

impl Engine for TensorEngine {
    type Row = CachedRow;

    fn vocab_size(&self) -> usize {
        self.decoder.config.vocab_size
    }

    fn open(&mut self, _prompt: &[u32], adapter: Option<AdapterId>) -> (CachedRow, usize) {
        let row = CachedRow {
            adapted: adapter.and_then(|id| self.adapted.get(&id).cloned()),
            ..CachedRow::default()
        };
        (row, 0)
    }

    fn advance(&mut self, batch: &mut [Advance<'_, CachedRow>]) -> Result<Vec<f32>> {
        let device = self.decoder.device();
        let mut logits = Vec::with_capacity(batch.len() * self.vocab_size());
        for entry in batch {
            let (past, added) = (entry.row.length, entry.tokens.len());
            let tokens = token_tensor(&[entry.tokens.to_vec()], added, &device);
            let adapted = entry.row.adapted.clone();
            let decoder = adapted.as_deref().unwrap_or(&self.decoder);
            let angles = decoder.rotary.angles(&[(past..past + added).collect()], &device);
            let mut attend = CachedAttention {
                row: entry.row,
                masks: Vec::new(),
            };
            let hidden = decoder.hidden_states_with(tokens, &angles, &mut attend);
            entry.row.length += added;
            if !entry.wants_logits {
                continue;
            }
            let row = decoder.logits_at(hidden, &[added - 1]);
            let data = row.inner().into_data().convert::<f32>();
            let values = data.as_slice::<f32>().map_err(|error| InferenceError::Logits {
                reason: format!("{error:?}"),
            })?;
            logits.extend_from_slice(values);
        }
        Ok(logits)
    }

    fn remember(&mut self, _prompt: &[u32], _row: &mut CachedRow) {}

    fn attach(&mut self, id: AdapterId, decoder: &Decoder, _config: &AdapterConfig) -> Result<()> {
        self.adapted.insert(id, Arc::new(decoder.clone()));
        Ok(())
    }

    fn detach(&mut self, id: AdapterId) {
        self.adapted.remove(&id);
    }
}
