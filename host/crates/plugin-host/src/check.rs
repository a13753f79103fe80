//! `plugin check`: loads a plugin with everything it asks for and calls it once, under its limits, over a small schema.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nl2sql_catalog::{
    Card, ChatAnswer, ChatRequest, Column, Database, DialectInfo, GenerateRequest, GeneratorContext, MetricRow,
    PlanRequest, ResultSet, Sample, ServerInfo, Table, Topic, TypeClass,
};

use thiserror::Error;

use crate::dialect::DialectPlugin;
use crate::disclosure::{BAD_OPTIONS, DISCLOSE_ROWS};
use crate::error::{CallError, LoadError};
use crate::generator::GeneratorPlugin;
use crate::grants::Grants;
use crate::host::Kinded;
use crate::loaded::Loaded;
use crate::metric::MetricPlugin;
use crate::planner::PlannerPlugin;
use crate::services::{
    ChatError, LlmService, MatchOutcome, MatchPair, QueryError, QueryService, ServiceError, Services,
};
use crate::validator::ValidatorPlugin;
use crate::{Artifact, Kind, PluginHost};

/// What a check found.
#[derive(Debug)]
pub struct CheckReport {
    /// The plugin.
    pub artifact: Artifact,
    /// What a profile has to say to use it, as TOML; empty when nothing.
    pub profile: String,
    /// The calls made, in order.
    pub calls: Vec<CheckedCall>,
}

impl CheckReport {
    /// Whether every call was answered.
    pub fn passed(&self) -> bool {
        self.calls.iter().all(|call| call.outcome.is_ok())
    }
}

/// One call of a check.
#[derive(Debug)]
pub struct CheckedCall {
    /// The call, as the contract names it.
    pub call: &'static str,
    /// What came of it, in a few words.
    pub outcome: Result<String, CallError>,
    /// How long it took, instantiation included where there was any.
    pub time: Duration,
}

/// What a plugin is called with.
#[derive(Clone)]
pub struct CheckSetup {
    /// Its options as JSON.
    pub options: String,
    /// The catalog; a small one of one table by default.
    pub catalog: Database,
    /// A statement over the catalog that runs.
    pub statement: String,
    /// What is behind its services. Of those that are absent, a check says so when they are called.
    pub services: Services,
}

impl Default for CheckSetup {
    fn default() -> Self {
        Self {
            options: "{}".to_owned(),
            catalog: database(),
            statement: "SELECT name FROM singer".to_owned(),
            services: Services::none(),
        }
    }
}

impl CheckSetup {
    /// A check over a catalog of the user's.
    pub fn over(catalog: Database, services: Services) -> Self {
        let table = catalog.tables.first();
        let columns = table.and_then(|table| Some((table.columns.first()?, table)));
        Self {
            statement: columns.map_or_else(
                || "SELECT 1".to_owned(),
                |(column, table)| format!("SELECT {} FROM {}", column.name, table.qualified_name()),
            ),
            catalog,
            services,
            ..Self::default()
        }
    }

    /// The same with these options.
    pub fn with_options(self, options: String) -> Self {
        Self { options, ..self }
    }

    fn cards(&self) -> Vec<Card> {
        let tables = self.catalog.tables.iter();
        let card = |table: &Table| Card {
            table: table.qualified_name(),
            text: table
                .columns
                .iter()
                .map(|column| column.name.as_str())
                .collect::<Vec<_>>()
                .join(", "),
            neighbours: Vec::new(),
        };
        tables.map(card).collect()
    }
}

impl PluginHost {
    /// Checks a plugin by name or by the path of its file. Where the setup brings no database or language model, calls of those services say so,
    /// and a plugin that answers with a refusal then has answered. Without a dialect of the setup's, the service `sql` is the dialect `sqlite`.
    pub fn check(&self, name_or_path: &str, setup: &CheckSetup) -> Result<CheckReport, LoadError> {
        let artifact = self.library().inspect_pinned(name_or_path)?;
        // What is checked is told to the user alone.
        let grants = Grants::of(artifact.manifest.imports.keys()).reviewed();
        let plugin = Arc::new(self.load_artifact(&artifact, &grants)?);
        let mut services = setup.services.clone();
        if plugin.uses("sql") && services.sql.is_none() {
            services = services.with_sql(Arc::new(self.dialect("sqlite")?.open(&setup.catalog)));
        }
        let services = with_absent(services);
        plugin.require(|service| services.has(service))?;
        let calls = self.smoke(plugin, services, setup)?;
        Ok(CheckReport {
            profile: profile_of(&artifact),
            artifact,
            calls,
        })
    }

    /// Opens a plugin as a run would, with its grants and options, and has it answer once with nothing behind `query` and `llm`: so it is known
    /// before anything is paid for whether it can work at all. `available` names the services that the run has.
    pub fn probe(&self, kind: Kind, name: &str, setup: &CheckSetup, available: &[&str]) -> Result<(), ProbeError> {
        let plugin = self.load(kind, name)?;
        plugin.require(|service| available.contains(&service))?;
        let services = with_absent(Services {
            query: None,
            llm: None,
            on_trial: true,
            ..setup.services.clone()
        });
        let calls = self.smoke(plugin, services, setup)?;
        let broken = calls
            .into_iter()
            .filter_map(|call| call.outcome.err())
            .find(CallError::is_lasting);
        match broken {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    fn smoke(
        &self,
        plugin: Arc<Loaded>,
        services: Services,
        setup: &CheckSetup,
    ) -> Result<Vec<CheckedCall>, LoadError> {
        let name = plugin.name().to_owned();
        let mut calls = Calls::default();
        let made = match plugin.manifest.kind {
            Kind::Dialect => DialectPlugin::bind(plugin, services).map(|plugin| dialect(&plugin, setup, &mut calls)),
            Kind::Planner => PlannerPlugin::bind(plugin, services).map(|plugin| planner(&plugin, setup, &mut calls)),
            Kind::Generator => {
                GeneratorPlugin::bind(plugin, services).map(|plugin| generator(&plugin, setup, &mut calls))
            }
            Kind::Validator => {
                ValidatorPlugin::bind(plugin, services).map(|plugin| validator(&plugin, setup, &mut calls))
            }
            Kind::Metric => MetricPlugin::bind(plugin, services).map(|plugin| metric(&plugin, setup, &mut calls)),
        };
        match made {
            Ok(()) => Ok(calls.0),
            Err(error) => Err(LoadError::Compile {
                plugin: name,
                reason: format!("{error:#}"),
            }),
        }
    }
}

/// Why a plugin could not be opened.
#[derive(Debug, Error)]
pub enum ProbeError {
    /// It cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It cannot work with its options.
    #[error(transparent)]
    Call(#[from] CallError),
}

fn with_absent(services: Services) -> Services {
    Services {
        query: services.query.or_else(|| Some(Arc::new(Absent))),
        llm: services.llm.or_else(|| Some(Arc::new(Absent))),
        ..services
    }
}

/// The profile lines that a plugin with these imports needs.
fn profile_of(artifact: &Artifact) -> String {
    let manifest = &artifact.manifest;
    let asks = |service: &str| manifest.imports.contains_key(service);
    let words_leave = asks("query") && (asks("llm") || manifest.kind == Kind::Generator);
    let discloses = words_leave || manifest.kind == Kind::Dialect;
    let words = manifest
        .imports
        .keys()
        .map(String::as_str)
        .chain(discloses.then_some(DISCLOSE_ROWS));
    let words: Vec<String> = words.map(|word| format!("\"{word}\"")).collect();
    if words.is_empty() {
        return String::new();
    }
    format!("[plugins.{}]\ngrant = [{}]\n", manifest.name, words.join(", "))
}

/// The services a check does not have.
struct Absent;

const WHY: &str = "a check has no database and no language model";

impl QueryService for Absent {
    fn run(&self, _: &str, _: u32) -> Result<ResultSet, QueryError> {
        Err(QueryError {
            code: "unavailable",
            message: WHY.to_owned(),
        })
    }

    fn execution_match(&self, pairs: &[MatchPair], _: &str) -> Result<Vec<MatchOutcome>, ServiceError> {
        let outcome = MatchOutcome {
            outcome: nl2sql_catalog::Outcome::GoldError,
            detail: Some(WHY.to_owned()),
        };
        Ok(vec![outcome; pairs.len()])
    }
}

impl LlmService for Absent {
    fn chat(&self, _: ChatRequest) -> Result<ChatAnswer, ChatError> {
        Err(ChatError {
            code: "unavailable".to_owned(),
            message: WHY.to_owned(),
        })
    }
}

/// A schema of one table.
fn database() -> Database {
    let column = |name: &str, type_name: &str| Column {
        name: name.to_owned(),
        type_name: type_name.to_owned(),
        type_class: TypeClass::of_type_name(type_name),
        ..Column::default()
    };
    Database {
        name: "check".to_owned(),
        dialect: "sqlite".to_owned(),
        tables: vec![Table {
            name: "singer".to_owned(),
            columns: vec![
                column("singer_id", "INTEGER"),
                column("name", "TEXT"),
                column("age", "INTEGER"),
            ],
            primary_key: vec!["singer_id".to_owned()],
            ..Table::default()
        }],
        ..Database::default()
    }
}

/// Collects calls with their outcomes and times.
#[derive(Default)]
struct Calls(Vec<CheckedCall>);

impl Calls {
    fn make(&mut self, call: &'static str, work: impl FnOnce() -> Result<String, CallError>) {
        let start = Instant::now();
        // A plugin that says why it cannot has kept to the contract; one that refuses its options cannot be used with them.
        let outcome = work().or_else(|error| match error.refusal() {
            Some(refusal) if refusal.code != BAD_OPTIONS => Ok(format!("declined: {refusal}")),
            _ => Err(error),
        });
        self.0.push(CheckedCall {
            call,
            outcome,
            time: start.elapsed(),
        });
    }
}

fn dialect(plugin: &DialectPlugin, setup: &CheckSetup, calls: &mut Calls) {
    let database = &setup.catalog;
    calls.make("dialect.info", || {
        let info = plugin.info()?;
        Ok(format!("{} over the driver {}", info.name, info.driver))
    });
    calls.make("dialect.catalog-queries", || {
        let queries = plugin.catalog_queries(&ServerInfo::default())?;
        Ok(format!("{} queries", queries.len()))
    });
    if let Some(table) = database.tables.first() {
        calls.make("dialect.render-ddl", || plugin.render_ddl(table));
    }
    let session = plugin.open(database);
    for sql in [&setup.statement, "SELECT nam FROM singer", "SELECT FROM WHERE"] {
        calls.make("dialect.session.diagnose", || {
            Ok(match session.diagnose(sql)? {
                Ok(findings) => format!("`{sql}`: {} findings", findings.len()),
                Err(error) => format!("`{sql}`: {}", error.message),
            })
        });
    }
}

/// The dialect of the service `sql`, where there is one; standard SQL otherwise.
fn told_dialect(setup: &CheckSetup) -> DialectInfo {
    let told = setup.services.sql.as_ref().and_then(|sql| sql.info().ok());
    told.unwrap_or_else(|| DialectInfo {
        name: "standard".to_owned(),
        driver: "ddl".to_owned(),
        ..DialectInfo::default()
    })
}

fn planner(plugin: &PlannerPlugin, setup: &CheckSetup, calls: &mut Calls) {
    let cards = setup.cards();
    let dialect = told_dialect(setup);
    calls.make("planner.plan", || {
        let plan = plugin.plan(&PlanRequest {
            catalog: &setup.catalog,
            cards: &cards,
            total: 10,
            minimum: 1,
            dialect: &dialect,
            language: "en",
            options: &setup.options,
            seed: 1,
        })?;
        Ok(format!("{} topics for {} samples", plan.topics.len(), plan.total()))
    });
}

fn generator(plugin: &GeneratorPlugin, setup: &CheckSetup, calls: &mut Calls) {
    let session = plugin.open(&GeneratorContext {
        catalog: Arc::new(setup.catalog.clone()),
        cards: setup.cards(),
        dialect: told_dialect(setup),
        options: setup.options.clone(),
        seed: 1,
    });
    let topic = Topic {
        name: "first table".to_owned(),
        reason: "a check".to_owned(),
        tables: setup.catalog.tables.iter().take(1).map(Table::qualified_name).collect(),
        budget: 5,
    };
    let request = GenerateRequest {
        wordings: 1,
        topic: &topic,
        want: 5,
        round: 0,
        languages: &[("en".to_owned(), 1.0)],
        difficulties: &[("easy".to_owned(), 1.0)],
        accepted: &[],
        rejected: &[],
    };
    calls.make("generator.session.generate", || {
        let batch = session.generate(&request)?;
        Ok(format!("{} samples of 5 wanted", batch.samples.len()))
    });
}

fn validator(plugin: &ValidatorPlugin, setup: &CheckSetup, calls: &mut Calls) {
    let session = plugin.open(&setup.catalog, &setup.options);
    for sql in [&setup.statement, "SELECT nam FROM singer"] {
        calls.make("validator.session.check", || {
            let sample = Sample {
                question: "What is there?".to_owned(),
                sql: sql.to_owned(),
                language: "en".to_owned(),
                ..Sample::default()
            };
            let findings = session.check(&[sample])?;
            Ok(format!(
                "`{sql}`: {} findings",
                findings.iter().map(Vec::len).sum::<usize>()
            ))
        });
    }
}

fn metric(plugin: &MetricPlugin, setup: &CheckSetup, calls: &mut Calls) {
    calls.make("metric.describe", || {
        let infos = plugin.describe()?;
        let names: Vec<_> = infos.into_iter().map(|info| info.name).collect();
        Ok(names.join(", "))
    });
    let row = MetricRow {
        id: "1".to_owned(),
        question: "What is there?".to_owned(),
        prediction: setup.statement.clone(),
        predicted_sql: setup.statement.clone(),
        gold: setup.statement.clone(),
        ..MetricRow::default()
    };
    let mut scores = Vec::new();
    let session = plugin.open(Some(&setup.catalog), &setup.options);
    calls.make("metric.session.score", || {
        scores = session.score(std::slice::from_ref(&row))?;
        Ok(format!("{:?}", scores[0].values))
    });
    calls.make("metric.session.aggregate", || {
        Ok(format!("{:?}", session.aggregate(&scores)?))
    });
}
