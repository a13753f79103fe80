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

/// Pages of at most `page_tokens`, filled by walking the foreign keys breadth first from the best connected table, so that related tables share
/// a page. A card larger than a page has one to itself.
pub fn paginate(cards: &[Card], page_tokens: usize) -> Vec<Page> {
    let by_name: BTreeMap<&str, &Card> = cards.iter().map(|card| (card.table.as_str(), card)).collect();
    let mut starts: Vec<&Card> = cards.iter().collect();
    starts.sort_by_key(|card| (std::cmp::Reverse(card.neighbours.len()), card.table.clone()));
    let mut seen = BTreeSet::new();
    let mut pages: Vec<Page> = Vec::new();
    for start in starts {
        let mut queue = VecDeque::from([start]);
        while let Some(card) = queue.pop_front() {
            if !seen.insert(card.table.as_str()) {
                continue;
            }
            place(&mut pages, card, page_tokens);
            queue.extend(
                card.neighbours
                    .iter()
                    .filter_map(|name| by_name.get(name.as_str()).copied()),
            );
        }
    }
    pages
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
