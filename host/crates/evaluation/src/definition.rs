//! Named definitions of execution match.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// When a prediction's result counts as the gold's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Definition {
    /// Ours: a typed bag comparison, see [`crate::execution`].
    #[default]
    Nl2sql,
    /// taoyds/test-suite-sql-eval with its defaults: DISTINCT stripped from both, values not plugged in.
    TestSuite,
    /// The same with `--keep_distinct`.
    TestSuiteKeepDistinct,
    /// BIRD's execution accuracy: sets of rows.
    Bird,
    /// taoyds/spider's own `eval_exec_match`.
    Spider,
    /// The same as its `evaluation.py --etype exec` calls it, with foreign-key columns and DISTINCT folded.
    SpiderScript,
}

impl Definition {
    /// Every definition.
    pub const ALL: [Self; 6] = [
        Self::Nl2sql,
        Self::TestSuite,
        Self::TestSuiteKeepDistinct,
        Self::Bird,
        Self::Spider,
        Self::SpiderScript,
    ];

    /// The name on the command line, in JSON and across the plugin boundary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nl2sql => "nl2sql",
            Self::TestSuite => "test-suite",
            Self::TestSuiteKeepDistinct => "test-suite-keep-distinct",
            Self::Bird => "bird",
            Self::Spider => "spider",
            Self::SpiderScript => "spider-script",
        }
    }
}

impl fmt::Display for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no definition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no definition of execution match; there are nl2sql, test-suite, test-suite-keep-distinct, bird, spider and spider-script"
)]
pub struct UnknownDefinition(pub String);

impl FromStr for Definition {
    type Err = UnknownDefinition;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|definition| definition.name() == name)
            .ok_or_else(|| UnknownDefinition(name.to_owned()))
    }
}
