//! Answers read and scored by this process.

use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use async_trait::async_trait;
use nl2sql_catalog::{AnsweredRow, MetricRow, Reading, RowScore};

use super::{BatchScorer, MetricPlugin, ReferenceShape, ScoredAnswer, ScoredBatch, SqlReader};
use crate::extraction::{extract_sql_of, extract_statements_of};

/// Metric plugins of this process. A batch on which one fails is scored row by row, so that one bad row costs its own value and no other.
pub struct LocalScorer {
    /// Reads statements; in no dialect where nobody does.
    reader: Option<Arc<dyn SqlReader>>,
    reading: Reading,
    metrics: Vec<Arc<dyn MetricPlugin>>,
}

impl LocalScorer {
    /// Scores by `metrics` what `reader` finds in answers.
    pub fn new(reader: Option<Arc<dyn SqlReader>>, reading: Reading, metrics: Vec<Arc<dyn MetricPlugin>>) -> Self {
        Self {
            reader,
            reading,
            metrics,
        }
    }
}

#[async_trait]
impl BatchScorer for LocalScorer {
    fn at_once(&self) -> usize {
        available_parallelism().map_or(1, NonZero::get)
    }

    async fn score(&self, database: &str, rows: Vec<AnsweredRow<'_>>) -> Result<ScoredBatch, String> {
        let rows: Vec<MetricRow> = rows.into_iter().map(|row| metric_row(database, row)).collect();
        let (reader, reading) = (self.reader.clone(), self.reading);
        // Reading calls the dialect, which computes.
        let read = tokio::task::spawn_blocking(move || read_all(reader.as_deref(), reading, rows));
        let (rows, references) = read.await.map_err(|error| error.to_string())?;
        let mut scored = ScoredBatch {
            answers: rows.iter().zip(references).map(answer).collect(),
            notes: Vec::with_capacity(self.metrics.len()),
        };
        for metric in &self.metrics {
            let (scores, notes) = scores_and_notes(&**metric, database, &rows).await;
            scored.notes.push(notes);
            for (answer, score) in scored.answers.iter_mut().zip(scores) {
                answer.scores.push(score);
            }
        }
        Ok(scored)
    }
}

fn metric_row(database: &str, row: AnsweredRow<'_>) -> MetricRow {
    MetricRow {
        id: row.id.into_owned(),
        database: database.to_owned(),
        question: row.question.into_owned(),
        prediction: row.answer.into_owned(),
        predicted_sql: row.sql.into_owned(),
        gold: row.gold.into_owned(),
    }
}

/// The answer without scores yet.
fn answer((row, reference): (&MetricRow, Option<ReferenceShape>)) -> ScoredAnswer {
    ScoredAnswer {
        sql: (row.predicted_sql != row.prediction).then(|| row.predicted_sql.clone()),
        reference,
        scores: Vec::new(),
    }
}

/// The rows with the SQL of their answers, and what their references ask for.
fn read_all(
    reader: Option<&dyn SqlReader>,
    reading: Reading,
    mut rows: Vec<MetricRow>,
) -> (Arc<[MetricRow]>, Vec<Option<ReferenceShape>>) {
    let read = |row: &mut MetricRow| {
        if row.predicted_sql.is_empty() {
            row.predicted_sql = extract_sql_of(reader, &row.database, &row.prediction);
        }
        if reading.following_statements {
            let both = extract_statements_of(reader, &row.database, &row.prediction);
            if both.starts_with(&row.predicted_sql) {
                row.predicted_sql = both;
            }
        }
        let reader = reader.filter(|_| reading.reference)?;
        reader.analyse(&row.database, &row.gold).ok().map(ReferenceShape::from)
    };
    let references = rows.iter_mut().map(read).collect();
    (rows.into(), references)
}

/// Exactly one score per row, whatever the plugin does, and what it did.
async fn scores_and_notes(
    plugin: &dyn MetricPlugin,
    database: &str,
    rows: &Arc<[MetricRow]>,
) -> (Vec<RowScore>, Vec<String>) {
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
    for row in rows.iter() {
        let score = match plugin.score(database, [row.clone()].into()).await {
            Ok(mut score) if fits(&score, 1) => score.pop(),
            Ok(_) => {
                notes.push(format!(
                    "{} on row {}: another number of scores than rows or metrics",
                    plugin.name(),
                    row.id
                ));
                None
            }
            Err(error) => {
                notes.push(format!("{} on row {}: {error}", plugin.name(), row.id));
                None
            }
        };
        scores.push(score.unwrap_or_else(|| super::failed_score(plugin)));
    }
    (scores, notes)
}
