//! What the planner and the generator of a run are given, as its artifacts stand.

use std::sync::Arc;

use nl2sql_catalog::{Batch, Database, DialectInfo, GeneratorContext, Plan, PlanRequest, Topic};
use nl2sql_profile::{Options, Profile};

use crate::generate::{TopicProgress, Weights};
use crate::{CardsArtifact, Failure, Generator, PipelineError, Planner, RunFolder, apply_glossary, artifact, plan};

/// Catalog and cards of a run, with the settings that planner and generator are asked by.
pub struct RunInputs<'a> {
    profile: &'a Profile,
    catalog: Arc<Database>,
    cards: CardsArtifact,
    valued: Arc<Database>,
}

impl<'a> RunInputs<'a> {
    /// Those of a run folder.
    ///
    /// # Errors
    /// When the run has no catalog or no cards yet.
    pub fn read(folder: &RunFolder, profile: &'a Profile) -> Result<Self, PipelineError> {
        let catalog = extracted_catalog(folder, profile)?;
        let cards: CardsArtifact = folder.read_json(artifact::CARDS)?;
        Ok(Self {
            valued: cards.with_values(&catalog),
            profile,
            catalog,
            cards,
        })
    }

    /// The catalog, without values.
    pub fn catalog(&self) -> &Arc<Database> {
        &self.catalog
    }

    /// How many cards there are.
    pub(crate) fn cards(&self) -> usize {
        self.cards.cards.len()
    }

    /// The planner's plan, checked.
    ///
    /// # Errors
    /// When the planner fails, or generation could not follow what it answers.
    pub fn plan(&self, planner: &dyn Planner, dialect: &DialectInfo) -> Result<Plan, Failure> {
        let settings = &self.profile.plan;
        let mut made = planner.plan(&PlanRequest {
            catalog: &self.valued,
            cards: &self.cards.cards,
            total: settings.total,
            minimum: settings.minimum,
            dialect,
            language: &settings.language,
            options: &as_json(&settings.options),
            seed: self.profile.run.seed,
        })?;
        plan::check(&mut made, &self.catalog, &settings.planner, settings.total)?;
        Ok(made)
    }

    /// What the generator is bound to.
    pub fn generator_context(&self, dialect: &DialectInfo) -> GeneratorContext {
        GeneratorContext {
            catalog: self.valued.clone(),
            cards: self.cards.cards.clone(),
            dialect: dialect.clone(),
            options: as_json(&self.profile.generate.options),
            seed: self.profile.run.seed,
        }
    }

    /// What the generator answers first for a topic.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn first_batch(&self, generator: &dyn Generator, topic: &Topic) -> Result<Batch, Failure> {
        let settings = &self.profile.generate;
        let progress = TopicProgress::new(topic, &self.catalog);
        generator.generate(&progress.request(settings, &Weights::of(settings)))
    }
}

/// The extracted catalog with the profile's glossary.
pub(crate) fn extracted_catalog(folder: &RunFolder, profile: &Profile) -> Result<Arc<Database>, PipelineError> {
    let mut catalog: Database = folder.read_json(artifact::METADATA)?;
    apply_glossary(&profile.glossary, &mut catalog).map_err(|error| PipelineError::Setting {
        key: "glossary".into(),
        reason: error.to_string(),
    })?;
    Ok(Arc::new(catalog))
}

fn as_json(options: &Options) -> String {
    serde_json::to_string(options).unwrap_or_else(|_| "{}".into())
}
