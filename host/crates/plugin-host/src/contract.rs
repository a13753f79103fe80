//! What the host asks of plugins, one trait per kind, over the nouns of the catalog crate. Every served version of the contract
//! implements them ([`v0_1`], [`v0_2`]); beyond this module nobody knows which version a plugin was built for.

mod convert;
mod exchange;
mod services;
mod v0_1;
mod v0_2;

use nl2sql_catalog::{
    Analysis, Batch, CatalogQuery, Database, DialectInfo, Finding, GenerateRequest, GeneratorContext, MetricInfo,
    MetricRow, Plan, PlanRequest, RowScore, Sample, ServerInfo, StatementInfo, SyntaxError, Table,
};
use wasmtime::Store;
use wasmtime::component::{InstancePre, Linker};

use crate::Kind;
use crate::error::{Failure, Refusal};
use crate::state::State;

/// What comes of a call: an error of the engine ends the instance, a failure is the plugin's answer.
pub(crate) type Answer<T> = wasmtime::Result<Result<T, Failure>>;

/// One version of the contract: what it links and how its kinds are bound.
pub(crate) trait Contract: Sync {
    /// Links what every plugin may use.
    fn link_shared(&self, linker: &mut Linker<State>) -> wasmtime::Result<()>;
    /// Links one granted service.
    fn link_service(&self, linker: &mut Linker<State>, service: &str) -> wasmtime::Result<()>;
    /// The services that a plugin of a kind may import.
    fn services(&self, kind: Kind) -> &'static [&'static str];
    /// Whether an imported interface carries nothing out of the host and needs no grant.
    fn is_free(&self, interface: &str) -> bool;
    /// A dialect.
    fn dialect(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn DialectBinding>>;
    /// A planner.
    fn planner(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn PlannerBinding>>;
    /// A generator.
    fn generator(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn GeneratorBinding>>;
    /// A validator.
    fn validator(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn ValidatorBinding>>;
    /// A metric.
    fn metric(&self, pre: InstancePre<State>) -> wasmtime::Result<Box<dyn MetricBinding>>;
}

/// The versions of the contract that this host serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 0.1.0.
    V0_1,
    /// 0.2.0.
    V0_2,
}

impl Version {
    /// The served version of this name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::V0_1, Self::V0_2]
            .into_iter()
            .find(|version| version.name() == name)
    }

    /// The name, as interfaces carry it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V0_1 => "0.1.0",
            Self::V0_2 => "0.2.0",
        }
    }

    /// Its contract.
    pub(crate) fn contract(self) -> &'static dyn Contract {
        match self {
            Self::V0_1 => &v0_1::V0_1,
            Self::V0_2 => &v0_2::V0_2,
        }
    }
}

/// Makes instances of a dialect.
pub(crate) trait DialectBinding: Send + Sync {
    /// An instance without a catalog.
    fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Box<dyn DialectInstance>>;
    /// An instance bound to a catalog.
    fn open(&self, store: &mut Store<State>, database: &Database) -> Answer<Box<dyn DialectSessionInstance>>;
}

/// A dialect.
pub(crate) trait DialectInstance: Send {
    /// The dialect's description of itself.
    fn info(&self, store: &mut Store<State>) -> Answer<DialectInfo>;
    /// One bulk query per section of a catalog.
    fn catalog_queries(&self, store: &mut Store<State>, server: &ServerInfo) -> Answer<Vec<CatalogQuery>>;
    /// CREATE TABLE text for a prompt.
    fn render_ddl(&self, store: &mut Store<State>, table: &Table) -> Answer<String>;
    /// An identifier, quoted where the dialect needs it.
    fn quote(&self, store: &mut Store<State>, identifier: &str) -> Answer<String>;
}

/// What a dialect makes of a text, or why the text is no statement.
pub(crate) type Read<T> = Answer<Result<T, SyntaxError>>;

/// A dialect bound to a catalog.
pub(crate) trait DialectSessionInstance: Send {
    /// The dialect itself.
    fn dialect(&self) -> &dyn DialectInstance;
    /// Kind and read-only verdict.
    fn statement(&self, store: &mut Store<State>, sql: &str) -> Answer<StatementInfo>;
    /// Whether the text is one statement of the dialect.
    fn check_syntax(&self, store: &mut Store<State>, sql: &str) -> Read<()>;
    /// What the engine would report when preparing the statement.
    fn diagnose(&self, store: &mut Store<State>, sql: &str) -> Read<Vec<Finding>>;
    /// Everything about the statement.
    fn analyse(&self, store: &mut Store<State>, sql: &str) -> Read<Analysis>;
    /// The statement with its row count limited.
    fn with_limit(&self, store: &mut Store<State>, sql: &str, rows: u32) -> Read<String>;
    /// The normal form.
    fn normalise(&self, store: &mut Store<State>, sql: &str) -> Read<String>;
    /// The normal form without literals.
    fn template(&self, store: &mut Store<State>, sql: &str) -> Read<String>;
}

/// Makes instances of a planner.
pub(crate) trait PlannerBinding: Send + Sync {
    /// A fresh instance.
    fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Box<dyn PlannerInstance>>;
}

/// A planner.
pub(crate) trait PlannerInstance: Send {
    /// Topics with their budgets.
    fn plan(&self, store: &mut Store<State>, request: &PlanRequest<'_>) -> Answer<Plan>;
}

/// Makes instances of a generator.
pub(crate) trait GeneratorBinding: Send + Sync {
    /// An instance bound to a context.
    fn open(&self, store: &mut Store<State>, context: &GeneratorContext) -> Answer<Box<dyn GeneratorInstance>>;
}

/// A generator bound to a context.
pub(crate) trait GeneratorInstance: Send {
    /// Samples for one topic.
    fn generate(&self, store: &mut Store<State>, request: &GenerateRequest<'_>) -> Answer<Batch>;
}

/// Makes instances of a validator.
pub(crate) trait ValidatorBinding: Send + Sync {
    /// An instance bound to a catalog and options.
    fn open(&self, store: &mut Store<State>, database: &Database, options: &str) -> Answer<Box<dyn ValidatorInstance>>;
}

/// A validator bound to a catalog.
pub(crate) trait ValidatorInstance: Send {
    /// Findings per sample.
    fn check(&self, store: &mut Store<State>, samples: &[Sample]) -> Answer<Vec<Vec<Finding>>>;
}

/// Makes instances of a metric.
pub(crate) trait MetricBinding: Send + Sync {
    /// The metrics it computes.
    fn describe(&self, store: &mut Store<State>) -> Answer<Vec<MetricInfo>>;
    /// An instance bound to options and, where the plugin uses a database, its catalog.
    fn open(
        &self,
        store: &mut Store<State>,
        database: Option<&Database>,
        options: &str,
    ) -> Answer<Box<dyn MetricInstance>>;
}

/// A metric bound to its options.
pub(crate) trait MetricInstance: Send {
    /// One score per row.
    fn score(&self, store: &mut Store<State>, rows: &[MetricRow]) -> Answer<Vec<RowScore>>;
    /// One figure per metric.
    fn aggregate(&self, store: &mut Store<State>, scores: &[RowScore]) -> Answer<Vec<Option<f64>>>;
}

/// The answer of a call that a plugin may decline.
fn declined<T, E: Into<Refusal>>(answer: Result<T, E>) -> Result<T, Failure> {
    answer.map_err(|refusal| Failure::Refused(refusal.into()))
}
