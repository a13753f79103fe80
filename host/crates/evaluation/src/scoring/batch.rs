//! Answers that are read and scored together, and what comes of them: what travels where they are scored elsewhere.

use std::collections::BTreeSet;

use async_trait::async_trait;
use nl2sql_catalog::{Analysis, AnsweredRow, Difficulty, RowScore, TableSource};
use serde::{Deserialize, Serialize};

/// Reads and scores answers about one database by several metrics, in this process or elsewhere.
#[async_trait]
pub trait BatchScorer: Send + Sync {
    /// How many calls of [`score`](Self::score) are worth having at once.
    fn at_once(&self) -> usize;

    /// What comes of the answers, in their order.
    ///
    /// # Errors
    /// None of them could be scored; the text says why.
    async fn score(&self, database: &str, rows: Vec<AnsweredRow<'_>>) -> Result<ScoredBatch, String>;
}

/// What came of an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoredAnswer {
    /// The SQL in the answer; nothing where it is the whole answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// What the reference asks for, where that was to be told and it can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ReferenceShape>,
    /// The scores of each metric plugin.
    pub scores: Vec<RowScore>,
}

/// What came of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScoredBatch {
    /// One for each answer, in their order.
    pub answers: Vec<ScoredAnswer>,
    /// What went wrong in each metric plugin, one sentence each.
    pub notes: Vec<Vec<String>>,
}

/// What a reference statement asks for, as far as results are told apart by it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReferenceShape {
    /// Spider's hardness level.
    pub hardness: Difficulty,
    /// Tables of the database in it.
    pub tables: usize,
    /// Features such as `join` and `group-by`.
    pub features: BTreeSet<String>,
}

impl From<Analysis> for ReferenceShape {
    fn from(analysis: Analysis) -> Self {
        let of_database = analysis
            .tables
            .iter()
            .filter(|table| table.source == TableSource::Catalog);
        let tables: BTreeSet<&str> = of_database.map(|table| table.name.as_str()).collect();
        Self {
            hardness: analysis.hardness,
            tables: tables.len(),
            features: analysis.features.into_iter().collect(),
        }
    }
}
