//! Makes the proposals of all pages one plan: names unique, every table in a topic, budgets that sum to the total.

use std::collections::BTreeSet;

use nl2sql_planning::share_budget;
use nl2sql_sdk::types::Topic;

use crate::Planning;
use crate::pages::Page;
use crate::proposal::Proposal;
use crate::wording;

/// Resolution of weights within a page.
const SCALE: u64 = 10_000;

struct Weighted {
    topic: Topic,
    weight: u64,
}

/// The plan's topics, with every adjustment said in `notes`.
pub fn adjust(planning: &Planning, pages: &[Page], proposals: Vec<Proposal>, notes: &mut Vec<String>) -> Vec<Topic> {
    let mut topics: Vec<Weighted> = Vec::new();
    for (page, proposal) in pages.iter().zip(proposals) {
        merge(&mut topics, page, proposal, notes);
    }
    cover_all_tables(planning, &mut topics, notes);
    let asked: u64 = topics.iter().map(|topic| topic.weight).sum();
    if asked == 0 {
        return Vec::new();
    }
    let weights: Vec<u64> = topics.iter().map(|topic| topic.weight).collect();
    let shares = share_budget(&weights, planning.request.total, planning.request.minimum);
    let mut plan = Vec::new();
    for (Weighted { mut topic, .. }, budget) in topics.into_iter().zip(shares) {
        if budget == 0 {
            notes.push(format!(
                "topic `{}` was dropped: {} samples are too few for it",
                topic.name, planning.request.total
            ));
            continue;
        }
        topic.budget = budget;
        plan.push(topic);
    }
    plan
}

/// Adds a page's topics. Their counts are rescaled so that a page weighs as much as it has tables.
fn merge(topics: &mut Vec<Weighted>, page: &Page, proposal: Proposal, notes: &mut Vec<String>) {
    notes.extend(proposal.notes);
    let sum: u64 = proposal.topics.iter().map(|topic| topic.count).sum::<u64>().max(1);
    for proposed in proposal.topics {
        let weight =
            ((proposed.count as u128 * page.cards.len() as u128 * u128::from(SCALE)) / u128::from(sum)).max(1) as u64;
        match topics
            .iter_mut()
            .find(|known| known.topic.name.eq_ignore_ascii_case(&proposed.name))
        {
            Some(known) => {
                notes.push(format!(
                    "topic `{}` was proposed more than once and merged",
                    known.topic.name
                ));
                let new = proposed
                    .tables
                    .into_iter()
                    .filter(|table| !known.topic.tables.contains(table))
                    .collect::<Vec<_>>();
                known.topic.tables.extend(new);
                known.weight += weight;
            }
            None => {
                let topic = Topic {
                    name: proposed.name,
                    reason: proposed.reason,
                    tables: proposed.tables,
                    budget: 0,
                };
                topics.push(Weighted { topic, weight });
            }
        }
    }
}

/// A table that no topic has joins the topic with most of its neighbours; tables without any share a topic of their own.
fn cover_all_tables(planning: &Planning, topics: &mut Vec<Weighted>, notes: &mut Vec<String>) {
    let covered: BTreeSet<String> = topics.iter().flat_map(|topic| topic.topic.tables.clone()).collect();
    let mut alone = Vec::new();
    for card in planning
        .context
        .cards
        .iter()
        .filter(|card| !covered.contains(&card.table))
    {
        let related = |topic: &Topic| {
            topic
                .tables
                .iter()
                .filter(|table| card.neighbours.contains(table))
                .count()
        };
        let nearest = topics
            .iter_mut()
            .enumerate()
            .max_by_key(|(index, topic)| (related(&topic.topic), std::cmp::Reverse(*index)));
        match nearest
            .map(|(_, topic)| topic)
            .filter(|topic| related(&topic.topic) > 0)
        {
            Some(topic) => {
                notes.push(format!(
                    "the table `{}` was in no topic and joined `{}`",
                    card.table, topic.topic.name
                ));
                topic.topic.tables.push(card.table.clone());
                topic.weight += SCALE;
            }
            None => alone.push(card.table.clone()),
        }
    }
    if alone.is_empty() {
        return;
    }
    let (name, reason) = wording::remaining_tables(&planning.context.language);
    notes.push(format!("{} tables were in no topic and share `{name}`", alone.len()));
    let weight = alone.len() as u64 * SCALE;
    topics.push(Weighted {
        topic: Topic {
            name: name.to_owned(),
            reason: reason.to_owned(),
            tables: alone,
            budget: 0,
        },
        weight,
    });
}
