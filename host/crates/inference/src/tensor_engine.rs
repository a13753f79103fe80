//! Generation by tensor operations, on any device.
//!
//! The new tokens of a step's rows are one tensor, whatever their number in each row; only attention sees rows apart. Keys and values stay on
//! the device, in pages, and what a step gives comes back in one read.

mod attention;
mod key_values;
mod outcome;
mod page_pool;

use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::Tensor;
use nl2sql_model::AdapterConfig;
use nl2sql_model::decoder::{Decoder, token_tensor};

use self::attention::PagedAttention;
use self::key_values::KeyValues;
use self::page_pool::{PAGE_POSITIONS, Page, PagePool};
use crate::error::{InferenceError, Result};
use crate::{AdapterId, Advance, Advanced, Engine, Wanted};

/// Settings of the engine.
#[derive(Debug, Clone, Copy)]
pub struct TensorOptions {
    /// Most memory for keys and values, in bytes. It is taken as rows need it.
    pub key_value_bytes: usize,
}

impl Default for TensorOptions {
    fn default() -> Self {
        Self {
            key_value_bytes: 4 << 30,
        }
    }
}

/// A decoder with keys and values on its device.
#[derive(Debug)]
pub struct TensorEngine {
    decoder: Arc<Decoder>,
    /// The decoder with each adapter; what they have in common is held once.
    adapted: BTreeMap<AdapterId, Arc<Decoder>>,
    pool: PagePool,
    key_values: KeyValues,
    /// Logits of the last step, `[rows that want something, vocab]`.
    logits: Option<Tensor<2>>,
    /// The place in its batch of each of their rows.
    places: Vec<usize>,
}

/// One row of the engine.
#[derive(Debug)]
pub struct TensorRow {
    decoder: Arc<Decoder>,
    pages: Vec<Page>,
    /// Pages that hold nothing of rows that had them before.
    cleared: usize,
    /// Positions held.
    length: usize,
}

impl TensorRow {
    /// The page and the place in it of a position.
    fn slot(&self, position: usize) -> usize {
        self.pages[position / PAGE_POSITIONS].number() * PAGE_POSITIONS + position % PAGE_POSITIONS
    }
}

impl TensorEngine {
    /// An engine over a decoder, adapters included.
    pub fn new(decoder: Decoder, options: TensorOptions) -> Self {
        let config = &decoder.config;
        let width = config.num_key_value_heads * config.head_dim;
        let position_bytes = config.num_hidden_layers * 2 * width * decoder.final_norm.scale.dtype().size();
        Self {
            pool: PagePool::new(options.key_value_bytes / (PAGE_POSITIONS * position_bytes)),
            key_values: KeyValues::new(config.num_hidden_layers),
            decoder: Arc::new(decoder),
            adapted: BTreeMap::new(),
            logits: None,
            places: Vec::new(),
        }
    }

    /// Feeds rows of one adapter; gives logits `[rows that want something, vocab]`.
    fn forward(&mut self, rows: &[&Advance<'_, TensorRow>]) -> Option<Tensor<2>> {
        let decoder = rows.first()?.row.decoder.clone();
        let device = decoder.device();
        let tokens: Vec<u32> = rows.iter().flat_map(|entry| entry.tokens).copied().collect();
        let positions = rows.iter().flat_map(|entry| new_positions(entry)).collect();
        let angles = decoder.rotary.angles(&[positions], &device);
        self.key_values.make_room(&self.pool);
        let mut attend = PagedAttention::new(&mut self.key_values, rows, &device);
        let count = tokens.len();
        let hidden = decoder.hidden_states_with(token_tensor(&[tokens], count, &device), &angles, &mut attend);
        let mut end = 0;
        let ends: Vec<usize> = rows
            .iter()
            .filter_map(|entry| {
                end += entry.tokens.len();
                (entry.wanted != Wanted::Nothing).then_some(end - 1)
            })
            .collect();
        (!ends.is_empty()).then(|| decoder.logits_at(hidden, &ends))
    }
}

/// Positions of a row's new tokens.
fn new_positions(entry: &Advance<'_, TensorRow>) -> std::ops::Range<usize> {
    entry.row.length..entry.row.length + entry.tokens.len()
}

/// Places of the rows of each adapter, in the order of the batch.
fn groups_of(batch: &[Advance<'_, TensorRow>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (place, entry) in batch.iter().enumerate() {
        let same = |group: &&mut Vec<usize>| Arc::ptr_eq(&batch[group[0]].row.decoder, &entry.row.decoder);
        match groups.iter_mut().find(same) {
            Some(group) => group.push(place),
            None => groups.push(vec![place]),
        }
    }
    groups
}

impl Engine for TensorEngine {
    type Row = TensorRow;

    fn vocab_size(&self) -> usize {
        self.decoder.config.vocab_size
    }

    fn open(&mut self, _prompt: &[u32], adapter: Option<AdapterId>) -> (TensorRow, usize) {
        let adapted = adapter.and_then(|id| self.adapted.get(&id));
        let row = TensorRow {
            decoder: adapted.unwrap_or(&self.decoder).clone(),
            pages: Vec::new(),
            cleared: 0,
            length: 0,
        };
        (row, 0)
    }

    fn advance(&mut self, batch: &mut [Advance<'_, TensorRow>]) -> Result<Advanced> {
        for entry in batch.iter_mut() {
            if !self.reserve(entry.row, entry.tokens.len()) {
                return Err(InferenceError::OutOfMemory);
            }
        }
        let groups = groups_of(batch);
        let logits: Vec<Tensor<2>> = groups
            .iter()
            .filter_map(|group| self.forward(&group.iter().map(|place| &batch[*place]).collect::<Vec<_>>()))
            .collect();
        for entry in batch.iter_mut() {
            entry.row.length += entry.tokens.len();
            entry.row.cleared = entry.row.pages.len();
        }
        let wanting = groups.into_iter().flatten();
        self.places = wanting
            .filter(|place| batch[*place].wanted != Wanted::Nothing)
            .collect();
        self.logits = None;
        if logits.is_empty() {
            return Ok(Advanced::default());
        }
        let logits = Tensor::cat(logits, 0);
        self.logits = Some(logits.clone());
        let mut rows: Vec<(usize, usize)> = self.places.iter().copied().enumerate().collect();
        rows.sort_by_key(|(_, place)| *place);
        let rows = rows.into_iter().map(|(row, place)| (row, &batch[place].wanted));
        outcome::read(logits, &rows.collect::<Vec<_>>())
    }

    fn recall(&mut self, places: &[usize]) -> Result<Vec<f32>> {
        let row = |place: &usize| self.places.iter().position(|known| known == place);
        let rows = places.iter().filter_map(row).map(|row| (row, &Wanted::Logits));
        let rows: Vec<(usize, &Wanted)> = rows.collect();
        match &self.logits {
            Some(logits) => Ok(outcome::read(logits.clone(), &rows)?.logits),
            None => Ok(Vec::new()),
        }
    }

    fn chooses(&self) -> bool {
        true
    }

    fn reserve(&mut self, row: &mut TensorRow, positions: usize) -> bool {
        let needed = (row.length + positions).div_ceil(PAGE_POSITIONS);
        while row.pages.len() < needed {
            match self.pool.take() {
                Some(page) => row.pages.push(page),
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

    fn attach(&mut self, id: AdapterId, decoder: &Decoder, _config: &AdapterConfig) -> Result<()> {
        self.adapted.insert(id, Arc::new(decoder.clone()));
        Ok(())
    }

    fn detach(&mut self, id: AdapterId) {
        self.adapted.remove(&id);
    }
}
