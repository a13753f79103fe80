//! Values of a database as JSON, without loss.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use nl2sql_catalog::Value as SqlValue;
use serde_json::{Number, Value};

/// Whole numbers and finite floats are numbers; what JSON has no exact form for is text.
pub(super) fn json_value(value: &SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Boolean(value) => Value::Bool(*value),
        SqlValue::Integer(value) => Value::from(*value),
        SqlValue::Float(value) => {
            Number::from_f64(*value).map_or_else(|| Value::from(value.to_string()), Value::Number)
        }
        SqlValue::Bytes(bytes) => Value::from(STANDARD.encode(bytes)),
        SqlValue::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.clone())),
        SqlValue::Array(values) => values.iter().map(json_value).collect(),
        SqlValue::Decimal(text)
        | SqlValue::Text(text)
        | SqlValue::Date(text)
        | SqlValue::Time(text)
        | SqlValue::Datetime(text)
        | SqlValue::Interval(text)
        | SqlValue::Uuid(text)
        | SqlValue::Other(text) => Value::from(text.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_keep_their_exact_form() {
        let exact = "12345678901234567890.10".to_owned();
        assert_eq!(json_value(&SqlValue::Decimal(exact.clone())), json!(exact));
        assert_eq!(json_value(&SqlValue::Integer(i64::MAX)), json!(i64::MAX));
        assert_eq!(json_value(&SqlValue::Float(f64::NAN)), json!("NaN"));
        assert_eq!(json_value(&SqlValue::Bytes(vec![0, 255])), json!("AP8="));
        assert_eq!(json_value(&SqlValue::Json("{\"a\": [1]}".into())), json!({ "a": [1] }));
        assert_eq!(json_value(&SqlValue::Array(vec![SqlValue::Null])), json!([null]));
    }
}
