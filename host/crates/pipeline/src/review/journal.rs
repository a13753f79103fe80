//! `reviews.jsonl`: appended to by whoever serves the run, while a run or an export may be reading it.

use std::path::{Path, PathBuf};

use nl2sql_catalog::{Sample, Verdict};

use super::{Review, ReviewAction, ReviewedPair, Reviews, sample_digest};
use crate::run_folder::SharedJournal;
use crate::{PipelineError, artifact};

/// The journal of a run.
#[derive(Debug)]
pub struct ReviewJournal {
    path: PathBuf,
}

impl ReviewJournal {
    /// The journal of the run in this folder.
    pub fn of(folder: &Path) -> Self {
        Self {
            path: folder.join(artifact::REVIEWS),
        }
    }

    /// Appends a decision about a sample, unless another one was taken since `last_step`, which is what whoever decides has seen. Answers the
    /// pair as it is now, or, with `false`, as it was found.
    ///
    /// # Errors
    /// When the journal cannot be read or written; then it is as it was.
    pub fn append(
        &self,
        (sample, verdict): (&Sample, &Verdict),
        last_step: Option<&str>,
        (by, time): (&str, u64),
        action: ReviewAction,
    ) -> Result<(ReviewedPair, bool), PipelineError> {
        // Two servers may have the same run.
        let mut file = SharedJournal::open(&self.path)?;
        let mut rows: Vec<Review> = file.rows()?;
        let found = Reviews::new(rows.clone()).of(sample, verdict);
        if found.last_step() != last_step {
            return Ok((found, false));
        }
        let digest = sample_digest(sample);
        let review = Review {
            id: format!("r{}-{}", rows.len() + 1, &digest[..8]),
            time,
            by: by.to_owned(),
            sample: sample.id.clone(),
            of: digest,
            action,
        };
        file.append(&review)?;
        rows.push(review);
        Ok((Reviews::new(rows).of(sample, verdict), true))
    }
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Sample, Verdict};

    use super::super::{ReviewAction, ReviewState, Reviews};
    use super::ReviewJournal;
    use crate::RunFolder;

    #[test]
    fn decisions_are_kept_and_one_that_did_not_see_the_last_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let journal = ReviewJournal::of(place.path());
        let (sample, verdict) = (Sample::default(), Verdict::default());
        let decide = |last: Option<&str>, action| journal.append((&sample, &verdict), last, ("a", 1), action).unwrap();
        let (first, taken) = decide(None, ReviewAction::Approve);
        assert!(taken && first.state == ReviewState::Approved);
        let (found, taken) = decide(None, ReviewAction::Ban);
        assert!(!taken && found.state == ReviewState::Approved);
        // Half a line of a killed process is cut off.
        let path = place.path().join("reviews.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}{{\"id\":\"r")).unwrap();
        let (_, taken) = decide(first.last_step(), ReviewAction::Undo);
        assert!(taken);
        let read = Reviews::read(&RunFolder::look_at(place.path())).unwrap();
        let pair = read.of(&sample, &verdict);
        assert_eq!((pair.state, pair.history.len()), (ReviewState::None, 2));
    }

    #[test]
    fn a_journal_that_cannot_be_understood_is_not_appended_to() {
        let place = tempfile::tempdir().unwrap();
        std::fs::write(place.path().join("reviews.jsonl"), "garbage\n").unwrap();
        let journal = ReviewJournal::of(place.path());
        let pair = (&Sample::default(), &Verdict::default());
        let error = journal.append(pair, None, ("a", 1), ReviewAction::Ban).unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }
}
