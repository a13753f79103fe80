//! The three journals of generation and what a resumed run reads from them.

use std::collections::HashMap;
use std::sync::Arc;

use nl2sql_catalog::{Database, Plan, Rejection, Sample, Verdict};
use nl2sql_profile::GenerateSettings;

use super::budget_reallocation::reallocate;
use super::{RoundRecord, TopicProgress};
use crate::run_folder::{BrokenLine, Journal};
use crate::validate::is_empty_result;
use crate::{PipelineError, RunFolder, artifact};

/// Samples, verdicts and rounds, open for appending behind the last finished round.
#[derive(Debug)]
pub(super) struct Journals {
    samples: Journal,
    verdicts: Journal,
    rounds: Journal,
    /// Samples written.
    pub(super) written: usize,
}

/// A run as its journals tell it.
pub(super) struct Resumed {
    pub(super) journals: Journals,
    pub(super) topics: Vec<TopicProgress>,
    pub(super) notes: Vec<String>,
}

impl Journals {
    /// Reads the journals, cuts off what belongs to no finished round, and counts up the topics of the plan.
    pub(super) fn resume(
        folder: &RunFolder,
        plan: &Plan,
        catalog: &Database,
        settings: &GenerateSettings,
    ) -> Result<Resumed, PipelineError> {
        let samples = folder.readable_lines::<Sample>(artifact::SAMPLES)?;
        let verdicts = folder.readable_lines::<Verdict>(artifact::VERDICTS)?;
        let rounds = folder.readable_lines::<RoundRecord>(artifact::ROUNDS)?;
        let broken = [
            (artifact::SAMPLES, &samples.broken),
            (artifact::VERDICTS, &verdicts.broken),
            (artifact::ROUNDS, &rounds.broken),
        ];
        let mut notes = keep_what_is_cut(folder, &broken)?;
        // A verdict belongs to the sample on its line.
        let pairs = samples.rows.iter().zip(&verdicts.rows);
        let judged = pairs
            .take_while(|(sample, verdict)| sample.id == verdict.sample)
            .count();
        let mut topics: Vec<_> = plan
            .topics
            .iter()
            .map(|topic| TopicProgress::new(topic, catalog))
            .collect();
        let index: HashMap<_, _> = plan
            .topics
            .iter()
            .enumerate()
            .map(|(at, topic)| (topic.name.as_str(), at))
            .collect();
        let (mut finished, mut written) = (0, 0);
        for round in &rounds.rows {
            let end = written + (round.accepted + round.rejected) as usize;
            if end > judged {
                break;
            }
            if let Some(topic) = index.get(round.topic.as_str()).and_then(|at| topics.get_mut(*at)) {
                let judged = samples.rows[written..end].iter().zip(&verdicts.rows[written..end]);
                replay(
                    topic,
                    round,
                    judged.map(|(sample, verdict)| (sample.clone(), verdict.clone())),
                );
                reallocate(&mut topics, settings);
            }
            finished += 1;
            written = end;
        }
        let loose = samples.rows.len().max(verdicts.rows.len()) - written;
        if loose > 0 {
            notes.push(format!("{loose} samples of an unfinished round are made again"));
        }
        let journals = Self {
            samples: folder.journal(artifact::SAMPLES, samples.length_of(written))?,
            verdicts: folder.journal(artifact::VERDICTS, verdicts.length_of(written))?,
            rounds: folder.journal(artifact::ROUNDS, rounds.length_of(finished))?,
            written,
        };
        Ok(Resumed {
            journals,
            topics,
            notes,
        })
    }

    /// Appends one finished round; its line last, since it makes the others count.
    pub(super) fn append(
        &mut self,
        samples: &[Sample],
        verdicts: &[Verdict],
        round: &RoundRecord,
    ) -> Result<(), PipelineError> {
        self.samples.append(samples)?;
        self.verdicts.append(verdicts)?;
        self.rounds.append(std::slice::from_ref(round))?;
        self.written += samples.len();
        Ok(())
    }

    /// Waits for the disk.
    pub(super) fn sync(&self) -> Result<(), PipelineError> {
        self.samples.sync()?;
        self.verdicts.sync()?;
        self.rounds.sync()
    }
}

/// Says what is cut off the journals because it cannot be read. Half a line is what an interrupted write leaves; anything else may hold
/// more than it seems to, so the journals as they are go to `superseded/`.
fn keep_what_is_cut(
    folder: &RunFolder,
    journals: &[(&'static str, &Option<BrokenLine>); 3],
) -> Result<Vec<String>, PipelineError> {
    let mut notes = Vec::new();
    let mut garbage = false;
    for (name, broken) in journals {
        match broken {
            Some(line) if line.is_torn => notes.push(format!(
                "cut half a line off the end of {name}, left by an interrupted write"
            )),
            Some(line) => {
                garbage = true;
                notes.push(format!(
                    "line {} of {name} cannot be read ({}); it and what follows are made again",
                    line.number, line.reason
                ));
            }
            None => {}
        }
    }
    if garbage {
        let place = folder.keep_copies(&journals.map(|(name, _)| name))?;
        notes.push(format!("the journals as they were are kept in {}", place.display()));
    }
    Ok(notes)
}

/// Brings a topic to the state after a finished round.
pub(super) fn replay(
    topic: &mut TopicProgress,
    round: &RoundRecord,
    judged: impl IntoIterator<Item = (Sample, Verdict)>,
) {
    let mut rejected = Vec::new();
    for (sample, verdict) in judged {
        if verdict.accepted {
            topic.empty += u32::from(is_empty_result(&verdict));
            Arc::make_mut(&mut topic.accepted).push(sample);
        } else {
            let findings = verdict.findings;
            rejected.push(Rejection { sample, findings });
        }
    }
    topic.rejected = Arc::new(rejected);
    topic.offered += round.offered;
    topic.exhausted = round.exhausted;
    topic.round = round.round + 1;
}
