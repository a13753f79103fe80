//! What one topic cannot supply, the others do.

use nl2sql_profile::GenerateSettings;

use super::topic_progress::{Ended, TopicProgress};

/// Once every topic has ended, shares what the exhausted ones left among those that met their budgets, in proportion to the plan.
/// Those are open again then. Nothing happens while a topic is open, so the outcome follows from the rounds so far alone.
pub(super) fn reallocate(topics: &mut [TopicProgress], settings: &GenerateSettings) {
    // A run asks after every round, and rounds go through the topics in the order of the plan: what is open is found soonest from the end.
    if topics.iter().rev().any(|topic| topic.ended(settings).is_none()) {
        return;
    }
    let unmet: u32 = topics.iter().map(TopicProgress::remaining).sum();
    let receivers: Vec<usize> = (0..topics.len())
        .filter(|at| topics[*at].ended(settings) == Some(Ended::Met) && !topics[*at].exhausted && !topics[*at].gave)
        .collect();
    if unmet == 0 || receivers.is_empty() {
        return;
    }
    for topic in topics.iter_mut().filter(|topic| topic.remaining() > 0) {
        topic.topic.budget = topic.accepted.len() as u32;
        topic.gave = true;
    }
    let weights: u64 = receivers.iter().map(|at| u64::from(topics[*at].planned.max(1))).sum();
    let mut rest = unmet;
    for (index, at) in receivers.iter().enumerate() {
        let weight = u64::from(topics[*at].planned.max(1));
        let share = (u64::from(unmet) * weight / weights) as u32;
        // What rounding leaves goes to the last.
        let share = if index + 1 == receivers.len() { rest } else { share };
        topics[*at].topic.budget += share;
        rest -= share;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nl2sql_catalog::{Database, Sample, Topic};
    use nl2sql_profile::GenerateSettings;

    use super::reallocate;
    use crate::generate::TopicProgress;

    fn topic(budget: u32, accepted: usize, exhausted: bool) -> TopicProgress {
        TopicProgress {
            accepted: Arc::new(vec![Sample::default(); accepted]),
            exhausted,
            ..TopicProgress::new(
                &Topic {
                    budget,
                    ..Topic::default()
                },
                &Database::default(),
            )
        }
    }

    fn budgets(topics: &[TopicProgress]) -> Vec<u32> {
        topics.iter().map(|topic| topic.topic.budget).collect()
    }

    #[test]
    fn budgets_of_exhausted_topics_are_reallocated_in_proportion() {
        let settings = GenerateSettings::default();
        let mut topics = [topic(20, 5, true), topic(10, 10, false), topic(30, 30, false)];
        reallocate(&mut topics, &settings);
        assert_eq!(budgets(&topics), [5, 13, 42]);
        assert_eq!(topics[0].planned, 20);
    }

    #[test]
    fn budgets_stay_while_a_topic_is_open_or_no_topic_can_take_them() {
        let settings = GenerateSettings::default();
        let mut open = [topic(20, 5, true), topic(10, 9, false)];
        reallocate(&mut open, &settings);
        assert_eq!(budgets(&open), [20, 10]);
        let mut none_left = [topic(20, 5, true), topic(10, 10, true)];
        reallocate(&mut none_left, &settings);
        assert_eq!(budgets(&none_left), [20, 10]);
    }
}
