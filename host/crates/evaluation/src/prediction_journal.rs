//! `generated_predictions.jsonl` while it is written: one whole line per prediction, appended as soon as it is made.
//!
//! A file holds predictions of one fingerprint. Those of another are kept beside it under a name of their own, and come back
//! when they are asked for again.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::dataset::Example;
use crate::manifest::digest;
use crate::prediction::Prediction;
use crate::prediction_settings::PredictionSettings;

/// Predictions that were made with other settings and are now under another name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetAside {
    /// Where they are kept.
    pub path: PathBuf,
    /// In what the settings differ; nothing where they are not known.
    pub differences: Vec<String>,
}

impl fmt::Display for SetAside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "predictions made with other settings are kept as {}",
            self.path.display()
        )?;
        match self.differences.as_slice() {
            [] => Ok(()),
            differences => write!(f, " ({})", differences.join("; ")),
        }
    }
}

/// A file of predictions, opened behind its last whole line.
pub struct PredictionJournal {
    path: PathBuf,
    file: File,
    fingerprint: String,
    /// Id and digest of the prompt of every row that is answered.
    done: BTreeSet<(String, String)>,
    /// What was in its place.
    pub set_aside: Option<SetAside>,
}

/// Why predictions cannot be read or kept.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}; free the disk or choose another output and run again, finished rows are kept", path.display())]
pub struct JournalError {
    path: PathBuf,
    source: io::Error,
}

impl PredictionJournal {
    /// Opens the predictions that these settings make; what was made with others is set aside first.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn open(path: &Path, settings: &PredictionSettings) -> Result<Self, JournalError> {
        Self::opened(path, settings).map_err(|source| JournalError {
            path: path.to_owned(),
            source,
        })
    }

    fn opened(path: &Path, settings: &PredictionSettings) -> io::Result<Self> {
        let folder = path.parent().unwrap_or(Path::new(""));
        if !folder.as_os_str().is_empty() {
            std::fs::create_dir_all(folder)?;
        }
        let fingerprint = settings.fingerprint();
        let set_aside = set_aside(path, folder, settings)?;
        let kept = named(path, &fingerprint);
        if !path.exists() && kept.is_file() {
            std::fs::rename(&kept, path)?;
        }
        settings.write(folder)?;
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let bytes = std::fs::read(path)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        // Rows the model failed on are asked again.
        let done = predictions(&bytes[..whole])
            .filter(|line| line.error.is_none() && line.fingerprint == fingerprint)
            .map(|line| (line.id, line.asked))
            .collect();
        Ok(Self {
            path: path.to_owned(),
            file,
            fingerprint,
            done,
            set_aside,
        })
    }

    /// Whether the file answers this example, asked as it is asked now.
    pub fn answers(&self, example: &Example) -> bool {
        self.done.contains(&(example.id.clone(), asked(example)))
    }

    /// Appends a line.
    pub(crate) fn append(&mut self, example: &Example, line: Prediction) -> io::Result<()> {
        let line = Prediction {
            fingerprint: self.fingerprint.clone(),
            asked: asked(example),
            ..line
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)?;
        self.file.flush()
    }

    /// Puts the lines in the order of the examples, whoever was answered first, and leaves out lines that a later one replaces: of a row that
    /// failed, or was asked otherwise. Lines of other examples follow.
    pub(crate) fn put_in_order(&self, examples: &[Example]) -> io::Result<()> {
        let written = std::fs::read(&self.path)?;
        let mut latest: BTreeMap<(String, String), (usize, &[u8])> = BTreeMap::new();
        for (at, line) in written.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let Ok(prediction) = serde_json::from_slice::<Prediction>(line) else {
                continue;
            };
            latest.insert((prediction.id, prediction.asked), (at, line));
        }
        let mut ordered = Vec::with_capacity(written.len());
        for example in examples {
            if let Some((_, line)) = latest.remove(&(example.id.clone(), asked(example))) {
                ordered.extend_from_slice(line);
            }
        }
        let known: BTreeSet<&str> = examples.iter().map(|example| example.id.as_str()).collect();
        latest.retain(|(id, _), _| !known.contains(id.as_str()));
        let mut others: Vec<_> = latest.into_values().collect();
        others.sort_unstable();
        ordered.extend(others.into_iter().flat_map(|(_, line)| line));
        if ordered == written {
            return Ok(());
        }
        let beside = self.path.with_extension("jsonl.part");
        std::fs::write(&beside, ordered)?;
        std::fs::rename(beside, &self.path)
    }

    /// An error of its file.
    pub(crate) fn error(&self, source: io::Error) -> JournalError {
        JournalError {
            path: self.path.clone(),
            source,
        }
    }
}

/// Digest of all that an example says to a model.
fn asked(example: &Example) -> String {
    let asked = serde_json::json!([example.system, example.history, example.prompt, example.database]);
    digest(asked.to_string().as_bytes())[..16].to_owned()
}

fn predictions(bytes: &[u8]) -> impl Iterator<Item = Prediction> {
    let lines = bytes.split(|byte| *byte == b'\n');
    lines.filter_map(|line| serde_json::from_slice::<Prediction>(line).ok())
}

/// The name under which predictions of a fingerprint are kept while others have the usual name.
fn named(path: &Path, fingerprint: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{fingerprint}.jsonl"))
}

/// Moves predictions that other settings made out of the way.
fn set_aside(path: &Path, folder: &Path, settings: &PredictionSettings) -> io::Result<Option<SetAside>> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let fingerprint = settings.fingerprint();
    let Some(other) = predictions(&bytes).find(|line| line.fingerprint != fingerprint) else {
        return Ok(None);
    };
    let earlier = PredictionSettings::read(folder, &other.fingerprint);
    let name = match other.fingerprint.as_str() {
        "" => "unknown",
        fingerprint => fingerprint,
    };
    let mut numbered = (1..).map(|number| match number {
        1 => named(path, name),
        _ => named(path, &format!("{name}-{number}")),
    });
    let free = numbered.find(|candidate| !candidate.exists()).unwrap_or_default();
    std::fs::rename(path, &free)?;
    Ok(Some(SetAside {
        path: free,
        differences: earlier.map_or_else(Vec::new, |earlier| earlier.differences(settings)),
    }))
}
