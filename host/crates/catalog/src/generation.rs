//! What planners and generators are asked, and what they answer.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Card, Database, DialectInfo, Finding, Sample, Topic};

/// What a planner is asked.
#[derive(Clone, Copy, Debug)]
pub struct PlanRequest<'a> {
    /// The catalog with sampled values.
    pub catalog: &'a Database,
    /// Its cards.
    pub cards: &'a [Card],
    /// Sum of the budgets to give.
    pub total: u32,
    /// Minimum budget of a topic, where the total allows it.
    pub minimum: u32,
    /// The run's dialect.
    pub dialect: &'a DialectInfo,
    /// BCP 47 tag of the language to name topics in.
    pub language: &'a str,
    /// Options as JSON.
    pub options: &'a str,
    /// Seed of the run.
    pub seed: u64,
}

/// What a generator is bound to.
#[derive(Clone, Debug)]
pub struct GeneratorContext {
    /// The catalog with sampled values.
    pub catalog: Arc<Database>,
    /// Its cards.
    pub cards: Vec<Card>,
    /// The run's dialect.
    pub dialect: DialectInfo,
    /// Options as JSON.
    pub options: String,
    /// Seed of the run.
    pub seed: u64,
}

/// A sample that was rejected, with what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    /// The sample.
    pub sample: Sample,
    /// Why.
    pub findings: Vec<Finding>,
}

/// What a generator is asked; its answer depends on its context and this alone.
#[derive(Clone, Copy, Debug)]
pub struct GenerateRequest<'a> {
    /// Topic to write for.
    pub topic: &'a Topic,
    /// How many samples are still wanted.
    pub want: u32,
    /// Counts the calls for this topic from 0.
    pub round: u32,
    /// Languages with weights.
    pub languages: &'a [(String, f32)],
    /// Difficulties with weights.
    pub difficulties: &'a [(String, f32)],
    /// Accepted pairs of this topic so far.
    pub accepted: &'a [Sample],
    /// Rejections of the previous round.
    pub rejected: &'a [Rejection],
    /// Maximum samples that may share an SQL.
    pub wordings: u32,
}

/// What a generator answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// The samples; ids are given by the pipeline.
    pub samples: Vec<Sample>,
    /// The generator has nothing more to offer for this topic.
    pub exhausted: bool,
    /// What the user should know, one sentence each.
    pub notes: Vec<String>,
}
