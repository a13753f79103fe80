//! What each stage does.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use nl2sql_catalog::{Database, Plan, Sample, Verdict};
use nl2sql_profile::{ExposeSecret, read_secret};

use super::{Outcome, Pipeline};
use crate::coverage::measure;
use crate::export::Export;
use crate::feedback::{Feedback, Merge, Merged};
use crate::generate::{Generation, Notice, keep_share_of_empty, read_judged};
use crate::privacy::{ColumnPolicies, Masking};
use crate::review::Reviews;
use crate::run_folder::{StageRecord, StageState};
use crate::run_inputs::extracted_catalog;
use crate::summary::{StageSummary, count};
use crate::validate::{ValidatorChain, reason};
use crate::{
    CardsArtifact, Dialect, Event, Failure, LocalValidation, PipelineError, RunInputs, Stage, artifact, cards,
    catalog_repair, read_searched_values,
};

impl Pipeline<'_> {
    pub(super) fn extract(&self) -> Result<Outcome, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Extract, failure);
        let (mut catalog, mut notes) = self.dependencies.source().map_err(fail)?.catalog().map_err(fail)?;
        notes.extend(catalog_repair::repair(&mut catalog));
        if catalog.tables.is_empty() {
            return Err(PipelineError::Nothing {
                what: format!("the database `{}` has no table or view to read", catalog.name),
                advice: "Check database.path or database.url, database.schemas, and the include and exclude globs"
                    .into(),
            });
        }
        let columns: usize = catalog.tables.iter().map(|table| table.columns.len()).sum();
        let keys: usize = catalog.tables.iter().map(|table| table.foreign_keys.len()).sum();
        let digest = self.folder.write_json(artifact::METADATA, &catalog)?;
        let output = [
            (catalog.tables.len(), "table"),
            (columns, "column"),
            (keys, "foreign key"),
        ];
        let output = output.map(|(number, noun)| count(number, noun)).join(", ");
        let summary = StageSummary {
            input: format!("database {}", catalog.name),
            output,
            notes,
            ..StageSummary::default()
        };
        Ok(complete(summary, vec![(artifact::METADATA.into(), digest)]))
    }

    pub(super) fn cards(&self) -> Result<Outcome, PipelineError> {
        let catalog = self.catalog()?;
        let (artifact, mut notes) = self.sampled(&catalog)?;
        let values: usize = artifact.values.values().flat_map(BTreeMap::values).map(Vec::len).sum();
        let files = vec![
            (
                artifact::CARDS.to_owned(),
                self.folder.write_json(artifact::CARDS, &artifact)?,
            ),
            (
                artifact::CARDS_TEXT.to_owned(),
                self.folder
                    .write(artifact::CARDS_TEXT, cards::document(&catalog, &artifact).as_bytes())?,
            ),
        ];
        if self.profile.privacy.sample_values {
            let by_policy: Vec<_> = artifact
                .policies
                .iter()
                .map(|(policy, columns)| format!("{columns} {policy}"))
                .collect();
            notes.push(format!("columns by value policy: {}", by_policy.join(", ")));
        }
        let output = format!(
            "{} on {}, {}",
            count(artifact.cards.len(), "card"),
            count(artifact.pages.len(), "page"),
            count(values, "value")
        );
        let summary = StageSummary {
            input: count(catalog.tables.len(), "table"),
            output,
            notes,
            ..StageSummary::default()
        };
        Ok(complete(summary, files))
    }

    /// Cards with the values the privacy settings let out. The database is asked only when they let any out.
    fn sampled(&self, catalog: &Database) -> Result<(CardsArtifact, Vec<String>), PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Cards, failure);
        let privacy = &self.profile.privacy;
        let policies = ColumnPolicies::new(privacy)?;
        let salt = read_secret(privacy.hash_salt_env.as_deref(), None).map_err(|error| PipelineError::Setting {
            key: "privacy.hash_salt_env".into(),
            reason: error.to_string(),
        })?;
        let masking = Masking::new(self.profile.run.seed, salt.as_ref().map(|salt| salt.expose_secret()));
        let total = catalog.tables.len() as u64;
        let progress = |done: usize| {
            self.tell(&Event::Progress {
                stage: Stage::Cards,
                done: done as u64,
                total,
            })
        };
        let source = if privacy.sample_values {
            self.dependencies.source().map_err(fail)?
        } else {
            Box::new(NoValues)
        };
        let (mut artifact, mut notes) = cards::sample_values(
            catalog,
            source.as_ref(),
            &self.profile.cards,
            &policies,
            &masking,
            progress,
        )
        .map_err(fail)?;
        if self.profile.export.reads_values() {
            let (values, more) = read_searched_values(catalog, source.as_ref(), &self.profile.cards, privacy)?;
            artifact.searched_values = values;
            notes.extend(more);
        }
        cards::write_cards(catalog, &mut artifact, &self.profile.cards);
        Ok((artifact, notes))
    }

    pub(super) fn plan(&self) -> Result<Outcome, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Plan, failure);
        let inputs = RunInputs::read(&self.folder, self.profile)?;
        self.dependencies.preflight(inputs.catalog()).map_err(fail)?;
        let dialect = self.dependencies.dialect(inputs.catalog()).map_err(fail)?;
        let planner = self.dependencies.planner().map_err(fail)?;
        let made = inputs.plan(planner.as_ref(), dialect.info()).map_err(fail)?;
        let digest = self.folder.write_json(artifact::PLAN, &made)?;
        let summary = StageSummary {
            input: count(inputs.cards(), "card"),
            output: format!(
                "{}, {}",
                count(made.topics.len(), "topic"),
                count(made.total() as usize, "pair")
            ),
            notes: made.notes,
            ..StageSummary::default()
        };
        Ok(complete(summary, vec![(artifact::PLAN.into(), digest)]))
    }

    pub(super) fn generate(&self, inputs: &BTreeMap<String, String>) -> Result<Outcome, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Generate, failure);
        let given = RunInputs::read(&self.folder, self.profile)?;
        let catalog = given.catalog();
        let plan: Plan = self.folder.read_json(artifact::PLAN)?;
        let dialect = self.dependencies.dialect(catalog).map_err(fail)?;
        let context = given.generator_context(dialect.info());
        self.dependencies.preflight(catalog).map_err(fail)?;
        let generator = self.dependencies.generation(catalog, context).map_err(fail)?;
        let validators = ValidatorChain::new(self.dependencies.validation(catalog).map_err(fail)?);
        self.begin_generation(inputs)?;
        let generation = Generation {
            folder: &self.folder,
            plan: &plan,
            catalog,
            settings: &self.profile.generate,
            dialect: dialect.as_ref(),
            generator: generator.as_ref(),
            validators: &validators,
        };
        let stage = Stage::Generate;
        let generated = generation.run(&mut |notice| {
            match notice {
                Notice::Round(round) => self.tell(&Event::Round { round }),
                Notice::Progress { accepted, total } => self.tell(&Event::Progress {
                    stage,
                    done: accepted,
                    total,
                }),
                Notice::Note(message) => self.note(stage, &message),
            }
            self.observer.cancelled()
        })?;
        let mut artifacts = BTreeMap::new();
        for name in [artifact::SAMPLES, artifact::VERDICTS, artifact::ROUNDS] {
            artifacts.extend(self.folder.digest(name)?.map(|digest| (name.to_owned(), digest)));
        }
        let state = if generated.short {
            StageState::Short
        } else {
            StageState::Complete
        };
        Ok(Outcome {
            summary: generated.summary,
            artifacts,
            state,
        })
    }

    /// Writes down that generation began, with what, before its first sample; journals grow from here on.
    fn begin_generation(&self, inputs: &BTreeMap<String, String>) -> Result<(), PipelineError> {
        let mut ledger = self.ledger.borrow_mut();
        for journal in [artifact::SAMPLES, artifact::VERDICTS, artifact::ROUNDS] {
            ledger.artifacts.remove(journal);
        }
        let by = self.verdict_source();
        let resumed = ledger.stages.contains_key(&Stage::Generate);
        // Verdicts of two sources are judged again as a whole by the next stage.
        ledger.verdicts_by = if resumed && ledger.verdicts_by != by {
            String::new()
        } else {
            by
        };
        ledger.stages.insert(
            Stage::Generate,
            StageRecord {
                state: StageState::Begun,
                settings: self.settings_digest(Stage::Generate),
                inputs: inputs.clone(),
                plugins: self.plugins_of(Stage::Generate),
                summary: StageSummary::default(),
            },
        );
        self.folder.write_ledger(&ledger)
    }

    /// Verdicts and coverage. Verdicts made by the same validators while generating stand, unless the stage is run `alone`.
    pub(super) fn validate(&self, alone: bool) -> Result<Outcome, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Validate, failure);
        let catalog = self.catalog()?;
        let plan: Plan = self.folder.read_json(artifact::PLAN)?;
        let dialect = self.dependencies.dialect(&catalog).map_err(fail)?;
        let by = self.verdict_source();
        let stand = !alone && self.ledger.borrow().verdicts_by == by;
        let judged = if stand {
            read_judged(&self.folder)?
        } else {
            self.judge_again(&catalog)?
        };
        if !stand {
            self.ledger.borrow_mut().verdicts_by = by;
        }
        let (coverage, facts) = measure(&catalog, &plan, &judged, dialect.as_ref()).map_err(fail)?;
        let mut files = vec![
            (
                artifact::ANALYSIS.to_owned(),
                self.folder.write_lines(artifact::ANALYSIS, &facts)?,
            ),
            (
                artifact::COVERAGE.to_owned(),
                self.folder.write_json(artifact::COVERAGE, &coverage)?,
            ),
        ];
        files.extend(
            self.folder
                .digest(artifact::VERDICTS)?
                .map(|digest| (artifact::VERDICTS.to_owned(), digest)),
        );
        let mut rejected = BTreeMap::new();
        for (_, verdict) in judged.iter().filter(|(_, verdict)| !verdict.accepted) {
            *rejected.entry(reason(verdict)).or_default() += 1;
        }
        let summary = StageSummary {
            input: count(judged.len(), "sample"),
            output: format!("{} accepted", count(coverage.samples, "pair")),
            rejected,
            notes: vec![
                format!("covered: {}", coverage.headline()),
                format!("hardness: {}", coverage.hardness_mix()),
            ],
            files: Vec::new(),
        };
        Ok(complete(summary, files))
    }

    fn judge_again(&self, catalog: &Arc<Database>) -> Result<Vec<(Sample, Verdict)>, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Validate, failure);
        let samples: Vec<Sample> = self.folder.lines(artifact::SAMPLES)?;
        if samples.is_empty() {
            return Err(PipelineError::Missing {
                folder: self.folder.root().to_owned(),
                artifact: artifact::SAMPLES.into(),
                writer: Stage::Generate,
            });
        }
        let validators = ValidatorChain::new(self.dependencies.validation(catalog).map_err(fail)?);
        let mut judged = Vec::with_capacity(samples.len());
        for part in samples.chunks(1_024) {
            judged.extend(validators.verdicts(part).map_err(fail)?);
            let (done, total) = (judged.len() as u64, samples.len() as u64);
            self.tell(&Event::Progress {
                stage: Stage::Validate,
                done,
                total,
            });
            if self.observer.cancelled() {
                return Err(PipelineError::Cancelled {
                    folder: self.folder.root().to_owned(),
                });
            }
        }
        let before = self.folder.readable_lines::<Verdict>(artifact::VERDICTS)?.rows;
        keep_share_of_empty(&before, &mut judged);
        self.folder.write_lines(artifact::VERDICTS, &judged)?;
        Ok(samples.into_iter().zip(judged).collect())
    }

    pub(super) fn export(&self) -> Result<Outcome, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Export, failure);
        let catalog = self.catalog()?;
        let cards: CardsArtifact = self.folder.read_json(artifact::CARDS)?;
        let plan: Plan = self.folder.read_json(artifact::PLAN)?;
        let dialect = self.dependencies.dialect(&catalog).map_err(fail)?;
        let reviews = Reviews::read(&self.folder)?;
        let reviewed = reviews
            .apply(read_judged(&self.folder)?, dialect.as_ref())
            .map_err(fail)?;
        let merged = self.with_verified(&catalog, &plan, dialect.as_ref(), reviewed.judged)?;
        let (coverage, facts) = if reviews.is_empty() && merged.counts.exported == 0 {
            let facts = self.folder.lines(artifact::ANALYSIS)?;
            (self.folder.read_json(artifact::COVERAGE)?, facts)
        } else {
            measure(&catalog, &plan, &merged.judged, dialect.as_ref()).map_err(fail)?
        };
        if coverage.samples == 0 {
            return Err(PipelineError::Nothing {
                what: "no sample was accepted, so there is nothing to export".into(),
                advice: "verdicts.jsonl says why each was rejected".into(),
            });
        }
        let mut files = Vec::new();
        let mut write = |name: &str, bytes: &[u8]| {
            let name = format!("{}/{name}", artifact::EXPORT);
            let digest = self.folder.write(&name, bytes)?;
            files.push((name, digest));
            Ok(())
        };
        let exported = Export {
            settings: &self.profile.export,
            run: &self.name,
            seed: self.profile.run.seed,
            catalog: &catalog,
            cards: &cards,
            plan: &plan,
            judged: &merged.judged,
            reviewed: &reviewed.states,
            reviews: reviewed.counts,
            verified: &merged.verified,
            feedback: merged.counts,
            facts: &facts,
            coverage: &coverage,
            plugins: &self.plugins,
            dialect: dialect.as_ref(),
        }
        .write(&mut write)?;
        self.remove_stale_exports(&files)?;
        let sizes: Vec<_> = ["train", "dev", "test"]
            .iter()
            .map(|split| format!("{} {split}", exported.sizes.get(split).copied().unwrap_or_default()))
            .collect();
        let summary = StageSummary {
            input: count(coverage.samples, "pair"),
            output: sizes.join(", "),
            notes: [reviewed.notes, merged.notes, exported.notes].concat(),
            ..StageSummary::default()
        };
        Ok(complete(summary, files))
    }

    /// The pairs with those that people verified, judged by the run's validators. Without any, nothing is opened for it.
    fn with_verified(
        &self,
        catalog: &Arc<Database>,
        plan: &Plan,
        dialect: &dyn Dialect,
        judged: Vec<(Sample, Verdict)>,
    ) -> Result<Merged, PipelineError> {
        let fail = |failure| PipelineError::part(Stage::Export, failure);
        let feedback: Vec<Feedback> = self.folder.lines(artifact::FEEDBACK)?;
        if feedback.is_empty() {
            return Ok(Merged::without_feedback(judged));
        }
        // Too few to be worth sending anywhere.
        let validators = LocalValidation::open(self.dependencies, catalog).map_err(fail)?;
        let merge = Merge {
            catalog,
            plan,
            dialect,
            validators: &ValidatorChain::new(Box::new(validators)),
            language: &self.profile.plan.language,
        };
        merge.merge(judged, &feedback).map_err(fail)
    }

    /// Removes files of an earlier export that this one did not write.
    fn remove_stale_exports(&self, written: &[(String, String)]) -> Result<(), PipelineError> {
        let ledger = self.ledger.borrow();
        let before = ledger
            .stages
            .get(&Stage::Export)
            .map(|record| record.summary.files.as_slice());
        for name in before.unwrap_or_default() {
            let inside = Path::new(name)
                .strip_prefix(artifact::EXPORT)
                .is_ok_and(|file| file.components().count() == 1);
            if !inside || written.iter().any(|(new, _)| new == name) {
                continue;
            }
            self.folder.remove(name)?;
        }
        Ok(())
    }

    /// The extracted catalog with the profile's glossary.
    pub(super) fn catalog(&self) -> Result<Arc<Database>, PipelineError> {
        extracted_catalog(&self.folder, self.profile)
    }
}

fn complete(mut summary: StageSummary, files: Vec<(String, String)>) -> Outcome {
    summary.files = files.iter().map(|(name, _)| name.clone()).collect();
    Outcome {
        summary,
        artifacts: files.into_iter().collect(),
        state: StageState::Complete,
    }
}

/// Stands in for the database where no value may leave it.
struct NoValues;

impl crate::Source for NoValues {
    fn catalog(&self) -> Result<(Database, Vec<String>), Failure> {
        Err(Failure::new(
            "database",
            "unavailable",
            "values are not sampled in this run",
        ))
    }

    fn values(
        &self,
        _: &nl2sql_catalog::Table,
        columns: &[&nl2sql_catalog::Column],
        _: u32,
    ) -> Result<Vec<Vec<String>>, Failure> {
        Ok(vec![Vec::new(); columns.len()])
    }
}
