//! Generation in rounds until every topic's budget is met, resumable at any point.
//!
//! A generation round asks for every topic that still wants samples. Topics of a round are generated and validated in parallel and
//! committed in the order of the plan, so the outcome does not depend on timing; and since a round's request depends on
//! earlier rounds alone, a stopped run continues with exactly the requests an undisturbed one would have made.

mod budget_reallocation;
mod duplicates;
mod generation_round;
mod journals;
mod topic_progress;

use std::collections::{BTreeMap, HashSet};
use std::thread;

use nl2sql_catalog::{Database, Plan, Sample, Verdict};
use nl2sql_profile::GenerateSettings;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::summary::{StageSummary, count};
use crate::validate::{ValidatorChain, is_empty_result};
use crate::{Dialect, Failure, GenerationExecutor, PipelineError, RunFolder, Stage, artifact};
pub use duplicates::SampleKey;
pub(crate) use duplicates::question_key;
use generation_round::GenerationRound;
use journals::{Journals, Resumed};
use topic_progress::Ended;
pub(crate) use topic_progress::{TopicProgress, Weights};

/// A finished round of one topic: a line of `rounds.jsonl`. The samples and verdicts of a round count once its line stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundRecord {
    /// Topic.
    pub topic: String,
    /// Round of the topic, from 0.
    pub round: u32,
    /// Samples the generator gave.
    pub offered: u32,
    /// Left out because question or SQL was there already.
    pub duplicates: u32,
    /// Left out because the budget was met before them.
    pub surplus: u32,
    /// Accepted.
    pub accepted: u32,
    /// Rejected.
    pub rejected: u32,
    /// Accepted although the SQL returns no row.
    pub empty: u32,
    /// The generator has nothing more to offer.
    pub exhausted: bool,
    /// What the generator noted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Everything generation works with.
pub(crate) struct Generation<'a> {
    pub(crate) folder: &'a RunFolder,
    pub(crate) plan: &'a Plan,
    pub(crate) catalog: &'a Database,
    pub(crate) settings: &'a GenerateSettings,
    pub(crate) dialect: &'a dyn Dialect,
    pub(crate) generator: &'a dyn GenerationExecutor,
    pub(crate) validators: &'a ValidatorChain,
}

/// What the caller is told while generation runs.
pub(crate) enum Notice<'a> {
    Round(&'a RoundRecord),
    Progress { accepted: u64, total: u64 },
    Note(String),
}

/// How generation ended.
pub(crate) struct Generated {
    pub(crate) summary: StageSummary,
    /// A part's budget ended it before the topics' budgets were met.
    pub(crate) short: bool,
}

impl Generation<'_> {
    /// Continues from the journals until every topic has ended. `watch` answers whether to stop.
    pub(crate) fn run(&self, watch: &mut dyn FnMut(Notice<'_>) -> bool) -> Result<Generated, PipelineError> {
        let resumed = Journals::resume(self.folder, self.plan, self.catalog, self.settings)?;
        for note in resumed.notes {
            watch(Notice::Note(note));
        }
        let Resumed { journals, topics, .. } = resumed;
        thread::scope(|scope| {
            let mut rounds = GenerationRound::new(self, scope, journals, topics)
                .map_err(|failure| PipelineError::part(Stage::Generate, failure))?;
            let spent = self.advance_to_the_end(&mut rounds, watch)?;
            Ok(self.report(rounds.topics(), &resumed_totals(self.folder)?, spent))
        })
    }

    /// Round after round, until every topic has ended or a budget is spent, which is handed back.
    fn advance_to_the_end(
        &self,
        rounds: &mut GenerationRound<'_, '_>,
        watch: &mut dyn FnMut(Notice<'_>) -> bool,
    ) -> Result<Option<Failure>, PipelineError> {
        let total = self.plan.total();
        let mut spent = None;
        loop {
            let members = rounds.next_members();
            let accepted = rounds.accepted();
            let stop = watch(Notice::Progress { accepted, total });
            if members.is_empty() || spent.is_some() {
                return Ok(spent);
            }
            if stop {
                return Err(PipelineError::Cancelled {
                    folder: self.folder.root().to_owned(),
                });
            }
            spent = rounds.advance(&members, watch)?;
        }
    }

    fn report(&self, topics: &[TopicProgress], totals: &Totals, spent: Option<Failure>) -> Generated {
        let accepted: usize = topics.iter().map(|topic| topic.accepted.len()).sum();
        let mut notes = totals.notes.clone();
        for topic in topics {
            let wanted = topic.planned as usize;
            if topic.accepted.len() < wanted {
                let why = match topic.ended(self.settings) {
                    _ if topic.exhausted => "the generator has nothing more to offer",
                    Some(Ended::Rounds | Ended::Met) => "the rounds are used up (generate.max_rounds)",
                    _ => "the language model's budget is spent",
                };
                let given = if topic.gave {
                    "; other topics make up for it"
                } else {
                    ""
                };
                notes.push(format!(
                    "topic `{}` has {} of {wanted} pairs: {why}{given}",
                    topic.topic.name,
                    topic.accepted.len()
                ));
            }
        }
        let total = self.plan.total() as usize;
        if accepted < total && spent.is_none() {
            notes.push(format!(
                "{accepted} of {total} pairs: no topic can supply more that differ; a lower plan.total or other tables would be met"
            ));
        }
        if let Some(failure) = &spent {
            notes.push(format!("{failure}; raise the budget and run again to resume"));
        }
        if totals.empty > 0 {
            notes.push(format!("{} of {accepted} accepted pairs return no row", totals.empty));
        }
        let mut rejected = BTreeMap::new();
        for (name, number) in [("duplicate", totals.duplicates), ("over budget", totals.surplus)] {
            if number > 0 {
                rejected.insert(name.to_owned(), number);
            }
        }
        Generated {
            summary: StageSummary {
                input: format!(
                    "{}, {} wanted",
                    count(topics.len(), "topic"),
                    count(self.plan.total() as usize, "pair")
                ),
                output: format!(
                    "{} from {} offered",
                    count(totals.samples as usize, "sample"),
                    totals.offered
                ),
                rejected,
                notes,
                files: [artifact::SAMPLES, artifact::VERDICTS, artifact::ROUNDS]
                    .map(String::from)
                    .to_vec(),
            },
            short: spent.is_some(),
        }
    }
}

/// Rejects again what was rejected for going beyond a topic's share of statements without rows, where it still returns none: validators judge
/// a sample alone and know nothing of shares.
pub(crate) fn keep_share_of_empty(before: &[Verdict], verdicts: &mut [Verdict]) {
    let over: HashSet<&str> = before
        .iter()
        .filter(|verdict| {
            verdict
                .findings
                .iter()
                .any(|finding| finding.code == generation_round::TOO_MANY_EMPTY)
        })
        .map(|verdict| verdict.sample.as_str())
        .collect();
    for verdict in verdicts {
        if verdict.accepted && is_empty_result(verdict) && over.contains(verdict.sample.as_str()) {
            generation_round::reject_empty(verdict);
        }
    }
}

/// Sums over all rounds.
struct Totals {
    offered: u64,
    duplicates: u64,
    surplus: u64,
    samples: u64,
    empty: u64,
    notes: Vec<String>,
}

fn resumed_totals(folder: &RunFolder) -> Result<Totals, PipelineError> {
    let rounds = folder.lines::<RoundRecord>(artifact::ROUNDS)?;
    let sum = |of: fn(&RoundRecord) -> u32| rounds.iter().map(|round| u64::from(of(round))).sum();
    let mut notes: Vec<String> = Vec::new();
    for round in &rounds {
        for note in &round.notes {
            let line = format!("{}: {note}", round.topic);
            if !notes.contains(&line) {
                notes.push(line);
            }
        }
    }
    Ok(Totals {
        offered: sum(|round| round.offered),
        duplicates: sum(|round| round.duplicates),
        surplus: sum(|round| round.surplus),
        samples: sum(|round| round.accepted + round.rejected),
        empty: sum(|round| round.empty),
        notes,
    })
}

/// Samples and verdicts of a run, pairwise.
pub(crate) fn read_judged(folder: &RunFolder) -> Result<Vec<(Sample, Verdict)>, PipelineError> {
    let samples = folder.lines::<Sample>(artifact::SAMPLES)?;
    let verdicts = folder.lines::<Verdict>(artifact::VERDICTS)?;
    let mut by_id: BTreeMap<_, _> = verdicts
        .into_iter()
        .map(|verdict| (verdict.sample.clone(), verdict))
        .collect();
    samples
        .into_iter()
        .map(|sample| match by_id.remove(&sample.id) {
            Some(verdict) => Ok((sample, verdict)),
            None => Err(PipelineError::Broken {
                path: folder.path(artifact::VERDICTS),
                reason: format!("it has no verdict on sample {}", sample.id),
                writer: Stage::Validate,
            }),
        })
        .collect()
}
