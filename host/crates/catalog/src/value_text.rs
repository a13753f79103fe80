//! Display text of values.

use crate::Value;

impl Value {
    /// The value as a person reads it; `None` is NULL. Bytes are hexadecimal (`0x0aff`), arrays are in brackets, a float always shows
    /// that it is one (`1.0`).
    pub fn display_text(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Boolean(value) => value.to_string(),
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => float_text(*value),
            Self::Bytes(bytes) => bytes
                .iter()
                .fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}")),
            Self::Array(values) => {
                let items: Vec<String> = values
                    .iter()
                    .map(|value| value.display_text().unwrap_or_else(|| "NULL".into()))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Self::Decimal(text)
            | Self::Text(text)
            | Self::Date(text)
            | Self::Time(text)
            | Self::Datetime(text)
            | Self::Interval(text)
            | Self::Json(text)
            | Self::Uuid(text)
            | Self::Other(text) => text.clone(),
        })
    }
}

fn float_text(value: f64) -> String {
    if value.is_nan() {
        "NaN".into()
    } else if value.is_infinite() {
        if value > 0.0 {
            "Infinity".into()
        } else {
            "-Infinity".into()
        }
    } else {
        format!("{value:?}")
    }
}

#[cfg(test)]
mod tests {
    use crate::Value;

    #[test]
    fn every_kind_of_value_reads_well() {
        for (value, text) in [
            (Value::Null, None),
            (Value::Float(1.0), Some("1.0")),
            (Value::Float(f64::NEG_INFINITY), Some("-Infinity")),
            (Value::Bytes(vec![10, 255]), Some("0x0aff")),
            (Value::Array(vec![Value::Integer(1), Value::Null]), Some("[1, NULL]")),
            (Value::Decimal("-12.50".into()), Some("-12.50")),
        ] {
            assert_eq!(value.display_text().as_deref(), text);
        }
    }
}
