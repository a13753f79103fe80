//! The nouns that every part of `nl2sql` shares.
//!
//! Pure data with serde: no I/O, no async, no knowledge of databases, plugins or models. The WIT records of
//! `wit/` mirror these types field by field; `plugin-host` converts between the two.

mod analysis;
mod chat;
mod database;
mod dialect;
mod dialect_contradiction;
pub mod dialect_extra;

mod finding;
mod generation;
mod metric;
mod plan;
mod sample;
mod schema_extra;
mod terms;
mod type_class;
mod value;
mod value_text;

pub use analysis::{
    Analysis, ColumnUse, Position, Resolution, Scope, StatementInfo, SyntaxError, TableSource, TableUse,
};
pub use chat::{ChatAnswer, ChatRequest, FinishReason, Message, Role};
pub use database::{Check, Column, Database, ForeignKey, Key, Table, TableKind};
pub use dialect::{
    CatalogQuery, Concatenation, DialectInfo, Feature, FunctionLists, GuardRules, IdentifierCase, LimitStyle,
    NameRules, NullOrder, ServerInfo, Spelling,
};
pub use finding::{Finding, Severity, Span, Verdict};
pub use generation::{Batch, GenerateRequest, GeneratorContext, PlanRequest, Rejection};
pub use metric::{AnsweredRow, MetricInfo, MetricRow, Reading, RowScore};
pub use plan::{Card, Plan, Topic};
pub use sample::{Difficulty, Sample};
pub use terms::Terms;
pub use type_class::TypeClass;
pub use value::{Outcome, ResultSet, Value};
