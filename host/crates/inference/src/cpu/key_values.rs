//! Keys and values of sequences; a prefix that several sequences share is held once.

use std::sync::Arc;

/// Keys and values of consecutive positions, per layer `[positions, key_value_heads * head_dim]`.
#[derive(Debug, Default)]
pub(super) struct Segment {
    keys: Vec<Vec<f32>>,
    values: Vec<Vec<f32>>,
}

/// The first positions of a segment.
#[derive(Debug, Clone)]
pub(super) struct SharedSegment {
    pub(super) segment: Arc<Segment>,
    pub(super) length: usize,
}

/// One sequence: shared segments, then its own.
#[derive(Debug)]
pub struct CachedSequence {
    shared: Vec<SharedSegment>,
    own: Segment,
    own_length: usize,
}

/// Consecutive keys and values of one layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerSlice<'a> {
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
}

impl Segment {
    fn new(layers: usize) -> Self {
        Self {
            keys: vec![Vec::new(); layers],
            values: vec![Vec::new(); layers],
        }
    }
}

impl CachedSequence {
    pub(super) fn new(shared: Vec<SharedSegment>, layers: usize) -> Self {
        Self {
            shared,
            own: Segment::new(layers),
            own_length: 0,
        }
    }

    /// Positions held in every layer.
    pub(super) fn length(&self) -> usize {
        self.shared.iter().map(|part| part.length).sum::<usize>() + self.own_length
    }

    /// Adds keys and values of new positions to one layer.
    pub(super) fn append(&mut self, layer: usize, keys: &[f32], values: &[f32]) {
        self.own.keys[layer].extend_from_slice(keys);
        self.own.values[layer].extend_from_slice(values);
    }

    /// Counts new positions once every layer has them.
    pub(super) fn advance(&mut self, positions: usize) {
        self.own_length += positions;
    }

    /// All keys and values of a layer, in order; `width` is that of one position.
    pub(super) fn layer(&self, layer: usize, width: usize) -> Vec<LayerSlice<'_>> {
        let shared = self.shared.iter().map(|part| LayerSlice {
            keys: &part.segment.keys[layer][..part.length * width],
            values: &part.segment.values[layer][..part.length * width],
        });
        let own = LayerSlice {
            keys: &self.own.keys[layer],
            values: &self.own.values[layer],
        };
        shared.chain(std::iter::once(own)).collect()
    }

    /// Turns the row's own positions into a shared segment, and gives the whole chain.
    pub(super) fn share(&mut self) -> Vec<SharedSegment> {
        if self.own_length > 0 {
            let layers = self.own.keys.len();
            let segment = std::mem::replace(&mut self.own, Segment::new(layers));
            self.shared.push(SharedSegment {
                segment: Arc::new(segment),
                length: std::mem::take(&mut self.own_length),
            });
        }
        self.shared.clone()
    }
}
