//! `serve/verified.jsonl`: appended to by whoever serves the run, while an export may be reading it.

use std::path::{Path, PathBuf};

use super::Feedback;
use crate::run_folder::SharedJournal;
use crate::{PipelineError, artifact};

/// The journal of a run.
#[derive(Debug)]
pub struct FeedbackJournal {
    path: PathBuf,
}

impl FeedbackJournal {
    /// The journal of the run in this folder, in which a folder for servers is made where it lacks one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(folder: &Path) -> Result<Self, PipelineError> {
        let path = folder.join(artifact::FEEDBACK);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|error| PipelineError::io("making", parent, error))?;
        }
        Ok(Self { path })
    }

    /// Every line.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self) -> Result<Vec<Feedback>, PipelineError> {
        SharedJournal::open(&self.path)?.rows()
    }

    /// Appends a line, and answers all there are now.
    ///
    /// # Errors
    /// When it cannot be read or written; then it is as it was.
    pub fn append(&self, feedback: Feedback) -> Result<Vec<Feedback>, PipelineError> {
        let mut journal = SharedJournal::open(&self.path)?;
        let mut rows = journal.rows()?;
        journal.append(&feedback)?;
        rows.push(feedback);
        Ok(rows)
    }
}
