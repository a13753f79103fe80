//! Predictions scored by metric plugins.

mod batch;
mod local_scorer;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use nl2sql_catalog::{Analysis, AnsweredRow, MetricInfo, MetricRow, RowScore, SyntaxError};
use nl2sql_sql_lexer::LexicalRules;
use serde::{Deserialize, Serialize};

pub use batch::{BatchScorer, ReferenceShape, ScoredAnswer, ScoredBatch};
pub use local_scorer::LocalScorer;

use crate::prediction::Prediction;

/// Rows handed to a scorer at once.
const BATCH: usize = 256;

/// A metric plugin, bound to the run's dialect and databases.
#[async_trait]
pub trait MetricPlugin: Send + Sync {
    /// Name in the manifest.
    fn name(&self) -> &str;

    /// SHA-256 of the component.
    fn digest(&self) -> &str;

    /// The metrics it computes.
    fn describe(&self) -> Vec<MetricInfo>;

    /// Scores rows of one database.
    ///
    /// # Errors
    /// The plugin failed; the text says how.
    async fn score(&self, database: &str, rows: Arc<[MetricRow]>) -> Result<Vec<RowScore>, String>;

    /// One figure per metric over all rows.
    ///
    /// # Errors
    /// The plugin failed; the text says how.
    async fn aggregate(&self, scores: Arc<[RowScore]>) -> Result<Vec<Option<f64>>, String>;
}

/// Understands SQL of a database; a dialect bound to its catalog.
pub trait SqlReader: Send + Sync {
    /// Everything about one statement.
    ///
    /// # Errors
    /// It is not a statement of the dialect.
    fn analyse(&self, database: &str, sql: &str) -> Result<Analysis, SyntaxError>;

    /// Whether a text is one statement of the dialect.
    fn is_statement(&self, database: &str, sql: &str) -> bool {
        self.analyse(database, sql).is_ok()
    }

    /// How the dialect of a database is cut into tokens.
    fn lexical_rules(&self, database: &str) -> LexicalRules {
        let _ = database;
        LexicalRules::GENERIC
    }

    /// Words that statements in the dialect of a database begin with, in lower case.
    fn query_words(&self, database: &str) -> Vec<String> {
        let _ = database;
        Vec::new()
    }
}

/// A prediction with its scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoredRow {
    /// The prediction.
    pub prediction: Prediction,
    /// One value per metric of the run, `None` where the row cannot be scored.
    pub values: Vec<Option<f64>>,
    /// Labels of the plugins, such as `outcome` and `error-class`.
    pub labels: BTreeMap<String, String>,
    /// What the reference asks for, where that was to be told and it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceShape>,
}

/// A run's predictions scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ScoredRun {
    /// The metrics, in the order of [`ScoredRow::values`].
    pub metrics: Vec<MetricInfo>,
    /// Rows in the order of the predictions.
    pub rows: Vec<ScoredRow>,
    /// One figure per metric.
    pub figures: Vec<Option<f64>>,
    /// What went wrong in a plugin, one sentence each.
    pub notes: Vec<String>,
}

impl ScoredRun {
    /// Index of a metric.
    pub fn metric(&self, name: &str) -> Option<usize> {
        self.metrics.iter().position(|metric| metric.name == name)
    }
}

/// Metrics that score in one place.
pub struct ScoringPlace<'m> {
    /// What reads and scores there.
    pub scorer: Box<dyn BatchScorer + 'm>,
    /// Positions of its metrics among those of the run.
    pub metrics: Vec<usize>,
}

/// Scores predictions by every metric, each in its place. The first place reads the SQL of answers that came without.
pub async fn score(
    predictions: Vec<Prediction>,
    metrics: &[Arc<dyn MetricPlugin>],
    places: &[ScoringPlace<'_>],
) -> ScoredRun {
    let mut scoring = RunScoring::new(predictions, metrics);
    for place in places {
        scoring.score_in(place).await;
    }
    scoring.finish().await
}

/// A run that is being scored.
struct RunScoring<'m> {
    metrics: &'m [Arc<dyn MetricPlugin>],
    rows: Vec<ScoredRow>,
    /// Places of the rows of each database.
    by_database: BTreeMap<String, Vec<usize>>,
    /// For each metric the score of each row.
    scores: Vec<Vec<RowScore>>,
    /// For each metric what went wrong.
    notes: Vec<Vec<String>>,
}

impl<'m> RunScoring<'m> {
    fn new(predictions: Vec<Prediction>, metrics: &'m [Arc<dyn MetricPlugin>]) -> Self {
        let mut by_database: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, prediction) in predictions.iter().enumerate() {
            match by_database.get_mut(&prediction.db_id) {
                Some(places) => places.push(at),
                None => drop(by_database.insert(prediction.db_id.clone(), vec![at])),
            }
        }
        let scored_row = |prediction| ScoredRow {
            prediction,
            ..ScoredRow::default()
        };
        Self {
            scores: metrics
                .iter()
                .map(|_| vec![RowScore::default(); predictions.len()])
                .collect(),
            notes: vec![Vec::new(); metrics.len()],
            rows: predictions.into_iter().map(scored_row).collect(),
            by_database,
            metrics,
        }
    }

    async fn score_in(&mut self, place: &ScoringPlace<'_>) {
        let batches = self
            .by_database
            .iter()
            .flat_map(|(database, rows)| rows.chunks(BATCH).map(move |batch| (database, batch)));
        let rows = &self.rows;
        let scored = stream::iter(batches)
            .map(|(database, batch)| async move {
                let of_batch = batch.iter().map(|at| answered(&rows[*at].prediction));
                (batch.to_vec(), place.scorer.score(database, of_batch.collect()).await)
            })
            .buffered(place.scorer.at_once().max(1));
        let scored: Vec<_> = scored.collect().await;
        for (batch, outcome) in scored {
            match outcome {
                Ok(scored) => self.take(place, &batch, scored),
                Err(reason) => self.give_up(place, &batch, &reason),
            }
        }
    }

    fn take(&mut self, place: &ScoringPlace<'_>, batch: &[usize], scored: ScoredBatch) {
        for (at, answer) in batch.iter().zip(scored.answers) {
            let row = &mut self.rows[*at];
            let prediction = &mut row.prediction;
            prediction.predicted_sql = answer.sql.unwrap_or_else(|| prediction.predict.clone());
            if answer.reference.is_some() {
                row.reference = answer.reference;
            }
            for (metric, score) in place.metrics.iter().zip(answer.scores) {
                self.scores[*metric][*at] = score;
            }
        }
        for (metric, notes) in place.metrics.iter().zip(scored.notes) {
            self.notes[*metric].extend(notes);
        }
    }

    /// Leaves rows without a value.
    fn give_up(&mut self, place: &ScoringPlace<'_>, batch: &[usize], reason: &str) {
        for metric in &place.metrics {
            let plugin = &*self.metrics[*metric];
            let failed = failed_score(plugin);
            batch.iter().for_each(|at| self.scores[*metric][*at] = failed.clone());
            self.notes[*metric].push(format!("{} on {} rows: {reason}", plugin.name(), batch.len()));
        }
    }

    async fn finish(self) -> ScoredRun {
        let mut run = ScoredRun {
            rows: self.rows,
            ..ScoredRun::default()
        };
        for ((plugin, scores), notes) in self.metrics.iter().zip(self.scores).zip(self.notes) {
            let metrics = plugin.describe();
            run.notes.extend(notes);
            for (row, score) in run.rows.iter_mut().zip(&scores) {
                row.values.extend(&score.values);
                row.labels.extend(score.labels.iter().cloned());
            }
            run.figures
                .extend(plugin.aggregate(scores.into()).await.unwrap_or_else(|error| {
                    run.notes.push(format!("{}: {error}", plugin.name()));
                    vec![None; metrics.len()]
                }));
            run.metrics.extend(metrics);
        }
        run
    }
}

fn answered(prediction: &Prediction) -> AnsweredRow<'_> {
    AnsweredRow {
        id: Cow::Borrowed(&prediction.id),
        question: Cow::Borrowed(&prediction.question),
        answer: Cow::Borrowed(&prediction.predict),
        sql: Cow::Borrowed(&prediction.predicted_sql),
        gold: Cow::Borrowed(&prediction.label),
    }
}

/// The score of a row that a plugin failed on.
fn failed_score(plugin: &dyn MetricPlugin) -> RowScore {
    RowScore {
        values: vec![None; plugin.describe().len()],
        labels: vec![("plugin-error".to_owned(), plugin.name().to_owned())],
    }
}
