//! `plugin check`: loads a plugin with everything it asks for and calls it once, under its limits, over a small schema.

use std::sync::Arc;
use std::time::{Duration, Instant};

use nl2sql_catalog::{
    Card, ChatAnswer, ChatRequest, Column, Database, DialectInfo, GenerateRequest, GeneratorContext, MetricRow,
    PlanRequest, ResultSet, Sample, ServerInfo, Table, Topic, TypeClass,
};

use crate::dialect::DialectPlugin;
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

impl PluginHost {
    /// Checks a plugin by name or by the path of its file. There is no database and no language model in a check: calls of those services
    /// say so, and a plugin that answers with a refusal then has answered. The service `sql` is the dialect `sqlite`.
    pub fn check(&self, name_or_path: &str) -> Result<CheckReport, LoadError> {
        let artifact = self.library().inspect(name_or_path)?;
        let grants = Grants::of(artifact.manifest.imports.keys());
        let plugin = Arc::new(self.load_artifact(&artifact, &grants)?);
        let services = self.services_of_a_check(&plugin)?;
        plugin.require(&services)?;
        let calls = smoke(artifact.manifest.kind, plugin, services).map_err(|error| LoadError::Compile {
            plugin: artifact.manifest.name.clone(),
            reason: format!("{error:#}"),
        })?;
        Ok(CheckReport {
            profile: profile_of(&artifact),
            artifact,
            calls,
        })
    }

    fn services_of_a_check(&self, plugin: &Loaded) -> Result<Services, LoadError> {
        let services = Services::none().with_query(Arc::new(Absent)).with_llm(Arc::new(Absent));
        if !plugin.uses("sql") {
            return Ok(services);
        }
        let dialect = self.dialect("sqlite")?;
        Ok(services.with_sql(Arc::new(dialect.open(&database()))))
    }
}

/// The profile lines that a plugin with these imports needs.
fn profile_of(artifact: &Artifact) -> String {
    let manifest = &artifact.manifest;
    if manifest.imports.is_empty() {
        return String::new();
    }
    let services: Vec<String> = manifest
        .imports
        .keys()
        .map(|service| format!("\"{service}\""))
        .collect();
    format!("[plugins.{}]\ngrant = [{}]\n", manifest.name, services.join(", "))
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

fn cards() -> Vec<Card> {
    vec![Card {
        table: "singer".to_owned(),
        text: "singer(singer_id INTEGER key, name TEXT, age INTEGER)".to_owned(),
        neighbours: Vec::new(),
    }]
}

/// Collects calls with their outcomes and times.
#[derive(Default)]
struct Calls(Vec<CheckedCall>);

impl Calls {
    fn make(&mut self, call: &'static str, work: impl FnOnce() -> Result<String, CallError>) {
        let start = Instant::now();
        // A plugin that says why it cannot has kept to the contract.
        let outcome = work().or_else(|error| match error.refusal() {
            Some(refusal) => Ok(format!("declined: {refusal}")),
            None => Err(error),
        });
        self.0.push(CheckedCall {
            call,
            outcome,
            time: start.elapsed(),
        });
    }
}

fn smoke(kind: Kind, plugin: Arc<Loaded>, services: Services) -> wasmtime::Result<Vec<CheckedCall>> {
    let mut calls = Calls::default();
    match kind {
        Kind::Dialect => dialect(&DialectPlugin::bind(plugin, services)?, &mut calls),
        Kind::Planner => planner(&PlannerPlugin::bind(plugin, services)?, &mut calls),
        Kind::Generator => generator(&GeneratorPlugin::bind(plugin, services)?, &mut calls),
        Kind::Validator => validator(&ValidatorPlugin::bind(plugin, services)?, &mut calls),
        Kind::Metric => metric(&MetricPlugin::bind(plugin, services)?, &mut calls),
    }
    Ok(calls.0)
}

fn dialect(plugin: &DialectPlugin, calls: &mut Calls) {
    let database = database();
    calls.make("dialect.info", || {
        let info = plugin.info()?;
        Ok(format!("{} over the driver {}", info.name, info.driver))
    });
    calls.make("dialect.catalog-queries", || {
        let queries = plugin.catalog_queries(&ServerInfo::default())?;
        Ok(format!("{} queries", queries.len()))
    });
    calls.make("dialect.render-ddl", || plugin.render_ddl(&database.tables[0]));
    let session = plugin.open(&database);
    for (call, sql) in [
        ("dialect.session.diagnose", "SELECT name FROM singer"),
        ("dialect.session.diagnose", "SELECT nam FROM singer"),
        ("dialect.session.diagnose", "SELECT FROM WHERE"),
    ] {
        calls.make(call, || {
            Ok(match session.diagnose(sql)? {
                Ok(findings) => format!("`{sql}`: {} findings", findings.len()),
                Err(error) => format!("`{sql}`: {}", error.message),
            })
        });
    }
}

fn planner(plugin: &PlannerPlugin, calls: &mut Calls) {
    let (database, cards) = (database(), cards());
    calls.make("planner.plan", || {
        let plan = plugin.plan(&PlanRequest {
            catalog: &database,
            cards: &cards,
            total: 10,
            minimum: 1,
            language: "en",
            options: "{}",
            seed: 1,
        })?;
        Ok(format!("{} topics for {} samples", plan.topics.len(), plan.total()))
    });
}

fn generator(plugin: &GeneratorPlugin, calls: &mut Calls) {
    let dialect = DialectInfo {
        name: "standard".to_owned(),
        driver: "sqlite".to_owned(),
        ..DialectInfo::default()
    };
    let session = plugin.open(&GeneratorContext {
        catalog: Arc::new(database()),
        cards: cards(),
        dialect,
        options: "{}".to_owned(),
        seed: 1,
    });
    let topic = Topic {
        name: "singers".to_owned(),
        reason: "the only table".to_owned(),
        tables: vec!["singer".to_owned()],
        budget: 5,
    };
    let request = GenerateRequest {
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

fn validator(plugin: &ValidatorPlugin, calls: &mut Calls) {
    let session = plugin.open(&database(), "{}");
    for sql in ["SELECT name FROM singer", "SELECT nam FROM singer"] {
        calls.make("validator.session.check", || {
            let sample = Sample {
                question: "What are the singers called?".to_owned(),
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

fn metric(plugin: &MetricPlugin, calls: &mut Calls) {
    calls.make("metric.describe", || {
        let infos = plugin.describe()?;
        let names: Vec<_> = infos.into_iter().map(|info| info.name).collect();
        Ok(names.join(", "))
    });
    let row = MetricRow {
        id: "1".to_owned(),
        question: "What are the singers called?".to_owned(),
        prediction: "SELECT name FROM singer".to_owned(),
        predicted_sql: "SELECT name FROM singer".to_owned(),
        gold: "SELECT name FROM singer".to_owned(),
        ..MetricRow::default()
    };
    let mut scores = Vec::new();
    let session = plugin.open(Some(&database()), "{}");
    calls.make("metric.session.score", || {
        scores = session.score(std::slice::from_ref(&row))?;
        Ok(format!("{:?}", scores[0].values))
    });
    calls.make("metric.session.aggregate", || {
        Ok(format!("{:?}", session.aggregate(&scores)?))
    });
}
