//! Runs pairs of gold and prediction and says how each came out.

use std::{collections::HashMap, sync::Arc};

use futures::{StreamExt, stream};
use nl2sql_catalog::{Outcome, ResultSet};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, OnceCell};

use super::{Keyed, keyed, same_rows, ties};
use crate::{
    definition::Definition,
    official,
    query_runner::{QueryFailure, QueryRunner},
    sql_text::is_ordered,
};

/// A gold statement and a prediction for the same database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Database as the runner knows it; empty for the run's own.
    pub database: String,
    /// Reference statement.
    pub gold: String,
    /// Predicted statement.
    pub predicted: String,
}

/// How one pair came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The outcome.
    pub outcome: Outcome,
    /// What the engine or the guard said where nothing was compared, or how the results differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Judgement {
    pub(crate) fn new(outcome: Outcome) -> Self {
        Self { outcome, detail: None }
    }

    pub(crate) fn because(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: Some(detail.into()),
        }
    }

    pub(crate) fn gold_failed(failure: &QueryFailure) -> Self {
        Self::because(Outcome::GoldError, failure.to_string())
    }

    pub(crate) fn prediction_failed(failure: &QueryFailure) -> Self {
        let outcome = match failure {
            QueryFailure::Refused(_) => Outcome::Refused,
            QueryFailure::Timeout(_) => Outcome::Timeout,
            QueryFailure::Failed(_) | QueryFailure::Unavailable(_) => Outcome::PredictionError,
        };
        Self::because(outcome, failure.to_string())
    }

    /// Whether the pair counts as right: a match, empty or not. `None` where the gold gives nothing to compare with.
    pub fn is_match(&self) -> Option<bool> {
        match self.outcome {
            Outcome::Match | Outcome::EmptyMatch => Some(true),
            Outcome::GoldError => None,
            _ => Some(false),
        }
    }
}

/// Bounds of a judge's work.
#[derive(Clone, Copy, Debug)]
pub struct JudgeLimits {
    /// Rows kept of a gold result; a longer one is a gold error.
    pub max_rows: usize,
    /// Pairs under way at once.
    pub concurrency: usize,
}

impl Default for JudgeLimits {
    fn default() -> Self {
        Self {
            max_rows: 1_000_000,
            concurrency: std::thread::available_parallelism().map_or(4, |n| n.get() * 2),
        }
    }
}

type Answer = Result<Arc<ResultSet>, QueryFailure>;
type Answers = HashMap<(String, String), Arc<OnceCell<Answer>>>;

/// Judges pairs under one definition. Each distinct gold runs once.
pub struct Judge {
    runner: Arc<dyn QueryRunner>,
    definition: Definition,
    limits: JudgeLimits,
    golds: Mutex<Answers>,
}

impl Judge {
    /// A judge that asks `runner`.
    pub fn new(runner: Arc<dyn QueryRunner>, definition: Definition, limits: JudgeLimits) -> Self {
        Self {
            runner,
            definition,
            limits,
            golds: Mutex::default(),
        }
    }

    /// Judges pairs concurrently; judgements come in the order of the pairs.
    pub async fn judge_all(self: &Arc<Self>, pairs: Vec<Pair>) -> Vec<Judgement> {
        let concurrency = self.limits.concurrency.max(1);
        stream::iter(pairs)
            .map(|pair| {
                let judge = Arc::clone(self);
                tokio::spawn(async move { judge.judge(&pair).await })
            })
            .buffered(concurrency)
            .map(|joined| {
                joined.unwrap_or_else(|error| Judgement::because(Outcome::PredictionError, error.to_string()))
            })
            .collect()
            .await
    }

    /// Judges one pair.
    pub async fn judge(&self, pair: &Pair) -> Judgement {
        if pair.gold.trim().is_empty() {
            return Judgement::because(Outcome::GoldError, "there is no gold statement");
        }
        match self.definition {
            Definition::Nl2sql => self.judge_nl2sql(pair).await,
            Definition::TestSuite => official::test_suite::judge(self, pair, false).await,
            Definition::TestSuiteKeepDistinct => official::test_suite::judge(self, pair, true).await,
            Definition::Bird => official::bird::judge(self, pair).await,
            Definition::Spider => official::spider::judge(self, pair, false).await,
            Definition::SpiderScript => official::spider::judge(self, pair, true).await,
        }
    }

    pub(crate) fn runner(&self) -> &dyn QueryRunner {
        &*self.runner
    }

    pub(crate) fn max_rows(&self) -> usize {
        self.limits.max_rows
    }

    /// The result of a gold statement, from memory when it was asked before.
    pub(crate) async fn gold(&self, database: &str, sql: &str) -> Answer {
        let key = (database.to_owned(), sql.to_owned());
        let cell = Arc::clone(self.golds.lock().await.entry(key).or_default());
        cell.get_or_init(|| async {
            let result = self.runner.run(database, sql, self.limits.max_rows).await?;
            if result.truncated {
                return Err(QueryFailure::Failed(format!(
                    "the gold result has more than {} rows",
                    self.limits.max_rows
                )));
            }
            Ok(result)
        })
        .await
        .clone()
    }

    async fn judge_nl2sql(&self, pair: &Pair) -> Judgement {
        let gold = match self.gold(&pair.database, &pair.gold).await {
            Ok(gold) => gold,
            Err(failure) => return Judgement::gold_failed(&failure),
        };
        if pair.predicted.trim().is_empty() {
            return Judgement::because(Outcome::PredictionError, "there is no SQL in the prediction");
        }
        let predicted = if pair.predicted == pair.gold {
            Arc::clone(&gold)
        } else {
            match self
                .runner
                .run(&pair.database, &pair.predicted, gold.rows.len() + 1)
                .await
            {
                Ok(predicted) => predicted,
                Err(failure) => return Judgement::prediction_failed(&failure),
            }
        };
        if let Some(difference) = difference_in_shape(&gold, &predicted) {
            return Judgement::because(Outcome::Mismatch, difference);
        }
        if gold.rows.is_empty() {
            return Judgement::new(Outcome::EmptyMatch);
        }
        self.compare(pair, &gold, &predicted).await
    }

    async fn compare(&self, pair: &Pair, gold: &ResultSet, predicted: &ResultSet) -> Judgement {
        let (gold_keys, predicted_keys) = keyed(gold, predicted);
        let anywhere = vec![0; gold.rows.len()];
        match same_rows(&gold_keys, &anywhere, &predicted_keys, &anywhere) {
            Err(error) => Judgement::because(Outcome::Mismatch, error.to_string()),
            Ok(true) if !is_ordered(&pair.gold) => Judgement::new(Outcome::Match),
            Ok(false) if !is_ordered(&pair.gold) => Judgement::because(Outcome::Mismatch, "other values"),
            Ok(same_bag) => {
                let in_place: Vec<u64> = (0..gold.rows.len() as u64).collect();
                if same_bag && same_rows(&gold_keys, &in_place, &predicted_keys, &in_place) == Ok(true) {
                    return Judgement::new(Outcome::Match);
                }
                if self.same_but_for_ties(pair, gold, predicted).await {
                    return Judgement::new(Outcome::Match);
                }
                let difference = if same_bag {
                    "the same rows in another order"
                } else {
                    "other values"
                };
                Judgement::because(Outcome::Mismatch, difference)
            }
        }
    }

    /// Whether the prediction's rows are the gold's when rows tied under the gold's ORDER BY may change places.
    async fn same_but_for_ties(&self, pair: &Pair, gold: &ResultSet, predicted: &ResultSet) -> bool {
        let Some(rewritten) = ties::keyed_gold(&pair.gold) else {
            return false;
        };
        let Ok(full) = self.gold(&pair.database, &rewritten.sql).await else {
            return false;
        };
        let width = gold.columns.len();
        let shown = rewritten.offset..rewritten.offset + gold.rows.len();
        if full.columns.len() != width + rewritten.added || full.rows.len() < shown.end {
            return false;
        }
        let (mut full_keys, predicted_keys) = keyed(&full, predicted);
        let groups = runs_of_ties(
            &full_keys,
            rewritten.own.iter().copied().chain(width..width + rewritten.added),
        );
        full_keys.columns.truncate(width);
        same_rows(&full_keys, &groups, &predicted_keys, &groups[shown]) == Ok(true)
    }
}

/// A number per row, the same for rows in a row with the same keys.
fn runs_of_ties(rows: &Keyed, keys: impl Iterator<Item = usize> + Clone) -> Vec<u64> {
    let mut group = 0;
    (0..rows.rows)
        .map(|at| {
            let tied = at > 0
                && keys
                    .clone()
                    .all(|key| rows.columns[key][at] == rows.columns[key][at - 1]);
            group += u64::from(!tied);
            group
        })
        .collect()
}

/// How two results differ in their numbers of rows and columns.
fn difference_in_shape(gold: &ResultSet, predicted: &ResultSet) -> Option<String> {
    let (wide, want_wide) = (predicted.columns.len(), gold.columns.len());
    let (long, want_long) = (predicted.rows.len(), gold.rows.len());
    if wide != want_wide {
        Some(format!("{wide} columns instead of {want_wide}"))
    } else if long > want_long || predicted.truncated {
        Some(format!("more than {want_long} rows"))
    } else if long < want_long {
        Some(format!("{long} rows instead of {want_long}"))
    } else {
        None
    }
}
