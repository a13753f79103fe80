//! What the accepted pairs of a run use.

use std::collections::BTreeMap;

use nl2sql_catalog::Plan;
use nl2sql_pipeline::{Coverage, PipelineError, RunFolder, artifact};
use schemars::JsonSchema;
use serde::Serialize;

use super::pair_list::PairList;
use super::run_error::RunError;

/// What the accepted pairs of a run use.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CoverageReport {
    /// Topics of the plan in order; counted while pairs are written.
    pub topics: Vec<TopicCoverage>,
    /// Tables, columns, foreign keys and features; measured when the run validates.
    pub measured: Option<Coverage>,
}

/// A topic with its pairs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TopicCoverage {
    /// Its name.
    pub name: String,
    /// Why its tables belong together.
    pub reason: String,
    /// Its tables.
    pub tables: Vec<String>,
    /// Pairs that are wanted.
    pub budget: u32,
    /// Pairs that the next export takes.
    pub accepted: u64,
    /// Pairs that it does not.
    pub rejected: u64,
}

impl CoverageReport {
    /// Of the plan, the pairs and what was measured.
    pub(super) fn of(folder: &RunFolder, pairs: &PairList) -> Result<Self, RunError> {
        let plan: Plan = match folder.read_json(artifact::PLAN) {
            Err(PipelineError::Missing { .. }) => {
                return Err(RunError::NotFound("this run has no plan yet".into()));
            }
            plan => plan.map_err(RunError::unavailable)?,
        };
        let measured = match folder.read_json(artifact::COVERAGE) {
            Err(PipelineError::Missing { .. }) => None,
            coverage => Some(coverage.map_err(RunError::unavailable)?),
        };
        let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for pair in pairs.pairs() {
            let (accepted, rejected) = counts.entry(&pair.sample.topic).or_default();
            *(if pair.is_exported() { accepted } else { rejected }) += 1;
        }
        let topic = |topic: nl2sql_catalog::Topic| {
            let (accepted, rejected) = counts.get(topic.name.as_str()).copied().unwrap_or_default();
            TopicCoverage {
                name: topic.name,
                reason: topic.reason,
                tables: topic.tables,
                budget: topic.budget,
                accepted,
                rejected,
            }
        };
        Ok(Self {
            topics: plan.topics.into_iter().map(topic).collect(),
            measured,
        })
    }
}
