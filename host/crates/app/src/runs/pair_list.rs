//! The pairs of a run: samples with their verdicts and what people decided.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use nl2sql_catalog::{Difficulty, Finding, Sample, Severity, Verdict};
use nl2sql_pipeline::{ReviewState, ReviewStep, ReviewedPair, Reviews, RunFolder, artifact};
use schemars::JsonSchema;
use serde::Serialize;

use super::pair_filter::PairFilter;
use super::run_error::RunError;

/// The pairs of a run, in the order they were written.
#[derive(Debug, Default)]
pub(super) struct PairList {
    /// As they were generated and judged.
    generated: Vec<(Sample, Verdict)>,
    /// As they stand.
    pairs: Vec<ReviewedPair>,
}

/// A pair in a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ListedPair {
    /// As it reads now.
    #[serde(flatten)]
    pub sample: Sample,
    /// Whether no validator rejected it.
    pub accepted: bool,
    /// The validator that did.
    pub rejected_by: Option<String>,
    /// What they found, with places in the statement.
    pub findings: Vec<Finding>,
    /// Whether the next export takes it.
    pub exported: bool,
    /// Where it stands with people.
    pub review: ReviewState,
    /// The last step of its review. A decision is taken on what was last seen.
    pub last_step: Option<String>,
    /// As it was generated, where it reads otherwise now.
    pub original: Option<Original>,
}

/// A pair as it was generated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Original {
    /// The question.
    pub question: String,
    /// The statement.
    pub sql: String,
}

/// A pair with its history.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct WholePair {
    /// The pair.
    #[serde(flatten)]
    pub pair: ListedPair,
    /// Every step of its review, the oldest first.
    pub history: Vec<HistoryStep>,
}

/// A step of a review.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct HistoryStep {
    /// Its id.
    pub id: String,
    /// Seconds since 1970-01-01 UTC.
    pub time: u64,
    /// Who took it.
    pub by: String,
    /// What was decided.
    pub action: ReviewStep,
    /// Whether it was taken back.
    pub undone: bool,
}

/// Some of the pairs that are wanted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PairPage {
    /// Pairs that are wanted.
    pub total: usize,
    /// Place of the first one here.
    pub offset: usize,
    /// The pairs.
    pub pairs: Vec<ListedPair>,
}

/// What pairs can be told apart by.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct PairFacets {
    /// All pairs.
    pub total: usize,
    /// Pairs that no validator rejected.
    pub accepted: usize,
    /// Pairs that one did.
    pub rejected: usize,
    /// Topics.
    pub topics: BTreeSet<String>,
    /// Languages of questions.
    pub languages: BTreeSet<String>,
    /// Levels of hardness, from easy to extra.
    pub difficulties: Vec<&'static str>,
    /// Why pairs were rejected, the most frequent first.
    pub rules: Vec<Rule>,
    /// Pairs by where they stand with people.
    pub reviews: BTreeMap<ReviewState, usize>,
}

/// A rule that rejected pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Rule {
    /// The validator.
    pub layer: String,
    /// Its rule.
    pub code: String,
    /// Pairs.
    pub count: usize,
}

/// Validator and rule that rejected a sample.
pub(super) fn rejecting(verdict: &Verdict) -> Option<(&str, &str)> {
    if verdict.accepted {
        return None;
    }
    let error = verdict
        .findings
        .iter()
        .find(|finding| finding.severity == Severity::Error);
    Some(match error {
        Some(finding) => (&finding.layer, &finding.code),
        None => (verdict.rejected_by.as_deref().unwrap_or_default(), ""),
    })
}

impl PairList {
    /// Reads the journals. A sample whose verdict is not written yet is left out.
    pub(super) fn read(folder: &RunFolder) -> Result<Self, RunError> {
        let samples: Vec<Sample> = folder.lines(artifact::SAMPLES).map_err(RunError::unavailable)?;
        let verdicts: Vec<Verdict> = folder.lines(artifact::VERDICTS).map_err(RunError::unavailable)?;
        let reviews = Reviews::read(folder).map_err(RunError::unavailable)?;
        let generated: Vec<_> = samples
            .into_iter()
            .zip(verdicts)
            .take_while(|(sample, verdict)| sample.id == verdict.sample)
            .collect();
        let pairs = generated.iter().map(|(sample, verdict)| reviews.of(sample, verdict));
        Ok(Self {
            pairs: pairs.collect(),
            generated,
        })
    }

    pub(super) fn pairs(&self) -> &[ReviewedPair] {
        &self.pairs
    }

    /// The pairs that are wanted, a page of them.
    pub(super) fn page(&self, filter: &PairFilter, rows: Range<usize>) -> PairPage {
        let filter = filter.prepared();
        let wanted: Vec<usize> = (0..self.pairs.len())
            .filter(|at| filter.takes(&self.pairs[*at]))
            .collect();
        let shown = wanted.iter().skip(rows.start).take(rows.len());
        PairPage {
            total: wanted.len(),
            offset: rows.start,
            pairs: shown.map(|at| self.listed(*at)).collect(),
        }
    }

    /// As it was generated and judged.
    pub(super) fn generated(&self, id: &str) -> Result<&(Sample, Verdict), RunError> {
        Ok(&self.generated[self.place(id)?])
    }

    /// A pair as it stands.
    pub(super) fn pair(&self, id: &str) -> Result<&ReviewedPair, RunError> {
        Ok(&self.pairs[self.place(id)?])
    }

    /// A pair with its history.
    pub(super) fn whole(&self, id: &str) -> Result<WholePair, RunError> {
        let at = self.place(id)?;
        Ok(WholePair::of(&self.generated[at].0, &self.pairs[at]))
    }

    fn place(&self, id: &str) -> Result<usize, RunError> {
        let place = self.generated.iter().position(|(sample, _)| sample.id == id);
        place.ok_or_else(|| RunError::NotFound(format!("this run has no pair `{id}`")))
    }

    fn listed(&self, at: usize) -> ListedPair {
        ListedPair::of(&self.generated[at].0, &self.pairs[at])
    }

    /// What the pairs can be told apart by.
    pub(super) fn facets(&self) -> PairFacets {
        let mut facets = PairFacets {
            total: self.pairs.len(),
            ..PairFacets::default()
        };
        let (mut rules, mut levels) = (BTreeMap::new(), BTreeSet::new());
        for pair in &self.pairs {
            *facets.reviews.entry(pair.state).or_default() += 1;
            facets.topics.insert(pair.sample.topic.clone());
            facets.languages.insert(pair.sample.language.clone());
            levels.insert(pair.sample.difficulty);
            match rejecting(&pair.verdict) {
                Some(rule) => {
                    *rules.entry(rule).or_insert(0) += 1;
                    facets.rejected += 1;
                }
                None => facets.accepted += 1,
            }
        }
        facets.difficulties = levels.into_iter().map(Difficulty::name).collect();
        facets.rules = rules
            .into_iter()
            .map(|((layer, code), count)| Rule {
                layer: layer.to_owned(),
                code: code.to_owned(),
                count,
            })
            .collect();
        facets.rules.sort_by_key(|rule| std::cmp::Reverse(rule.count));
        facets
    }
}

impl ListedPair {
    fn of(generated: &Sample, pair: &ReviewedPair) -> Self {
        Self {
            sample: pair.sample.clone(),
            accepted: pair.verdict.accepted,
            rejected_by: pair.verdict.rejected_by.clone(),
            findings: pair.verdict.findings.clone(),
            exported: pair.is_exported(),
            review: pair.state,
            last_step: pair.last_step().map(str::to_owned),
            original: pair.is_edited().then(|| Original {
                question: generated.question.clone(),
                sql: generated.sql.clone(),
            }),
        }
    }
}

impl WholePair {
    pub(super) fn of(generated: &Sample, pair: &ReviewedPair) -> Self {
        let step = |(review, undone): &(nl2sql_pipeline::Review, bool)| HistoryStep {
            id: review.id.clone(),
            time: review.time,
            by: review.by.clone(),
            action: review.action.step(),
            undone: *undone,
        };
        Self {
            pair: ListedPair::of(generated, pair),
            history: pair.history.iter().map(step).collect(),
        }
    }
}
