//! `[export]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A file format of the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// LLaMA-Factory's Alpaca layout.
    Alpaca,
    /// LLaMA-Factory's ShareGPT layout.
    Sharegpt,
    /// Plain question/query rows with ids and labels, for evaluation.
    Pairs,
}

/// Which tables a prompt shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaScope {
    /// The tables of the pair's topic.
    Topic,
    /// Every table.
    Database,
}

/// How a prompt shows them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemaStyle {
    /// CREATE TABLE statements.
    Ddl,
    /// Table cards.
    Cards,
    /// A line per table: its columns and foreign keys.
    Outline,
    /// The same, with the values of columns that hold one of a few short words, as far as `[privacy]` lets them out.
    OutlineWithCodes,
}

impl SchemaStyle {
    /// What stands between two tables of a prompt.
    pub fn between_tables(self) -> &'static str {
        match self {
            Self::Ddl | Self::Cards => "\n\n",
            Self::Outline | Self::OutlineWithCodes => "\n",
        }
    }
}

/// Shares of the three splits; they must sum to 1.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SplitRatios {
    /// Training.
    pub train: f64,
    /// Development.
    pub dev: f64,
    /// Test.
    pub test: f64,
}

impl Default for SplitRatios {
    fn default() -> Self {
        Self {
            train: 0.8,
            dev: 0.1,
            test: 0.1,
        }
    }
}

/// Training files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ExportSettings {
    /// Formats to write.
    pub formats: Vec<ExportFormat>,
    /// Prefix of data set names in dataset_info.json; empty: the name of the run.
    pub name: String,
    /// Instruction text; `{dialect}` and `{database}` are filled in.
    pub instruction: String,
    /// Layout of the input; `{question}`, `{evidence}`, `{values}`, `{schema}`, `{dialect}`, `{database}`, `{topic}` and `{notes}` are filled
    /// in. `{evidence}` is the knowledge that comes with some questions; `{values}` names the columns that hold what the question says, as far
    /// as `[privacy]` lets values out. A line with one of these two and nothing else of a question is left out where there is none.
    pub prompt: String,
    /// System prompt; left out when empty.
    pub system: String,
    /// Which tables the schema part shows.
    pub schema: SchemaScope,
    /// How it shows them.
    pub schema_style: SchemaStyle,
    /// Longest schema part, in estimated tokens: where the whole database takes more, a prompt shows the tables of its topic.
    pub schema_tokens: u32,
    /// Shares of the splits.
    pub split: SplitRatios,
    /// Pairs with like questions that a training row shows before its own, as `ask` shows verified ones; 0 shows none.
    pub similar_pairs: u32,
    /// Share of the training rows that show them. Others show none, as a question may have no like.
    pub similar_share: f64,
}

impl Default for ExportSettings {
    fn default() -> Self {
        Self {
            formats: vec![ExportFormat::Alpaca, ExportFormat::Sharegpt, ExportFormat::Pairs],
            name: String::new(),
            instruction: "Write one {dialect} query that answers the question about the database {database}. Answer with the SQL alone.".into(),
            prompt: "{question}\nExternal knowledge: {evidence}\n\n{schema}".into(),
            system: String::new(),
            schema: SchemaScope::Database,
            schema_style: SchemaStyle::Ddl,
            schema_tokens: 8_000,
            split: SplitRatios::default(),
            similar_pairs: 0,
            similar_share: 0.25,
        }
    }
}

impl ExportSettings {
    /// Whether prompts show the knowledge that comes with a question.
    pub fn shows_evidence(&self) -> bool {
        self.shows("{evidence}")
    }

    /// Whether prompts show which columns hold what a question says.
    pub fn shows_values(&self) -> bool {
        self.shows("{values}")
    }

    /// Whether prompts show any value of the database.
    pub fn reads_values(&self) -> bool {
        self.shows_values() || self.schema_style == SchemaStyle::OutlineWithCodes && self.shows("{schema}")
    }

    fn shows(&self, placeholder: &str) -> bool {
        [&self.instruction, &self.prompt, &self.system]
            .iter()
            .any(|layout| layout.contains(placeholder))
    }

    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let SplitRatios { train, dev, test } = self.split;
        let shares = [train, dev, test];
        if shares.iter().any(|share| !(0.0..=1.0).contains(share)) || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-6 {
            return Err((
                "export.split".into(),
                "train, dev and test must lie between 0 and 1 and sum to 1".into(),
            ));
        }
        if !(0.0..=1.0).contains(&self.similar_share) {
            return Err(("export.similar_share".into(), "it is a share from 0 to 1".into()));
        }
        if self.formats.is_empty() {
            return Err((
                "export.formats".into(),
                "name at least one of alpaca, sharegpt, pairs".into(),
            ));
        }
        if !self.prompt.contains("{question}") && !self.instruction.contains("{question}") {
            return Err(("export.prompt".into(), "it must contain {question}".into()));
        }
        Ok(())
    }
}
