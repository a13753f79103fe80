//! Predictions scored by metric plugins.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::{StreamExt, stream};
use nl2sql_catalog::{Analysis, MetricInfo, MetricRow, RowScore, SyntaxError};
use nl2sql_sql_lexer::LexicalRules;
use serde::{Deserialize, Serialize};

use crate::prediction::Prediction;

/// Rows handed to a plugin at once.
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

    /// How many calls of [`score`](Self::score) are worth having at once.
    fn at_once(&self) -> usize {
        1
    }

    /// Scores rows of one database.
    ///
    /// # Errors
    /// The plugin failed; the text says how.
    async fn score(&self, database: &str, rows: Vec<MetricRow>) -> Result<Vec<RowScore>, String>;

    /// One figure per metric over all rows.
    ///
    /// # Errors
    /// The plugin failed; the text says how.
    async fn aggregate(&self, scores: Vec<RowScore>) -> Result<Vec<Option<f64>>, String>;
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

/// Scores predictions with every plugin. A batch on which a plugin fails is scored row by row, so that one bad row costs its
/// own value and no other.
pub async fn score(predictions: Vec<Prediction>, plugins: &[Box<dyn MetricPlugin>]) -> ScoredRun {
    let mut run = ScoredRun {
        rows: predictions
            .into_iter()
            .map(|prediction| ScoredRow {
                prediction,
                ..ScoredRow::default()
            })
            .collect(),
        ..ScoredRun::default()
    };
    let mut by_database: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, row) in run.rows.iter().enumerate() {
        by_database.entry(row.prediction.db_id.clone()).or_default().push(at);
    }
    for plugin in plugins {
        let metrics = plugin.describe();
        let mut scores = vec![
            RowScore {
                values: vec![None; metrics.len()],
                labels: Vec::new()
            };
            run.rows.len()
        ];
        let batches = by_database
            .iter()
            .flat_map(|(database, places)| places.chunks(BATCH).map(move |batch| (database, batch)));
        let rows = &run.rows;
        let scored_batches = stream::iter(batches)
            .map(|(database, batch)| async move {
                let of_batch = batch.iter().map(|at| metric_row(&rows[*at].prediction));
                (batch, scored(&**plugin, database, of_batch.collect()).await)
            })
            .buffered(plugin.at_once().max(1));
        let scored_batches: Vec<_> = scored_batches.collect().await;
        for (batch, (of_batch, notes)) in scored_batches {
            run.notes.extend(notes);
            for (at, score) in batch.iter().zip(of_batch) {
                scores[*at] = score;
            }
        }
        for (row, score) in run.rows.iter_mut().zip(&scores) {
            row.values.extend(&score.values);
            row.labels.extend(score.labels.iter().cloned());
        }
        run.figures
            .extend(plugin.aggregate(scores).await.unwrap_or_else(|error| {
                run.notes.push(format!("{}: {error}", plugin.name()));
                vec![None; metrics.len()]
            }));
        run.metrics.extend(metrics);
    }
    run
}

/// Exactly one score per row, whatever the plugin does, and what it did.
async fn scored(plugin: &dyn MetricPlugin, database: &str, rows: Vec<MetricRow>) -> (Vec<RowScore>, Vec<String>) {
    let mut notes = Vec::new();
    let width = plugin.describe().len();
    let fits = |scores: &Vec<RowScore>, rows: usize| {
        scores.len() == rows && scores.iter().all(|score| score.values.len() == width)
    };
    if let Ok(scores) = plugin.score(database, rows.clone()).await
        && fits(&scores, rows.len())
    {
        return (scores, notes);
    }
    let mut scores = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id.clone();
        let score = match plugin.score(database, vec![row]).await {
            Ok(mut score) if fits(&score, 1) => score.pop(),
            Ok(_) => {
                notes.push(format!(
                    "{} on row {id}: another number of scores than rows or metrics",
                    plugin.name()
                ));
                None
            }
            Err(error) => {
                notes.push(format!("{} on row {id}: {error}", plugin.name()));
                None
            }
        };
        scores.push(score.unwrap_or_else(|| RowScore {
            values: vec![None; width],
            labels: vec![("plugin-error".to_owned(), plugin.name().to_owned())],
        }));
    }
    (scores, notes)
}

fn metric_row(prediction: &Prediction) -> MetricRow {
    MetricRow {
        id: prediction.id.clone(),
        database: prediction.db_id.clone(),
        question: prediction.question.clone(),
        prediction: prediction.predict.clone(),
        predicted_sql: prediction.predicted_sql.clone(),
        gold: prediction.label.clone(),
    }
}
