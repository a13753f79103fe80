//! Predictions read back: ours, LLaMA-Factory's with its three fields, BIRD's and Spider's.

mod layouts;

use std::{collections::BTreeMap, io, path::Path};

use crate::{
    dataset::{Example, RowError},
    extraction::before_end_marker,
    prediction::Prediction,
    prediction_settings::PredictionSettings,
};
use layouts::rows;

/// Predictions in file order, and the lines that are none.
#[derive(Clone, Debug, Default)]
pub struct PredictionsFile {
    /// One prediction per example; of several lines for one id the last counts. Without ids, one per line.
    pub predictions: Vec<Prediction>,
    /// Lines left out.
    pub errors: Vec<RowError>,
    /// SHA-256 of the file.
    pub digest: String,
}

/// Why predictions do not belong to a dataset.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// The dataset has no rows that can be used.
    #[error("the dataset holds no examples; give another one with --dataset")]
    NoExamples,
    /// Lines without an id cannot be told apart when others have one.
    #[error("{without} of {rows} predictions have no `id`; give all of them the id of their example, or none")]
    SomeIds {
        /// Predictions without an id.
        without: usize,
        /// All predictions.
        rows: usize,
    },
    /// Rows pair by position only where there are as many of them.
    #[error(
        "the predictions have no `id` and pair with the dataset by position, but there are {predictions} of them and \
         {examples} examples; predict the whole dataset, or give --limit where it was cut"
    )]
    Count {
        /// Predictions in the file.
        predictions: usize,
        /// Examples in the dataset.
        examples: usize,
    },
    /// Where rows pair by position, none may be missing.
    #[error("{error}; rows without ids pair by position, so each must be there")]
    Damaged {
        /// The first row that cannot be read.
        error: RowError,
    },
    /// A row is about another database than the example in its place.
    #[error(
        "prediction {row} is of the database `{found}`, and example {row} of the dataset of `{expected}`; without ids the rows pair \
         by position, so predict this dataset in its order"
    )]
    Database {
        /// Row, counted from 1.
        row: usize,
        /// The prediction's database.
        found: String,
        /// The example's.
        expected: String,
    },
    /// A line's label is not what the dataset says.
    #[error(
        "prediction {row} has the label `{label}`, and example {row} of the dataset has `{gold}`; without ids the rows pair by \
         position, so predict this dataset in its order"
    )]
    Label {
        /// Row, counted from 1.
        row: usize,
        /// The prediction's label.
        label: String,
        /// The dataset's answer.
        gold: String,
    },
    /// The ids agree, for most datasets number their rows, and the questions do not.
    #[error(
        "prediction `{id}` answers `{found}`, and example `{id}` of the dataset asks `{expected}`; give the dataset that was \
         predicted, or predict this one again"
    )]
    Question {
        /// The id.
        id: String,
        /// What was asked.
        found: String,
        /// What the dataset asks.
        expected: String,
    },
    /// The ids agree, and the labels do not.
    #[error(
        "prediction `{id}` has the label `{label}`, and example `{id}` of the dataset has `{gold}`; give the dataset that was \
         predicted"
    )]
    LabelOfId {
        /// The id.
        id: String,
        /// The prediction's label.
        label: String,
        /// The dataset's answer.
        gold: String,
    },
    /// No id is one of the dataset's.
    #[error(
        "no prediction belongs to the dataset: predictions have ids such as `{found}`, examples such as `{expected}`"
    )]
    NoneInDataset {
        /// Id of the first prediction.
        found: String,
        /// Id of the first example.
        expected: String,
    },
    /// The file holds no prediction.
    #[error("the file holds no predictions{}; a row is for example {{\"id\": \"7\", \"predict\": \"SELECT ...\"}}", .first.as_ref().map(|error| format!(": {error}")).unwrap_or_default())]
    NoPredictions {
        /// The first row that cannot be read.
        first: Option<RowError>,
    },
}

impl PredictionsFile {
    /// Reads a file in any of the layouts that evaluators and trainers write; a byte order mark is passed over. Told from the text are
    /// lines or an array of predictions and BIRD's object of numbered statements; by its ending (`.txt`, `.sql`) a file of one statement a
    /// line, as Spider's evaluators read it.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        let bytes = std::fs::read(path)?;
        let mut file = Self {
            digest: crate::manifest::digest(&bytes),
            ..Self::default()
        };
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
        let is_statements = path.extension().is_some_and(|kind| kind == "txt" || kind == "sql");
        for (number, row) in rows(text, is_statements) {
            match row {
                Ok(prediction) => match places.get(&prediction.id) {
                    Some(place) if !prediction.id.is_empty() => file.predictions[*place] = prediction,
                    _ => {
                        places.insert(prediction.id.clone(), file.predictions.len());
                        file.predictions.push(prediction);
                    }
                },
                Err(reason) => file.errors.push(RowError { row: number, reason }),
            }
        }
        Ok(file)
    }

    /// Keeps the predictions of `examples` and gives them what the examples know. Predictions without ids, as LLaMA-Factory
    /// writes them, pair by position. `limited` says that the examples are only the first of their dataset.
    ///
    /// # Errors
    /// The predictions do not belong to the examples, or there are none.
    pub fn pair_with(&mut self, examples: &[Example], limited: bool) -> Result<(), PairingError> {
        let (Some(first_example), rows) = (examples.first(), self.predictions.len()) else {
            return Err(PairingError::NoExamples);
        };
        let Some(first) = self.predictions.first() else {
            return Err(PairingError::NoPredictions {
                first: self.errors.first().cloned(),
            });
        };
        let found = first.id.clone();
        match self.predictions.iter().filter(|row| row.id.is_empty()).count() {
            0 => {}
            without if without < rows => return Err(PairingError::SomeIds { without, rows }),
            _ => match self.errors.first() {
                Some(error) => return Err(PairingError::Damaged { error: error.clone() }),
                None => self.pair_by_position(examples, limited)?,
            },
        }
        let by_id: BTreeMap<&str, &Example> = examples.iter().map(|row| (row.id.as_str(), row)).collect();
        self.predictions
            .retain(|prediction| by_id.contains_key(prediction.id.as_str()));
        if self.predictions.is_empty() {
            let expected = first_example.id.clone();
            return Err(PairingError::NoneInDataset { found, expected });
        }
        for prediction in &mut self.predictions {
            if let Some(example) = by_id.get(prediction.id.as_str()) {
                refuse_another(prediction, example)?;
                complete(prediction, example);
            }
        }
        Ok(())
    }

    fn pair_by_position(&mut self, examples: &[Example], limited: bool) -> Result<(), PairingError> {
        let predictions = self.predictions.len();
        if predictions < examples.len() || (predictions > examples.len() && !limited) {
            return Err(PairingError::Count {
                predictions,
                examples: examples.len(),
            });
        }
        self.predictions.truncate(examples.len());
        for (at, (prediction, example)) in self.predictions.iter_mut().zip(examples).enumerate() {
            if !prediction.db_id.is_empty() && !example.database.is_empty() && prediction.db_id != example.database {
                return Err(PairingError::Database {
                    row: at + 1,
                    found: prediction.db_id.clone(),
                    expected: example.database.clone(),
                });
            }
            if let Some(gold) = example.gold.as_ref().filter(|gold| !agrees(gold, &prediction.label)) {
                return Err(PairingError::Label {
                    row: at + 1,
                    label: prediction.label.clone(),
                    gold: gold.clone(),
                });
            }
            prediction.id.clone_from(&example.id);
        }
        Ok(())
    }

    /// The settings that made all of them, where they are kept in the folder of the file.
    pub fn made_with(&self, folder: &Path) -> Option<PredictionSettings> {
        let fingerprint = &self.predictions.first()?.fingerprint;
        let alike = self.predictions.iter().all(|row| row.fingerprint == *fingerprint);
        alike.then(|| PredictionSettings::read(folder, fingerprint)).flatten()
    }
}

/// Refuses a prediction of another dataset whose rows have the same ids. A reference that was corrected since is the dataset's to say: the
/// question tells.
fn refuse_another(prediction: &Prediction, example: &Example) -> Result<(), PairingError> {
    let id = prediction.id.clone();
    if !prediction.question.is_empty() && prediction.question != example.question {
        return Err(PairingError::Question {
            id,
            found: prediction.question.clone(),
            expected: example.question.clone(),
        });
    }
    match &example.gold {
        Some(gold) if prediction.question.is_empty() && !agrees(gold, &prediction.label) => {
            Err(PairingError::LabelOfId {
                id,
                label: prediction.label.clone(),
                gold: gold.clone(),
            })
        }
        _ => Ok(()),
    }
}

/// Predictions of other programs lack what the dataset knows.
fn complete(prediction: &mut Prediction, example: &Example) {
    if prediction.db_id.is_empty() {
        prediction.db_id.clone_from(&example.database);
    }
    if prediction.question.is_empty() {
        prediction.question.clone_from(&example.question);
    }
    if let Some(gold) = &example.gold {
        prediction.label.clone_from(gold);
    }
}

/// Letters of a label that was cut off from which on it still tells whose it is.
const TELLING_LABEL: usize = 12;

/// A label that went through a tokenizer may differ in blanks, may end with the token that ends a turn, and may have been cut at the length
/// of training samples (`cutoff_len`); one that is missing says nothing.
fn agrees(gold: &str, label: &str) -> bool {
    if gold == label {
        return true;
    }
    let blankless = |text: &str| text.split_whitespace().collect::<String>();
    let (gold, label) = (blankless(gold), blankless(before_end_marker(label)));
    label.is_empty() || gold == label || (label.chars().count() >= TELLING_LABEL && gold.starts_with(&label))
}
