//! `generated_predictions.jsonl` read back: ours, or LLaMA-Factory's with its three fields.

use std::{collections::BTreeMap, io, path::Path};

use crate::{dataset::RowError, extraction::extract_sql, prediction::Prediction};

/// Predictions in file order, and the lines that are none.
#[derive(Clone, Debug, Default)]
pub struct PredictionsFile {
    /// One prediction per example; of several lines for one id the last counts.
    pub predictions: Vec<Prediction>,
    /// Lines left out.
    pub errors: Vec<RowError>,
    /// SHA-256 of the file.
    pub digest: String,
}

impl PredictionsFile {
    /// Reads a file. Rows without `id` are named by their position from 0, and their SQL is extracted anew.
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
        let lines = bytes.split(|byte| *byte == b'\n').enumerate();
        for (at, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
            match prediction(line) {
                Ok(mut prediction) => {
                    if prediction.id.is_empty() {
                        prediction.id = at.to_string();
                    }
                    if prediction.predicted_sql.is_empty() {
                        prediction.predicted_sql = extract_sql(&prediction.predict);
                    }
                    match places.get(&prediction.id) {
                        Some(place) => file.predictions[*place] = prediction,
                        None => {
                            places.insert(prediction.id.clone(), file.predictions.len());
                            file.predictions.push(prediction);
                        }
                    }
                }
                Err(reason) => file.errors.push(RowError { row: at + 1, reason }),
            }
        }
        Ok(file)
    }
}

fn prediction(line: &[u8]) -> Result<Prediction, String> {
    let text = std::str::from_utf8(line).map_err(|error| format!("it is not UTF-8: {error}"))?;
    serde_json::from_str(text).map_err(|error| format!("it is not a prediction: {error}"))
}
