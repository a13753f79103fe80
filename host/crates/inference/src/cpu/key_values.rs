//! Keys and values of sequences, in pages of a bounded pool; pages of a common prefix are held once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Positions of a page; whole tiles of attention's products.
pub(super) const PAGE_POSITIONS: usize = 32;

/// What pages are cut to, and how many there may be.
#[derive(Debug)]
pub(super) struct PagePool {
    layers: usize,
    /// Width of a position's keys in one layer.
    width: usize,
    limit: usize,
    used: Arc<AtomicUsize>,
}

/// Keys and values of consecutive positions, `[layers, 2, positions, width]`.
#[derive(Debug)]
pub(super) struct Page {
    values: Vec<f32>,
    used: Arc<AtomicUsize>,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.used.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PagePool {
    /// A pool of as many pages as fit into `bytes`, and at least one.
    pub(super) fn new(layers: usize, width: usize, bytes: usize) -> Self {
        Self {
            layers,
            width,
            limit: (bytes / page_bytes(layers, width)).max(1),
            used: Arc::default(),
        }
    }

    /// A page, unless all are in use.
    pub(super) fn take(&self) -> Option<Page> {
        // One thread takes pages; others only give them back.
        if self.used.load(Ordering::Relaxed) >= self.limit {
            return None;
        }
        self.used.fetch_add(1, Ordering::Relaxed);
        Some(Page {
            values: vec![0.0; self.layers * 2 * PAGE_POSITIONS * self.width],
            used: self.used.clone(),
        })
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// Bytes of a page.
pub(super) fn page_bytes(layers: usize, width: usize) -> usize {
    layers * 2 * PAGE_POSITIONS * width * size_of::<f32>()
}

impl Page {
    /// Where the keys of a layer begin; its values follow them.
    fn start(layer: usize, width: usize) -> usize {
        layer * 2 * PAGE_POSITIONS * width
    }

    fn write(&mut self, layer: usize, position: usize, keys: &[f32], values: &[f32], width: usize) {
        let start = Self::start(layer, width) + position * width;
        self.values[start..start + keys.len()].copy_from_slice(keys);
        let start = start + PAGE_POSITIONS * width;
        self.values[start..start + values.len()].copy_from_slice(values);
    }

    fn layer(&self, layer: usize, width: usize) -> LayerSlice<'_> {
        let start = Self::start(layer, width);
        let half = PAGE_POSITIONS * width;
        LayerSlice {
            keys: &self.values[start..start + half],
            values: &self.values[start + half..start + 2 * half],
        }
    }
}

/// One sequence: whole pages that others may share, then its own.
#[derive(Debug, Default)]
pub(super) struct CachedSequence {
    shared: Vec<Arc<Page>>,
    own: Vec<Page>,
    length: usize,
}

/// Keys and values of one page in one layer; positions behind the sequence's end hold nothing yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerSlice<'a> {
    pub(super) keys: &'a [f32],
    pub(super) values: &'a [f32],
}

impl CachedSequence {
    /// A sequence that begins with shared pages.
    pub(super) fn beginning_with(shared: Vec<Arc<Page>>) -> Self {
        Self {
            length: shared.len() * PAGE_POSITIONS,
            own: Vec::new(),
            shared,
        }
    }

    /// Positions held in every layer.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// Pages that are missing for this many more positions.
    pub(super) fn missing_pages(&self, positions: usize) -> usize {
        let needed = (self.length + positions).div_ceil(PAGE_POSITIONS);
        needed.saturating_sub(self.shared.len() + self.own.len())
    }

    pub(super) fn add_page(&mut self, page: Page) {
        self.own.push(page);
    }

    /// Copies the first `positions` of another sequence's last page into a page of its own.
    pub(super) fn copy_page(&mut self, mut page: Page, other: &Page, positions: usize) {
        page.values.copy_from_slice(&other.values);
        self.own.push(page);
        self.length += positions;
    }

    /// Adds keys and values of new positions to one layer; there must be pages for them.
    pub(super) fn append(&mut self, layer: usize, keys: &[f32], values: &[f32], width: usize) {
        let mut position = self.length - self.shared.len() * PAGE_POSITIONS;
        let (mut keys, mut values) = (keys, values);
        while !keys.is_empty() {
            let within = position % PAGE_POSITIONS;
            let count = (PAGE_POSITIONS - within).min(keys.len() / width) * width;
            self.own[position / PAGE_POSITIONS].write(layer, within, &keys[..count], &values[..count], width);
            (keys, values) = (&keys[count..], &values[count..]);
            position += count / width;
        }
    }

    /// Counts new positions once every layer has them.
    pub(super) fn advance(&mut self, positions: usize) {
        self.length += positions;
    }

    /// All keys and values of a layer, in order; `width` is that of one position.
    pub(super) fn layer(&self, layer: usize, width: usize) -> Vec<LayerSlice<'_>> {
        let pages = self.shared.iter().map(AsRef::as_ref).chain(&self.own);
        pages.map(|page| page.layer(layer, width)).collect()
    }

    /// Makes the sequence's whole pages shared, and gives all of these.
    pub(super) fn share(&mut self) -> &[Arc<Page>] {
        let whole = self.length / PAGE_POSITIONS - self.shared.len();
        self.shared.extend(self.own.drain(..whole).map(Arc::new));
        &self.shared
    }

    /// The page that is not full yet, and how many positions it holds.
    pub(super) fn unfinished_page(&self) -> Option<(&Page, usize)> {
        let positions = self.length % PAGE_POSITIONS;
        let place = self.length / PAGE_POSITIONS - self.shared.len();
        (positions > 0).then(|| (&self.own[place], positions))
    }
}

/// A copy of a page in a page of the pool.
pub(super) fn copied(page: &Page, pool: &PagePool) -> Option<Page> {
    let mut copy = pool.take()?;
    copy.values.copy_from_slice(&page.values);
    Some(copy)
}
