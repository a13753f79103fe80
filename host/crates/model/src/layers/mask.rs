//! Which key positions a query may see.

use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

/// Boolean mask of shape `[rows or 1, 1, queries, keys]`; `true` hides a key.
#[derive(Debug, Clone)]
pub struct AttentionMask {
    /// The mask itself.
    pub hidden: Tensor<4, Bool>,
}

impl AttentionMask {
    /// Every query sees itself and what came before it. Enough for right-padded rows too: padding is only
    /// seen from padding.
    pub fn causal(length: usize, device: &Device) -> Self {
        Self::causal_block(0, length, device)
    }

    /// Causal attention of `queries` positions from `first` on, to all keys up to the last of them. Made on the device.
    pub fn causal_block(first: usize, queries: usize, device: &Device) -> Self {
        let last = first + queries;
        let keys = Tensor::<1, Int>::arange(0..last as i64, device).reshape([1, 1, 1, last]);
        let seen_from = Tensor::<1, Int>::arange(first as i64..last as i64, device).reshape([1, 1, queries, 1]);
        let shape = [1, 1, queries, last];
        Self {
            hidden: keys.expand(shape).greater(seen_from.expand(shape)),
        }
    }

    /// Causal attention inside segments: `segments[row][position]` numbers the packed sample a token belongs to,
    /// and no token sees another sample's.
    pub fn packed(segments: &[Vec<usize>], device: &Device) -> Self {
        let length = segments.first().map_or(0, Vec::len);
        Self::from_rule(segments.len(), length, device, |row, query, key| {
            key > query || segments[row][query] != segments[row][key]
        })
    }

    fn from_rule(rows: usize, length: usize, device: &Device, hidden: impl Fn(usize, usize, usize) -> bool) -> Self {
        let mut values = Vec::with_capacity(rows * length * length);
        for row in 0..rows {
            for query in 0..length {
                values.extend((0..length).map(|key| hidden(row, query, key)));
            }
        }
        Self {
            hidden: Tensor::from_data(TensorData::new(values, [rows, 1, length, length]), device),
        }
    }
}
