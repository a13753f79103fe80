//! Finds earlier prompts that begin like a new one, so that a shared schema is read only once.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use super::key_values::{CachedSequence, PAGE_POSITIONS, Page, PagePool, copied};
use crate::AdapterId;

/// Sharing fewer positions than this is not worth another page.
const MIN_SHARED_TOKENS: usize = 16;

/// Prompts served last, the latest in front. Pages that several of them have in common count once.
#[derive(Debug)]
pub(super) struct PrefixCache {
    prompts: VecDeque<CachedPrompt>,
    /// Most pages it may hold.
    capacity: usize,
}

#[derive(Debug)]
struct CachedPrompt {
    adapter: Option<AdapterId>,
    tokens: Vec<u32>,
    /// The last one may be full in part only.
    pages: Vec<Arc<Page>>,
}

impl PrefixCache {
    /// A cache of at most `capacity` pages.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            prompts: VecDeque::new(),
            capacity,
        }
    }

    /// A sequence with the longest cached prefix of a prompt. Its last token is always left to be computed, since its logits are wanted.
    pub(super) fn open(&mut self, prompt: &[u32], adapter: Option<AdapterId>, pool: &PagePool) -> CachedSequence {
        let wanted = &prompt[..prompt.len().saturating_sub(1)];
        let lengths = self.prompts.iter().enumerate().filter_map(|(place, cached)| {
            let common = common_length(&cached.tokens, wanted);
            (cached.adapter == adapter && common >= MIN_SHARED_TOKENS).then_some((common, place))
        });
        // The latest of equals.
        let Some((common, place)) = lengths.max_by_key(|(common, place)| (*common, usize::MAX - place)) else {
            return CachedSequence::default();
        };
        if let Some(used) = self.prompts.remove(place) {
            self.prompts.push_front(used);
        }
        let pages = self.prompts[0].pages.clone();
        let (whole, rest) = (common / PAGE_POSITIONS, common % PAGE_POSITIONS);
        let mut sequence = CachedSequence::beginning_with(pages[..whole].to_vec());
        if rest > 0
            && let Some(page) = self.page(pool)
        {
            sequence.copy_page(page, &pages[whole], rest);
        }
        sequence
    }

    /// A page of the pool, for which the prompts that were not used for longest are given up.
    pub(super) fn page(&mut self, pool: &PagePool) -> Option<Page> {
        loop {
            match pool.take() {
                Some(page) => return Some(page),
                None => drop(self.prompts.pop_back()?),
            }
        }
    }

    /// Keeps a prompt's keys and values for later ones.
    pub(super) fn remember(
        &mut self,
        prompt: &[u32],
        adapter: Option<AdapterId>,
        row: &mut CachedSequence,
        pool: &PagePool,
    ) {
        if self.capacity * PAGE_POSITIONS < prompt.len() {
            return;
        }
        let known = |cached: &CachedPrompt| cached.adapter == adapter && cached.tokens.starts_with(prompt);
        if self.prompts.iter().any(known) {
            return;
        }
        let mut pages = row.share().to_vec();
        let mut held = pages.len() * PAGE_POSITIONS;
        if let Some((page, positions)) = row.unfinished_page()
            && let Some(copy) = copied(page, pool)
        {
            pages.push(Arc::new(copy));
            held += positions;
        }
        self.prompts
            .retain(|cached| cached.adapter != adapter || !prompt.starts_with(&cached.tokens));
        self.prompts.push_front(CachedPrompt {
            adapter,
            tokens: prompt[..held].to_vec(),
            pages,
        });
        self.shrink();
    }

    /// Forgets an adapter's prompts.
    pub(super) fn forget(&mut self, adapter: AdapterId) {
        self.prompts.retain(|cached| cached.adapter != Some(adapter));
    }

    fn shrink(&mut self) {
        let mut held = HashSet::new();
        let capacity = self.capacity;
        self.prompts.retain(|cached| {
            held.extend(cached.pages.iter().map(Arc::as_ptr));
            held.len() <= capacity
        });
    }
}

fn common_length(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::key_values::PageShape;

    const SHAPE: PageShape = PageShape {
        layers: 1,
        heads: 1,
        head_dim: 1,
    };

    fn pool(pages: usize) -> PagePool {
        PagePool::new(SHAPE, pages * SHAPE.bytes())
    }

    fn row_of(cache: &mut PrefixCache, pool: &PagePool, prompt: &[u32]) -> CachedSequence {
        let mut row = cache.open(prompt, None, pool);
        let new: Vec<f32> = prompt[row.length()..].iter().map(|token| *token as f32).collect();
        for _ in 0..row.missing_pages(new.len()) {
            row.add_page(cache.page(pool).unwrap());
        }
        row.append(0, &new, &new, SHAPE);
        row.advance(new.len());
        row
    }

    fn keys(row: &CachedSequence) -> Vec<f32> {
        let all: Vec<f32> = row
            .head(0, 0, SHAPE)
            .iter()
            .flat_map(|part| part.keys.to_vec())
            .collect();
        all[..row.length()].to_vec()
    }

    #[test]
    fn whole_pages_of_a_shared_prefix_are_stored_once() {
        let (mut cache, pool) = (PrefixCache::new(100), pool(100));
        let first: Vec<u32> = (0..100).collect();
        let second: Vec<u32> = (0..80).chain(200..260).collect();
        let mut row = row_of(&mut cache, &pool, &first);
        cache.remember(&first, None, &mut row, &pool);
        // Four pages of the row, and a copy of the one that it goes on writing.
        assert_eq!(pool.used(), 5);
        assert_eq!(cache.open(&second, None, &pool).length(), 80);
        let row = row_of(&mut cache, &pool, &second);
        let expected: Vec<f32> = second.iter().map(|token| *token as f32).collect();
        assert_eq!(keys(&row), expected);
        assert_eq!(pool.used(), 5 + 3);
    }

    #[test]
    fn continuing_a_row_leaves_cached_prefixes_unchanged() {
        let (mut cache, pool) = (PrefixCache::new(100), pool(100));
        let prompt: Vec<u32> = (0..50).collect();
        let mut row = row_of(&mut cache, &pool, &prompt);
        cache.remember(&prompt, None, &mut row, &pool);
        row.append(0, &[7.0], &[7.0], SHAPE);
        row.advance(1);
        let longer: Vec<u32> = (0..60).collect();
        let expected: Vec<f32> = longer.iter().map(|token| *token as f32).collect();
        assert_eq!(keys(&row_of(&mut cache, &pool, &longer)), expected);
    }

    #[test]
    fn the_last_token_is_always_computed() {
        let (mut cache, pool) = (PrefixCache::new(100), pool(100));
        let prompt: Vec<u32> = (0..30).collect();
        let mut row = row_of(&mut cache, &pool, &prompt);
        cache.remember(&prompt, None, &mut row, &pool);
        assert_eq!(cache.open(&prompt, None, &pool).length(), 29);
    }

    #[test]
    fn the_oldest_prompts_are_evicted() {
        let (mut cache, pool) = (PrefixCache::new(4), pool(100));
        for start in [0, 1000, 2000] {
            let prompt: Vec<u32> = (start..start + 50).collect();
            let mut row = row_of(&mut cache, &pool, &prompt);
            cache.remember(&prompt, None, &mut row, &pool);
        }
        let oldest: Vec<u32> = (0..50).collect();
        assert_eq!(cache.open(&oldest, None, &pool).length(), 0);
        assert_eq!(pool.used(), 4);
    }

    #[test]
    fn cached_prompts_give_way_to_rows_when_the_pool_is_exhausted() {
        let (mut cache, pool) = (PrefixCache::new(100), pool(3));
        let prompt: Vec<u32> = (0..40).collect();
        let mut row = row_of(&mut cache, &pool, &prompt);
        cache.remember(&prompt, None, &mut row, &pool);
        drop(row);
        let other: Vec<u32> = (100..190).collect();
        let row = row_of(&mut cache, &pool, &other);
        assert_eq!((row.length(), pool.used()), (90, 3));
        assert!(cache.page(&pool).is_none());
    }

    #[test]
    fn adapters_do_not_share_prefixes() {
        let (mut cache, pool) = (PrefixCache::new(100), pool(100));
        let prompt: Vec<u32> = (0..64).collect();
        let mut row = row_of(&mut cache, &pool, &prompt);
        cache.remember(&prompt, None, &mut row, &pool);
        assert_eq!(cache.open(&prompt, Some(AdapterId(1)), &pool).length(), 0);
    }
}
