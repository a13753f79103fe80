//! Rows compared under every order of columns, without trying every order.
//!
//! Columns are assigned one after another. An assignment is pursued only while the rows cut down to the columns assigned
//! so far form the same bag on both sides, so a wrong column is found out at once and results of dozens of columns take
//! about as many steps as they have columns.

use super::Keyed;

/// Cells looked at before the search gives up. Only columns of equal contents in different arrangements come near it.
const WORK_LIMIT: u64 = 200_000_000;

/// The search for an order of columns gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the columns can be arranged in too many ways to try them all")]
pub struct TooManyArrangements;

/// Whether some order of columns makes the bag of predicted rows a part of the bag of gold rows.
///
/// Rows come with the group they must lie in: one group for all where row order is free, the position where it is fixed,
/// the run of ties where rows are ordered. With as many rows on both sides, part means equal.
///
/// # Errors
/// [`TooManyArrangements`] when the search gave up.
pub fn same_rows(
    gold: &Keyed,
    gold_groups: &[u64],
    predicted: &Keyed,
    predicted_groups: &[u64],
) -> Result<bool, TooManyArrangements> {
    if gold.columns.len() != predicted.columns.len() || predicted.rows > gold.rows {
        return Ok(false);
    }
    let mut search = Search {
        gold,
        predicted,
        candidates: Vec::new(),
        taken: Vec::new(),
        work: 0,
    };
    search.candidates = search.possible_columns(gold_groups, predicted_groups);
    search.candidates.sort_by_key(|(_, candidates)| candidates.len());
    search.taken = vec![false; predicted.columns.len()];
    search.assign(0, gold_groups, predicted_groups)
}

struct Search<'r> {
    gold: &'r Keyed,
    predicted: &'r Keyed,
    /// Gold columns, those with the fewest candidates first, and the predicted columns each may be.
    candidates: Vec<(usize, Vec<usize>)>,
    taken: Vec<bool>,
    work: u64,
}

impl Search<'_> {
    /// Predicted columns whose values, taken alone, are among those of each gold column.
    fn possible_columns(&mut self, gold_groups: &[u64], predicted_groups: &[u64]) -> Vec<(usize, Vec<usize>)> {
        let sorted = |columns: &[Vec<u64>], groups: &[u64]| -> Vec<Vec<u64>> {
            columns.iter().map(|column| sorted_bag(groups, column)).collect()
        };
        let gold = sorted(&self.gold.columns, gold_groups);
        let predicted = sorted(&self.predicted.columns, predicted_groups);
        self.work += ((self.gold.rows + self.predicted.rows) * gold.len()) as u64;
        gold.iter()
            .map(|of_gold| {
                (0..predicted.len())
                    .filter(|at| is_part(of_gold, &predicted[*at]))
                    .collect()
            })
            .enumerate()
            .collect()
    }

    /// Assigns the gold columns from `depth` on, given a key per row of those assigned before.
    fn assign(&mut self, depth: usize, gold_rows: &[u64], predicted_rows: &[u64]) -> Result<bool, TooManyArrangements> {
        let Some((gold_column, candidates)) = self.candidates.get(depth).cloned() else {
            return Ok(true);
        };
        let gold_next = extended(gold_rows, &self.gold.columns[gold_column]);
        let mut gold_bag = gold_next.clone();
        gold_bag.sort_unstable();
        let mut tried: Vec<usize> = Vec::new();
        for column in candidates {
            let twin = |other: &usize| self.predicted.columns[*other] == self.predicted.columns[column];
            if self.taken[column] || tried.iter().any(twin) {
                continue;
            }
            self.work += (self.gold.rows + self.predicted.rows) as u64;
            if self.work > WORK_LIMIT {
                return Err(TooManyArrangements);
            }
            tried.push(column);
            let predicted_next = extended(predicted_rows, &self.predicted.columns[column]);
            let mut predicted_bag = predicted_next.clone();
            predicted_bag.sort_unstable();
            if is_part(&gold_bag, &predicted_bag) {
                self.taken[column] = true;
                if self.assign(depth + 1, &gold_next, &predicted_next)? {
                    return Ok(true);
                }
                self.taken[column] = false;
            }
        }
        Ok(false)
    }
}

/// A key per row of everything in `rows` and one more column.
fn extended(rows: &[u64], column: &[u64]) -> Vec<u64> {
    rows.iter().zip(column).map(|(row, cell)| mixed(*row, *cell)).collect()
}

fn sorted_bag(groups: &[u64], column: &[u64]) -> Vec<u64> {
    let mut bag = extended(groups, column);
    bag.sort_unstable();
    bag
}

/// Steele and Vigna's murmur-style finaliser over both halves.
fn mixed(row: u64, cell: u64) -> u64 {
    let mut key = row.rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ cell;
    key = (key ^ (key >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    (key ^ (key >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// Whether one sorted bag is a part of another.
fn is_part(whole: &[u64], part: &[u64]) -> bool {
    if whole.len() == part.len() {
        return whole == part;
    }
    let mut rest = whole.iter();
    part.iter()
        .all(|wanted| rest.by_ref().find(|key| *key >= wanted) == Some(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[u64]]) -> Keyed {
        let width = rows.first().map_or(0, |row| row.len());
        Keyed {
            columns: (0..width).map(|at| rows.iter().map(|row| row[at]).collect()).collect(),
            rows: rows.len(),
        }
    }

    fn free(gold: &[&[u64]], predicted: &[&[u64]]) -> bool {
        let (gold, predicted) = (table(gold), table(predicted));
        same_rows(&gold, &vec![0; gold.rows], &predicted, &vec![0; predicted.rows]).unwrap()
    }

    #[test]
    fn columns_may_be_in_any_order_and_rows_too() {
        assert!(free(&[&[1, 2, 3], &[4, 5, 6]], &[&[6, 4, 5], &[3, 1, 2]]));
        assert!(!free(&[&[1, 2], &[3, 4]], &[&[1, 4], &[3, 2]]));
        assert!(!free(&[&[1, 1], &[2, 2]], &[&[1, 2], &[2, 1]]));
    }

    #[test]
    fn rows_count_as_often_as_they_occur() {
        assert!(!free(&[&[1], &[1], &[2]], &[&[1], &[2], &[2]]));
    }

    #[test]
    fn groups_hold_rows_in_place() {
        let (gold, predicted) = (table(&[&[1], &[2], &[3]]), table(&[&[2], &[1], &[3]]));
        assert!(!same_rows(&gold, &[0, 1, 2], &predicted, &[0, 1, 2]).unwrap());
        assert!(same_rows(&gold, &[0, 0, 2], &predicted, &[0, 0, 2]).unwrap());
    }

    #[test]
    fn a_cut_tie_may_show_any_of_its_rows() {
        let (gold, predicted) = (table(&[&[1], &[2], &[3]]), table(&[&[1], &[3]]));
        assert!(same_rows(&gold, &[0, 1, 1], &predicted, &[0, 1]).unwrap());
        assert!(!same_rows(&gold, &[0, 1, 2], &predicted, &[0, 1]).unwrap());
    }

    #[test]
    fn forty_similar_columns_are_handled() {
        let gold: Vec<Vec<u64>> = (0..50).map(|row| (0..40).map(|at| (row + at) % 50).collect()).collect();
        let predicted: Vec<Vec<u64>> = gold
            .iter()
            .rev()
            .map(|row| row.iter().rev().copied().collect())
            .collect();
        let slices = |rows: &'static [Vec<u64>]| rows.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let (gold, predicted) = (slices(gold.leak()), slices(predicted.leak()));
        assert!(free(&gold, &predicted));
    }
}
