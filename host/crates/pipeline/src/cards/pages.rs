//! Pages of cards that fit a prompt.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use nl2sql_catalog::Card;

/// Tokens a text takes in usual vocabularies, estimated: four ASCII characters or one other character each.
pub fn estimate_tokens(text: &str) -> usize {
    let ascii = text.chars().filter(char::is_ascii).count();
    let other = text.chars().count() - ascii;
    ascii.div_ceil(4) + other
}

/// Tables in pages of at most `limit` tokens each (a larger card has a page of its own), walked along foreign keys so that
/// related tables stand together.
pub(super) fn paginate(cards: &[Card], limit: usize) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut page = Vec::new();
    let mut used = 0;
    for card in walk(cards) {
        let tokens = estimate_tokens(&card.text) + 1;
        if !page.is_empty() && used + tokens > limit {
            pages.push(std::mem::take(&mut page));
            used = 0;
        }
        used += tokens;
        page.push(card.table.clone());
    }
    if !page.is_empty() {
        pages.push(page);
    }
    pages
}

/// Breadth first from each table not yet reached.
fn walk(cards: &[Card]) -> Vec<&Card> {
    let by_name: BTreeMap<_, _> = cards.iter().map(|card| (card.table.as_str(), card)).collect();
    let mut reached = BTreeSet::new();
    let mut order = Vec::with_capacity(cards.len());
    for start in cards {
        let mut queue = VecDeque::from([start]);
        while let Some(card) = queue.pop_front() {
            if !reached.insert(card.table.as_str()) {
                continue;
            }
            order.push(card);
            queue.extend(
                card.neighbours
                    .iter()
                    .filter_map(|name| by_name.get(name.as_str()).copied()),
            );
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::Card;

    use super::{estimate_tokens, paginate};

    #[test]
    fn pages_hold_every_table_once_and_keep_neighbours_together() {
        let card = |table: &str, neighbours: &[&str]| Card {
            table: table.into(),
            text: "x".repeat(40),
            neighbours: neighbours.iter().map(|name| (*name).into()).collect(),
        };
        let cards = [card("a", &["c"]), card("b", &[]), card("c", &["a"])];
        assert_eq!(paginate(&cards, 24), [vec!["a", "c"], vec!["b"]]);
        assert_eq!(paginate(&cards, 1).len(), 3);
    }

    #[test]
    fn tokens_count_chinese_by_the_character() {
        assert_eq!(estimate_tokens("abcdefgh"), 2);
        assert_eq!(estimate_tokens("客户订单"), 4);
    }
}
