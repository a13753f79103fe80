//! Which pages of keys and values are free.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Positions of a page.
pub(super) const PAGE_POSITIONS: usize = 32;

/// Numbers of pages, as many as there is memory for.
#[derive(Debug)]
pub(super) struct PagePool {
    limit: usize,
    numbers: Arc<Mutex<Numbers>>,
}

#[derive(Debug, Default)]
struct Numbers {
    /// Below `opened`, and in no row.
    free: BinaryHeap<Reverse<usize>>,
    /// Pages that were in use at some time have numbers below.
    opened: usize,
}

/// A page of a row; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Page {
    number: usize,
    numbers: Arc<Mutex<Numbers>>,
}

fn locked(numbers: &Mutex<Numbers>) -> MutexGuard<'_, Numbers> {
    numbers.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PagePool {
    /// A pool of that many pages, and at least one.
    pub(super) fn new(limit: usize) -> Self {
        Self {
            limit: limit.max(1),
            numbers: Arc::default(),
        }
    }

    /// The free page with the lowest number, unless all are in use.
    pub(super) fn take(&self) -> Option<Page> {
        let mut numbers = locked(&self.numbers);
        let number = match numbers.free.pop() {
            Some(Reverse(number)) => number,
            None if numbers.opened < self.limit => {
                numbers.opened += 1;
                numbers.opened - 1
            }
            None => return None,
        };
        Some(Page {
            number,
            numbers: self.numbers.clone(),
        })
    }

    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    pub(super) fn used(&self) -> usize {
        let numbers = locked(&self.numbers);
        numbers.opened - numbers.free.len()
    }

    /// Pages that were ever in use at the same time.
    pub(super) fn opened(&self) -> usize {
        locked(&self.numbers).opened
    }
}

impl Page {
    pub(super) fn number(&self) -> usize {
        self.number
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        locked(&self.numbers).free.push(Reverse(self.number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_are_given_back_are_taken_before_new_ones() {
        let pool = PagePool::new(3);
        let mut pages: Vec<Page> = (0..3).filter_map(|_| pool.take()).collect();
        assert_eq!(pages.iter().map(Page::number).collect::<Vec<_>>(), [0, 1, 2]);
        assert!(pool.take().is_none());
        drop(pages.remove(1));
        assert_eq!((pool.used(), pool.opened()), (2, 3));
        assert_eq!(pool.take().map(|page| page.number()), Some(1));
        drop(pages);
        assert_eq!(pool.used(), 0);
    }
}
