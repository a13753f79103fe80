//! Finds earlier prompts that begin like a new one, so that a shared schema is read only once.

use std::collections::VecDeque;

use super::key_values::{CachedSequence, SharedSegment};

/// Sharing fewer positions than this is not worth another segment.
const MIN_SHARED_TOKENS: usize = 16;
/// Longest chain of segments; longer ones would slow attention down.
const MAX_CHAIN: usize = 4;

/// Prompts served last, the latest in front.
#[derive(Debug)]
pub(super) struct PrefixCache {
    prompts: VecDeque<CachedPrompt>,
    capacity: usize,
}

#[derive(Debug)]
struct CachedPrompt {
    tokens: Vec<u32>,
    chain: Vec<SharedSegment>,
    /// Positions that belong to this prompt alone.
    own: usize,
}

impl PrefixCache {
    /// A cache of at most `capacity` positions.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            prompts: VecDeque::new(),
            capacity,
        }
    }

    /// Segments for the longest cached prefix of a prompt. Its last token is always left to be computed,
    /// since its logits are wanted.
    pub(super) fn longest_prefix(&self, prompt: &[u32]) -> Vec<SharedSegment> {
        let most = prompt.len().saturating_sub(1);
        let mut best: (usize, usize, Option<&CachedPrompt>) = (0, 0, None);
        for cached in &self.prompts {
            let common = common_length(&cached.tokens, &prompt[..most]);
            let depth = chain_depth(&cached.chain, common);
            let gain_needed = if depth > best.1 { MIN_SHARED_TOKENS } else { 1 };
            if depth < MAX_CHAIN && common >= best.0 + gain_needed && common >= MIN_SHARED_TOKENS {
                best = (common, depth, Some(cached));
            }
        }
        best.2.map_or_else(Vec::new, |cached| truncated(&cached.chain, best.0))
    }

    /// Keeps a prompt's keys and values for later ones.
    pub(super) fn remember(&mut self, prompt: &[u32], row: &mut CachedSequence) {
        if self.capacity < prompt.len() {
            return;
        }
        let chain = row.share();
        let own = chain.last().map_or(0, |part| part.length);
        self.prompts.push_front(CachedPrompt {
            tokens: prompt.to_vec(),
            chain,
            own,
        });
        let mut held = 0;
        let capacity = self.capacity;
        self.prompts.retain(|cached| {
            held += cached.own;
            held <= capacity
        });
    }
}

fn common_length(a: &[u32], b: &[u32]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Segments that cover the first `length` positions.
fn truncated(chain: &[SharedSegment], length: usize) -> Vec<SharedSegment> {
    let mut left = length;
    let mut parts = Vec::new();
    for part in chain {
        if left == 0 {
            break;
        }
        let used = part.length.min(left);
        parts.push(SharedSegment {
            segment: part.segment.clone(),
            length: used,
        });
        left -= used;
    }
    parts
}

fn chain_depth(chain: &[SharedSegment], length: usize) -> usize {
    let mut covered = 0;
    chain
        .iter()
        .take_while(|part| {
            let needed = covered < length;
            covered += part.length;
            needed
        })
        .count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row_of(cache: &PrefixCache, prompt: &[u32]) -> CachedSequence {
        let mut row = CachedSequence::new(cache.longest_prefix(prompt), 1);
        let new: Vec<f32> = prompt[row.length()..].iter().map(|token| *token as f32).collect();
        row.append(0, &new, &new);
        row.advance(new.len());
        row
    }

    fn keys(row: &CachedSequence) -> Vec<f32> {
        row.layer(0, 1).iter().flat_map(|part| part.keys.to_vec()).collect()
    }

    #[test]
    fn a_shared_prefix_is_stored_once() {
        let mut cache = PrefixCache::new(1000);
        let first: Vec<u32> = (0..60).collect();
        let second: Vec<u32> = (0..40).chain(100..120).collect();
        let mut row = row_of(&cache, &first);
        cache.remember(&first, &mut row);
        assert_eq!(
            cache
                .longest_prefix(&second)
                .iter()
                .map(|part| part.length)
                .sum::<usize>(),
            40
        );
        let row = row_of(&cache, &second);
        let expected: Vec<f32> = second.iter().map(|token| *token as f32).collect();
        assert_eq!(keys(&row), expected);
    }

    #[test]
    fn the_last_token_is_always_computed() {
        let mut cache = PrefixCache::new(1000);
        let prompt: Vec<u32> = (0..30).collect();
        let mut row = row_of(&cache, &prompt);
        cache.remember(&prompt, &mut row);
        assert_eq!(row_of(&cache, &prompt).length(), 30);
        assert_eq!(cache.longest_prefix(&prompt)[0].length, 29);
    }

    #[test]
    fn the_oldest_prompts_are_evicted() {
        let mut cache = PrefixCache::new(100);
        for start in [0, 1000, 2000] {
            let prompt: Vec<u32> = (start..start + 50).collect();
            let mut row = row_of(&cache, &prompt);
            cache.remember(&prompt, &mut row);
        }
        let oldest: Vec<u32> = (0..50).collect();
        assert!(cache.longest_prefix(&oldest).is_empty());
    }
}
