//! Version 0.2.0: closed sets are enums, opening a session can fail, every kind has sessions, a dialect describes itself as data.

use nl2sql_catalog::{
    Analysis, Batch, CatalogQuery, ChatAnswer, ChatRequest, Database, Difficulty, Finding, FunctionLists,
    GenerateRequest, GeneratorContext, GuardRules, Message, MetricInfo, MetricRow, Plan, PlanRequest, ResultSet,
    RowScore, Sample, ServerInfo, Spelling, StatementInfo, Table, TypeClass, Value,
};
use wasmtime::Store;
use wasmtime::component::{HasSelf, InstancePre, Linker, Resource, ResourceAny};

use super::convert::{ToNoun, ToRecord, closed_set, extended, record, shared_records, to_noun, to_record};
use super::exchange::shared_calls;
use super::services::{bound, linked, shared_services};
use super::{
    Answer, Contract, DialectBinding, DialectInstance, DialectSessionInstance, GeneratorBinding, GeneratorInstance,
    MetricBinding, MetricInstance, PlannerBinding, PlannerInstance, Read, ValidatorBinding, ValidatorInstance,
};
use crate::Kind;
use crate::bindings::v0_2::services::description as described;
use crate::bindings::v0_2::services::description::DialectInfo as DialectInfoRecord;
use crate::error::Failure;
use crate::services::{ChatError, LogLevel, MatchOutcome, MatchPair, QueryError};
use crate::state::{Rows, State};

mod description;

/// The contract of this version.
pub(super) struct V0_2;

impl Contract for V0_2 {
    linked!(crate::bindings::v0_2::services, [types, description, analysis, log]);
    bound!(crate::bindings::v0_2);

    fn services(&self, kind: Kind) -> &'static [&'static str] {
        kind.services()
    }
}

shared_records!(crate::bindings::v0_2::services, crate::bindings::v0_2, + extra);
shared_calls!(crate::bindings::v0_2);
shared_services!(
    crate::bindings::v0_2::services,
    services::query::ResultColumn,
    {
        fn values(
            &mut self,
            rows: Resource<Rows>,
            start: u32,
            count: u32,
        ) -> wasmtime::Result<Vec<Vec<services::query::Value>>> {
            let rows = &self.rows(&rows)?.rows;
            Ok(rows
                .iter()
                .skip(start as usize)
                .take(count as usize)
                .map(|row| row.to_record())
                .collect())
        }
    },
    + extra
);

impl services::description::Host for State {}

closed_set!(nl2sql_catalog::Difficulty, wit::types::Difficulty, { Easy, Medium, Hard, Extra });
closed_set!(nl2sql_catalog::Severity, wit::types::Severity, { Info, Warning, Error });
closed_set!(nl2sql_catalog::TableSource, wit::analysis::TableSource, {
    Catalog, Cte, Derived, Function => TableFunction, Unknown,
});
closed_set!(nl2sql_catalog::Resolution, wit::analysis::Resolution, { Column, Alias, Pseudo, Ambiguous, Unknown });
closed_set!(nl2sql_catalog::Role, wit::llm::Role, { System, User, Assistant });
closed_set!(nl2sql_catalog::Outcome, wit::query::Outcome, {
    Match, Mismatch, EmptyMatch, GoldError, PredictionError, Timeout, Refused,
});
closed_set!(nl2sql_catalog::Feature, described::Feature, {
    Cte, RecursiveCte, Window, IntersectAndExcept, FullJoin, Ordinals, GroupByAlias, NullsOrder, KeyDeterminesRow, Lateral, Qualify,
    CorrelatedSubqueries,
});
closed_set!(nl2sql_catalog::LimitStyle, described::LimitStyle, { Limit, Top, FetchFirst });
closed_set!(nl2sql_catalog::Concatenation, described::Concatenation, { Pipes, Plus, ConcatFunction });
closed_set!(nl2sql_catalog::NullOrder, described::NullOrder, { Smallest, Largest, First, Last });
closed_set!(nl2sql_catalog::IdentifierCase, described::IdentifierCase, { FoldsLower, FoldsUpper, Ignored, Kept });

record!(
    Spelling,
    described::Spelling,
    {
        limit, concatenation, nulls, true_literal, false_literal, national_prefix, date_literal, year, month, date_parts_are_text,
        text_length, upper, integer_average,
    }
);
record!(FunctionLists, described::FunctionLists, { scalar, aggregate, table });
record!(GuardRules, described::GuardRules, { query_words, refused_words, refused_functions, refused_relations });

/// `higher` or `lower`, as the noun has it.
impl ToNoun<String> for kinds::metric::Direction {
    fn to_noun(self) -> Result<String, Failure> {
        Ok(match self {
            Self::HigherIsBetter => "higher",
            Self::LowerIsBetter => "lower",
        }
        .to_owned())
    }
}

fn difficulties(weights: &[(String, f32)]) -> Vec<(wit::types::Difficulty, f32)> {
    weights
        .iter()
        .filter_map(|(name, weight)| Some((Difficulty::from_name(name)?.to_record(), *weight)))
        .collect()
}

fn query_failure(code: &str) -> wit::query::QueryFailure {
    match code {
        "refused" => wit::query::QueryFailure::Refused,
        "timeout" => wit::query::QueryFailure::Timeout,
        "unavailable" => wit::query::QueryFailure::Unavailable,
        _ => wit::query::QueryFailure::Failed,
    }
}

fn result_column(set: &ResultSet, at: usize) -> wit::query::ResultColumn {
    wit::query::ResultColumn {
        name: set.columns[at].clone(),
        type_class: class_of_values(set, at).name().to_owned(),
    }
}

/// The class that all values of a column have; `other` where there is none but NULL, or more than one.
fn class_of_values(set: &ResultSet, at: usize) -> TypeClass {
    let mut classes = set.rows.iter().filter_map(|row| class_of_value(&row[at]));
    match classes.next() {
        Some(first) if classes.all(|class| class == first) => first,
        _ => TypeClass::Other,
    }
}

fn class_of_value(value: &Value) -> Option<TypeClass> {
    Some(match value {
        Value::Null => return None,
        Value::Boolean(_) => TypeClass::Boolean,
        Value::Integer(_) => TypeClass::Integer,
        Value::Decimal(_) => TypeClass::Decimal,
        Value::Float(_) => TypeClass::Float,
        Value::Text(_) => TypeClass::Text,
        Value::Bytes(_) => TypeClass::Binary,
        Value::Date(_) => TypeClass::Date,
        Value::Time(_) => TypeClass::Time,
        Value::Datetime(_) => TypeClass::Datetime,
        Value::Interval(_) => TypeClass::Interval,
        Value::Json(_) => TypeClass::Json,
        Value::Uuid(_) => TypeClass::Uuid,
        Value::Array(_) => TypeClass::Array,
        Value::Other(_) => TypeClass::Other,
    })
}

impl ToRecord<wit::query::Value> for Value {
    fn to_record(&self) -> wit::query::Value {
        use wit::query::Value as Record;
        match self {
            Self::Null => Record::Null,
            Self::Boolean(value) => Record::Boolean(*value),
            Self::Integer(value) => Record::Integer(*value),
            Self::Decimal(text) => Record::Decimal(text.clone()),
            Self::Float(value) => Record::Float(*value),
            Self::Text(text) => Record::Text(text.clone()),
            Self::Bytes(bytes) => Record::Bytes(bytes.clone()),
            Self::Date(text) => Record::Date(text.clone()),
            Self::Time(text) => Record::Time(text.clone()),
            Self::Datetime(text) => Record::Datetime(text.clone()),
            Self::Interval(text) => Record::Interval(text.clone()),
            Self::Json(text) => Record::Json(text.clone()),
            Self::Uuid(text) => Record::Uuid(text.clone()),
            Self::Array(_) => Record::Array(self.display_text().unwrap_or_default()),
            Self::Other(text) => Record::Other(text.clone()),
        }
    }
}

impl services::log::Host for State {
    fn write(&mut self, level: services::log::Level, message: String) -> wasmtime::Result<()> {
        use services::log::Level;
        let level = match level {
            Level::Error => LogLevel::Error,
            Level::Warn => LogLevel::Warn,
            Level::Info => LogLevel::Info,
            Level::Debug => LogLevel::Debug,
            Level::Panic => {
                self.panicked(message);
                return Ok(());
            }
        };
        self.log(level, message);
        Ok(())
    }
}

/// The session of an instance that opened one, or the plugin's reason for not doing so.
macro_rules! opened {
    ($answer:expr) => {
        match super::declined($answer) {
            Ok(session) => session,
            Err(refusal) => return Ok(Err(refusal)),
        }
    };
}

impl DialectBinding for bindings::dialect::DialectPluginPre<State> {
    fn instantiate(&self, store: &mut Store<State>) -> wasmtime::Result<Box<dyn DialectInstance>> {
        Ok(Box::new(self.instantiate(store)?))
    }

    fn open(&self, store: &mut Store<State>, database: &Database) -> Answer<Box<dyn DialectSessionInstance>> {
        let world = self.instantiate(&mut *store)?;
        let session = opened!(world.nl2sql_plugin_dialect().call_open(store, &database.to_record())?);
        Ok(Ok(Box::new(OpenDialect { world, session })))
    }
}

impl GeneratorBinding for bindings::generator::GeneratorPluginPre<State> {
    fn open(&self, store: &mut Store<State>, context: &GeneratorContext) -> Answer<Box<dyn GeneratorInstance>> {
        let world = self.instantiate(&mut *store)?;
        let session = opened!(world.nl2sql_plugin_generator().call_open(store, &context.to_record())?);
        Ok(Ok(Box::new(OpenGenerator { world, session })))
    }
}

impl ValidatorBinding for bindings::validator::ValidatorPluginPre<State> {
    fn open(&self, store: &mut Store<State>, database: &Database, options: &str) -> Answer<Box<dyn ValidatorInstance>> {
        let world = self.instantiate(&mut *store)?;
        let context = bindings::validator::Context {
            catalog: database.to_record(),
            options: options.to_owned(),
            extra: Vec::new(),
        };
        let session = opened!(world.nl2sql_plugin_validator().call_open(store, &context)?);
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
        let planner = self.nl2sql_plugin_planner();
        let context = bindings::planner::Context {
            catalog: request.catalog.to_record(),
            cards: request.cards.to_record(),
            language: request.language.to_owned(),
            options: request.options.to_owned(),
            seed: request.seed,
            extra: request.dialect.extra.clone(),
        };
        let session = opened!(planner.call_open(&mut *store, &context)?);
        let asked = bindings::planner::PlanRequest {
            total: request.total,
            minimum: request.minimum,
            extra: Vec::new(),
        };
        let answer = planner.session().call_plan(&mut *store, session, &asked)?;
        session.resource_drop(store)?;
        Ok(answer.to_noun())
    }
}

/// A metric with an open session.
struct OpenMetric {
    world: bindings::metric::MetricPlugin,
    session: ResourceAny,
}

impl MetricBinding for bindings::metric::MetricPluginPre<State> {
    fn describe(&self, store: &mut Store<State>) -> Answer<Vec<MetricInfo>> {
        let world = self.instantiate(&mut *store)?;
        Ok(world.nl2sql_plugin_metric().call_describe(store)?.to_noun())
    }

    fn open(
        &self,
        store: &mut Store<State>,
        database: Option<&Database>,
        options: &str,
    ) -> Answer<Box<dyn MetricInstance>> {
        let world = self.instantiate(&mut *store)?;
        let context = bindings::metric::Context {
            catalog: database.map(|database| database.to_record()),
            options: options.to_owned(),
            extra: Vec::new(),
        };
        let session = opened!(world.nl2sql_plugin_metric().call_open(store, &context)?);
        Ok(Ok(Box::new(OpenMetric { world, session })))
    }
}

impl MetricInstance for OpenMetric {
    fn score(&self, store: &mut Store<State>, rows: &[MetricRow]) -> Answer<Vec<RowScore>> {
        let session = self.world.nl2sql_plugin_metric().session();
        Ok(session.call_score(store, self.session, &rows.to_record())?.to_noun())
    }

    fn aggregate(&self, store: &mut Store<State>, scores: &[RowScore]) -> Answer<Vec<Option<f64>>> {
        let session = self.world.nl2sql_plugin_metric().session();
        Ok(session
            .call_aggregate(store, self.session, &scores.to_record())?
            .to_noun())
    }
}
