//! Values as Python's `sqlite3` hands them out, with Python's equality and text.

use std::hash::{DefaultHasher, Hash, Hasher};

use nl2sql_catalog::Value;

/// A number or text that equals another exactly when Python says so: `1 == 1.0`, `1 != '1'`, `None == None`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum PythonValue {
    None,
    Whole(i128),
    /// A float that is no whole number, by its bits.
    Real(u64),
    Text(String),
    Bytes(Vec<u8>),
}

impl PythonValue {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::None,
            Value::Boolean(truth) => Self::Whole(i128::from(*truth)),
            Value::Integer(whole) => Self::Whole(i128::from(*whole)),
            Value::Float(real) if real.fract() == 0.0 && real.abs() < 1e30 => Self::Whole(*real as i128),
            Value::Float(real) => Self::Real(real.to_bits()),
            Value::Bytes(bytes) => Self::Bytes(bytes.clone()),
            Value::Array(values) => Self::Text(format!("{values:?}")),
            Value::Text(text)
            | Value::Decimal(text)
            | Value::Date(text)
            | Value::Time(text)
            | Value::Datetime(text)
            | Value::Interval(text)
            | Value::Json(text)
            | Value::Uuid(text)
            | Value::Other(text) => Self::Text(text.clone()),
        }
    }
}

/// A key that is equal for equal values.
pub(super) fn key(value: &Value) -> u64 {
    let mut hasher = DefaultHasher::new();
    PythonValue::of(value).hash(&mut hasher);
    hasher.finish()
}

/// `str(value) + str(type(value))`, by which the test-suite evaluator sorts the cells of a row.
pub(super) fn sort_text(value: &Value) -> String {
    match value {
        Value::Null => "None<class 'NoneType'>".to_owned(),
        Value::Integer(whole) => format!("{whole}<class 'int'>"),
        Value::Boolean(truth) => format!("{}<class 'int'>", u8::from(*truth)),
        Value::Float(real) => format!("{}<class 'float'>", float_text(*real)),
        Value::Bytes(bytes) => format!("b{bytes:?}<class 'bytes'>"),
        other => match PythonValue::of(other) {
            PythonValue::Text(text) => format!("{text}<class 'str'>"),
            other => format!("{other:?}"),
        },
    }
}

/// `repr(float)`: the shortest digits that read back the same, with an exponent below 1e-4 and from 1e16 on.
fn float_text(real: f64) -> String {
    if !real.is_finite() {
        return if real.is_nan() {
            "nan"
        } else if real > 0.0 {
            "inf"
        } else {
            "-inf"
        }
        .to_owned();
    }
    let scientific = format!("{real:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if real == 0.0 || (-4..16).contains(&exponent) {
        format!("{real:?}")
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_python_prints_them() {
        for (real, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (0.1, "0.1"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e22, "1.5e+22"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (123456.789, "123456.789"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(float_text(real), text);
        }
    }

    #[test]
    fn equality_is_pythons() {
        assert_eq!(key(&Value::Integer(1)), key(&Value::Float(1.0)));
        assert_eq!(key(&Value::Integer(1_000_000_000_000_000)), key(&Value::Float(1e15)));
        assert_ne!(key(&Value::Integer(1)), key(&Value::Text("1".into())));
        assert_ne!(key(&Value::Float(0.1 + 0.2)), key(&Value::Float(0.3)));
    }
}
