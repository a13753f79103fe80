//! `[evaluate]`

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Options;

/// What the answers of a model on this machine are constrained to while it writes them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecodingConstraint {
    /// Nothing.
    #[default]
    None,
    /// The names of the database.
    Schema,
    /// The names of the database, and its foreign keys: tables are joined along them.
    Keys,
}

impl std::fmt::Display for DecodingConstraint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Schema => "schema",
            Self::Keys => "keys",
        })
    }
}

/// Which questions get further candidates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CandidatesFor {
    /// Those whose first answer does not run.
    #[default]
    Failing,
    /// Those whose first answer does not run or finds nothing; a candidate that finds something is taken before one that finds nothing.
    Empty,
    /// Those, and those whose first answer leaves out a value that its prompt names (`{values}`); a candidate that uses all of them is taken
    /// before one that does not.
    Doubtful,
    /// All; the first answer takes part in the vote, as when people ask.
    Every,
}

/// Where a database of a data set lies on the run's server.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatabasePlace {
    /// Database on the run's server that rows of this `db_id` are asked of, `*` standing for all other ids; unset: the run's own.
    pub database: Option<String>,
    /// Schema of its tables (PostgreSQL); unset: the login's own.
    pub schema: Option<String>,
}

/// Predictions and metrics.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluateSettings {
    /// File of the data set to predict; empty: the test split of the run.
    pub dataset: String,
    /// Where the databases of a data set lie on the run's server, by the `db_id` of its rows; `*` stands for all other ids, and `{}` for
    /// the run's own database.
    pub db_ids: BTreeMap<String, DatabasePlace>,
    /// Metric plugins.
    pub metrics: Vec<String>,
    /// Options per metric.
    pub options: BTreeMap<String, Options>,
    /// Execution match definition: `nl2sql`, `test-suite`, `bird` or `spider`.
    pub definition: String,
    /// Rows decoded together.
    pub batch: u32,
    /// Maximum tokens of one prediction.
    pub max_new_tokens: u32,
    /// Temperature; 0 is greedy.
    pub temperature: f32,
    /// Answers sampled beside the first; the result that most of those that run return is taken.
    pub candidates: u32,
    /// Questions that get them: `failing`, whose first answer does not run; `empty`, also whose first answer finds nothing; `doubtful`, also
    /// whose first answer leaves out a value that the prompt names; `every`.
    pub candidates_for: CandidatesFor,
    /// Temperature of these further candidates.
    pub candidate_temperature: f32,
    /// What a model on this machine may write: anything, only statements over the names of the database, or those that join tables along its
    /// foreign keys.
    pub constrain: DecodingConstraint,
    /// The former name of `constrain`, a boolean; what it says is in `constrain` once the profile is resolved.
    #[serde(skip_serializing)]
    #[schemars(skip)]
    pub(crate) held_to_schema: Option<bool>,
    /// Nucleus mass.
    pub top_p: f32,
    /// Candidates kept; 0 is all.
    pub top_k: u32,
    /// Penalty on repetition.
    pub repetition_penalty: f32,
}

impl Default for EvaluateSettings {
    fn default() -> Self {
        Self {
            dataset: String::new(),
            db_ids: BTreeMap::new(),
            metrics: ["metric-text", "metric-sql", "metric-execution"]
                .map(String::from)
                .to_vec(),
            options: BTreeMap::new(),
            definition: "nl2sql".into(),
            batch: 16,
            max_new_tokens: 256,
            temperature: 0.0,
            candidates: 0,
            candidates_for: CandidatesFor::Failing,
            candidate_temperature: 0.7,
            constrain: DecodingConstraint::None,
            held_to_schema: None,
            top_p: 1.0,
            top_k: 0,
            repetition_penalty: 1.0,
        }
    }
}
