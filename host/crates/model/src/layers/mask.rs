//! Which key positions a query may see.

use std::ops::Range;

use burn::tensor::{Bool, Device, Int, Tensor};

/// Boolean mask of shape `[rows or 1, 1, queries, keys]`; `true` hides a key.
#[derive(Debug, Clone)]
pub struct AttentionMask {
    /// The mask itself.
    pub hidden: Tensor<4, Bool>,
}

impl AttentionMask {
    /// Every query sees itself and what came before it, as far as a window reaches. Enough for right-padded rows too: padding is only
    /// seen from padding.
    pub fn causal(length: usize, window: Option<usize>, device: &Device) -> Self {
        Self::causal_block(0..length, 0..length, window, device)
    }

    /// Causal attention of the queries at some positions to the keys at others. Made on the device.
    pub fn causal_block(queries: Range<usize>, keys: Range<usize>, window: Option<usize>, device: &Device) -> Self {
        let positions = |range: &Range<usize>| Tensor::<1, Int>::arange(range.start as i64..range.end as i64, device);
        Self::of_positions(
            positions(&queries).reshape([1, 1, queries.len(), 1]),
            positions(&keys).reshape([1, 1, 1, keys.len()]),
            window,
        )
    }

    /// Causal attention of queries at positions `[rows, 1, queries, 1]` to keys at positions `[rows, 1, 1, keys]`.
    pub fn of_positions(queries: Tensor<4, Int>, keys: Tensor<4, Int>, window: Option<usize>) -> Self {
        let shape = [queries.dims()[0], 1, queries.dims()[2], keys.dims()[3]];
        let (seen, seen_from) = (keys.expand(shape), queries.expand(shape));
        let later = seen.clone().greater(seen_from.clone());
        Self {
            hidden: match window {
                Some(window) => later.bool_or(seen.lower_equal(seen_from - window as i64)),
                None => later,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_of_three_hides_the_third_position_before_a_query() {
        let device = Device::flex();
        let hidden = |queries, keys, window| {
            let mask = AttentionMask::causal_block(queries, keys, window, &device);
            mask.hidden.into_data().iter::<bool>().collect::<Vec<bool>>()
        };
        assert_eq!(
            hidden(4..6, 1..6, Some(3)),
            [true, false, false, false, true, true, true, false, false, false]
        );
        assert_eq!(hidden(4..6, 3..6, None), [false, false, true, false, false, false]);
    }
}
