//! Result sets as columns of keys: two cells are equal exactly when their keys are.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use nl2sql_catalog::{ResultSet, Value};

/// Numbers this close, relative to the larger, are one number: sums and averages differ in their last digits with the
/// order of the rows.
const RELATIVE_TOLERANCE: f64 = 1e-9;

/// A result set by columns, every cell a 64-bit key.
#[derive(Clone, Debug, Default)]
pub struct Keyed {
    /// Columns, each of one key per row.
    pub columns: Vec<Vec<u64>>,
    /// Number of rows.
    pub rows: usize,
}

impl Keyed {
    /// Keys every cell of `result` with `key`.
    pub fn new(result: &ResultSet, key: impl Fn(&Value) -> u64) -> Self {
        let width = result.columns.len();
        let mut columns = vec![Vec::with_capacity(result.rows.len()); width];
        for row in &result.rows {
            for (column, value) in columns.iter_mut().zip(row) {
                column.push(key(value));
            }
        }
        Self {
            columns,
            rows: result.rows.len(),
        }
    }
}

/// Keys of two result sets under the definition `nl2sql`: typed, NULLs equal, numbers within the tolerance equal.
pub fn keyed(left: &ResultSet, right: &ResultSet) -> (Keyed, Keyed) {
    let numbers = Numbers::of([left, right]);
    (
        Keyed::new(left, |value| numbers.key(value)),
        Keyed::new(right, |value| numbers.key(value)),
    )
}

/// A number, whichever type it came in.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    fn of(value: &Value) -> Option<Self> {
        match value {
            Value::Boolean(truth) => Some(Self::Whole(i128::from(*truth))),
            Value::Integer(whole) => Some(Self::Whole(i128::from(*whole))),
            Value::Float(real) => Some(Self::of_float(*real)),
            Value::Decimal(digits) => Self::of_decimal(digits),
            _ => None,
        }
    }

    /// Floats without fraction are whole as long as every whole number nearby has a float of its own.
    fn of_float(real: f64) -> Self {
        if real.fract() == 0.0 && real.abs() < 9e15 {
            Self::Whole(real as i128)
        } else {
            Self::Real(real)
        }
    }

    fn of_decimal(digits: &str) -> Option<Self> {
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if fraction.bytes().all(|digit| digit == b'0')
            && let Ok(whole) = whole.parse()
        {
            return Some(Self::Whole(whole));
        }
        digits.parse().ok().map(Self::Real)
    }

    fn approximate(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }

    /// A key under which numbers sort by value, and the bits tell a whole number from a real one.
    fn sort_key(self) -> (u64, bool) {
        let bits = self.approximate().to_bits();
        let ordered = if bits >> 63 == 1 { !bits } else { bits | (1 << 63) };
        (ordered, matches!(self, Self::Real(_)))
    }
}

/// The numbers of two result sets, those within the tolerance of each other as one.
struct Numbers {
    /// The number that stands for each; empty when all numbers are whole and stand for themselves.
    stand_ins: BTreeMap<(u64, bool), u64>,
}

impl Numbers {
    fn of(results: [&ResultSet; 2]) -> Self {
        let numbers = || {
            results
                .iter()
                .flat_map(|result| &result.rows)
                .flatten()
                .filter_map(Number::of)
        };
        let mut stand_ins = BTreeMap::new();
        if numbers().any(|number| matches!(number, Number::Real(_))) {
            stand_ins = numbers()
                .map(|number| (number.sort_key(), number.approximate().to_bits()))
                .collect();
            merge_close(&mut stand_ins);
        }
        Self { stand_ins }
    }

    fn key(&self, value: &Value) -> u64 {
        let mut hasher = DefaultHasher::new();
        match (Number::of(value), value) {
            (Some(number), _) => match (self.stand_ins.get(&number.sort_key()), number) {
                (Some(bits), _) => (1_u8, bits).hash(&mut hasher),
                (None, Number::Whole(whole)) => (2_u8, whole).hash(&mut hasher),
                (None, Number::Real(real)) => (3_u8, real.to_bits()).hash(&mut hasher),
            },
            (None, Value::Null) => 4_u8.hash(&mut hasher),
            (None, Value::Text(text)) => (5_u8, text).hash(&mut hasher),
            (None, Value::Bytes(bytes)) => (6_u8, bytes).hash(&mut hasher),
            (None, Value::Date(text)) => (7_u8, text).hash(&mut hasher),
            (None, Value::Time(text)) => (8_u8, text).hash(&mut hasher),
            (None, Value::Datetime(text)) => (9_u8, text).hash(&mut hasher),
            (None, Value::Interval(text)) => (10_u8, text).hash(&mut hasher),
            (None, Value::Json(text)) => (11_u8, text).hash(&mut hasher),
            (None, Value::Uuid(text)) => (12_u8, text).hash(&mut hasher),
            (None, Value::Array(values)) => {
                (13_u8, values.len()).hash(&mut hasher);
                for value in values {
                    self.key(value).hash(&mut hasher);
                }
            }
            (None, Value::Other(text)) => (14_u8, text).hash(&mut hasher),
            // A decimal that is no number, such as PostgreSQL's numeric NaN.
            (None, other) => (15_u8, format!("{other:?}")).hash(&mut hasher),
        }
        hasher.finish()
    }
}

/// Lets each number stand for those that follow it within the tolerance; two different whole numbers are never merged.
fn merge_close(stand_ins: &mut BTreeMap<(u64, bool), u64>) {
    let mut first: Option<f64> = None;
    let mut whole: Option<u64> = None;
    for ((_, is_real), stand_in) in stand_ins.iter_mut() {
        let value = f64::from_bits(*stand_in);
        let joins = first.is_some_and(|first| {
            (value - first).abs() <= RELATIVE_TOLERANCE * value.abs().max(first.abs())
                && (*is_real || whole.is_none_or(|whole| whole == *stand_in))
        });
        if !*is_real {
            whole = Some(*stand_in);
        } else if !joins {
            whole = None;
        }
        match first {
            Some(first) if joins => *stand_in = first.to_bits(),
            _ => first = Some(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: Value) -> ResultSet {
        ResultSet {
            columns: vec!["c".into()],
            rows: vec![vec![value]],
            truncated: false,
        }
    }

    fn equal(left: Value, right: Value) -> bool {
        let (left, right) = keyed(&one(left), &one(right));
        left.columns == right.columns
    }

    #[test]
    fn numbers_are_equal_by_value_within_the_tolerance() {
        assert!(equal(Value::Integer(1), Value::Float(1.0)));
        assert!(equal(Value::Decimal("12.50".into()), Value::Float(12.5)));
        assert!(equal(Value::Decimal("3.00".into()), Value::Integer(3)));
        assert!(equal(Value::Float(0.1 + 0.2), Value::Decimal("0.3".into())));
        assert!(equal(Value::Float(2.000_000_000_1), Value::Integer(2)));
        assert!(!equal(Value::Float(0.3333), Value::Float(1.0 / 3.0)));
        assert!(!equal(
            Value::Integer(1_000_000_000_000),
            Value::Integer(1_000_000_000_001)
        ));
        assert!(!equal(Value::Integer(i64::MAX), Value::Integer(i64::MAX - 1)));
    }

    #[test]
    fn types_are_told_apart() {
        assert!(!equal(Value::Integer(1), Value::Text("1".into())));
        assert!(!equal(Value::Null, Value::Integer(0)));
        assert!(!equal(Value::Null, Value::Text(String::new())));
        assert!(!equal(Value::Text("a".into()), Value::Bytes(b"a".to_vec())));
        assert!(!equal(Value::Text("a".into()), Value::Text("A".into())));
        assert!(equal(Value::Null, Value::Null));
    }
}
