//! What the pipeline needs from outside: a database, a dialect, a planner, a generator, validators.

use std::sync::Arc;

use nl2sql_catalog::{
    Analysis, Batch, Column, Database, DialectInfo, Finding, GenerateRequest, GeneratorContext, Plan, PlanRequest,
    Sample, SyntaxError, Table,
};

use crate::{Failure, GenerationExecutor, LocalGeneration, LocalValidation, ValidationExecutor};

/// Opens what a stage needs when it needs it, so that a stage alone asks for no more than it uses.
pub trait Dependencies: Sync {
    /// The database.
    ///
    /// # Errors
    /// When it cannot be connected to.
    fn source(&self) -> Result<Box<dyn Source>, Failure>;
    /// The dialect bound to a catalog.
    ///
    /// # Errors
    /// When the plugin cannot be loaded.
    fn dialect(&self, catalog: &Arc<Database>) -> Result<Arc<dyn Dialect>, Failure>;
    /// The planner.
    ///
    /// # Errors
    /// When the plugin cannot be loaded.
    fn planner(&self) -> Result<Box<dyn Planner>, Failure>;
    /// The generator, bound to what it writes about. `plain` is the catalog without sampled values, which its services see.
    ///
    /// # Errors
    /// When the plugin cannot be loaded.
    fn generator(&self, plain: &Arc<Database>, context: GeneratorContext) -> Result<Box<dyn Generator>, Failure>;
    /// The validators in order.
    ///
    /// # Errors
    /// When a plugin cannot be loaded.
    fn validators(&self, catalog: &Arc<Database>) -> Result<Vec<Box<dyn Validator>>, Failure>;
    /// Who writes samples: the generator of this process, unless others do its work.
    ///
    /// # Errors
    /// As [`generator`](Self::generator) and [`dialect`](Self::dialect).
    fn generation(
        &self,
        plain: &Arc<Database>,
        context: GeneratorContext,
    ) -> Result<Box<dyn GenerationExecutor>, Failure> {
        Ok(Box::new(LocalGeneration::open(self, plain, context)?))
    }
    /// Who judges samples: the validators of this process, unless others do their work.
    ///
    /// # Errors
    /// As [`validators`](Self::validators).
    fn validation(&self, catalog: &Arc<Database>) -> Result<Box<dyn ValidationExecutor>, Failure> {
        Ok(Box::new(LocalValidation::open(self, catalog)?))
    }
    /// Opens every plugin that later stages use with its options, before anything is paid for; nothing to do where nothing is paid.
    ///
    /// # Errors
    /// When one cannot work.
    fn preflight(&self, catalog: &Arc<Database>) -> Result<(), Failure> {
        let _ = catalog;
        Ok(())
    }
    /// Every plugin the run uses, in a fixed order.
    ///
    /// # Errors
    /// When one cannot be read.
    fn identities(&self) -> Result<Vec<PluginIdentity>, Failure>;
}

/// Which plugin does a job, to the byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PluginIdentity {
    /// `dialect`, `planner`, `generator` or `validator`.
    pub role: String,
    /// Name in the profile.
    pub name: String,
    /// Version it reports; empty when it reports none.
    pub version: String,
    /// SHA-256 of the component.
    pub sha256: String,
    /// The language models it asks, first to last, as provider and model; empty when it asks none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
}

impl PluginIdentity {
    /// What is another one in `now` than in `before`, in words; `None` when they are the same. A version says nothing that the digest does not.
    pub(crate) fn difference(before: &[Self], now: &[Self]) -> Option<String> {
        let names = |plugins: &[Self]| {
            let names: Vec<_> = plugins.iter().map(|plugin| plugin.name.as_str()).collect();
            if names.is_empty() {
                "nothing".to_owned()
            } else {
                format!("`{}`", names.join("`, `"))
            }
        };
        if names(before) != names(now) {
            return Some(format!(
                "it was done with {}, and {} is at hand",
                names(before),
                names(now)
            ));
        }
        before.iter().zip(now).find_map(|(before, now)| {
            let models = |plugin: &Self| {
                if plugin.models.is_empty() {
                    "none".to_owned()
                } else {
                    plugin.models.join(", then ")
                }
            };
            if before.sha256 != now.sha256 {
                Some(format!(
                    "plugin `{}` is now {}, it was {}",
                    now.name,
                    now.short(),
                    before.short()
                ))
            } else if before.models != now.models {
                Some(format!(
                    "the language model of `{}` is now {}, it was {}",
                    now.name,
                    models(now),
                    models(before)
                ))
            } else {
                None
            }
        })
    }

    fn short(&self) -> String {
        format!("sha256 {}", self.sha256.get(..12).unwrap_or(&self.sha256))
    }
}

impl std::fmt::Display for PluginIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.short())
    }
}

/// A database to read.
pub trait Source: Send + Sync {
    /// Its metadata, and what had to be left out of it, one sentence each.
    ///
    /// # Errors
    /// When the catalog cannot be read.
    fn catalog(&self) -> Result<(Database, Vec<String>), Failure>;
    /// Up to `limit` distinct values per column as display text, most frequent first, without NULL.
    ///
    /// # Errors
    /// When the table cannot be read.
    fn values(&self, table: &Table, columns: &[&Column], limit: u32) -> Result<Vec<Vec<String>>, Failure>;
}

/// The SQL of the database, bound to its catalog.
pub trait Dialect: Send + Sync {
    /// The dialect's description of itself.
    fn info(&self) -> &DialectInfo;
    /// Everything about a statement.
    ///
    /// # Errors
    /// When the plugin fails; a statement that does not parse is the inner error.
    fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, Failure>;
    /// The normal form; two texts with one normal form are the same statement.
    ///
    /// # Errors
    /// As [`analyse`](Self::analyse).
    fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, Failure>;
    /// The normal form with every literal replaced.
    ///
    /// # Errors
    /// As [`analyse`](Self::analyse).
    fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, Failure>;
    /// CREATE TABLE text for a prompt.
    ///
    /// # Errors
    /// When the plugin fails.
    fn render_ddl(&self, table: &Table) -> Result<String, Failure>;
}

/// Plans business topics.
pub trait Planner: Send + Sync {
    /// Topics with budgets.
    ///
    /// # Errors
    /// When the plugin fails.
    fn plan(&self, request: &PlanRequest<'_>) -> Result<Plan, Failure>;
}

/// Writes question/SQL pairs. Called from several threads at once.
pub trait Generator: Send + Sync {
    /// Samples for a topic.
    ///
    /// # Errors
    /// When the plugin fails.
    fn generate(&self, request: &GenerateRequest<'_>) -> Result<Batch, Failure>;
    /// How many calls are worth having at once, where they wait for something else than this machine's cores.
    fn at_once(&self) -> Option<usize> {
        None
    }
}

/// Checks samples. Called from several threads at once.
pub trait Validator: Send + Sync {
    /// Name of the plugin.
    fn name(&self) -> &str;
    /// Findings per sample, in the order of the samples.
    ///
    /// # Errors
    /// When the plugin fails.
    fn check(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, Failure>;
}
