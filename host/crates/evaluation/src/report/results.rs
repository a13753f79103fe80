//! Result sets of gold and predictions, cut for reading side by side.

use nl2sql_catalog::{ResultSet, Value};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::query_runner::QueryRunner;

/// Rows shown of a result set.
const ROWS: usize = 10;

/// Longest cell shown, in characters.
const CELL: usize = 80;

/// The beginning of a result set, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResultPreview {
    /// Column names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<String>,
    /// First rows as text; NULL is `None`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there are more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub more: bool,
    /// What the engine or the guard said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Result sets of one example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Of the gold.
    pub gold: ResultPreview,
    /// Of the predictions before and after.
    pub runs: [Option<ResultPreview>; 2],
}

/// Runs one statement for the example browser.
pub async fn preview(runner: &dyn QueryRunner, database: &str, sql: &str) -> ResultPreview {
    match runner.run(database, sql, ROWS + 1).await {
        Ok(result) => shown(&result),
        Err(error) => ResultPreview {
            error: Some(error.to_string()),
            ..ResultPreview::default()
        },
    }
}

fn shown(result: &ResultSet) -> ResultPreview {
    ResultPreview {
        columns: result.columns.clone(),
        rows: result
            .rows
            .iter()
            .take(ROWS)
            .map(|row| row.iter().map(text).collect())
            .collect(),
        more: result.rows.len() > ROWS,
        error: None,
    }
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::Null => return None,
        Value::Boolean(truth) => truth.to_string(),
        Value::Integer(whole) => whole.to_string(),
        Value::Float(real) => real.to_string(),
        Value::Bytes(bytes) => format!("{} bytes", bytes.len()),
        Value::Array(values) => {
            let items = values
                .iter()
                .map(|value| text(value).unwrap_or_else(|| "NULL".to_owned()));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        Value::Decimal(text)
        | Value::Text(text)
        | Value::Date(text)
        | Value::Time(text)
        | Value::Datetime(text)
        | Value::Interval(text)
        | Value::Json(text)
        | Value::Uuid(text)
        | Value::Other(text) => text.clone(),
    };
    Some(match text.char_indices().nth(CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    })
}
