//! Keys and values of sequences, in pages of a bounded pool; pages of a common prefix are held once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::panel_product::PANEL_ROWS;

/// Positions of a page: a panel of keys, or the columns of panels of values.
pub(super) const PAGE_POSITIONS: usize = PANEL_ROWS;

/// How pages are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageShape {
    pub(super) layers: usize,
    /// Heads of keys and values.
    pub(super) heads: usize,
    pub(super) head_dim: usize,
}

impl PageShape {
    /// Bytes of a page.
    pub(super) fn bytes(self) -> usize {
        self.layers * self.layer() * size_of::<f32>()
    }

    /// Keys of a head, `[head_dim, positions]`.
    fn keys(self) -> usize {
        self.head_dim * PAGE_POSITIONS
    }

    /// Values of a head, `[panels, positions, PANEL_ROWS]`.
    fn values(self) -> usize {
        self.head_dim.next_multiple_of(PANEL_ROWS) * PAGE_POSITIONS
    }

    fn layer(self) -> usize {
        self.heads * (self.keys() + self.values())
    }
}

/// What pages are cut to, and how many there may be.
#[derive(Debug)]
pub(super) struct PagePool {
    shape: PageShape,
    limit: usize,
    used: Arc<AtomicUsize>,
}

/// Keys and values of consecutive positions; each layer has the keys of all heads, then their values.
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
    pub(super) fn new(shape: PageShape, bytes: usize) -> Self {
        Self {
            shape,
            limit: (bytes / shape.bytes()).max(1),
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
            values: vec![0.0; self.shape.layers * self.shape.layer()],
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

impl Page {
    /// Writes keys and values `[heads * head_dim]` of one position.
    fn write(&mut self, layer: usize, position: usize, keys: &[f32], values: &[f32], shape: PageShape) {
        let start = layer * shape.layer();
        let page = &mut self.values[start..start + shape.layer()];
        let (page_keys, page_values) = page.split_at_mut(shape.heads * shape.keys());
        let slots = page_keys[position..].iter_mut().step_by(PAGE_POSITIONS);
        for (slot, key) in slots.zip(keys) {
            *slot = *key;
        }
        let heads = page_values.chunks_exact_mut(shape.values());
        for (head, values) in heads.zip(values.chunks_exact(shape.head_dim)) {
            let panels = head.chunks_exact_mut(PAGE_POSITIONS * PANEL_ROWS);
            for (panel, values) in panels.zip(values.chunks(PANEL_ROWS)) {
                let slot = position * PANEL_ROWS;
                panel[slot..slot + values.len()].copy_from_slice(values);
            }
        }
    }

    fn head(&self, layer: usize, head: usize, shape: PageShape) -> HeadSlice<'_> {
        let keys = layer * shape.layer() + head * shape.keys();
        let values = layer * shape.layer() + shape.heads * shape.keys() + head * shape.values();
        HeadSlice {
            keys: &self.values[keys..keys + shape.keys()],
            values: &self.values[values..values + shape.values()],
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

/// Keys and values of one head in one page and layer; what stands behind the sequence's end means nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeadSlice<'a> {
    /// A panel `[head_dim, positions]`.
    pub(super) keys: &'a [f32],
    /// Panels `[positions, PANEL_ROWS]`, one after the other.
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

    /// Adds keys and values `[positions, heads * head_dim]` to one layer; there must be pages for them.
    pub(super) fn append(&mut self, layer: usize, keys: &[f32], values: &[f32], shape: PageShape) {
        let width = shape.heads * shape.head_dim;
        let first = self.length - self.shared.len() * PAGE_POSITIONS;
        for (number, (keys, values)) in keys.chunks_exact(width).zip(values.chunks_exact(width)).enumerate() {
            let position = first + number;
            self.own[position / PAGE_POSITIONS].write(layer, position % PAGE_POSITIONS, keys, values, shape);
        }
    }

    /// Counts new positions once every layer has them.
    pub(super) fn advance(&mut self, positions: usize) {
        self.length += positions;
    }

    /// All keys and values of a head in one layer, page after page.
    pub(super) fn head(&self, layer: usize, head: usize, shape: PageShape) -> Vec<HeadSlice<'_>> {
        let pages = self.shared.iter().map(AsRef::as_ref).chain(&self.own);
        pages.map(|page| page.head(layer, head, shape)).collect()
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
