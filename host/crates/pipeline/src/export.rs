//! Training files as LLaMA-Factory reads them, with a data card.

mod column_codes;
mod data_card;
mod layout;
mod llama_factory;
mod outline;
mod prompt;
mod schema_part;
mod similar_pairs;
mod split;

use std::collections::BTreeMap;

use nl2sql_catalog::{Database, Plan, Sample, Verdict};
use nl2sql_profile::{ExportFormat, ExportSettings};
use serde::Serialize;

use crate::coverage::{Coverage, SampleFacts};
use crate::feedback::{Verification, VerifiedCounts};
use crate::review::ReviewCounts;
use crate::{CardsArtifact, Dialect, Failure, PipelineError, PluginIdentity, ReviewState, Stage};
pub use layout::PromptFacts;
pub use outline::outline;
use prompt::Prompts;
pub use schema_part::SchemaPart;
use similar_pairs::{Shown, similar_pairs};
use split::Split;

/// Everything an export is made from.
pub(crate) struct Export<'a> {
    pub(crate) settings: &'a ExportSettings,
    /// Name of the run, for data sets without a name of their own.
    pub(crate) run: &'a str,
    pub(crate) seed: u64,
    pub(crate) catalog: &'a Database,
    pub(crate) cards: &'a CardsArtifact,
    pub(crate) plan: &'a Plan,
    pub(crate) judged: &'a [(Sample, Verdict)],
    /// Where pairs stand that somebody reviewed.
    pub(crate) reviewed: &'a BTreeMap<String, ReviewState>,
    pub(crate) reviews: ReviewCounts,
    /// Who verified pairs, by the id of the sample.
    pub(crate) verified: &'a BTreeMap<String, Verification>,
    pub(crate) feedback: VerifiedCounts,
    pub(crate) facts: &'a [SampleFacts],
    pub(crate) coverage: &'a Coverage,
    pub(crate) plugins: &'a [PluginIdentity],
    pub(crate) dialect: &'a dyn Dialect,
}

/// A question/SQL pair with what is known about it, for evaluation.
#[derive(Serialize)]
struct Pair<'a> {
    id: &'a str,
    db_id: &'a str,
    question: &'a str,
    query: &'a str,
    language: &'a str,
    hardness: &'a str,
    topic: &'a str,
    features: &'a [String],
    /// Where it stands, when somebody reviewed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    review: Option<ReviewState>,
    /// Who found it right, when a user of the model did.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<&'a Verification>,
}

/// What an export made.
pub(crate) struct Exported {
    /// Pairs per split.
    pub(crate) sizes: BTreeMap<&'static str, usize>,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Takes the files of an export, by name, one after the other.
pub(crate) type Sink<'a> = &'a mut dyn FnMut(&str, &[u8]) -> Result<(), PipelineError>;

impl Export<'_> {
    /// Hands every file to `sink`, deterministically; one is in memory at a time.
    pub(crate) fn write(&self, sink: Sink<'_>) -> Result<Exported, PipelineError> {
        let by_id: BTreeMap<_, _> = self.facts.iter().map(|facts| (facts.sample.as_str(), facts)).collect();
        let rows: Vec<_> = self
            .judged
            .iter()
            .filter(|(_, verdict)| verdict.accepted)
            .filter_map(|(sample, _)| Some((sample, *by_id.get(sample.id.as_str())?)))
            .collect();
        let splits = split::by_template(&rows, self.settings.split, self.seed);
        let prompts = Prompts::new(self).map_err(failed)?;
        let mut sizes = BTreeMap::new();
        let mut info = serde_json::Map::new();
        for split in Split::ALL {
            let members: Vec<_> = rows
                .iter()
                .zip(&splits)
                .filter(|(_, of)| **of == split)
                .map(|(row, _)| *row)
                .collect();
            sizes.insert(split.name(), members.len());
            if !members.is_empty() {
                self.write_split(split, &members, &prompts, &mut info, sink)?;
            }
        }
        if !info.is_empty() {
            sink("dataset_info.json", &pretty(&info)?)?;
        }
        let name = self.data_set_name();
        let card = data_card::DataCard::new(self, &name, &sizes);
        sink("datacard.json", &pretty(&card)?)?;
        sink("README.md", card.markdown().as_bytes())?;
        Ok(Exported {
            sizes,
            notes: prompts.note.into_iter().collect(),
        })
    }

    fn write_split(
        &self,
        split: Split,
        members: &[(&Sample, &SampleFacts)],
        prompts: &Prompts<'_>,
        info: &mut serde_json::Map<String, serde_json::Value>,
        sink: Sink<'_>,
    ) -> Result<(), PipelineError> {
        let base = format!("{}_{}", self.data_set_name(), split.name());
        let with_system = !self.settings.system.is_empty();
        let shown = self.shown(split, members);
        for format in &self.settings.formats {
            match format {
                ExportFormat::Alpaca => {
                    let rows: Vec<_> = members
                        .iter()
                        .map(|(sample, _)| prompts.alpaca(sample, &shown))
                        .collect();
                    sink(&format!("{base}.json"), &pretty(&rows)?)?;
                    info.insert(
                        base.clone(),
                        llama_factory::alpaca_entry(&base, with_system, !shown.is_empty()),
                    );
                }
                ExportFormat::Sharegpt => {
                    let rows: Vec<_> = members
                        .iter()
                        .map(|(sample, _)| prompts.sharegpt(sample, &shown))
                        .collect();
                    let base = format!("{base}_sharegpt");
                    sink(&format!("{base}.json"), &pretty(&rows)?)?;
                    info.insert(base.clone(), llama_factory::sharegpt_entry(&base, with_system));
                }
                ExportFormat::Pairs => sink(&format!("{base}.jsonl"), &self.pairs(members)?)?,
            }
        }
        Ok(())
    }

    /// What the rows of a split show before their questions: those that test are asked without.
    fn shown<'s>(&self, split: Split, members: &[(&'s Sample, &SampleFacts)]) -> Shown<'s> {
        match split {
            Split::Train => {
                let samples: Vec<&Sample> = members.iter().map(|(sample, _)| *sample).collect();
                similar_pairs(&samples, self.settings, self.seed)
            }
            Split::Dev | Split::Test => Shown::new(),
        }
    }

    fn pairs(&self, members: &[(&Sample, &SampleFacts)]) -> Result<Vec<u8>, PipelineError> {
        let mut bytes = Vec::new();
        for (sample, facts) in members {
            let pair = Pair {
                id: &sample.id,
                db_id: &self.catalog.name,
                question: &sample.question,
                query: &sample.sql,
                language: &sample.language,
                hardness: &facts.hardness,
                topic: &sample.topic,
                features: &facts.features,
                review: self.reviewed.get(&sample.id).copied(),
                verified: self.verified.get(&sample.id),
            };
            serde_json::to_writer(&mut bytes, &pair).map_err(unwritable)?;
            bytes.push(b'\n');
        }
        Ok(bytes)
    }

    /// The name data sets begin with: letters, digits, `_` and `-` alone, so that it is a file name everywhere.
    fn data_set_name(&self) -> String {
        let chosen = if self.settings.name.is_empty() {
            self.run
        } else {
            &self.settings.name
        };
        chosen
            .chars()
            .map(|c| if c.is_alphanumeric() || c == '-' { c } else { '_' })
            .collect()
    }
}

fn pretty(value: &impl Serialize) -> Result<Vec<u8>, PipelineError> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(unwritable)?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn unwritable(error: serde_json::Error) -> PipelineError {
    failed(Failure::new("export", "unwritable", error.to_string()))
}

fn failed(failure: Failure) -> PipelineError {
    PipelineError::part(Stage::Export, failure)
}
