//! What comes back for a question.

use nl2sql_catalog::{ResultSet, Value as SqlValue};
use nl2sql_evaluation::agreement::Agreement;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::json_value::json_value;
use super::verified_pairs::SimilarPair;

/// The answer to a question, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct Answer {
    /// The question.
    pub question: String,
    /// Its language as a BCP 47 tag.
    pub language: String,
    /// Name of the database.
    pub database: String,
    /// The statement; none where the question was not answered.
    pub sql: Option<String>,
    /// What it returned, where that was wanted.
    #[serde(flatten)]
    pub table: Option<ResultTable>,
    /// Share of the statements that returned the same, from 0 to 1; none where a single one was written.
    pub confidence: Option<f64>,
    /// How that share came about.
    pub agreement: Agreement,
    /// Name of the model or adapter that wrote the statements.
    pub model: String,
    /// Digest of its weights.
    pub generation: String,
    /// What was wrong with the likeliest statement, where another one was taken or none.
    pub findings: Vec<AskFinding>,
    /// Pairs that people found right, whose questions resemble this one; the model was shown them.
    pub similar: Vec<SimilarPair>,
    /// Why the question was not answered.
    pub unanswered: Option<Unanswered>,
    /// What the statement reads, where that was wanted.
    pub explanation: Option<Explanation>,
    /// How long it took.
    pub seconds: f64,
}

/// Something wrong with a statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AskFinding {
    /// Stable code, e.g. `unknown-column`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Why a question was not answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Unanswered {
    /// `nothing-ran` or `not-sure`.
    pub reason: String,
    /// What is missing, for people.
    pub message: String,
}

/// What a statement reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Explanation {
    /// Tables and views.
    pub tables: Vec<String>,
    /// Columns, as `table.column`.
    pub columns: Vec<String>,
    /// SQL features, e.g. `join`.
    pub features: Vec<String>,
}

/// A result with types.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
pub struct ResultTable {
    /// Columns in order.
    pub columns: Vec<AnswerColumn>,
    /// Rows; decimals, dates and times are text, bytes are base64.
    pub rows: Vec<Vec<Value>>,
    /// Whether there were more rows.
    pub truncated: bool,
}

/// A column of a result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AnswerColumn {
    /// Name as the database reports it.
    pub name: String,
    /// `integer`, `decimal`, `float`, `text`, `boolean`, `bytes`, `date`, `time`, `datetime`, `interval`, `json`, `uuid`, `array`, `other`, or
    /// `null` where every value is.
    pub r#type: String,
}

impl ResultTable {
    /// The rows of a database.
    pub fn of(result: &ResultSet) -> Self {
        let names = result.columns.iter().enumerate();
        let columns = names.map(|(at, name)| AnswerColumn {
            name: name.clone(),
            r#type: type_of(result.rows.iter().filter_map(|row| row.get(at))),
        });
        Self {
            columns: columns.collect(),
            rows: result
                .rows
                .iter()
                .map(|row| row.iter().map(json_value).collect())
                .collect(),
            truncated: result.truncated,
        }
    }
}

/// The type that all values but NULL have; `other` where they differ, as SQLite's may.
fn type_of<'v>(values: impl Iterator<Item = &'v SqlValue>) -> String {
    let mut types = values.filter(|value| !matches!(value, SqlValue::Null)).map(type_name);
    let Some(first) = types.next() else {
        return "null".into();
    };
    if types.all(|name| name == first) {
        first
    } else {
        "other"
    }
    .into()
}

fn type_name(value: &SqlValue) -> &'static str {
    match value {
        SqlValue::Null => "null",
        SqlValue::Boolean(_) => "boolean",
        SqlValue::Integer(_) => "integer",
        SqlValue::Decimal(_) => "decimal",
        SqlValue::Float(_) => "float",
        SqlValue::Text(_) => "text",
        SqlValue::Bytes(_) => "bytes",
        SqlValue::Date(_) => "date",
        SqlValue::Time(_) => "time",
        SqlValue::Datetime(_) => "datetime",
        SqlValue::Interval(_) => "interval",
        SqlValue::Json(_) => "json",
        SqlValue::Uuid(_) => "uuid",
        SqlValue::Array(_) => "array",
        SqlValue::Other(_) => "other",
    }
}

/// What happens while a question is answered.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum AskEvent {
    /// The model writes.
    Writing {
        /// Statements that are wanted of it.
        statements: u32,
    },
    /// A statement was checked and run.
    Checked {
        /// The statement.
        sql: String,
        /// Whether it ran.
        ran: bool,
    },
}

impl AskEvent {
    /// Name of the event.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Writing { .. } => "writing",
            Self::Checked { .. } => "checked",
        }
    }
}
