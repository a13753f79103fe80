//! One round of every topic that still wants samples.

use nl2sql_catalog::{Batch, Finding, Sample, Severity, Verdict};
use rayon::prelude::*;

use super::budget_reallocation::reallocate;
use super::duplicates::{Duplicates, question_key};
use super::journals::{Journals, replay};
use super::{Generation, Notice, RoundRecord, TopicProgress, Weights};
use crate::executor::{GeneratedBatch, statement_key};
use crate::validate::is_empty_result;
use crate::{Failure, PipelineError, Stage};

/// Topics generated side by side before their rounds are committed.
const BLOCK: usize = 32;

/// The state that generation rounds advance.
pub(super) struct GenerationRound<'a> {
    generation: &'a Generation<'a>,
    journals: Journals,
    topics: Vec<TopicProgress>,
    duplicates: Duplicates,
    weights: Weights,
}

/// A sample with the forms it is compared by.
struct Candidate {
    sample: Sample,
    question: String,
    statement: String,
}

/// A topic, what the generator answered for it, and its samples.
type Asked = (usize, Batch, Vec<Candidate>);

/// What came out of one call of the generator, compared and judged.
struct Judged {
    topic: usize,
    record: RoundRecord,
    candidates: Vec<Candidate>,
    verdicts: Vec<Verdict>,
}

impl<'a> GenerationRound<'a> {
    /// Starts from journals and topics as they were resumed.
    pub(super) fn new(
        generation: &'a Generation<'a>,
        journals: Journals,
        topics: Vec<TopicProgress>,
    ) -> Result<Self, Failure> {
        let mut rounds = Self {
            generation,
            journals,
            topics,
            duplicates: Duplicates::new(generation.settings.wordings.max(1)),
            weights: Weights::of(generation.settings),
        };
        rounds.remember_earlier_samples()?;
        Ok(rounds)
    }

    fn remember_earlier_samples(&mut self) -> Result<(), Failure> {
        let judged = super::read_judged(self.generation.folder)
            .map_err(|error| Failure::new("run folder", "broken", error.to_string()))?;
        let forms: Result<Vec<_>, Failure> = judged
            .par_iter()
            .map(|(sample, verdict)| {
                Ok((
                    question_key(&sample.question),
                    statement_key(self.generation.dialect, sample)?,
                    verdict.accepted,
                ))
            })
            .collect();
        for (question, statement, accepted) in forms? {
            self.duplicates.replay(&question, &statement, accepted);
        }
        Ok(())
    }

    pub(super) fn topics(&self) -> &[TopicProgress] {
        &self.topics
    }

    pub(super) fn accepted(&self) -> u64 {
        self.topics.iter().map(|topic| topic.accepted.len() as u64).sum()
    }

    /// Topics that have not ended and are in the earliest round, in the order of the plan.
    pub(super) fn next_members(&self) -> Vec<usize> {
        let open = |index: &usize| self.topics[*index].ended(self.generation.settings).is_none();
        let earliest = (0..self.topics.len())
            .filter(open)
            .map(|index| self.topics[index].round)
            .min();
        (0..self.topics.len())
            .filter(open)
            .filter(|index| Some(self.topics[*index].round) == earliest)
            .take(BLOCK)
            .collect()
    }

    /// One round of `members`. Rounds before the first failing one are committed. A failure of code `budget` is handed back, and the rounds
    /// behind it, which are paid for, are committed too; any other failure is an error.
    pub(super) fn advance(
        &mut self,
        members: &[usize],
        watch: &mut dyn FnMut(Notice<'_>) -> bool,
    ) -> Result<Option<Failure>, PipelineError> {
        let answers = self.ask_all(members);
        let mut judged = Vec::with_capacity(members.len());
        let mut failure = None;
        for answer in answers {
            match answer {
                Ok((topic, batch, candidates)) => judged.push(self.without_duplicates(topic, batch, candidates)),
                Err(stopped) if stopped.code == "budget" => failure = Some(stopped),
                Err(stopped) => {
                    failure = Some(stopped);
                    break;
                }
            }
        }
        match self.judge(&mut judged) {
            // What a validator has no budget to judge is not accepted; its answers are stored and asked for again at no cost.
            Err(stopped) if stopped.code == "budget" => return Ok(Some(stopped)),
            judged => judged.map_err(|stopped| self.stopped(stopped))?,
        }
        for round in judged {
            let record = self.commit(round)?;
            watch(Notice::Round(&record));
        }
        self.journals.sync()?;
        match failure {
            Some(stopped) if stopped.code != "budget" => Err(self.stopped(stopped)),
            other => Ok(other),
        }
    }

    /// Answers for `members`, in their order.
    fn ask_all(&self, members: &[usize]) -> Vec<Result<Asked, Failure>> {
        let requests: Vec<_> = members
            .iter()
            .map(|index| self.topics[*index].request(self.generation.settings, &self.weights))
            .collect();
        let answers = self.generation.generator.generate_all(&requests);
        members
            .iter()
            .zip(answers)
            .map(|(index, answer)| Ok(self.asked(*index, answer?)))
            .collect()
    }

    /// Brings the samples of a topic into the forms they are compared by.
    fn asked(&self, index: usize, generated: GeneratedBatch) -> Asked {
        let GeneratedBatch { mut batch, statements } = generated;
        let topic = &self.topics[index].topic.name;
        let samples = std::mem::take(&mut batch.samples);
        let candidates = samples.into_iter().zip(statements).map(|(mut sample, statement)| {
            sample.topic.clone_from(topic);
            Candidate {
                question: question_key(&sample.question),
                statement,
                sample,
            }
        });
        let candidates = candidates.collect();
        (index, batch, candidates)
    }

    fn without_duplicates(&mut self, topic: usize, batch: Batch, candidates: Vec<Candidate>) -> Judged {
        let progress = &self.topics[topic];
        let offered = candidates.len() as u32;
        let mut fresh = Vec::with_capacity(candidates.len());
        for candidate in candidates {
            if self.duplicates.is_new(&candidate.question, &candidate.statement) {
                fresh.push(candidate);
            }
        }
        Judged {
            topic,
            record: RoundRecord {
                topic: progress.topic.name.clone(),
                round: progress.round,
                offered,
                duplicates: offered - fresh.len() as u32,
                exhausted: batch.exhausted,
                notes: batch.notes,
                ..RoundRecord::default()
            },
            candidates: fresh,
            verdicts: Vec::new(),
        }
    }

    /// Validates the candidates of all rounds together, so that every core has work.
    fn judge(&self, rounds: &mut [Judged]) -> Result<(), Failure> {
        let samples: Vec<_> = rounds
            .iter()
            .flat_map(|round| round.candidates.iter().map(|candidate| candidate.sample.clone()))
            .collect();
        let mut all = self.generation.validators.verdicts(&samples)?.into_iter();
        for round in rounds {
            round.verdicts = all.by_ref().take(round.candidates.len()).collect();
        }
        Ok(())
    }

    /// Numbers the samples of a round, keeps to the budget and the share of empty results, and writes the round down.
    fn commit(&mut self, round: Judged) -> Result<RoundRecord, PipelineError> {
        let Judged {
            topic,
            mut record,
            candidates,
            verdicts,
        } = round;
        let progress = &self.topics[topic];
        let mut rest = progress.remaining();
        let mut empty_left = progress
            .max_empty_samples(self.generation.settings)
            .saturating_sub(progress.empty);
        let (mut samples, mut judged) = (
            Vec::with_capacity(candidates.len()),
            Vec::with_capacity(candidates.len()),
        );
        for (mut candidate, mut verdict) in candidates.into_iter().zip(verdicts) {
            if rest == 0 {
                record.surplus += 1;
                continue;
            }
            let empty = verdict.accepted && is_empty_result(&verdict);
            if empty && empty_left == 0 {
                reject_empty(&mut verdict);
            }
            if verdict.accepted && !self.duplicates.accept(&candidate.question) {
                record.duplicates += 1;
                continue;
            }
            if verdict.accepted {
                record.accepted += 1;
                record.empty += u32::from(empty);
                empty_left -= u32::from(empty);
                rest -= 1;
            } else {
                record.rejected += 1;
            }
            candidate.sample.id = format!("s{:06}", self.journals.written + samples.len() + 1);
            verdict.sample.clone_from(&candidate.sample.id);
            samples.push(candidate.sample);
            judged.push(verdict);
        }
        self.journals.append(&samples, &judged, &record)?;
        replay(&mut self.topics[topic], &record, &samples, &judged);
        reallocate(&mut self.topics, self.generation.settings);
        Ok(record)
    }

    fn stopped(&self, failure: Failure) -> PipelineError {
        let total = self.generation.plan.total();
        PipelineError::Part {
            stage: Stage::Generate,
            failure,
            kept: format!(
                "{} of {total} accepted pairs are kept in {}; fix the cause and run again to resume",
                self.accepted(),
                self.generation.folder.root().display()
            ),
        }
    }
}

/// Code of the finding on a statement without rows that is one too many.
pub(super) const TOO_MANY_EMPTY: &str = "too-many-empty";

/// Turns a verdict on a statement without rows into a rejection.
pub(super) fn reject_empty(verdict: &mut Verdict) {
    verdict.accepted = false;
    verdict.rejected_by = Some("execution".into());
    verdict.findings.push(Finding {
        layer: "execution".into(),
        severity: Severity::Error,
        code: TOO_MANY_EMPTY.into(),
        message: "The statement returns no row, and the topic has its share of such pairs (generate.max_empty).".into(),
        ..Finding::default()
    });
}
