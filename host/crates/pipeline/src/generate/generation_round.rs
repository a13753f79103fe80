//! One round of every topic that still wants samples.
//!
//! While the topics of a block are judged and written down, the next block of the same round is asked for already: its requests depend on the
//! earlier rounds of its own topics alone.

use std::sync::Arc;
use std::thread;

use nl2sql_catalog::{Finding, Sample, Severity, Verdict};
use rayon::prelude::*;

use super::budget_reallocation::reallocate;
use super::duplicates::{Duplicates, SampleKey};
use super::journals::{Journals, replay};
use super::{Generation, Notice, RoundRecord, TopicProgress, Weights};
use crate::executor::{GeneratedBatch, sample_key};
use crate::validate::{add_records, is_empty_result};
use crate::{Failure, PipelineError, Stage};

/// Topics generated side by side before their rounds are committed.
const BLOCK: usize = 32;

/// The state that generation rounds advance.
pub(super) struct GenerationRound<'a> {
    generation: &'a Generation<'a>,
    journals: Journals,
    topics: Vec<TopicProgress>,
    duplicates: Duplicates,
    weights: Arc<Weights>,
    /// What was asked for ahead of its turn.
    ahead: Option<Block>,
}

/// Topics that are asked together, and what the generator answered for each.
struct Block {
    members: Vec<usize>,
    answers: Vec<Result<GeneratedBatch, Failure>>,
}

/// What came out of one call of the generator, compared and judged.
struct Judged {
    topic: usize,
    record: RoundRecord,
    /// The samples, and the key of each.
    samples: Vec<Sample>,
    keys: Vec<SampleKey>,
    /// Nothing as long as they are not judged.
    verdicts: Option<Vec<Verdict>>,
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
            weights: Arc::new(Weights::of(generation.settings)),
            ahead: None,
        };
        rounds.remember_earlier_samples()?;
        Ok(rounds)
    }

    fn remember_earlier_samples(&mut self) -> Result<(), Failure> {
        let judged = super::read_judged(self.generation.folder)
            .map_err(|error| Failure::new("run folder", "broken", error.to_string()))?;
        let keys: Result<Vec<_>, Failure> = judged
            .par_iter()
            .map(|(sample, verdict)| Ok((sample_key(self.generation.dialect, sample)?, verdict.accepted)))
            .collect();
        for (key, accepted) in keys? {
            self.duplicates.replay(key, accepted);
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
        let topics = (0..self.topics.len()).filter(open);
        let earliest = topics.map(|index| self.topics[index].round).min();
        earliest.map_or_else(Vec::new, |round| self.block(round, 0))
    }

    /// The next topics of a round that have not ended, from the one at `first` on.
    fn block(&self, round: u32, first: usize) -> Vec<usize> {
        let wanted = |index: &usize| {
            let topic = &self.topics[*index];
            topic.round == round && topic.ended(self.generation.settings).is_none()
        };
        (first..self.topics.len()).filter(wanted).take(BLOCK).collect()
    }

    /// The block behind `members`, where it is asked for ahead of its turn. None is once the generator failed, and none of the next round, whose
    /// requests depend on what comes of `members`.
    fn next_block(&self, members: &[usize], answers: &[Result<GeneratedBatch, Failure>]) -> Vec<usize> {
        let may = self.generation.generator.looks_ahead() && answers.iter().all(Result::is_ok);
        match members.last().filter(|_| may) {
            Some(last) => self.block(self.topics[*last].round, last + 1),
            None => Vec::new(),
        }
    }

    /// One round of `members`. Rounds before the first failing one are committed. A failure of code `budget` is handed back, and the rounds
    /// behind it, which are paid for, are committed too; any other failure is an error.
    pub(super) fn advance(
        &mut self,
        members: &[usize],
        watch: &mut dyn FnMut(Notice<'_>) -> bool,
    ) -> Result<Option<Failure>, PipelineError> {
        let answers = match self.ahead.take() {
            Some(block) if block.members == members => block.answers,
            _ => self.asking(members)(),
        };
        let next = self.next_block(members, &answers);
        if next.is_empty() {
            return self.settle(members, answers, watch);
        }
        let asking = self.asking(&next);
        thread::scope(|scope| {
            let asked = scope.spawn(asking);
            let settled = self.settle(members, answers, watch);
            // Without an answer the block is asked for again in its turn.
            self.ahead = asked.join().ok().map(|answers| Block { members: next, answers });
            settled
        })
    }

    /// Asks the generator for `members` as they are now; the answers are in their order.
    fn asking(&self, members: &[usize]) -> impl FnOnce() -> Vec<Result<GeneratedBatch, Failure>> + Send + use<'a> {
        let (generation, weights) = (self.generation, self.weights.clone());
        let topics: Vec<TopicProgress> = members.iter().map(|index| self.topics[*index].clone()).collect();
        move || {
            let requests: Vec<_> = topics
                .iter()
                .map(|topic| topic.request(generation.settings, &weights))
                .collect();
            generation.generator.generate_all(&requests)
        }
    }

    /// Judges and commits what the generator answered for `members`.
    fn settle(
        &mut self,
        members: &[usize],
        answers: Vec<Result<GeneratedBatch, Failure>>,
        watch: &mut dyn FnMut(Notice<'_>) -> bool,
    ) -> Result<Option<Failure>, PipelineError> {
        let mut judged = Vec::with_capacity(members.len());
        let mut records = Vec::new();
        let mut failure = None;
        for (topic, answer) in members.iter().zip(answers) {
            match answer {
                Ok(mut generated) => {
                    if let Some(judgement) = &mut generated.judgement {
                        add_records(&mut records, std::mem::take(&mut judgement.records));
                    }
                    judged.push(self.without_duplicates(*topic, generated));
                }
                Err(stopped) if stopped.code == "budget" => failure = Some(stopped),
                Err(stopped) => {
                    failure = Some(stopped);
                    break;
                }
            }
        }
        let counted = self.generation.validators.count(records);
        counted.map_err(|stopped| self.stopped(stopped))?;
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

    /// Leaves out what is there already: a question, or more wordings of a statement than are wanted.
    fn without_duplicates(&mut self, topic: usize, generated: GeneratedBatch) -> Judged {
        let GeneratedBatch { batch, keys, judgement } = generated;
        let mut given = judgement.map(|judgement| judgement.verdicts.into_iter());
        let mut verdicts = given.as_ref().map(|given| Vec::with_capacity(given.len()));
        let progress = &self.topics[topic];
        let offered = batch.samples.len() as u32;
        let mut samples = Vec::with_capacity(batch.samples.len());
        let mut new = Vec::with_capacity(batch.samples.len());
        for (sample, key) in batch.samples.into_iter().zip(keys) {
            let verdict = given.as_mut().and_then(Iterator::next);
            if self.duplicates.is_new(key) {
                samples.push(sample);
                new.push(key);
                if let Some(verdicts) = &mut verdicts {
                    verdicts.extend(verdict);
                }
            }
        }
        Judged {
            topic,
            record: RoundRecord {
                topic: progress.topic.name.clone(),
                round: progress.round,
                offered,
                duplicates: offered - samples.len() as u32,
                exhausted: batch.exhausted,
                notes: batch.notes,
                ..RoundRecord::default()
            },
            samples,
            keys: new,
            verdicts,
        }
    }

    /// Validates what is not judged yet of all rounds together, so that every core has work.
    fn judge(&self, rounds: &mut [Judged]) -> Result<(), Failure> {
        let mut waiting: Vec<&mut Judged> = rounds.iter_mut().filter(|round| round.verdicts.is_none()).collect();
        let samples: Vec<Sample> = waiting
            .iter_mut()
            .flat_map(|round| std::mem::take(&mut round.samples))
            .collect();
        if samples.is_empty() {
            return Ok(());
        }
        let verdicts = self.generation.validators.verdicts(&samples)?;
        let mut judged = samples.into_iter().zip(verdicts);
        for round in waiting {
            let own = judged.by_ref().take(round.keys.len());
            let (samples, verdicts) = own.unzip();
            (round.samples, round.verdicts) = (samples, Some(verdicts));
        }
        Ok(())
    }

    /// Numbers the samples of a round, keeps to the budget and the share of empty results, and writes the round down.
    fn commit(&mut self, round: Judged) -> Result<RoundRecord, PipelineError> {
        let Judged {
            topic,
            mut record,
            samples: fresh,
            keys,
            verdicts,
        } = round;
        let progress = &self.topics[topic];
        let mut rest = progress.remaining();
        let mut empty_left = progress
            .max_empty_samples(self.generation.settings)
            .saturating_sub(progress.empty);
        let (mut samples, mut judged) = (Vec::with_capacity(fresh.len()), Vec::with_capacity(fresh.len()));
        for ((mut sample, key), mut verdict) in fresh.into_iter().zip(keys).zip(verdicts.unwrap_or_default()) {
            if rest == 0 {
                record.surplus += 1;
                continue;
            }
            let empty = verdict.accepted && is_empty_result(&verdict);
            if empty && empty_left == 0 {
                reject_empty(&mut verdict);
            }
            if verdict.accepted && !self.duplicates.accept(key) {
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
            sample.id = format!("s{:06}", self.journals.written + samples.len() + 1);
            verdict.sample.clone_from(&sample.id);
            samples.push(sample);
            judged.push(verdict);
        }
        self.journals.append(&samples, &judged, &record)?;
        replay(&mut self.topics[topic], &record, samples.into_iter().zip(judged));
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
