//! From MySQL's binary row format to typed values
//! (<https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html>).

use nl2sql_catalog::Value;
use sqlx::mysql::{MySql, MySqlColumn, MySqlRow};
use sqlx::{Column, Decode, Row, Type, TypeInfo};

use super::server_errors::MysqlError;

/// How the bytes of a column are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeKind {
    Signed,
    Unsigned,
    Float,
    Double,
    Decimal,
    Date,
    Datetime,
    Time,
    Json,
    Geometry,
    Bytes,
    Null,
    Text,
}

impl TypeKind {
    /// The type of a column as the server announced it.
    pub(super) fn of(column: &MySqlColumn) -> Self {
        let announced = column.type_info();
        match announced.name() {
            // The name of `tinyint(1)` does not say whether it has a sign.
            "BOOLEAN" | "TINYINT" | "SMALLINT" | "MEDIUMINT" | "INT" | "BIGINT"
                if !<u64 as Type<MySql>>::compatible(announced) =>
            {
                Self::Signed
            }
            "BOOLEAN" | "YEAR" => Self::Unsigned,
            name if name.ends_with("UNSIGNED") => Self::Unsigned,
            "FLOAT" => Self::Float,
            "DOUBLE" => Self::Double,
            "NULL" => Self::Null,
            "DATE" => Self::Date,
            "DATETIME" | "TIMESTAMP" => Self::Datetime,
            "TIME" => Self::Time,
            "DECIMAL" => Self::Decimal,
            "JSON" => Self::Json,
            "GEOMETRY" => Self::Geometry,
            "ENUM" | "SET" => Self::Text,
            // Text whose collation compares bytes, as that of MariaDB's JSON does, still has a character set, and its name does not say so.
            _ if <str as Type<MySql>>::compatible(announced) => Self::Text,
            _ => Self::Bytes,
        }
    }
}

/// The values of a row; adds what they take to `bytes`.
pub(super) fn typed_row(kinds: &[TypeKind], row: &MySqlRow, bytes: &mut usize) -> Result<Vec<Value>, MysqlError> {
    let mut values = Vec::with_capacity(kinds.len());
    for (at, kind) in kinds.iter().enumerate() {
        // NULL alone has no content; a date of zeros has one, which the library's own types take for NULL.
        let content = <&[u8] as Decode<MySql>>::decode(row.try_get_raw(at)?).ok();
        *bytes += content.map_or(8, |content| content.len() + 8);
        values.push(content.map_or(Value::Null, |content| typed(*kind, content)));
    }
    Ok(values)
}

/// The value of a column of this kind; a content that does not read as its type stays bytes.
fn typed(kind: TypeKind, content: &[u8]) -> Value {
    let raw = || Value::Bytes(content.to_vec());
    match kind {
        TypeKind::Signed => signed(content).map_or_else(raw, Value::Integer),
        TypeKind::Unsigned => unsigned(content).map_or_else(raw, |number| {
            i64::try_from(number).map_or_else(|_| Value::Decimal(number.to_string()), Value::Integer)
        }),
        TypeKind::Float => content
            .try_into()
            .map_or_else(|_| raw(), |bytes| Value::Float(widened(f32::from_le_bytes(bytes)))),
        TypeKind::Double => content
            .try_into()
            .map_or_else(|_| raw(), |bytes| Value::Float(f64::from_le_bytes(bytes))),
        TypeKind::Decimal => text(content, Value::Decimal),
        TypeKind::Date => date(content).map_or_else(raw, |(date, _)| Value::Date(date)),
        TypeKind::Datetime => datetime(content).map_or_else(raw, Value::Datetime),
        TypeKind::Time => time(content).map_or_else(raw, Value::Time),
        TypeKind::Json => text(content, Value::Json),
        // Four bytes of SRID stand in front.
        TypeKind::Geometry => content
            .get(4..)
            .and_then(crate::wkb::to_text)
            .map_or_else(raw, Value::Other),
        TypeKind::Bytes => raw(),
        TypeKind::Null => Value::Null,
        TypeKind::Text => text(content, Value::Text),
    }
}

fn text(content: &[u8], value: impl Fn(String) -> Value) -> Value {
    std::str::from_utf8(content).map_or_else(|_| Value::Bytes(content.to_vec()), |text| value(text.to_owned()))
}

fn signed(content: &[u8]) -> Option<i64> {
    Some(match *content {
        [a] => i64::from(a.cast_signed()),
        [a, b] => i64::from(i16::from_le_bytes([a, b])),
        [a, b, c, d] => i64::from(i32::from_le_bytes([a, b, c, d])),
        _ => i64::from_le_bytes(content.try_into().ok()?),
    })
}

fn unsigned(content: &[u8]) -> Option<u64> {
    let mut bytes = [0; 8];
    bytes.get_mut(..content.len())?.copy_from_slice(content);
    Some(u64::from_le_bytes(bytes))
}

/// The double that prints like the float does, `1.1` and not `1.10000002384186`.
fn widened(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_else(|_| f64::from(value))
}

/// The date, and what follows it. The first byte counts those after it; a zero date has none.
fn date(content: &[u8]) -> Option<(String, &[u8])> {
    let (length, rest) = content.split_first()?;
    let rest = rest.get(..usize::from(*length))?;
    match rest {
        [] => Some(("0000-00-00".into(), rest)),
        [low, high, month, day, rest @ ..] => Some((
            format!("{:04}-{month:02}-{day:02}", u16::from_le_bytes([*low, *high])),
            rest,
        )),
        _ => None,
    }
}

fn datetime(content: &[u8]) -> Option<String> {
    let (date, rest) = date(content)?;
    let time = match rest {
        [] => "00:00:00".to_owned(),
        [hour, minute, second] => format!("{hour:02}:{minute:02}:{second:02}"),
        [hour, minute, second, micros @ ..] => format!("{hour:02}:{minute:02}:{second:02}{}", fraction(micros)?),
        _ => return None,
    };
    Some(format!("{date} {time}"))
}

/// Sign, days (4 bytes), hours, minutes, seconds and perhaps microseconds (4 bytes); days count as hours.
fn time(content: &[u8]) -> Option<String> {
    let (length, rest) = content.split_first()?;
    match rest.get(..usize::from(*length))? {
        [] => Some("00:00:00".into()),
        [negative, d0, d1, d2, d3, hour, minute, second, micros @ ..] => {
            let hours = u32::from_le_bytes([*d0, *d1, *d2, *d3]) * 24 + u32::from(*hour);
            let sign = if *negative == 1 { "-" } else { "" };
            Some(format!("{sign}{hours:02}:{minute:02}:{second:02}{}", fraction(micros)?))
        }
        _ => None,
    }
}

fn fraction(micros: &[u8]) -> Option<String> {
    if micros.is_empty() {
        return Some(String::new());
    }
    Some(format!(".{:06}", u32::from_le_bytes(micros.try_into().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_contents_become_values() {
        for (kind, content, value) in [
            (TypeKind::Signed, &[0xff, 0xff, 0xff, 0xff][..], Value::Integer(-1)),
            (
                TypeKind::Unsigned,
                &[0xff; 8],
                Value::Decimal("18446744073709551615".into()),
            ),
            (TypeKind::Unsigned, &[0xd0, 0x07], Value::Integer(2000)),
            (TypeKind::Float, &1.1f32.to_le_bytes(), Value::Float(1.1)),
            (
                TypeKind::Date,
                &[4, 0xd0, 0x07, 2, 29],
                Value::Date("2000-02-29".into()),
            ),
            (TypeKind::Date, &[0], Value::Date("0000-00-00".into())),
            (
                TypeKind::Datetime,
                &[11, 0xd0, 0x07, 2, 29, 1, 2, 3, 32, 161, 7, 0],
                Value::Datetime("2000-02-29 01:02:03.500000".into()),
            ),
            (
                TypeKind::Time,
                &[8, 1, 1, 0, 0, 0, 2, 3, 4],
                Value::Time("-26:03:04".into()),
            ),
            (TypeKind::Decimal, b"12.50", Value::Decimal("12.50".into())),
            (TypeKind::Text, &[0xff], Value::Bytes(vec![0xff])),
            (TypeKind::Signed, &[1, 2, 3], Value::Bytes(vec![1, 2, 3])),
        ] {
            assert_eq!(typed(kind, content), value, "{kind:?} {content:?}");
        }
    }
}
