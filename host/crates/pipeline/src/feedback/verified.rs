//! Verified pairs among the generated ones, for the export.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nl2sql_catalog::{Database, Plan, Sample, Verdict};
use serde::Serialize;

use super::{Feedback, FeedbackVerdict, verified_pairs};
use crate::catalog_index::{CatalogIndex, Used};
use crate::generate::question_key;
use crate::validate::ValidatorChain;
use crate::{Dialect, Failure, sha256_hex};

/// Where a verified pair is from, and what a generated one that gave way to it was rejected by.
const FEEDBACK: &str = "feedback";

/// What became of verified pairs, for the data card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct VerifiedCounts {
    /// Pairs that the export has from people alone.
    pub(crate) exported: usize,
    /// Pairs that were generated too, and stay as they were.
    pub(crate) generated_too: usize,
    /// Generated pairs that gave way to another statement for their question.
    pub(crate) replaced: usize,
    /// Pairs that a validator rejected.
    pub(crate) rejected: usize,
}

/// Who verified an exported pair.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Verification {
    by: String,
    time: u64,
    verdict: FeedbackVerdict,
}

/// Generated and verified pairs.
pub(crate) struct Merged {
    pub(crate) judged: Vec<(Sample, Verdict)>,
    /// Who verified, by the id of the sample.
    pub(crate) verified: BTreeMap<String, Verification>,
    pub(crate) counts: VerifiedCounts,
    pub(crate) notes: Vec<String>,
}

impl Merged {
    /// Generated pairs alone.
    pub(crate) fn without_feedback(judged: Vec<(Sample, Verdict)>) -> Self {
        Self {
            judged,
            verified: BTreeMap::new(),
            counts: VerifiedCounts::default(),
            notes: Vec::new(),
        }
    }
}

/// What pairs are merged with.
pub(crate) struct Merge<'a> {
    pub(crate) catalog: &'a Database,
    pub(crate) plan: &'a Plan,
    pub(crate) dialect: &'a dyn Dialect,
    pub(crate) validators: &'a ValidatorChain,
    /// Language of questions whose language nobody said.
    pub(crate) language: &'a str,
}

impl Merge<'_> {
    /// Adds the verified pairs, judged as generated ones are. No question is there twice: a pair that was generated too stays one pair, and a
    /// generated one whose question people answered otherwise gives way.
    pub(crate) fn merge(&self, judged: Vec<(Sample, Verdict)>, feedback: &[Feedback]) -> Result<Merged, Failure> {
        let mut merged = Merged::without_feedback(judged);
        let accepted = merged
            .judged
            .iter()
            .enumerate()
            .filter(|(_, (_, verdict))| verdict.accepted);
        let by_question: HashMap<String, usize> = accepted
            .map(|(at, (sample, _))| (question_key(&sample.question), at))
            .collect();
        let (mut samples, mut lines, mut rivals) = (Vec::new(), Vec::new(), Vec::new());
        for line in verified_pairs(feedback) {
            let generated = by_question.get(&question_key(&line.question)).copied();
            if let Some(at) = generated
                && self.is_same_statement(&merged.judged[at].0.sql, &line.sql)?
            {
                merged.counts.generated_too += 1;
                let id = merged.judged[at].0.id.clone();
                merged.verified.insert(id, Verification::of(line));
                continue;
            }
            samples.push(self.sample(line)?);
            lines.push(line);
            rivals.push(generated);
        }
        let verdicts = self.validators.verdicts(&samples)?;
        for (((sample, line), rival), verdict) in samples.into_iter().zip(lines).zip(rivals).zip(verdicts) {
            if verdict.accepted {
                merged.counts.exported += 1;
                merged.verified.insert(sample.id.clone(), Verification::of(line));
                if let Some(at) = rival {
                    let given_way = &mut merged.judged[at].1;
                    given_way.accepted = false;
                    given_way.rejected_by = Some(FEEDBACK.into());
                    merged.counts.replaced += 1;
                }
            } else {
                merged.counts.rejected += 1;
                merged.notes.push(format!(
                    "the verified pair `{}` is left out: {} rejected it",
                    line.question,
                    verdict.rejected_by.as_deref().unwrap_or("a validator")
                ));
            }
            merged.judged.push((sample, verdict));
        }
        Ok(merged)
    }

    fn is_same_statement(&self, one: &str, other: &str) -> Result<bool, Failure> {
        if one == other {
            return Ok(true);
        }
        match (self.dialect.normalise(one)?, self.dialect.normalise(other)?) {
            (Ok(one), Ok(other)) => Ok(one == other),
            _ => Ok(false),
        }
    }

    fn sample(&self, line: &Feedback) -> Result<Sample, Failure> {
        let digest = sha256_hex(format!("{}\n{}", line.question, line.sql));
        Ok(Sample {
            id: format!("verified-{}", &digest[..12]),
            topic: self.topic(&line.sql)?,
            question: line.question.trim().to_owned(),
            sql: line.sql.trim().to_owned(),
            language: if line.language.is_empty() {
                self.language.to_owned()
            } else {
                line.language.clone()
            },
            tags: vec![FEEDBACK.to_owned()],
            ..Sample::default()
        })
    }

    /// The topic with most of the tables that the statement reads; of several the one with fewest others.
    fn topic(&self, sql: &str) -> Result<String, Failure> {
        let analysis = self.dialect.analyse(sql)?.unwrap_or_default();
        let index = CatalogIndex::new(self.catalog);
        let used = Used::of(&index, &analysis);
        let tables: BTreeSet<&str> = used.tables().collect();
        let fit = |topic: &&nl2sql_catalog::Topic| {
            let shared = topic
                .tables
                .iter()
                .filter(|table| tables.contains(table.as_str()))
                .count();
            (shared, std::cmp::Reverse(topic.tables.len()))
        };
        // Of equals the first of the plan.
        let best = self.plan.topics.iter().rev().max_by_key(fit);
        Ok(best.map(|topic| topic.name.clone()).unwrap_or_default())
    }
}

impl Verification {
    fn of(line: &Feedback) -> Self {
        Self {
            by: line.by.clone(),
            time: line.time,
            verdict: line.verdict,
        }
    }
}
