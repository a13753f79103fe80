//! The sections of a profile, one file each.

mod ask;
mod cards;
mod database;
mod evaluate;
mod export;
mod generate;
mod glossary;
mod llm;
mod model;
mod plan;
mod plugin;
mod privacy;
mod queue;
mod run;
mod serve;
mod train;
mod trust;
mod validate;

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use ask::AskSettings;
pub use cards::CardSettings;
pub use database::{AdbcSettings, DatabaseSettings, TlsMode};
pub use evaluate::{CandidatesFor, DatabasePlace, DecodingConstraint, EvaluateSettings};
pub use export::{ExportFormat, ExportSettings, SchemaScope, SchemaStyle, SplitRatios};
pub use generate::GenerateSettings;
pub use glossary::{ColumnTerms, TableTerms};
pub use llm::{BudgetCaps, LlmSettings, Price, Protocol, ProviderSettings, RateLimits, Sampling, StructuredOutput};
pub use model::{ModelSettings, WeightType};
pub use plan::PlanSettings;
pub use plugin::{PluginLimits, PluginSettings};
pub use privacy::{PrivacyRule, PrivacySettings, ValuePolicy};
pub use queue::QueueSettings;
pub use run::RunSettings;
pub use serve::{ServeKey, ServeRight, ServeSettings};
pub use train::{OnTruncation, TrainSettings, TrainStage};
pub use trust::{RegistrySettings, TrustSettings};
pub use validate::ValidateSettings;

/// Free options of a plugin, handed to it as JSON.
pub type Options = BTreeMap<String, serde_json::Value>;

/// All settings of one way of running.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Profile {
    /// Name, folder and seed of the run.
    pub run: RunSettings,
    /// The database to read.
    pub database: DatabaseSettings,
    /// Table cards.
    pub cards: CardSettings,
    /// Which values may leave the database.
    pub privacy: PrivacySettings,
    /// What people call tables and columns, by `table` or `schema.table`. It overrides what names and comments let guess.
    pub glossary: BTreeMap<String, TableTerms>,
    /// Topics and budgets.
    pub plan: PlanSettings,
    /// Question/SQL pairs.
    pub generate: GenerateSettings,
    /// Checks on pairs.
    pub validate: ValidateSettings,
    /// Training files.
    pub export: ExportSettings,
    /// Plugins beyond the built-in ones, and grants, by name.
    pub plugins: BTreeMap<String, PluginSettings>,
    /// Whose plugins are trusted.
    pub trust: TrustSettings,
    /// Language model providers.
    pub llm: LlmSettings,
    /// Base model.
    pub model: ModelSettings,
    /// Fine-tuning.
    pub train: TrainSettings,
    /// Predictions and metrics.
    pub evaluate: EvaluateSettings,
    /// Questions to the database.
    pub ask: AskSettings,
    /// The HTTP server.
    pub serve: ServeSettings,
    /// Workers on other machines.
    pub queue: QueueSettings,
    /// Dotted keys that a file, a variable or a flag set. A setting that was left alone gives way to what a model was trained with.
    #[serde(skip)]
    pub given: BTreeSet<String>,
}

impl Profile {
    /// Section names in the order they are shown.
    pub const SECTIONS: [&str; 17] = [
        "run", "database", "cards", "privacy", "plan", "generate", "validate", "export", "plugins", "trust", "llm",
        "model", "train", "evaluate", "ask", "serve", "queue",
    ];

    /// Checks what types cannot say; the first fault as dotted key and reason.
    pub(crate) fn check(&self) -> Result<(), (String, String)> {
        let fail = |key: &str, reason: &str| Err((key.to_owned(), reason.to_owned()));
        if self.plan.total == 0 {
            return fail("plan.total", "at least one pair must be asked for");
        }
        if !(0.0..=1.0).contains(&self.generate.max_empty) {
            return fail("generate.max_empty", "it is a share between 0 and 1");
        }
        if self.generate.batch == 0 {
            return fail("generate.batch", "a call must ask for at least one pair");
        }
        for (name, weights) in [
            ("generate.languages", &self.generate.languages),
            ("generate.difficulties", &self.generate.difficulties),
        ] {
            if weights.values().any(|weight| !weight.is_finite() || *weight < 0.0)
                || weights.values().sum::<f32>() <= 0.0
            {
                return fail(name, "weights must not be negative and at least one must be above zero");
            }
        }
        self.check_languages()?;
        if let Some(level) = self
            .generate
            .difficulties
            .keys()
            .find(|level| !["easy", "medium", "hard", "extra"].contains(&level.as_str()))
        {
            let reason = format!("`{level}` is not a level; the levels are easy, medium, hard and extra");
            return Err(("generate.difficulties".into(), reason));
        }
        let two_places = |plugin: &PluginSettings| plugin.path.is_some() && plugin.source.is_some();
        if let Some((name, _)) = self.plugins.iter().find(|(_, plugin)| two_places(plugin)) {
            let reason = "the plugin has a `path` as well; a plugin comes from one place";
            return Err((format!("plugins.{name}.source"), reason.to_owned()));
        }
        self.export.check()?;
        self.ask.check()?;
        self.serve.check()?;
        self.queue.check()?;
        self.llm.check()
    }

    /// Languages are checked here, before anything is asked of a model that costs money.
    fn check_languages(&self) -> Result<(), (String, String)> {
        let named = self.generate.languages.keys().map(|tag| ("generate.languages", tag));
        for (key, tag) in named.chain([("plan.language", &self.plan.language)]) {
            if !is_language_tag(tag) {
                let reason = format!("`{tag}` is not a language tag; write a BCP 47 tag, for example en, zh or pt-BR");
                return Err((key.to_owned(), reason));
            }
        }
        Ok(())
    }
}

/// Whether a text has the form of a BCP 47 tag (RFC 5646, section 2.1) with a primary subtag of ISO 639.
fn is_language_tag(tag: &str) -> bool {
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default();
    matches!(primary.len(), 2 | 3)
        && primary.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags
            .all(|subtag| matches!(subtag.len(), 1..=8) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
