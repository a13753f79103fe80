//! From Arrow's arrays to typed values (<https://arrow.apache.org/docs/format/Columnar.html>).

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{
    date32_to_datetime, date64_to_datetime, time64ns_to_time, timestamp_ms_to_datetime, timestamp_ns_to_datetime,
    timestamp_s_to_datetime, timestamp_us_to_datetime,
};
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType, DurationSecondType, Float16Type,
    Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType,
    IntervalYearMonthType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType, Time64NanosecondType,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, ArrayRef, DictionaryArray, RunArray};
use arrow_schema::{DataType, Field, IntervalUnit, TimeUnit};
use nl2sql_catalog::Value;

/// Key under which a field names the extension type of its values.
const EXTENSION: &str = "ARROW:extension:name";

/// The value of one row. A type that is not known here is refused by name.
pub(super) fn value(array: &dyn Array, row: usize, field: &Field) -> Result<Value, String> {
    if array.is_null(row) {
        return Ok(Value::Null);
    }
    let number = |number: i64| Ok(Value::Integer(number));
    match array.data_type() {
        DataType::Null => Ok(Value::Null),
        DataType::Boolean => Ok(Value::Boolean(array.as_boolean().value(row))),
        DataType::Int8 => number(native::<Int8Type>(array, row).into()),
        DataType::Int16 => number(native::<Int16Type>(array, row).into()),
        DataType::Int32 => number(native::<Int32Type>(array, row).into()),
        DataType::Int64 => number(native::<Int64Type>(array, row)),
        DataType::UInt8 => number(native::<UInt8Type>(array, row).into()),
        DataType::UInt16 => number(native::<UInt16Type>(array, row).into()),
        DataType::UInt32 => number(native::<UInt32Type>(array, row).into()),
        DataType::UInt64 => {
            let large = native::<UInt64Type>(array, row);
            Ok(i64::try_from(large).map_or_else(|_| Value::Decimal(large.to_string()), Value::Integer))
        }
        // Through its shortest text, so that 0.1 stays 0.1.
        DataType::Float16 => Ok(float(&native::<Float16Type>(array, row).to_string())),
        DataType::Float32 => Ok(float(&native::<Float32Type>(array, row).to_string())),
        DataType::Float64 => Ok(Value::Float(native::<Float64Type>(array, row))),
        DataType::Decimal32(..) => Ok(Value::Decimal(
            array.as_primitive::<Decimal32Type>().value_as_string(row),
        )),
        DataType::Decimal64(..) => Ok(Value::Decimal(
            array.as_primitive::<Decimal64Type>().value_as_string(row),
        )),
        DataType::Decimal128(..) => Ok(Value::Decimal(
            array.as_primitive::<Decimal128Type>().value_as_string(row),
        )),
        DataType::Decimal256(..) => Ok(Value::Decimal(
            array.as_primitive::<Decimal256Type>().value_as_string(row),
        )),
        DataType::Utf8 => Ok(text(array.as_string::<i32>().value(row), field)),
        DataType::LargeUtf8 => Ok(text(array.as_string::<i64>().value(row), field)),
        DataType::Utf8View => Ok(text(array.as_string_view().value(row), field)),
        DataType::Binary => Ok(bytes(array.as_binary::<i32>().value(row), field)),
        DataType::LargeBinary => Ok(bytes(array.as_binary::<i64>().value(row), field)),
        DataType::BinaryView => Ok(bytes(array.as_binary_view().value(row), field)),
        DataType::FixedSizeBinary(_) => Ok(bytes(array.as_fixed_size_binary().value(row), field)),
        DataType::Date32 | DataType::Date64 => Ok(date(array, row)),
        DataType::Time32(_) | DataType::Time64(_) => Ok(time(array, row)),
        DataType::Timestamp(unit, zone) => Ok(moment(array, row, *unit, zone.is_some())),
        DataType::Duration(unit) => Ok(duration(array, row, *unit)),
        DataType::Interval(unit) => Ok(interval(array, row, *unit)),
        _ => nested(array, row, field),
    }
}

fn nested(array: &dyn Array, row: usize, field: &Field) -> Result<Value, String> {
    match array.data_type() {
        DataType::List(item) => elements(&array.as_list::<i32>().value(row), item),
        DataType::LargeList(item) => elements(&array.as_list::<i64>().value(row), item),
        DataType::FixedSizeList(item, _) => elements(&array.as_fixed_size_list().value(row), item),
        DataType::ListView(item) => elements(&array.as_list_view::<i32>().value(row), item),
        DataType::LargeListView(item) => elements(&array.as_list_view::<i64>().value(row), item),
        DataType::Struct(fields) => {
            let members = array.as_struct();
            let mut pairs = Vec::with_capacity(fields.len());
            for (member, column) in fields.iter().zip(members.columns()) {
                pairs.push((member.name().clone(), value(column, row, member)?));
            }
            Ok(Value::Json(object(pairs)))
        }
        DataType::Map(entries, _) => map(&array.as_map().value(row), entries),
        DataType::Union(..) => {
            let union = array.as_union();
            let id = union.type_id(row);
            let member = union.fields().iter().find(|(known, _)| *known == id);
            let (_, member) = member.ok_or("a union without the member that it names")?;
            value(union.child(id), union.value_offset(row), member)
        }
        DataType::Dictionary(key, _) => {
            let (values, at) = match **key {
                DataType::Int8 => keyed::<Int8Type>(array, row),
                DataType::Int16 => keyed::<Int16Type>(array, row),
                DataType::Int32 => keyed::<Int32Type>(array, row),
                DataType::Int64 => keyed::<Int64Type>(array, row),
                DataType::UInt8 => keyed::<UInt8Type>(array, row),
                DataType::UInt16 => keyed::<UInt16Type>(array, row),
                DataType::UInt32 => keyed::<UInt32Type>(array, row),
                _ => keyed::<UInt64Type>(array, row),
            };
            value(
                values.as_ref(),
                at.ok_or("a dictionary without the entry that it names")?,
                field,
            )
        }
        DataType::RunEndEncoded(ends, _) => {
            let (values, at) = match ends.data_type() {
                DataType::Int16 => run::<Int16Type>(array, row),
                DataType::Int32 => run::<Int32Type>(array, row),
                _ => run::<Int64Type>(array, row),
            };
            value(values.as_ref(), at, field)
        }
        other => Err(format!("values of Arrow's type {other} cannot be read")),
    }
}

fn native<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}

fn keyed<K: arrow_array::types::ArrowDictionaryKeyType>(array: &dyn Array, row: usize) -> (ArrayRef, Option<usize>) {
    let dictionary: &DictionaryArray<K> = array.as_dictionary();
    (dictionary.values().clone(), dictionary.key(row))
}

fn run<R: arrow_array::types::RunEndIndexType>(array: &dyn Array, row: usize) -> (ArrayRef, usize) {
    let runs: &RunArray<R> = array.as_run();
    (runs.values().clone(), runs.get_physical_index(row))
}

fn float(text: &str) -> Value {
    text.parse()
        .map_or_else(|_| Value::Other(text.to_owned()), Value::Float)
}

fn extension(field: &Field) -> &str {
    field.metadata().get(EXTENSION).map_or("", String::as_str)
}

fn text(text: &str, field: &Field) -> Value {
    match extension(field) {
        "arrow.json" => Value::Json(text.to_owned()),
        "arrow.uuid" => Value::Uuid(text.to_lowercase()),
        _ => Value::Text(text.to_owned()),
    }
}

fn bytes(bytes: &[u8], field: &Field) -> Value {
    match (extension(field), <[u8; 16]>::try_from(bytes)) {
        ("arrow.uuid", Ok(uuid)) => {
            let digits = hex::encode(uuid);
            let parts = [
                &digits[..8],
                &digits[8..12],
                &digits[12..16],
                &digits[16..20],
                &digits[20..],
            ];
            Value::Uuid(parts.join("-"))
        }
        _ => Value::Bytes(bytes.to_vec()),
    }
}

/// The largest and smallest numbers stand for infinity, as in PostgreSQL and DuckDB.
fn infinite(is_largest: bool, is_smallest: bool) -> Option<&'static str> {
    match (is_largest, is_smallest) {
        (true, _) => Some("infinity"),
        (_, true) => Some("-infinity"),
        _ => None,
    }
}

fn date(array: &dyn Array, row: usize) -> Value {
    let (found, days) = match array.data_type() {
        DataType::Date32 => {
            let days = native::<Date32Type>(array, row);
            if let Some(word) = infinite(days == i32::MAX, days <= -i32::MAX) {
                return Value::Date(word.into());
            }
            (date32_to_datetime(days), i64::from(days))
        }
        _ => {
            let milliseconds = native::<Date64Type>(array, row);
            (date64_to_datetime(milliseconds), milliseconds / 86_400_000)
        }
    };
    match found {
        Some(date) => Value::Date(date.format("%Y-%m-%d").to_string()),
        None => Value::Other(format!("{days} days after 1970-01-01")),
    }
}

fn time(array: &dyn Array, row: usize) -> Value {
    let nanoseconds = match array.data_type() {
        DataType::Time32(TimeUnit::Second) => i64::from(native::<Time32SecondType>(array, row)) * 1_000_000_000,
        DataType::Time32(_) => i64::from(native::<Time32MillisecondType>(array, row)) * 1_000_000,
        DataType::Time64(TimeUnit::Microsecond) => native::<Time64MicrosecondType>(array, row).saturating_mul(1_000),
        _ => native::<Time64NanosecondType>(array, row),
    };
    match time64ns_to_time(nanoseconds) {
        Some(time) => Value::Time(trimmed(&time.format("%H:%M:%S%.9f").to_string())),
        // The end of a day is a time of its own in some databases.
        None if nanoseconds == 86_400_000_000_000 => Value::Time("24:00:00".into()),
        None => Value::Other(format!("{nanoseconds} ns after midnight")),
    }
}

/// A point in time; with a zone it is told in UTC, which is the same instant.
fn moment(array: &dyn Array, row: usize, unit: TimeUnit, zoned: bool) -> Value {
    let (units, found) = match unit {
        TimeUnit::Second => with(native::<TimestampSecondType>(array, row), timestamp_s_to_datetime),
        TimeUnit::Millisecond => with(native::<TimestampMillisecondType>(array, row), timestamp_ms_to_datetime),
        TimeUnit::Microsecond => with(native::<TimestampMicrosecondType>(array, row), timestamp_us_to_datetime),
        TimeUnit::Nanosecond => with(native::<TimestampNanosecondType>(array, row), timestamp_ns_to_datetime),
    };
    if let Some(word) = infinite(units == i64::MAX, units <= -i64::MAX) {
        return Value::Datetime(word.into());
    }
    match found {
        Some(found) => {
            let text = trimmed(&found.format("%Y-%m-%d %H:%M:%S%.9f").to_string());
            Value::Datetime(if zoned { format!("{text}+00:00") } else { text })
        }
        None => Value::Other(format!("{units} {unit:?}s after 1970-01-01")),
    }
}

fn with<T>(units: i64, read: impl Fn(i64) -> Option<T>) -> (i64, Option<T>) {
    (units, read(units))
}

/// A fraction without its last zeros.
fn trimmed(text: &str) -> String {
    match text.split_once('.') {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        None => text.to_owned(),
    }
}

fn duration(array: &dyn Array, row: usize, unit: TimeUnit) -> Value {
    let nanoseconds = match unit {
        TimeUnit::Second => i128::from(native::<DurationSecondType>(array, row)) * 1_000_000_000,
        TimeUnit::Millisecond => i128::from(native::<DurationMillisecondType>(array, row)) * 1_000_000,
        TimeUnit::Microsecond => i128::from(native::<DurationMicrosecondType>(array, row)) * 1_000,
        TimeUnit::Nanosecond => i128::from(native::<DurationNanosecondType>(array, row)),
    };
    Value::Interval(iso_8601(0, 0, nanoseconds))
}

fn interval(array: &dyn Array, row: usize, unit: IntervalUnit) -> Value {
    Value::Interval(match unit {
        IntervalUnit::YearMonth => iso_8601(native::<IntervalYearMonthType>(array, row), 0, 0),
        IntervalUnit::DayTime => {
            let span = native::<IntervalDayTimeType>(array, row);
            iso_8601(0, span.days, i128::from(span.milliseconds) * 1_000_000)
        }
        IntervalUnit::MonthDayNano => {
            let span = native::<IntervalMonthDayNanoType>(array, row);
            iso_8601(span.months, span.days, i128::from(span.nanoseconds))
        }
    })
}

/// As PostgreSQL writes it with `intervalstyle = iso_8601`.
fn iso_8601(months: i32, days: i32, nanoseconds: i128) -> String {
    let mut text = String::from("P");
    let mut part = |number: i128, letter: char| {
        if number != 0 {
            text.push_str(&format!("{number}{letter}"));
        }
    };
    part(i128::from(months / 12), 'Y');
    part(i128::from(months % 12), 'M');
    part(i128::from(days), 'D');
    let (seconds, fraction) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let mut clock = String::new();
    for (number, letter) in [(hours, 'H'), (minutes, 'M')] {
        if number != 0 {
            clock.push_str(&format!("{number}{letter}"));
        }
    }
    if rest != 0 || fraction != 0 {
        let exact = format!("{sign}{}.{:09}", rest.abs(), fraction.abs());
        clock.push_str(&format!("{}S", trimmed(&exact)));
    }
    match (clock.is_empty(), text.len() == 1) {
        (true, true) => "PT0S".into(),
        (true, false) => text,
        (false, _) => format!("{text}T{clock}"),
    }
}

fn elements(items: &ArrayRef, item: &Field) -> Result<Value, String> {
    let values = (0..items.len()).map(|at| value(items.as_ref(), at, item));
    values.collect::<Result<_, _>>().map(Value::Array)
}

fn map(entries: &arrow_array::StructArray, entry: &Field) -> Result<Value, String> {
    let DataType::Struct(fields) = entry.data_type() else {
        return Err("a map without keys and values".into());
    };
    let mut pairs = Vec::with_capacity(entries.len());
    for row in 0..entries.len() {
        let key = value(entries.column(0), row, &fields[0])?;
        let key = key.display_text().unwrap_or_else(|| "null".into());
        pairs.push((key, value(entries.column(1), row, &fields[1])?));
    }
    Ok(Value::Json(object(pairs)))
}

fn object(pairs: Vec<(String, Value)>) -> String {
    let members = pairs
        .into_iter()
        .map(|(name, value)| format!("{}:{}", quoted(&name), json(&value)));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A member of a document: numbers keep their digits, what JSON has no type for is a text.
fn json(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Boolean(is) => is.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Decimal(digits) => digits.clone(),
        Value::Float(number) if number.is_finite() => serde_json::Value::from(*number).to_string(),
        Value::Json(document) => document.clone(),
        Value::Array(values) => {
            let members: Vec<String> = values.iter().map(json).collect();
            format!("[{}]", members.join(","))
        }
        other => quoted(&other.display_text().unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::builder::{ListBuilder, MapBuilder, StringBuilder, UInt64Builder};
    use arrow_array::types::{Int8Type, IntervalMonthDayNano};
    use arrow_array::{
        BinaryArray, Date32Array, Decimal128Array, Decimal256Array, DictionaryArray, DurationMillisecondArray,
        Float32Array, Int32Array, IntervalMonthDayNanoArray, RunArray, StringArray, StructArray,
        Time64MicrosecondArray, TimestampMicrosecondArray, UInt64Array,
    };

    use super::*;

    fn read(array: &dyn Array) -> Vec<Value> {
        let field = Field::new("x", array.data_type().clone(), true);
        (0..array.len()).map(|row| value(array, row, &field).unwrap()).collect()
    }

    #[test]
    fn numbers_keep_their_digits() {
        let decimals = Decimal128Array::from(vec![Some(-1250), None])
            .with_precision_and_scale(10, 2)
            .unwrap();
        assert_eq!(read(&decimals), [Value::Decimal("-12.50".into()), Value::Null]);
        type Wide = <Decimal256Type as ArrowPrimitiveType>::Native;
        let wide = Decimal256Array::from(vec![Wide::from_i128(-5)])
            .with_precision_and_scale(76, 2)
            .unwrap();
        assert_eq!(read(&wide), [Value::Decimal("-0.05".into())]);
        assert_eq!(read(&Float32Array::from(vec![0.1])), [Value::Float(0.1)]);
        assert_eq!(
            read(&UInt64Array::from(vec![u64::MAX, 7])),
            [Value::Decimal("18446744073709551615".into()), Value::Integer(7)]
        );
    }

    #[test]
    fn points_in_time_are_told_as_other_drivers_tell_them() {
        assert_eq!(
            read(&Date32Array::from(vec![0, -1, i32::MAX])),
            ["1970-01-01", "1969-12-31", "infinity"].map(|date| Value::Date(date.into()))
        );
        let moment = 951_785_999_500_000;
        assert_eq!(
            read(&TimestampMicrosecondArray::from(vec![moment])),
            [Value::Datetime("2000-02-29 00:59:59.5".into())]
        );
        assert_eq!(
            read(&TimestampMicrosecondArray::from(vec![moment]).with_timezone("Europe/Berlin")),
            [Value::Datetime("2000-02-29 00:59:59.5+00:00".into())]
        );
        assert_eq!(
            read(&Time64MicrosecondArray::from(vec![3_723_000_001, 86_400_000_000])),
            ["01:02:03.000001", "24:00:00"].map(|time| Value::Time(time.into()))
        );
        assert_eq!(
            read(&IntervalMonthDayNanoArray::from(vec![
                IntervalMonthDayNano::new(14, 3, 14_706_500_000_000),
                IntervalMonthDayNano::new(0, 0, -1_500_000_000),
                IntervalMonthDayNano::new(0, 0, 0),
            ])),
            ["P1Y2M3DT4H5M6.5S", "PT-1.5S", "PT0S"].map(|span| Value::Interval(span.into()))
        );
        assert_eq!(
            read(&DurationMillisecondArray::from(vec![61_000])),
            [Value::Interval("PT1M1S".into())]
        );
    }

    #[test]
    fn nested_values_are_arrays_and_documents() {
        let mut lists = ListBuilder::new(UInt64Builder::new());
        lists.append_value([Some(1), None]);
        assert_eq!(
            read(&lists.finish()),
            [Value::Array(vec![Value::Integer(1), Value::Null])]
        );
        let record = StructArray::from(vec![
            (
                Arc::new(Field::new("a", DataType::Int32, true)),
                Arc::new(Int32Array::from(vec![1])) as ArrayRef,
            ),
            (
                Arc::new(Field::new("b", DataType::Utf8, true)),
                Arc::new(StringArray::from(vec!["x\"y"])) as ArrayRef,
            ),
        ]);
        assert_eq!(read(&record), [Value::Json(r#"{"a":1,"b":"x\"y"}"#.into())]);
        let mut maps = MapBuilder::new(None, StringBuilder::new(), UInt64Builder::new());
        maps.keys().append_value("k");
        maps.values().append_value(2);
        maps.append(true).unwrap();
        assert_eq!(read(&maps.finish()), [Value::Json(r#"{"k":2}"#.into())]);
    }

    #[test]
    fn encoded_values_are_what_they_stand_for() {
        let words: DictionaryArray<Int8Type> = vec![Some("a"), None, Some("b"), Some("a")].into_iter().collect();
        let text = |word: &str| Value::Text(word.into());
        assert_eq!(read(&words), [text("a"), Value::Null, text("b"), text("a")]);
        let runs = RunArray::try_new(&Int32Array::from(vec![2, 3]), &StringArray::from(vec!["a", "b"])).unwrap();
        assert_eq!(read(&runs), [text("a"), text("a"), text("b")]);
    }

    #[test]
    fn extension_types_give_uuids_and_documents() {
        let uuid = Field::new("x", DataType::Binary, true).with_metadata(std::collections::HashMap::from([(
            EXTENSION.to_owned(),
            "arrow.uuid".to_owned(),
        )]));
        let array = BinaryArray::from(vec![&[0xab; 16][..], b"short"]);
        assert_eq!(
            value(&array, 0, &uuid).unwrap(),
            Value::Uuid("abababab-abab-abab-abab-abababababab".into())
        );
        assert_eq!(value(&array, 1, &uuid).unwrap(), Value::Bytes(b"short".to_vec()));
    }
}
