//! One round of every topic that still wants samples.
//!
//! While the topics of a block are judged and written down, the next blocks are asked for already: their requests depend on the earlier rounds
//! of their own topics alone. Two of them, so that whoever is done with his part of one goes on with the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

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

/// Blocks that are asked for ahead of their turn.
const AHEAD: usize = 2;

/// What the generator answered for each topic of a block.
type Answers = Vec<Result<GeneratedBatch, Failure>>;

/// The state that generation rounds advance.
pub(super) struct GenerationRound<'scope, 'env> {
    generation: &'env Generation<'env>,
    /// Where blocks are asked for ahead.
    scope: &'scope Scope<'scope, 'env>,
    journals: Journals,
    topics: Vec<TopicProgress>,
    duplicates: Duplicates,
    weights: Arc<Weights>,
    /// What was asked for ahead of its turn, in the order of turns.
    ahead: VecDeque<Block<'scope>>,
}

/// Topics that are asked together.
struct Block<'scope> {
    members: Vec<usize>,
    answers: ScopedJoinHandle<'scope, Answers>,
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

impl<'scope, 'env> GenerationRound<'scope, 'env> {
    /// Starts from journals and topics as they were resumed.
    pub(super) fn new(
        generation: &'env Generation<'env>,
        scope: &'scope Scope<'scope, 'env>,
        journals: Journals,
        topics: Vec<TopicProgress>,
    ) -> Result<Self, Failure> {
        let mut rounds = Self {
            generation,
            scope,
            journals,
            topics,
            duplicates: Duplicates::new(generation.settings.wordings.max(1)),
            weights: Arc::new(Weights::of(generation.settings)),
            ahead: VecDeque::new(),
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

    /// The block whose turn comes after all of `asked`, as far as that is known before these are settled.
    fn block_after(&self, asked: &[&[usize]]) -> Vec<usize> {
        let Some(last) = asked.last().and_then(|members| members.last()) else {
            return Vec::new();
        };
        let mut round = self.topics[*last].round;
        let mut next = self.block(round, last + 1);
        if next.is_empty() {
            round += 1;
            next = self.block(round, 0);
        }
        // Topics that are settled later come into the round as well: a block is known where it is full before the first of them.
        let earlier = asked.iter().copied().flatten();
        let first = earlier.filter(|index| self.topics[**index].round < round).min();
        let is_known = first.is_none() || (next.len() == BLOCK && next.last() < first);
        if !is_known {
            next.clear();
        }
        next
    }

    /// Asks for the blocks behind `members`. None is asked for once the generator failed.
    fn look_ahead(&mut self, members: &[usize], answers: &[Result<GeneratedBatch, Failure>]) {
        if !self.generation.generator.looks_ahead() || answers.iter().any(Result::is_err) {
            return;
        }
        while self.ahead.len() < AHEAD {
            let ahead = self.ahead.iter().map(|block| block.members.as_slice());
            let asked: Vec<&[usize]> = std::iter::once(members).chain(ahead).collect();
            let members = self.block_after(&asked);
            if members.is_empty() {
                return;
            }
            let answers = self.scope.spawn(self.asking(&members));
            self.ahead.push_back(Block { members, answers });
        }
    }

    /// What the generator answers for `members`, or has answered ahead of their turn.
    fn answers(&mut self, members: &[usize]) -> Answers {
        let asked = self.ahead.pop_front().filter(|block| block.members == members);
        let answered = match asked {
            Some(block) => block.answers.join().ok(),
            None => {
                self.ahead.clear();
                None
            }
        };
        answered.unwrap_or_else(|| self.asking(members)())
    }

    /// One round of `members`. Rounds before the first failing one are committed. A failure of code `budget` is handed back, and the rounds
    /// behind it, which are paid for, are committed too; any other failure is an error.
    pub(super) fn advance(
        &mut self,
        members: &[usize],
        watch: &mut dyn FnMut(Notice<'_>) -> bool,
    ) -> Result<Option<Failure>, PipelineError> {
        let answers = self.answers(members);
        self.look_ahead(members, &answers);
        self.settle(members, answers, watch)
    }

    /// Asks the generator for `members` as they are now; the answers are in their order.
    fn asking(&self, members: &[usize]) -> impl FnOnce() -> Answers + Send + use<'env> {
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
        answers: Answers,
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
