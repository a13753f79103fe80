//! Cuts a schema that outgrows a prompt into pages of related tables.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nl2sql_sdk::types::Card;

/// Cards that go into one prompt.
#[derive(Debug, Default)]
pub struct Page {
    /// The cards.
    pub cards: Vec<Card>,
    /// Their size in tokens.
    pub tokens: usize,
}

/// Pages of at most `page_tokens`. Tables connected by foreign keys come together, walked breadth first from the best connected one; a community that
/// fits a page is not cut for the rest of the page before. A card larger than a page has one to itself.
pub fn paginate(cards: &[Card], page_tokens: usize) -> Vec<Page> {
    let mut pages: Vec<Page> = Vec::new();
    for community in communities(cards) {
        let size: usize = community.iter().map(|card| tokens(&card.text)).sum();
        let used = pages.last().map_or(0, |page| page.tokens);
        if size <= page_tokens && used + size > page_tokens {
            pages.push(Page::default());
        }
        for card in community {
            place(&mut pages, card, page_tokens);
        }
    }
    pages
}

/// Cards by connected component, the best connected ones first.
fn communities(cards: &[Card]) -> Vec<Vec<&Card>> {
    let by_name: BTreeMap<&str, &Card> = cards.iter().map(|card| (card.table.as_str(), card)).collect();
    let mut starts: Vec<&Card> = cards.iter().collect();
    starts.sort_by_key(|card| (std::cmp::Reverse(card.neighbours.len()), card.table.clone()));
    let mut seen = BTreeSet::new();
    let mut communities = Vec::new();
    for start in starts {
        let mut queue = VecDeque::from([start]);
        let mut community = Vec::new();
        while let Some(card) = queue.pop_front() {
            if !seen.insert(card.table.as_str()) {
                continue;
            }
            community.push(card);
            let neighbours = card.neighbours.iter();
            queue.extend(neighbours.filter_map(|name| by_name.get(name.as_str()).copied()));
        }
        if !community.is_empty() {
            communities.push(community);
        }
    }
    communities
}

fn place(pages: &mut Vec<Page>, card: &Card, page_tokens: usize) {
    let tokens = tokens(&card.text);
    if pages.last().is_none_or(|page| page.tokens + tokens > page_tokens) {
        pages.push(Page::default());
    }
    if let Some(page) = pages.last_mut() {
        page.cards.push(card.clone());
        page.tokens += tokens;
    }
}

/// Four Latin characters or one wide one a token.
fn tokens(text: &str) -> usize {
    let wide = text.chars().filter(|c| *c >= '\u{2e80}').count();
    wide + (text.chars().count() - wide).div_ceil(4)
}
