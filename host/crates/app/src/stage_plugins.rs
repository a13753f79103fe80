//! The pipeline's dialect, planner, generator and validators over plugins.

use nl2sql_catalog::{Analysis, DialectInfo, Finding, Plan, Sample, SyntaxError, Table};
use nl2sql_pipeline as pipeline;
use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::{DialectSession, GeneratorSession, PlannerPlugin, ValidatorSession};
use std::sync::Arc;

use crate::plugins::call_failure;

/// A dialect with its description at hand.
pub struct BoundDialect {
    pub session: Arc<DialectSession>,
    pub info: DialectInfo,
}

impl pipeline::Dialect for BoundDialect {
    fn info(&self) -> &DialectInfo {
        &self.info
    }

    fn analyse(&self, sql: &str) -> Result<Result<Analysis, SyntaxError>, Failure> {
        self.session.analyse(sql).map_err(|error| call_failure(&error))
    }

    fn normalise(&self, sql: &str) -> Result<Result<String, SyntaxError>, Failure> {
        self.session.normalise(sql).map_err(|error| call_failure(&error))
    }

    fn template(&self, sql: &str) -> Result<Result<String, SyntaxError>, Failure> {
        self.session.template(sql).map_err(|error| call_failure(&error))
    }

    fn render_ddl(&self, table: &Table) -> Result<String, Failure> {
        self.session.render_ddl(table).map_err(|error| call_failure(&error))
    }
}

/// A planner.
pub struct BoundPlanner(pub PlannerPlugin);

impl pipeline::Planner for BoundPlanner {
    fn plan(&self, request: &pipeline::PlanRequest<'_>) -> Result<Plan, Failure> {
        let request = nl2sql_plugin_host::PlanRequest {
            database: request.catalog,
            cards: request.cards,
            total: request.total,
            minimum: request.minimum,
            language: request.language,
            options: request.options,
            seed: request.seed,
        };
        self.0.plan(request).map_err(|error| call_failure(&error))
    }
}

/// A generator bound to a catalog.
pub struct BoundGenerator {
    pub session: GeneratorSession,
    /// Calls worth having at once, for a generator that waits for a language model.
    pub at_once: Option<usize>,
}

impl pipeline::Generator for BoundGenerator {
    fn generate(&self, request: &pipeline::GenerateRequest<'_>) -> Result<pipeline::Batch, Failure> {
        let rejected = request.rejected.iter().map(|rejection| nl2sql_plugin_host::Rejection {
            sample: rejection.sample.clone(),
            findings: rejection.findings.clone(),
        });
        let request = nl2sql_plugin_host::GenerateRequest {
            topic: request.topic.clone(),
            want: request.want,
            round: request.round,
            languages: request.languages.to_vec(),
            difficulties: request.difficulties.to_vec(),
            accepted: request.accepted.to_vec(),
            rejected: rejected.collect(),
        };
        let batch = self.session.generate(&request).map_err(|error| call_failure(&error))?;
        Ok(pipeline::Batch {
            samples: batch.samples,
            exhausted: batch.exhausted,
            notes: batch.notes,
        })
    }

    fn at_once(&self) -> Option<usize> {
        self.at_once
    }
}

/// A validator bound to a catalog.
pub struct BoundValidator(pub ValidatorSession);

impl pipeline::Validator for BoundValidator {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn check(&self, samples: &[Sample]) -> Result<Vec<Vec<Finding>>, Failure> {
        self.0.check(samples).map_err(|error| call_failure(&error))
    }
}
