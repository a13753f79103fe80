//! A second look at answers, at those that do not run, at those that find nothing or leave out what the question says, or at all: more
//! candidates are sampled, and what most of those that run return is taken.
//!
//! Execution-guided decoding after Wang et al. 2018 (<https://arxiv.org/abs/1807.03100>) with the vote of self-consistency
//! (Wang et al. 2022, <https://arxiv.org/abs/2203.11171>). No gold answer is looked at.

use std::sync::{Arc, Mutex, PoisonError};

use nl2sql_catalog::{ResultSet, Value};
use nl2sql_sql_lexer::LexicalRules;

use crate::agreement::Agreement;
use crate::dataset::Example;
use crate::extraction::extract_sql_of;
use crate::named_values::leaves_out;
use crate::prediction::{ChatPrompt, Completion, TextGenerator};
use crate::query_runner::QueryRunner;
use crate::scoring::SqlReader;

/// Rows by which two results are compared.
const COMPARED_ROWS: usize = 1_000;

/// How candidates are judged.
#[derive(Clone)]
pub struct CandidateSettings {
    /// Runs them.
    pub runner: Arc<dyn QueryRunner>,
    /// Candidates sampled for a question.
    pub count: u32,
    /// Questions that get them.
    pub of: SecondLook,
}

/// Which first answers are looked at again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondLook {
    /// Those that do not run.
    Failing,
    /// Those that do not run, or find nothing; a candidate that finds something is then taken before one that finds nothing.
    Empty,
    /// Those, and those that leave out a value that the prompt names; a candidate that uses all of them is then taken before one that does not.
    Doubtful,
    /// All; the first answer takes part in the vote.
    Every,
}

impl SecondLook {
    /// Whether a first answer, that ran where there is one here, is looked at again.
    fn takes(self, ran: Option<&Run>) -> bool {
        let finds_something = ran.is_some_and(|run| finds_something(&run.result));
        match self {
            Self::Failing => ran.is_none(),
            Self::Empty => !finds_something,
            Self::Doubtful => !finds_something || ran.is_some_and(|run| run.leaves_out),
            Self::Every => true,
        }
    }

    /// Leaves those that are taken before the others, where there are some.
    fn prefer(self, runs: &mut Vec<Run>) {
        if matches!(self, Self::Empty | Self::Doubtful) {
            retain_any(runs, |run| finds_something(&run.result));
        }
        if self == Self::Doubtful {
            retain_any(runs, |run| !run.leaves_out);
        }
    }
}

/// An answer that runs.
struct Run {
    completion: Completion,
    result: Arc<ResultSet>,
    /// It leaves out a value that the prompt names.
    leaves_out: bool,
}

/// Keeps what is `wanted`, unless nothing is.
fn retain_any(runs: &mut Vec<Run>, wanted: impl Fn(&Run) -> bool) {
    if runs.iter().any(&wanted) {
        runs.retain(wanted);
    }
}

/// What came back for one question.
type Answer = Result<Completion, String>;

impl CandidateSettings {
    /// One answer per example: the winner of the vote, else the first. A first answer that is not looked at again stands; one that runs and
    /// is looked at takes part in the vote. None at all where the generator was stopped on the way: a first answer without its candidates is
    /// another answer.
    pub(crate) async fn answers(
        &self,
        generator: &dyn TextGenerator,
        examples: &[&Example],
        reader: Option<&dyn SqlReader>,
    ) -> Option<Vec<Answer>> {
        let prompts = examples.iter().map(|example| ChatPrompt::of(example, 0));
        let mut answers = ask(generator, prompts.collect()).await?;
        let mut voted = Vec::new();
        for (at, answer) in answers.iter().enumerate() {
            let Ok(completion) = answer else { continue };
            let ran = self.run(examples[at], completion, reader).await;
            if self.of.takes(ran.as_ref()) {
                voted.push((at, Vec::from_iter(ran)));
            }
        }
        let prompts = voted
            .iter()
            .flat_map(|(at, _)| (1..=self.count).map(|attempt| ChatPrompt::of(examples[*at], attempt)));
        let mut candidates = ask(generator, prompts.collect()).await?.into_iter();
        for (at, mut runs) in voted {
            let (mut tokens, mut written) = (0, 1);
            for completion in candidates.by_ref().take(self.count as usize).flatten() {
                tokens += completion.tokens.unwrap_or(0);
                written += 1;
                runs.extend(self.run(examples[at], &completion, reader).await);
            }
            let ran = runs.len() as u32;
            self.of.prefer(&mut runs);
            if let Ok(answer) = &mut answers[at] {
                tokens += answer.tokens.unwrap_or(0);
                let mut agreed = 0;
                if let Some((winner, votes)) = most_frequent(runs) {
                    (*answer, agreed) = (winner, votes);
                }
                answer.tokens = Some(tokens);
                answer.agreement = Some(Agreement { written, ran, agreed });
            }
        }
        Some(answers)
    }

    /// The answer with what its statement returns, where it runs.
    async fn run(&self, example: &Example, completion: &Completion, reader: Option<&dyn SqlReader>) -> Option<Run> {
        let sql = extract_sql_of(reader, &example.database, &completion.text);
        let result = self.runner.run(&example.database, &sql, COMPARED_ROWS).await.ok()?;
        let rules = reader.map_or(LexicalRules::GENERIC, |reader| reader.lexical_rules(&example.database));
        Some(Run {
            completion: completion.clone(),
            result,
            leaves_out: leaves_out(&example.named_values, &sql, &rules),
        })
    }
}

/// Asks everything at once; the answers come in the order of the prompts. None where some prompt was not asked, because the generator was stopped.
async fn ask(generator: &dyn TextGenerator, prompts: Vec<ChatPrompt>) -> Option<Vec<Answer>> {
    let answers = Mutex::new(prompts.iter().map(|_| None).collect::<Vec<Option<Answer>>>());
    let take = |at: usize, answer: Answer| {
        if let Some(place) = answers.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
            *place = Some(answer);
        }
    };
    generator.generate(prompts, &take).await;
    let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.into_iter().collect()
}

/// Whether a result holds anything but NULL and 0, which is what aggregates over no rows return.
fn finds_something(result: &ResultSet) -> bool {
    let nothing = |value: &Value| matches!(value, Value::Null | Value::Integer(0));
    !result.rows.iter().flatten().all(nothing)
}

/// The first candidate of the result that most candidates have, and how many these are; of equally frequent results the earliest.
fn most_frequent(runs: Vec<Run>) -> Option<(Completion, u32)> {
    let votes = |one: &Run| runs.iter().filter(|other| other.result.rows == one.result.rows).count();
    let counts: Vec<usize> = runs.iter().map(votes).collect();
    let most = counts.iter().copied().max()?;
    let winner = counts.iter().position(|count| *count == most)?;
    let winner = runs.into_iter().nth(winner)?;
    Some((winner.completion, most as u32))
}
