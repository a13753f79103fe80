//! Version 0.1.0: closed sets are texts, sessions are constructed and cannot fail, planners and metrics get everything in each call.

use nl2sql_catalog::{
    Analysis, Batch, CatalogQuery, ChatAnswer, ChatRequest, Database, DialectInfo, Difficulty, Finding,
    GenerateRequest, GeneratorContext, Message, MetricInfo, MetricRow, NameRules, Outcome, Plan, PlanRequest,
    Resolution, ResultSet, Role, RowScore, Sample, ServerInfo, Severity, StatementInfo, Table, TableSource, Value,
};
use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker, Resource, ResourceAny};

use super::convert::{ToNoun, ToRecord, extended, record, shared_records, to_noun, to_record};
use super::exchange::shared_calls;
use super::services::{bound, linked, shared_services};
use super::{
    Answer, Contract, DialectBinding, DialectInstance, DialectSessionInstance, GeneratorBinding, GeneratorInstance,
    MetricBinding, MetricInstance, PlannerBinding, PlannerInstance, Read, ValidatorBinding, ValidatorInstance,
};
use crate::Kind;
use crate::bindings::v0_1::services::types::DialectInfo as DialectInfoRecord;
use crate::error::Failure;
use crate::services::{ChatError, LogLevel, MatchOutcome, MatchPair, QueryError};
use crate::state::{Rows, State};

/// The contract of this version.
pub(super) struct V0_1;

impl Contract for V0_1 {
    linked!(crate::bindings::v0_1::services, [types, analysis, log]);
    bound!(crate::bindings::v0_1);

    fn services(&self, kind: Kind) -> &'static [&'static str] {
        match kind {
            Kind::Validator | Kind::Metric => &["sql", "query"],
            Kind::Dialect | Kind::Planner | Kind::Generator => kind.services(),
        }
    }
}

shared_records!(crate::bindings::v0_1::services, crate::bindings::v0_1);
shared_calls!(crate::bindings::v0_1);
shared_services!(crate::bindings::v0_1::services, String, {});

/// A member of a closed set by its name; one that the contract does not list is refused.
fn member<T>(what: &'static str, given: &str, known: &[&str], found: Option<T>) -> Result<T, Failure> {
    found.ok_or_else(|| Failure::unknown_name(what, given, known))
}

impl ToNoun<Severity> for String {
    fn to_noun(self) -> Result<Severity, Failure> {
        member(
            "severity of a finding",
            &self,
            &Severity::NAMES,
            Severity::from_name(&self),
        )
    }
}

impl ToNoun<Role> for String {
    fn to_noun(self) -> Result<Role, Failure> {
        member("role of a chat message", &self, &Role::NAMES, Role::from_name(&self))
    }
}

/// Names of sets that this version leaves open: what the host does not know is the default.
macro_rules! open_set {
    ($noun:ty, [$(($member:expr, $name:literal)),* $(,)?]) => {
        impl ToRecord<String> for $noun {
            fn to_record(&self) -> String {
                match self {
                    $(member if *member == $member => $name,)*
                    _ => "unknown",
                }
                .to_owned()
            }
        }

        impl ToNoun<$noun> for String {
            fn to_noun(self) -> Result<$noun, Failure> {
                Ok(match self.as_str() {
                    $($name => $member,)*
                    _ => <$noun>::default(),
                })
            }
        }
    };
}

open_set!(
    TableSource,
    [
        (TableSource::Catalog, "catalog"),
        (TableSource::Cte, "cte"),
        (TableSource::Derived, "derived"),
        (TableSource::Function, "function"),
    ]
);
open_set!(
    Resolution,
    [
        (Resolution::Column, "column"),
        (Resolution::Alias, "alias"),
        (Resolution::Pseudo, "pseudo"),
        (Resolution::Ambiguous, "ambiguous"),
    ]
);
impl ToNoun<Difficulty> for String {
    /// A level that is not said counts as the first.
    fn to_noun(self) -> Result<Difficulty, Failure> {
        if self.is_empty() {
            return Ok(Difficulty::default());
        }
        let names = Difficulty::ALL.map(Difficulty::name);
        member("difficulty of a sample", &self, &names, Difficulty::from_name(&self))
    }
}

impl ToRecord<String> for Difficulty {
    fn to_record(&self) -> String {
        self.name().to_owned()
    }
}

impl ToRecord<String> for Severity {
    fn to_record(&self) -> String {
        self.name().to_owned()
    }
}

impl ToRecord<String> for Outcome {
    fn to_record(&self) -> String {
        self.name().to_owned()
    }
}

fn difficulties(weights: &[(String, f32)]) -> Vec<(String, f32)> {
    weights.to_vec()
}

fn query_failure(code: &str) -> String {
    code.to_owned()
}

fn result_column(set: &ResultSet, at: usize) -> String {
    set.columns[at].clone()
}

impl ToRecord<DialectInfoRecord> for DialectInfo {
    fn to_record(&self) -> DialectInfoRecord {
        let (open, close) = self.names.quotes;
        DialectInfoRecord {
            name: self.name.clone(),
            aliases: self.aliases.clone(),
            driver: self.driver.clone(),
            identifier_quotes: (open.to_string(), close.to_string()),
            prompt_notes: self.prompt_notes.clone(),
        }
    }
}

impl ToNoun<DialectInfo> for DialectInfoRecord {
    /// What this version does not tell is as the SQL standard has it; [`crate::inherited_description`] knows better for the host's drivers.
    fn to_noun(self) -> Result<DialectInfo, Failure> {
        let quote = |text: &str| {
            let mut characters = text.chars();
            characters.next().filter(|_| characters.next().is_none())
        };
        let (open, close) = &self.identifier_quotes;
        let quotes = quote(open).zip(quote(close));
        Ok(DialectInfo {
            names: NameRules {
                quotes: quotes.unwrap_or(NameRules::default().quotes),
                ..NameRules::default()
            },
            name: self.name,
            aliases: self.aliases,
            driver: self.driver,
            prompt_notes: self.prompt_notes,
            ..DialectInfo::default()
        })
    }
}

impl crate::bindings::v0_1::services::log::Host for State {
    fn write(&mut self, level: String, message: String) -> wasmtime::Result<()> {
        if level == "panic" {
            self.panicked(message);
            return Ok(());
        }
        let level = member("log level", &level, &LogLevel::NAMES, LogLevel::from_name(&level))?;
        self.log(level, message);
        Ok(())
    }
}

impl DialectBinding for bindings::dialect::DialectPluginPre<State> {
    fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Box<dyn DialectInstance>> {
        Ok(Box::new(self.instantiate(store)?))
    }

    fn open(&self, store: &mut Store<State>, database: &Database) -> Answer<Box<dyn DialectSessionInstance>> {
        let world = self.instantiate(&mut *store)?;
        let session = world
            .nl2sql_plugin_dialect()
            .session()
            .call_constructor(store, &database.to_record())?;
        Ok(Ok(Box::new(OpenDialect { world, session })))
    }
}

impl GeneratorBinding for bindings::generator::GeneratorPluginPre<State> {
    fn open(&self, store: &mut Store<State>, context: &GeneratorContext) -> Answer<Box<dyn GeneratorInstance>> {
        let world = self.instantiate(&mut *store)?;
        let session = world
            .nl2sql_plugin_generator()
            .session()
            .call_constructor(store, &context.to_record())?;
        Ok(Ok(Box::new(OpenGenerator { world, session })))
    }
}

impl ValidatorBinding for bindings::validator::ValidatorPluginPre<State> {
    fn open(&self, store: &mut Store<State>, database: &Database, options: &str) -> Answer<Box<dyn ValidatorInstance>> {
        let world = self.instantiate(&mut *store)?;
        let context = bindings::validator::Context {
            catalog: database.to_record(),
            options: options.to_owned(),
        };
        let session = world
            .nl2sql_plugin_validator()
            .session()
            .call_constructor(store, &context)?;
        Ok(Ok(Box::new(OpenValidator { world, session })))
    }
}

impl PlannerBinding for bindings::planner::PlannerPluginPre<State> {
    fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Box<dyn PlannerInstance>> {
        Ok(Box::new(self.instantiate(store)?))
    }
}

impl PlannerInstance for bindings::planner::PlannerPlugin {
    fn plan(&self, store: &mut Store<State>, request: &PlanRequest<'_>) -> Answer<Plan> {
        let request = bindings::planner::PlanRequest {
            catalog: request.catalog.to_record(),
            cards: request.cards.to_record(),
            total: request.total,
            minimum: request.minimum,
            language: request.language.to_owned(),
            options: request.options.to_owned(),
            seed: request.seed,
        };
        Ok(self.nl2sql_plugin_planner().call_plan(store, &request)?.to_noun())
    }
}

/// A metric with the options that every call of this version repeats.
struct OptionedMetric {
    world: bindings::metric::MetricPlugin,
    options: String,
}

impl MetricBinding for bindings::metric::MetricPluginPre<State> {
    fn describe(&self, store: &mut Store<State>) -> Answer<Vec<MetricInfo>> {
        let world = self.instantiate(&mut *store)?;
        Ok(world.nl2sql_plugin_metric().call_describe(store)?.to_noun())
    }

    fn open(&self, store: &mut Store<State>, _: Option<&Database>, options: &str) -> Answer<Box<dyn MetricInstance>> {
        Ok(Ok(Box::new(OptionedMetric {
            world: self.instantiate(store)?,
            options: options.to_owned(),
        })))
    }
}

impl MetricInstance for OptionedMetric {
    fn score(&self, store: &mut Store<State>, rows: &[MetricRow]) -> Answer<Vec<RowScore>> {
        let metric = self.world.nl2sql_plugin_metric();
        Ok(metric.call_score(store, &rows.to_record(), &self.options)?.to_noun())
    }

    fn aggregate(&self, store: &mut Store<State>, scores: &[RowScore]) -> Answer<Vec<Option<f64>>> {
        let metric = self.world.nl2sql_plugin_metric();
        Ok(Ok(metric.call_aggregate(store, &scores.to_record())?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difficulty_that_is_no_level_is_refused_by_name() {
        let level = |name: &str| -> Result<Difficulty, Failure> { name.to_owned().to_noun() };
        assert_eq!(level("extra").unwrap(), Difficulty::Extra);
        let refused = level("Brutal").unwrap_err().to_string();
        assert!(refused.contains("Brutal") && refused.contains("medium"), "{refused}");
    }

    #[test]
    fn tables_round_trip_through_the_contract() {
        let table = Table {
            name: "orders".into(),
            columns: vec![nl2sql_catalog::Column {
                name: "id".into(),
                labels: vec!["a".into()],
                ..nl2sql_catalog::Column::default()
            }],
            row_estimate: Some(7),
            ..Table::default()
        };
        let record: wit::types::Table = table.to_record();
        assert_eq!(ToNoun::<Table>::to_noun(record).unwrap(), table);
    }
}
