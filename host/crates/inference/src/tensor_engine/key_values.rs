//! Keys and values of all rows on the device, in pages.

use burn::tensor::{IndexingUpdateOp, Int, Tensor};

use super::page_pool::{PAGE_POSITIONS, PagePool};

/// Pages that memory is taken for at first.
const FIRST_PAGES: usize = 16;

/// Of each layer, two tensors `[pages * positions, key_value_heads * head_dim]`, made when the layer first has something to keep.
#[derive(Debug)]
pub(super) struct KeyValues {
    layers: Vec<Option<LayerPages>>,
    /// Pages that there is room for.
    pages: usize,
}

/// Keys and values of a layer.
#[derive(Debug)]
pub(super) struct LayerPages {
    keys: Tensor<2>,
    values: Tensor<2>,
}

/// Where a step's keys and values go.
#[derive(Debug)]
pub(super) struct Places {
    /// The slot of each new token: its page's number times the positions of a page, and its place there.
    pub(super) slots: Tensor<1, Int>,
    /// Pages that rows did not have before.
    pub(super) taken: Option<Tensor<1, Int>>,
}

impl KeyValues {
    pub(super) fn new(layers: usize) -> Self {
        Self {
            layers: (0..layers).map(|_| None).collect(),
            pages: 0,
        }
    }

    /// Makes room for every page that is in use, by doubling.
    pub(super) fn make_room(&mut self, pool: &PagePool) {
        if self.pages < pool.opened() {
            let wished = pool.opened().max(2 * self.pages).max(FIRST_PAGES);
            self.pages = wished.min(pool.limit());
        }
    }

    /// Keeps keys and values `[1, heads, tokens, head_dim]` of a layer, and gives all of its pages.
    pub(super) fn write(&mut self, layer: usize, places: &Places, keys: Tensor<4>, values: Tensor<4>) -> &LayerPages {
        let (keys, values) = (token_rows(keys), token_rows(values));
        // Taken out, so that nobody else holds the pages: the device writes into them and copies nothing then.
        let kept = self.layers[layer].take();
        let (old_keys, old_values) = kept.map(|kept| (kept.keys, kept.values)).unzip();
        let old_keys = with_room(old_keys, self.pages, &keys);
        let mut old_values = with_room(old_values, self.pages, &values);
        if let Some(taken) = &places.taken {
            old_values = cleared(old_values, taken.clone());
        }
        let write = |pages: Tensor<2>, new| pages.select_assign(0, places.slots.clone(), new, IndexingUpdateOp::Assign);
        self.layers[layer].insert(LayerPages {
            keys: write(old_keys, keys),
            values: write(old_values, values),
        })
    }
}

impl LayerPages {
    /// Keys and values `[rows, heads, pages of a row * positions, head_dim]` of the pages in a table of `rows` rows.
    pub(super) fn gather(&self, table: &Tensor<1, Int>, [rows, heads, width]: [usize; 3]) -> [Tensor<4>; 2] {
        let positions = table.dims()[0] / rows * PAGE_POSITIONS;
        [&self.keys, &self.values].map(|slots| {
            let pages = by_page(slots.clone()).select(0, table.clone());
            pages.reshape([rows, positions, heads, width]).swap_dims(1, 2)
        })
    }
}

/// `[1, heads, tokens, head_dim]` as `[tokens, heads * head_dim]`.
fn token_rows(x: Tensor<4>) -> Tensor<2> {
    let [_, heads, tokens, width] = x.dims();
    x.swap_dims(1, 2).reshape([tokens, heads * width])
}

/// Slots as pages, `[pages, positions * width]`.
fn by_page(slots: Tensor<2>) -> Tensor<2> {
    let [count, width] = slots.dims();
    slots.reshape([count / PAGE_POSITIONS, PAGE_POSITIONS * width])
}

/// Slots of `pages` pages, the first of which are kept, for more of the kind of `new`.
fn with_room(kept: Option<Tensor<2>>, pages: usize, new: &Tensor<2>) -> Tensor<2> {
    let count = kept.as_ref().map_or(0, |slots| slots.dims()[0]);
    let more = pages * PAGE_POSITIONS - count;
    let zeros = || Tensor::zeros([more, new.dims()[1]], (&new.device(), new.dtype()));
    match kept {
        Some(slots) if more == 0 => slots,
        Some(slots) => Tensor::cat(vec![slots, zeros()], 0),
        None => zeros(),
    }
}

/// Values behind a row's end are multiplied by zero, which is not enough where another row left something infinite.
fn cleared(slots: Tensor<2>, taken: Tensor<1, Int>) -> Tensor<2> {
    let [count, width] = slots.dims();
    let zeros = Tensor::zeros(
        [taken.dims()[0], PAGE_POSITIONS * width],
        (&slots.device(), slots.dtype()),
    );
    by_page(slots)
        .select_assign(0, taken, zeros, IndexingUpdateOp::Assign)
        .reshape([count, width])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;

    fn indices(values: &[i64]) -> Tensor<1, Int> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
    }

    fn filled(value: f32, tokens: usize) -> Tensor<4> {
        Tensor::full([1, 2, tokens, 3], value, &Device::flex())
    }

    #[test]
    fn a_page_that_changes_its_row_keeps_no_values() {
        let pool = PagePool::new(4);
        let page = pool.take();
        let mut kept = KeyValues::new(1);
        kept.make_room(&pool);
        let slots = [3, 7];
        let places = Places {
            slots: indices(&slots),
            taken: None,
        };
        kept.write(0, &places, filled(1.0, 2), filled(f32::INFINITY, 2));
        drop(page);
        let places = Places {
            slots: indices(&[0]),
            taken: Some(indices(&[0])),
        };
        let pages = kept.write(0, &places, filled(2.0, 1), filled(5.0, 1));
        let [keys, values] = pages.gather(&indices(&[0, 0]), [1, 2, 3]);
        assert_eq!(keys.dims(), [1, 2, 2 * PAGE_POSITIONS, 3]);
        let values: Vec<f32> = values.into_data().iter().collect();
        // Of both heads and both times that the page is in the table.
        assert_eq!(values.iter().filter(|value| **value == 5.0).count(), 2 * 2 * 3);
        assert!(values.iter().all(|value| *value == 5.0 || *value == 0.0));
    }
}
