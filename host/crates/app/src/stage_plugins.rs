//! The pipeline's dialect, planner, generator and validators over plugins.

use nl2sql_catalog::{
    Analysis, Batch, DialectInfo, Finding, GenerateRequest, Plan, PlanRequest, Sample, SyntaxError, Table,
};
use nl2sql_pipeline as pipeline;
use nl2sql_pipeline::Failure;
use nl2sql_plugin_host::{DialectSession, GeneratorSession, PlannerPlugin, ValidatorSession};
use std::sync::Arc;

use crate::plugins::call_failure;

/// A dialect with its description at hand.
pub struct BoundDialect {
    pub session: Arc<DialectSession>,
    pub info: Arc<DialectInfo>,
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
    fn plan(&self, request: &PlanRequest<'_>) -> Result<Plan, Failure> {
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
    fn generate(&self, request: &GenerateRequest<'_>) -> Result<Batch, Failure> {
        self.session.generate(request).map_err(|error| call_failure(&error))
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
