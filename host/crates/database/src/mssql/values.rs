//! From TDS column data to typed values.

use encoding_rs::WINDOWS_1252;
use nl2sql_catalog::Value;
use tiberius::numeric::Numeric;
use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time};
use tiberius::{ColumnData, ColumnType};

use super::clr_geometry;

/// What the column of a cell says beyond the cell itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// `money` and `smallmoney`, which the protocol library gives as doubles.
    Money,
    /// `char`, `varchar` and `text`, which it decodes by the collation's code page.
    CodePage,
    /// Types of .NET: `geometry`, `geography`, `hierarchyid`.
    Clr,
    /// Any other type.
    #[default]
    Plain,
}

impl ColumnKind {
    pub(super) fn of(column: ColumnType) -> Self {
        match column {
            ColumnType::Money | ColumnType::Money4 => Self::Money,
            ColumnType::BigChar | ColumnType::BigVarChar | ColumnType::Text => Self::CodePage,
            ColumnType::Udt => Self::Clr,
            _ => Self::Plain,
        }
    }
}

/// The value of one cell. Money is rounded to its four digits, which is exact up to 900 billion.
pub(super) fn typed(data: ColumnData<'static>, kind: ColumnKind) -> Value {
    match data {
        ColumnData::U8(value) => or_null(value, |value| Value::Integer(value.into())),
        ColumnData::I16(value) => or_null(value, |value| Value::Integer(value.into())),
        ColumnData::I32(value) => or_null(value, |value| Value::Integer(value.into())),
        ColumnData::I64(value) => or_null(value, Value::Integer),
        ColumnData::F32(value) => or_null(value, |value| {
            Value::Float(value.to_string().parse().unwrap_or_else(|_| f64::from(value)))
        }),
        ColumnData::F64(value) if kind == ColumnKind::Money => {
            or_null(value, |value| Value::Decimal(format!("{value:.4}")))
        }
        ColumnData::F64(value) => or_null(value, Value::Float),
        ColumnData::Bit(value) => or_null(value, Value::Boolean),
        ColumnData::String(value) if kind == ColumnKind::CodePage => {
            or_null(value, |text| Value::Text(without_code_page(text.into_owned())))
        }
        ColumnData::String(value) => or_null(value, |text| Value::Text(text.into_owned())),
        ColumnData::Guid(value) => or_null(value, |uuid| Value::Uuid(uuid.to_string())),
        ColumnData::Binary(value) if kind == ColumnKind::Clr => or_null(value, |bytes| {
            clr_geometry::to_text(&bytes).map_or_else(|| Value::Bytes(bytes.into_owned()), Value::Other)
        }),
        ColumnData::Binary(value) => or_null(value, |bytes| Value::Bytes(bytes.into_owned())),
        ColumnData::Numeric(value) => or_null(value, |number| Value::Decimal(decimal(number))),
        ColumnData::Xml(value) => or_null(value, |xml| Value::Other(xml.as_ref().as_ref().to_owned())),
        ColumnData::DateTime(value) => or_null(value, |value| Value::Datetime(datetime(value))),
        ColumnData::SmallDateTime(value) => or_null(value, |value| Value::Datetime(small_datetime(value))),
        ColumnData::Time(value) => or_null(value, |value| Value::Time(time(value))),
        ColumnData::Date(value) => or_null(value, |value| Value::Date(date(value))),
        ColumnData::DateTime2(value) => or_null(value, |value| Value::Datetime(datetime2(value))),
        ColumnData::DateTimeOffset(value) => or_null(value, |value| Value::Datetime(datetime_offset(value))),
    }
}

/// The text of a column whose collation is UTF-8. The protocol library knows collations by their locale alone and has read it as code page
/// 1252, which loses nothing; what turns out to be UTF-8 beyond ASCII when that is undone is UTF-8: no text of a language has such bytes
/// in code page 1252.
fn without_code_page(text: String) -> String {
    if text.is_ascii() {
        return text;
    }
    let (bytes, _, lost) = WINDOWS_1252.encode(&text);
    match std::str::from_utf8(&bytes) {
        Ok(utf8) if !lost => utf8.to_owned(),
        _ => text,
    }
}

fn or_null<T>(value: Option<T>, typed: impl FnOnce(T) -> Value) -> Value {
    value.map_or(Value::Null, typed)
}

fn decimal(number: Numeric) -> String {
    let scale = usize::from(number.scale());
    let digits = format!("{:0>width$}", number.value().unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if number.value() < 0 { "-" } else { "" };
    if scale == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

/// `YYYY-MM-DD` of a day counted from 0001-01-01, by Howard Hinnant's `civil_from_days`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn calendar(days_since_year_one: i64) -> String {
    let days = days_since_year_one + 306;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// Days from 0001-01-01 to 1900-01-01, the epoch of `datetime`.
const EPOCH_1900: i64 = 693_595;

fn clock(seconds: u64) -> String {
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

/// Counts of 1/300 second, shown in milliseconds as SQL Server does.
fn datetime(value: DateTime) -> String {
    let ticks = u64::from(value.seconds_fragments());
    let milliseconds = (ticks % 300 * 1_000 + 150) / 300;
    format!(
        "{} {}.{milliseconds:03}",
        calendar(EPOCH_1900 + i64::from(value.days())),
        clock(ticks / 300)
    )
}

/// Counts of minutes.
fn small_datetime(value: SmallDateTime) -> String {
    format!(
        "{} {}",
        calendar(EPOCH_1900 + i64::from(value.days())),
        clock(u64::from(value.seconds_fragments()) * 60)
    )
}

fn date(value: Date) -> String {
    calendar(i64::from(value.days()))
}

/// Counts of 10^-scale seconds.
fn time(value: Time) -> String {
    let unit = 10u64.pow(u32::from(value.scale()));
    let seconds = clock(value.increments() / unit);
    if value.scale() == 0 {
        seconds
    } else {
        format!(
            "{seconds}.{:0width$}",
            value.increments() % unit,
            width = usize::from(value.scale())
        )
    }
}

fn datetime2(value: DateTime2) -> String {
    format!("{} {}", date(value.date()), time(value.time()))
}

/// The protocol carries UTC and the offset in minutes; shown is the local time with its offset.
fn datetime_offset(value: DateTimeOffset) -> String {
    let offset = i64::from(value.offset());
    let unit = 10i64.pow(u32::from(value.datetime2().time().scale()));
    let day = 86_400 * unit;
    let local = i64::try_from(value.datetime2().time().increments()).unwrap_or(0) + offset * 60 * unit;
    let days = i64::from(value.datetime2().date().days()) + local.div_euclid(day);
    let clock = Time::new(local.rem_euclid(day).unsigned_abs(), value.datetime2().time().scale());
    let sign = if offset < 0 { '-' } else { '+' };
    format!(
        "{} {}{sign}{:02}:{:02}",
        calendar(days),
        time(clock),
        offset.abs() / 60,
        offset.abs() % 60
    )
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;

    #[test]
    fn every_type_becomes_a_value() {
        let noon = Time::new(432_000_000_000 + 1_234_567, 7);
        let leap_day = Date::new(730_178);
        for (data, kind, value) in [
            (ColumnData::I32(None), ColumnKind::Plain, Value::Null),
            (ColumnData::U8(Some(255)), ColumnKind::Plain, Value::Integer(255)),
            (ColumnData::F32(Some(1.1)), ColumnKind::Plain, Value::Float(1.1)),
            (
                ColumnData::F64(Some(-12.5)),
                ColumnKind::Money,
                Value::Decimal("-12.5000".into()),
            ),
            (ColumnData::Bit(Some(true)), ColumnKind::Plain, Value::Boolean(true)),
            (
                ColumnData::String(Some(Cow::Borrowed("客户"))),
                ColumnKind::Plain,
                Value::Text("客户".into()),
            ),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 2))),
                ColumnKind::Plain,
                Value::Decimal("-0.05".into()),
            ),
            (
                ColumnData::Numeric(Some(Numeric::new_with_scale(12_345, 0))),
                ColumnKind::Plain,
                Value::Decimal("12345".into()),
            ),
            (
                ColumnData::Date(Some(leap_day)),
                ColumnKind::Plain,
                Value::Date("2000-02-29".into()),
            ),
            (
                ColumnData::Date(Some(Date::new(0))),
                ColumnKind::Plain,
                Value::Date("0001-01-01".into()),
            ),
            (
                ColumnData::Date(Some(Date::new(3_652_058))),
                ColumnKind::Plain,
                Value::Date("9999-12-31".into()),
            ),
            (
                ColumnData::Time(Some(noon)),
                ColumnKind::Plain,
                Value::Time("12:00:00.1234567".into()),
            ),
            (
                ColumnData::DateTime(Some(DateTime::new(0, 300 * 3_600 + 1))),
                ColumnKind::Plain,
                Value::Datetime("1900-01-01 01:00:00.003".into()),
            ),
            (
                ColumnData::DateTime(Some(DateTime::new(-1, 0))),
                ColumnKind::Plain,
                Value::Datetime("1899-12-31 00:00:00.000".into()),
            ),
            (
                ColumnData::SmallDateTime(Some(SmallDateTime::new(1, 61))),
                ColumnKind::Plain,
                Value::Datetime("1900-01-02 01:01:00".into()),
            ),
            (
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(
                    DateTime2::new(leap_day, Time::new(82_800, 0)),
                    120,
                ))),
                ColumnKind::Plain,
                Value::Datetime("2000-03-01 01:00:00+02:00".into()),
            ),
        ] {
            assert_eq!(typed(data, kind), value);
        }
    }
    #[test]
    fn utf8_read_as_code_page_1252_is_put_right() {
        let misread = |text: &str| WINDOWS_1252.decode_without_bom_handling(text.as_bytes()).0.into_owned();
        for text in ["客户 Ünï 𠮷", "plain", "é"] {
            assert_eq!(without_code_page(misread(text)), text);
        }
        for text in ["Müller €", "naïve café", "ÅÄÖ", "客户", "±5 %"] {
            assert_eq!(without_code_page(text.to_owned()), text);
        }
    }
}
