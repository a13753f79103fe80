//! From the text PostgreSQL prints to typed values.

use nl2sql_catalog::Value;

use super::array_text;

/// How the text of a type is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeKind {
    Boolean,
    Integer,
    Decimal,
    Money,
    Float,
    Text,
    Bytes,
    Bits,
    Date,
    Time,
    Datetime,
    Interval,
    Json,
    Uuid,
    /// PostGIS geometry and geography, printed as hexadecimal EWKB.
    Geometry,
    /// An array of elements of this built-in type; 0 for user-defined text-like elements.
    Array(u32),
    Other,
}

/// The one type whose arrays are not separated by commas.
const BOX: u32 = 603;

/// Types that have the same number in every database (`pg_type.dat`), as type, array of it, kind.
const BUILTIN: &[(u32, u32, TypeKind)] = &[
    (16, 1000, TypeKind::Boolean),
    (17, 1001, TypeKind::Bytes),
    (18, 1002, TypeKind::Text),
    (19, 1003, TypeKind::Text),
    (20, 1016, TypeKind::Integer),
    (21, 1005, TypeKind::Integer),
    (23, 1007, TypeKind::Integer),
    (25, 1009, TypeKind::Text),
    (26, 1028, TypeKind::Integer),
    (114, 199, TypeKind::Json),
    (142, 143, TypeKind::Other),
    (600, 1017, TypeKind::Other),
    (601, 1018, TypeKind::Other),
    (602, 1019, TypeKind::Other),
    (603, 1020, TypeKind::Other),
    (604, 1027, TypeKind::Other),
    (628, 629, TypeKind::Other),
    (718, 719, TypeKind::Other),
    (650, 651, TypeKind::Other),
    (700, 1021, TypeKind::Float),
    (701, 1022, TypeKind::Float),
    (705, 0, TypeKind::Text),
    (774, 775, TypeKind::Other),
    (790, 791, TypeKind::Money),
    (829, 1040, TypeKind::Other),
    (869, 1041, TypeKind::Other),
    (1042, 1014, TypeKind::Text),
    (1043, 1015, TypeKind::Text),
    (1082, 1182, TypeKind::Date),
    (1083, 1183, TypeKind::Time),
    (1114, 1115, TypeKind::Datetime),
    (1184, 1185, TypeKind::Datetime),
    (1186, 1187, TypeKind::Interval),
    (1266, 1270, TypeKind::Time),
    (1560, 1561, TypeKind::Bits),
    (1562, 1563, TypeKind::Bits),
    (1700, 1231, TypeKind::Decimal),
    (2950, 2951, TypeKind::Uuid),
    (3802, 3807, TypeKind::Json),
    (3614, 3643, TypeKind::Other),
    (3615, 3645, TypeKind::Other),
    (3904, 3905, TypeKind::Other),
    (3906, 3907, TypeKind::Other),
    (3908, 3909, TypeKind::Other),
    (3910, 3911, TypeKind::Other),
    (3912, 3913, TypeKind::Other),
    (3926, 3927, TypeKind::Other),
    (2249, 2287, TypeKind::Other),
    (2205, 2210, TypeKind::Text),
    (2206, 2211, TypeKind::Text),
    (2278, 0, TypeKind::Text),
];

/// The kind of a type PostgreSQL ships with.
pub(super) fn builtin(oid: u32) -> Option<TypeKind> {
    BUILTIN.iter().find_map(|(own, array, kind)| {
        if *own == oid {
            Some(*kind)
        } else if *array == oid && oid != 0 {
            Some(TypeKind::Array(*own))
        } else {
            None
        }
    })
}

/// The kind of any other type, by its category (`pg_type.typcategory`), element type and name.
pub(super) fn user_defined(category: &str, element: u32, name: &str) -> TypeKind {
    match (category, name) {
        (_, "geometry" | "geography") => TypeKind::Geometry,
        ("A", _) => TypeKind::Array(if builtin(element).is_some() { element } else { 0 }),
        ("E" | "S", _) => TypeKind::Text,
        _ => TypeKind::Other,
    }
}

/// The value that `text` stands for; a text that does not read as its type is kept as it is.
pub(super) fn typed(kind: TypeKind, text: &str) -> Value {
    let other = || Value::Other(text.to_owned());
    match kind {
        TypeKind::Boolean => Value::Boolean(text == "t" || text == "true"),
        TypeKind::Integer => text.parse().map_or_else(|_| other(), Value::Integer),
        TypeKind::Decimal => decimal(text),
        TypeKind::Money => Value::Decimal(money(text)),
        TypeKind::Float => text.parse().map_or_else(|_| other(), Value::Float),
        TypeKind::Text => Value::Text(text.to_owned()),
        TypeKind::Bytes => text.strip_prefix("\\x").and_then(hex).map_or_else(other, Value::Bytes),
        TypeKind::Bits => bits(text).map_or_else(other, Value::Bytes),
        TypeKind::Date => Value::Date(text.to_owned()),
        TypeKind::Time => Value::Time(full_zone(text)),
        TypeKind::Datetime => Value::Datetime(full_zone(text)),
        TypeKind::Interval => Value::Interval(text.to_owned()),
        TypeKind::Json => Value::Json(text.to_owned()),
        TypeKind::Uuid => Value::Uuid(text.to_owned()),
        TypeKind::Geometry => hex(text)
            .and_then(|bytes| crate::wkb::to_text(&bytes))
            .map_or_else(other, Value::Other),
        TypeKind::Array(element) => {
            let kind = builtin(element).unwrap_or(TypeKind::Text);
            let delimiter = if element == BOX { ';' } else { ',' };
            array_text::read(text, delimiter, &|item| typed(kind, item))
        }
        TypeKind::Other => other(),
    }
}

/// `NaN` and infinities have no exact decimal.
fn decimal(text: &str) -> Value {
    if text.ends_with(|c: char| c.is_ascii_digit()) {
        return Value::Decimal(text.to_owned());
    }
    text.parse()
        .map_or_else(|_| Value::Other(text.to_owned()), Value::Float)
}

/// `-$1,234.50` as `-1234.50`.
fn money(text: &str) -> String {
    let negative = text.contains('-') || text.starts_with('(');
    let digits: String = text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    if negative { format!("-{digits}") } else { digits }
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let bytes = text.as_bytes();
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    bytes
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// A bit string as bytes, the last bit lowest: `101` is `05`.
fn bits(text: &str) -> Option<Vec<u8>> {
    let characters: Vec<u8> = text.bytes().collect();
    characters
        .rchunks(8)
        .rev()
        .map(|chunk| {
            chunk.iter().try_fold(0u8, |byte, bit| {
                matches!(bit, b'0' | b'1').then(|| byte << 1 | (bit - b'0'))
            })
        })
        .collect()
}

/// `+02` as `+02:00`; a time without a zone stays as it is, and so does the era (`BC`).
fn full_zone(text: &str) -> String {
    if let Some(before) = text.strip_suffix(" BC") {
        return full_zone(before) + " BC";
    }
    let bytes = text.as_bytes();
    match bytes.len().checked_sub(3).map(|at| bytes[at]) {
        Some(b'+' | b'-') if text.contains(':') => format!("{text}:00"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_values() {
        for (kind, text, value) in [
            (TypeKind::Decimal, "12.50", Value::Decimal("12.50".into())),
            (TypeKind::Decimal, "-Infinity", Value::Float(f64::NEG_INFINITY)),
            (TypeKind::Money, "-$1,234.50", Value::Decimal("-1234.50".into())),
            (TypeKind::Bytes, "\\x00ff", Value::Bytes(vec![0, 255])),
            (TypeKind::Bits, "100000001", Value::Bytes(vec![1, 1])),
            (
                TypeKind::Datetime,
                "2020-01-02 03:04:05.5+00",
                Value::Datetime("2020-01-02 03:04:05.5+00:00".into()),
            ),
            (
                TypeKind::Datetime,
                "2020-01-02 03:04:05",
                Value::Datetime("2020-01-02 03:04:05".into()),
            ),
            (
                TypeKind::Datetime,
                "0044-03-15 12:00:00+00 BC",
                Value::Datetime("0044-03-15 12:00:00+00:00 BC".into()),
            ),
            (TypeKind::Datetime, "infinity", Value::Datetime("infinity".into())),
            (
                TypeKind::Array(23),
                "{1,NULL}",
                Value::Array(vec![Value::Integer(1), Value::Null]),
            ),
        ] {
            assert_eq!(typed(kind, text), value, "{text}");
        }
        assert_eq!(builtin(1009), Some(TypeKind::Array(25)));
        assert_eq!(user_defined("A", 99_999, "_mood"), TypeKind::Array(0));
    }
}
