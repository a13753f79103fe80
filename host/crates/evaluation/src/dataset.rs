//! Questions to predict: Alpaca, ShareGPT and Spider files, read row by row.
//!
//! A row that cannot be used is an error of that row with its number; only a file that cannot be opened or is no JSON at all
//! is an error of the whole.

mod layout;
mod lines;

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use layout::Layout;
use lines::NumberedRow;

/// One question to ask a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Unique in the dataset: the row's own `id` (`question_id`, `instance_id`), or its number from 0.
    pub id: String,
    /// Database it is asked of; empty for the run's own.
    #[serde(default)]
    pub database: String,
    /// System message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Earlier turns, user and assistant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<(String, String)>,
    /// Last user message; the question alone in Spider's layout.
    pub prompt: String,
    /// The question; the prompt where the layout does not tell them apart.
    pub question: String,
    /// Knowledge that comes with the question (BIRD's `evidence`); empty where there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
    /// The values that `prompt` names, each as the columns that hold it write it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub named_values: Vec<Vec<String>>,
    /// Whether `prompt` is the question alone, with no schema around it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
    /// Reference answer; `None` where the row has none.
    pub gold: Option<String>,
    /// What the row says of itself beyond that, e.g. `language`, `topic`, `difficulty`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// Why one row of a dataset is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("row {row}: {reason}")]
pub struct RowError {
    /// Row, counted from 1.
    pub row: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Why a dataset cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The file cannot be read.
    #[error("{}: {source}; give the path of a .json or .jsonl file", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is neither lines of JSON objects nor a JSON array of them.
    #[error("{}: neither lines of JSON objects nor a JSON array: {reason}", path.display())]
    NotJson {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        reason: String,
    },
}

/// A dataset with the rows that could not be used.
#[derive(Clone, Debug, Default)]
pub struct Dataset {
    /// Rows in file order.
    pub examples: Vec<Example>,
    /// Rows left out.
    pub errors: Vec<RowError>,
    /// SHA-256 of the file.
    pub digest: String,
}

impl Dataset {
    /// Reads a file; `layout` is told from each row where it is not given.
    ///
    /// # Errors
    /// The file cannot be read or is not JSON.
    pub fn read(path: &Path, layout: Option<Layout>) -> Result<Self, DatasetError> {
        let bytes = std::fs::read(path).map_err(|source| DatasetError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let rows = lines::rows(&bytes).map_err(|reason| DatasetError::NotJson {
            path: path.to_owned(),
            reason,
        })?;
        let mut dataset = Self {
            digest: crate::manifest::digest(&bytes),
            ..Self::default()
        };
        let mut ids = std::collections::BTreeSet::new();
        let read = |(number, row): NumberedRow| (number, row.and_then(|row| layout::example(&row, layout, number)));
        let examples: Vec<_> = rows.into_par_iter().map(read).collect();
        for (number, example) in examples {
            match example {
                Ok(mut example) => {
                    if !ids.insert(example.id.clone()) {
                        example.id = format!("{}#{number}", example.id);
                        ids.insert(example.id.clone());
                    }
                    dataset.examples.push(example);
                }
                Err(reason) => dataset.errors.push(RowError { row: number, reason }),
            }
        }
        Ok(dataset)
    }
}
