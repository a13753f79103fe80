//! Values as text, for plugins that read result sets.

use nl2sql_catalog::Value;

/// A value as text; `None` for NULL. Booleans are `true` and `false`, bytes hex digits, arrays `[a, b]`.
pub fn display_text(value: &Value) -> Option<String> {
    Some(match value {
        Value::Null => return None,
        Value::Boolean(value) => value.to_string(),
        Value::Integer(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Bytes(bytes) => hex::encode(bytes),
        Value::Array(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| display_text(item).unwrap_or_else(|| "NULL".to_owned()))
                .collect();
            format!("[{}]", items.join(", "))
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
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_but_null_has_a_text() {
        assert_eq!(display_text(&Value::Null), None);
        assert_eq!(display_text(&Value::Float(2.5)).as_deref(), Some("2.5"));
        assert_eq!(display_text(&Value::Bytes(vec![0, 255])).as_deref(), Some("00ff"));
        let array = Value::Array(vec![Value::Integer(1), Value::Null]);
        assert_eq!(display_text(&array).as_deref(), Some("[1, NULL]"));
    }
}
