//! Attention of rows of any length to their pages.

use std::ops::Range;

use burn::tensor::{Device, Int, Tensor, TensorData};
use nl2sql_model::architecture::AttentionRule;
use nl2sql_model::layers::{Attend, AttentionMask, scaled_dot_product};

use super::key_values::{KeyValues, LayerPages, Places};
use super::page_pool::PAGE_POSITIONS;
use super::{TensorRow, new_positions};
use crate::Advance;

/// One step's attention. The new tokens of all rows lie one after the other.
pub(super) struct PagedAttention<'a> {
    key_values: &'a mut KeyValues,
    places: Places,
    groups: Vec<RowGroup>,
    /// Of each token, its place in what the groups give; `None` where that is its own.
    back: Option<Tensor<1, Int>>,
    device: Device,
}

/// Rows that attend together, padded to the longest: shorter ones repeat their last query and their last page.
struct RowGroup {
    rows: Vec<GroupRow>,
    /// Queries of the longest row.
    queries: usize,
    /// Of each query, its token; `None` where these are all tokens in their order.
    tokens: Option<Tensor<1, Int>>,
    /// What layers of each window see.
    reaches: Vec<(Option<usize>, Reach)>,
}

struct GroupRow {
    /// Of its first query among the tokens of the step.
    start: usize,
    positions: Range<usize>,
    pages: Vec<usize>,
}

/// The pages that the rows of a group see, and which of their positions.
#[derive(Clone)]
struct Reach {
    table: Tensor<1, Int>,
    mask: AttentionMask,
}

impl<'a> PagedAttention<'a> {
    pub(super) fn new(key_values: &'a mut KeyValues, rows: &[&Advance<'_, TensorRow>], device: &Device) -> Self {
        let mut start = 0;
        let mut groups: Vec<Vec<GroupRow>> = Vec::new();
        for entry in rows {
            let row = GroupRow {
                start,
                positions: new_positions(entry),
                pages: entry.row.pages.iter().map(|page| page.number()).collect(),
            };
            start += entry.tokens.len();
            match groups.iter_mut().find(|group| pads_little(group, &row)) {
                Some(group) => group.push(row),
                None => groups.push(vec![row]),
            }
        }
        let groups = groups.into_iter().map(|rows| RowGroup::new(rows, start, device));
        let groups: Vec<RowGroup> = groups.collect();
        Self {
            key_values,
            places: places(rows, device),
            back: places_back(&groups, start, device),
            groups,
            device: device.clone(),
        }
    }
}

/// Whether at most half of what the rows of a group multiply would be padding, had it this row too. One long prompt would else take every answer's
/// time and memory.
fn pads_little(group: &[GroupRow], row: &GroupRow) -> bool {
    let rows = || group.iter().chain([row]);
    let queries = rows().map(|row| row.positions.len()).max().unwrap_or(0);
    let pages = rows().map(|row| row.pages.len()).max().unwrap_or(0);
    let needed: usize = rows().map(|row| row.positions.len() * row.pages.len()).sum();
    rows().count() * queries * pages <= 2 * needed
}

/// Slots of the new tokens, and pages that are new to their rows.
fn places(rows: &[&Advance<'_, TensorRow>], device: &Device) -> Places {
    let slots = rows
        .iter()
        .flat_map(|entry| new_positions(entry).map(|position| entry.row.slot(position)));
    let taken = rows.iter().flat_map(|entry| &entry.row.pages[entry.row.cleared..]);
    let taken: Vec<usize> = taken.map(|page| page.number()).collect();
    Places {
        slots: indices(slots.collect(), device),
        taken: (!taken.is_empty()).then(|| indices(taken, device)),
    }
}

/// Where each of `tokens` tokens lies in the contexts of the groups, one after the other.
fn places_back(groups: &[RowGroup], tokens: usize, device: &Device) -> Option<Tensor<1, Int>> {
    if let [only] = groups
        && only.tokens.is_none()
    {
        return None;
    }
    let mut back = vec![0; tokens];
    let mut place = 0;
    for group in groups {
        for row in &group.rows {
            for (number, token) in back[row.start..row.start + row.positions.len()].iter_mut().enumerate() {
                *token = place + number;
            }
            place += group.queries;
        }
    }
    Some(indices(back, device))
}

fn indices(values: Vec<usize>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    let values: Vec<i64> = values.into_iter().map(|value| value as i64).collect();
    Tensor::from_data(TensorData::new(values, [count]), device)
}

impl RowGroup {
    /// Rows of a step of `tokens` tokens.
    fn new(rows: Vec<GroupRow>, tokens: usize, device: &Device) -> Self {
        let queries = rows.iter().map(|row| row.positions.len()).max().unwrap_or(0);
        let mut group = Self {
            rows,
            queries,
            tokens: None,
            reaches: Vec::new(),
        };
        let places = group.each_query(|row, query| row.start + query);
        if !places.iter().copied().eq(0..tokens) {
            group.tokens = Some(indices(places, device));
        }
        group
    }

    /// Something of every query, row by row.
    fn each_query(&self, of: impl Fn(&GroupRow, usize) -> usize) -> Vec<usize> {
        let of = &of;
        let rows = self.rows.iter().flat_map(|row| {
            let last = row.positions.len() - 1;
            (0..self.queries).map(move |query| of(row, query.min(last)))
        });
        rows.collect()
    }

    /// What a layer of this rule sees.
    fn reach(&mut self, rule: AttentionRule, device: &Device) -> Reach {
        if let Some((_, reach)) = self.reaches.iter().find(|(known, _)| *known == rule.window) {
            return reach.clone();
        }
        let reach = self.make_reach(rule, device);
        self.reaches.push((rule.window, reach.clone()));
        reach
    }

    /// Pages before a window are left out; rows with fewer pages than others repeat their last one, whose repetitions are hidden.
    fn make_reach(&self, rule: AttentionRule, device: &Device) -> Reach {
        let first_page = |row: &GroupRow| rule.first_seen(row.positions.start) / PAGE_POSITIONS;
        let pages = self.rows.iter().map(|row| row.pages.len() - first_page(row));
        let pages = pages.max().unwrap_or(0);
        let rows = self.rows.len();
        let table = self.rows.iter().flat_map(|row| {
            let (first, last) = (first_page(row), row.pages.len() - 1);
            (first..first + pages).map(move |page| row.pages[page.min(last)])
        });
        let starts = self.rows.iter().map(|row| first_page(row) * PAGE_POSITIONS);
        let starts = indices(starts.collect(), device).reshape([rows, 1, 1, 1]);
        let keys = Tensor::<1, Int>::arange(0..(pages * PAGE_POSITIONS) as i64, device);
        let keys = keys.reshape([1, 1, 1, pages * PAGE_POSITIONS]);
        let queries = self.each_query(|row, query| row.positions.start + query);
        let queries = indices(queries, device).reshape([rows, 1, self.queries, 1]);
        Reach {
            table: indices(table.collect(), device),
            mask: AttentionMask::of_positions(queries, starts + keys, rule.window),
        }
    }

    /// Contexts `[1, heads, queries of all rows, head_dim]`.
    fn attend(
        &mut self,
        rule: AttentionRule,
        queries: Tensor<4>,
        key_value_heads: usize,
        pages: &LayerPages,
        device: &Device,
    ) -> Tensor<4> {
        let reach = self.reach(rule, device);
        let queries = match &self.tokens {
            Some(tokens) => queries.select(2, tokens.clone()),
            None => queries,
        };
        let [_, heads, count, width] = queries.dims();
        let rows = self.rows.len();
        let queries = queries.reshape([heads, rows, self.queries, width]).swap_dims(0, 1);
        let [keys, values] = pages.gather(&reach.table, [rows, key_value_heads, width]);
        let contexts = scaled_dot_product(queries, keys, values, rule.scale, &reach.mask);
        contexts.swap_dims(0, 1).reshape([1, heads, count, width])
    }
}

impl Attend for PagedAttention<'_> {
    fn attend(
        &mut self,
        layer: usize,
        rule: AttentionRule,
        queries: Tensor<4>,
        keys: Tensor<4>,
        values: Tensor<4>,
    ) -> Tensor<4> {
        let heads = keys.dims()[1];
        let pages = self.key_values.write(layer, &self.places, keys, values);
        let groups = self.groups.iter_mut();
        let contexts = groups.map(|group| group.attend(rule, queries.clone(), heads, pages, &self.device));
        let mut contexts: Vec<Tensor<4>> = contexts.collect();
        match &self.back {
            Some(back) => Tensor::cat(contexts, 2).select(2, back.clone()),
            // There is one group, and it has all tokens in their order.
            None => contexts.swap_remove(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(queries: usize, pages: usize) -> GroupRow {
        let end = pages * PAGE_POSITIONS;
        GroupRow {
            start: 0,
            positions: end - queries..end,
            pages: vec![0; pages],
        }
    }

    #[test]
    fn rows_of_like_size_attend_together() {
        let answers = [row(1, 3), row(1, 6), row(1, 4)];
        assert!(pads_little(&answers, &row(1, 2)));
        assert!(!pads_little(&answers, &row(1, 200)), "a long answer");
        assert!(!pads_little(&answers, &row(100, 4)), "a prompt");
        assert!(pads_little(&[row(100, 4)], &row(70, 3)));
    }
}
