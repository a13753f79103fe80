//! The six stages from a database to training files, over traits.
//!
//! A [`Pipeline`] works on one [`RunFolder`]. It gets a database, a dialect, a planner, a generator and validators through
//! [`Dependencies`] and knows nothing of what stands behind them. Each stage reads the artifacts before it and writes its own
//! atomically; generation keeps journals with atomic appends, so a run that was killed resumes where it
//! stopped and ends with the bytes of an undisturbed one.

mod cards;
mod catalog_index;
mod catalog_repair;
mod coverage;
mod dependencies;
mod digest;
mod error;
mod event;
mod executor;
mod export;
mod feedback;
mod generate;
mod glossary;
mod likeness;
mod pipeline;
mod plan;
mod privacy;
mod review;
mod run_folder;
mod run_inputs;
mod stage;
mod summary;
mod validate;
mod value_search;

pub use cards::{CardsArtifact, SearchedValues, estimate_tokens, read_searched_values, values_of};
pub use coverage::{Coverage, Ledger as CoverageLedger, SampleFacts};
pub use dependencies::{Dependencies, Dialect, Generator, Planner, PluginIdentity, Source, Validator};
pub use digest::sha256_hex;
pub use error::{Failure, PipelineError};
pub use event::{Event, Observer};
pub use executor::{
    GeneratedBatch, GenerationExecutor, Judgement, LocalGeneration, LocalValidation, ValidationExecutor,
    ValidatorRecord,
};
pub use export::{PromptFacts, SchemaPart, outline};
pub use feedback::{Feedback, FeedbackJournal, FeedbackVerdict, verified_pairs};
pub use generate::{RoundRecord, SampleKey};
pub use glossary::{GlossaryError, apply_glossary};
pub use likeness::Grams;
pub use pipeline::{Pipeline, Rerun};
pub use review::{Review, ReviewAction, ReviewJournal, ReviewState, ReviewStep, ReviewedPair, Reviews};
pub use run_folder::{ArtifactStore, JournalWriter, LocalFolder, RunFolder, StageState, artifact};
pub use run_inputs::RunInputs;
pub use stage::Stage;
pub use summary::StageSummary;
pub use validate::judge_samples;
pub use value_search::{Mention, ValueSearch};
