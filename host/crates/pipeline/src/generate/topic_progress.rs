//! How far one topic is.

use std::collections::BTreeMap;
use std::sync::Arc;

use nl2sql_catalog::{Database, GenerateRequest, Rejection, Sample, Topic};
use nl2sql_profile::GenerateSettings;

/// Why a topic asks for nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Met,
    Exhausted,
    Rounds,
}

/// Languages and difficulties that are wanted, with their weights.
pub(crate) struct Weights {
    languages: Vec<(String, f32)>,
    difficulties: Vec<(String, f32)>,
}

impl Weights {
    pub(crate) fn of(settings: &GenerateSettings) -> Self {
        let wanted = |weights: &BTreeMap<String, f32>| {
            let wanted = weights.iter().filter(|(_, weight)| **weight > 0.0);
            wanted.map(|(name, weight)| (name.clone(), *weight)).collect()
        };
        Self {
            languages: wanted(&settings.languages),
            difficulties: wanted(&settings.difficulties),
        }
    }
}

/// The state of a topic; it follows from the rounds so far alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct TopicProgress {
    pub(super) topic: Topic,
    /// Shared with the requests that are under way.
    pub(super) accepted: Arc<Vec<Sample>>,
    /// Rejections of the last round, shared likewise.
    pub(super) rejected: Arc<Vec<Rejection>>,
    /// Next round.
    pub(super) round: u32,
    pub(super) offered: u32,
    pub(super) empty: u32,
    pub(super) exhausted: bool,
    /// Budget in the plan; `topic.budget` changes when topics give or take what another cannot supply.
    pub(super) planned: u32,
    /// It gave the rest of its budget to others.
    pub(super) gave: bool,
    /// Its tables are known to be empty, so that hardly a statement can return a row.
    pub(super) rowless: bool,
}

impl TopicProgress {
    pub(crate) fn new(topic: &Topic, catalog: &Database) -> Self {
        let empty = |name: &String| catalog.table(name).is_some_and(|table| table.row_estimate == Some(0));
        Self {
            rowless: !topic.tables.is_empty() && topic.tables.iter().all(empty),
            topic: topic.clone(),
            planned: topic.budget,
            ..Self::default()
        }
    }

    pub(super) fn ended(&self, settings: &GenerateSettings) -> Option<Ended> {
        let least = self.topic.budget.div_ceil(settings.batch);
        if self.remaining() == 0 {
            Some(Ended::Met)
        } else if self.exhausted {
            Some(Ended::Exhausted)
        } else if self.round >= least + settings.max_rounds {
            Some(Ended::Rounds)
        } else {
            None
        }
    }

    pub(super) fn remaining(&self) -> u32 {
        self.topic.budget.saturating_sub(self.accepted.len() as u32)
    }

    /// What to ask for: the rest, and as many more as were lost on the way so far, up to twice the rest.
    pub(super) fn want(&self, settings: &GenerateSettings) -> u32 {
        let rest = self.remaining();
        let lost = self.offered.saturating_sub(self.accepted.len() as u32);
        let spare = (u64::from(rest) * u64::from(lost))
            .div_ceil(u64::from(self.offered.max(1)))
            .min(u64::from(rest)) as u32;
        (rest + spare).min(settings.batch)
    }

    /// What the generator is asked next.
    pub(crate) fn request<'r>(&'r self, settings: &GenerateSettings, weights: &'r Weights) -> GenerateRequest<'r> {
        GenerateRequest {
            topic: &self.topic,
            want: self.want(settings),
            round: self.round,
            languages: &weights.languages,
            difficulties: &weights.difficulties,
            accepted: &self.accepted,
            rejected: &self.rejected,
            wordings: settings.wordings.max(1),
        }
    }

    /// Most accepted samples without rows.
    pub(super) fn max_empty_samples(&self, settings: &GenerateSettings) -> u32 {
        if self.rowless {
            return self.topic.budget;
        }
        (f64::from(self.topic.budget) * settings.max_empty).floor() as u32
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nl2sql_catalog::{Sample, Topic};
    use nl2sql_profile::GenerateSettings;

    use super::{Ended, TopicProgress};

    fn progress(budget: u32, accepted: usize, offered: u32) -> TopicProgress {
        TopicProgress {
            topic: Topic {
                budget,
                ..Topic::default()
            },
            accepted: Arc::new(vec![Sample::default(); accepted]),
            offered,
            ..TopicProgress::default()
        }
    }

    #[test]
    fn a_topic_requests_its_remaining_budget_and_what_was_rejected() {
        let settings = GenerateSettings {
            batch: 100,
            ..GenerateSettings::default()
        };
        assert_eq!(progress(20, 0, 0).want(&settings), 20);
        assert_eq!(progress(20, 10, 20).want(&settings), 15);
        assert_eq!(progress(20, 0, 20).want(&settings), 40);
        assert_eq!(progress(2000, 0, 0).want(&settings), 100);
    }

    #[test]
    fn a_topic_ends_when_met_exhausted_or_out_of_rounds() {
        let settings = GenerateSettings {
            batch: 10,
            max_rounds: 2,
            ..GenerateSettings::default()
        };
        assert_eq!(progress(5, 5, 5).ended(&settings), Some(Ended::Met));
        assert_eq!(
            TopicProgress {
                exhausted: true,
                ..progress(5, 4, 5)
            }
            .ended(&settings),
            Some(Ended::Exhausted)
        );
        assert_eq!(
            TopicProgress {
                round: 4,
                ..progress(25, 4, 5)
            }
            .ended(&settings),
            None
        );
        assert_eq!(
            TopicProgress {
                round: 5,
                ..progress(25, 4, 5)
            }
            .ended(&settings),
            Some(Ended::Rounds)
        );
    }
}
