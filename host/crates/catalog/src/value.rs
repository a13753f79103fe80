//! Typed values of result sets, and the outcome of comparing two of them.

use serde::{Deserialize, Serialize};

/// One value of any database, in one type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "value", rename_all = "kebab-case")]
pub enum Value {
    /// SQL NULL.
    Null,
    /// True or false.
    Boolean(bool),
    /// A whole number that fits 64 bits signed.
    Integer(i64),
    /// An exact decimal or larger whole number, in plain notation without exponent, e.g. `-12.50`.
    Decimal(String),
    /// A binary float; infinities and NaN included.
    Float(f64),
    /// Character data.
    Text(String),
    /// Bytes and bit strings.
    Bytes(Vec<u8>),
    /// A date, `YYYY-MM-DD` (also `infinity`, `-infinity` and MySQL's zero date).
    Date(String),
    /// A time of day, `HH:MM:SS[.ffffff][±HH:MM]`.
    Time(String),
    /// A date and time, `YYYY-MM-DD HH:MM:SS[.ffffff][±HH:MM]` (also `infinity`, `-infinity`).
    Datetime(String),
    /// A span of time, ISO 8601 duration.
    Interval(String),
    /// A JSON document as text.
    Json(String),
    /// A UUID in lower-case hyphenated form.
    Uuid(String),
    /// An array.
    Array(Vec<Value>),
    /// Anything else, as the server prints it (geometry as WKT, ranges, network addresses, XML).
    Other(String),
}

impl Value {
    /// Bytes of the content, beside the value's own size.
    pub fn byte_len(&self) -> usize {
        match self {
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Float(_) => 0,
            Self::Bytes(bytes) => bytes.len(),
            Self::Array(values) => values.iter().map(|value| size_of::<Self>() + value.byte_len()).sum(),
            Self::Decimal(text)
            | Self::Text(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::Datetime(text)
            | Self::Interval(text)
            | Self::Json(text)
            | Self::Uuid(text)
            | Self::Other(text) => text.len(),
        }
    }
}

/// Rows of one statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ResultSet {
    /// Column names as the server reports them.
    pub columns: Vec<String>,
    /// Rows; each as long as `columns`.
    pub rows: Vec<Vec<Value>>,
    /// Whether a row or byte cap cut the result.
    pub truncated: bool,
}

/// Outcome of comparing a prediction with its gold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Same result.
    Match,
    /// Another result.
    Mismatch,
    /// Both results are empty: equal, yet proves little.
    EmptyMatch,
    /// The gold statement failed.
    GoldError,
    /// The prediction failed.
    PredictionError,
    /// A statement ran into the time limit.
    Timeout,
    /// The prediction is not one read-only statement.
    Refused,
}

impl Outcome {
    /// The name in JSON and across the plugin boundary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Mismatch => "mismatch",
            Self::EmptyMatch => "empty-match",
            Self::GoldError => "gold-error",
            Self::PredictionError => "prediction-error",
            Self::Timeout => "timeout",
            Self::Refused => "refused",
        }
    }
}
