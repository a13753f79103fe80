//! Values on the wire: one cell of a row in its column's type ([MS-TDS] 2.2.5.5 and 2.2.7.19).

use rusqlite::types::Value;

use crate::moment::{EPOCH_1900, Moment};
use crate::sql_type::{Column, MAX, SqlType, decimal_bytes};
use crate::tokens::{NULL_BITMAP_ROW, ROW, SqlError, utf16};

/// Chunks of a value without limit are cut to this size, so that clients have to put them together.
const CHUNK: usize = 3000;

/// A row token. Rows that are mostly NULL take the form with a bitmap, as SQL Server sends them.
pub(crate) fn row(out: &mut Vec<u8>, columns: &[Column], values: &[Value]) -> Result<(), SqlError> {
    let nulls = values.iter().filter(|value| **value == Value::Null).count();
    let has_bitmap = nulls > 1;
    out.push(if has_bitmap { NULL_BITMAP_ROW } else { ROW });
    if has_bitmap {
        for group in values.chunks(8) {
            let bits = group.iter().enumerate();
            out.push(bits.fold(0, |byte, (at, value)| byte | u8::from(*value == Value::Null) << at));
        }
    }
    for (column, value) in columns.iter().zip(values) {
        if *value != Value::Null {
            cell(out, column, value)
                .ok_or_else(|| SqlError::new(245, 16, format!("Conversion failed for column {}.", column.name)))?;
        } else if !has_bitmap {
            null(out, &column.ty);
        }
    }
    Ok(())
}

fn null(out: &mut Vec<u8>, ty: &SqlType) {
    match ty {
        SqlType::Xml | SqlType::Udt(_) | SqlType::VarChar(MAX) | SqlType::NVarChar(MAX) | SqlType::VarBinary(MAX) => {
            out.extend_from_slice(&u64::MAX.to_le_bytes());
        }
        SqlType::Char(_)
        | SqlType::VarChar(_)
        | SqlType::NChar(_)
        | SqlType::NVarChar(_)
        | SqlType::Binary(_)
        | SqlType::VarBinary(_) => out.extend_from_slice(&u16::MAX.to_le_bytes()),
        SqlType::Variant => out.extend_from_slice(&0u32.to_le_bytes()),
        _ => out.push(0),
    }
}

fn cell(out: &mut Vec<u8>, column: &Column, value: &Value) -> Option<()> {
    match &column.ty {
        SqlType::Char(length) | SqlType::VarChar(length) => {
            let mut bytes = column.collation.encode(&text(value));
            if matches!(column.ty, SqlType::Char(_)) {
                bytes.resize(usize::from(*length), b' ');
            }
            limited(out, *length, &bytes);
        }
        SqlType::NChar(length) => {
            let padded = format!("{:<width$}", text(value), width = usize::from(*length));
            limited(out, *length, &utf16(&padded));
        }
        SqlType::NVarChar(length) => limited(out, *length, &utf16(&text(value))),
        SqlType::Text => pointed(out, &column.collation.encode(&text(value))),
        SqlType::NText => pointed(out, &utf16(&text(value))),
        SqlType::Image => pointed(out, &bytes(value)?),
        SqlType::Binary(length) => {
            let mut bytes = bytes(value)?;
            bytes.resize(usize::from(*length), 0);
            limited(out, *length, &bytes);
        }
        SqlType::VarBinary(length) => limited(out, *length, &bytes(value)?),
        SqlType::Udt(_) => limited(out, MAX, &bytes(value)?),
        SqlType::Xml => limited(out, MAX, &utf16(&text(value))),
        SqlType::Variant => variant(out, column, value)?,
        fixed => {
            let bytes = fixed_bytes(fixed, value)?;
            let prefixed = column.nullable || !is_fixed(fixed);
            if prefixed {
                out.push(u8::try_from(bytes.len()).ok()?);
            }
            out.extend_from_slice(&bytes);
        }
    }
    Some(())
}

/// Types that lose their length byte where NULL cannot be.
fn is_fixed(ty: &SqlType) -> bool {
    !matches!(
        ty,
        SqlType::Decimal { .. }
            | SqlType::Date
            | SqlType::Time(_)
            | SqlType::DateTime2(_)
            | SqlType::DateTimeOffset(_)
            | SqlType::UniqueIdentifier
    )
}

/// Bytes behind a length of two bytes, or in chunks where the type has no limit.
fn limited(out: &mut Vec<u8>, length: u16, bytes: &[u8]) {
    if length == MAX {
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        for chunk in bytes.chunks(CHUNK) {
            out.extend_from_slice(&(chunk.len() as u32).to_le_bytes());
            out.extend_from_slice(chunk);
        }
        out.extend_from_slice(&0u32.to_le_bytes());
    } else {
        out.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX - 1).to_le_bytes());
        out.extend_from_slice(bytes);
    }
}

/// `text`, `ntext` and `image` come behind a pointer and a time stamp.
fn pointed(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(16);
    out.extend_from_slice(b"textpointer here");
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}

/// A `sql_variant` names the type of its value ([MS-TDS] 2.2.5.5.4).
fn variant(out: &mut Vec<u8>, column: &Column, value: &Value) -> Option<()> {
    let (kind, properties, bytes): (u8, Vec<u8>, Vec<u8>) = match value {
        Value::Integer(number) => (0x7F, Vec::new(), number.to_le_bytes().to_vec()),
        Value::Real(number) => (0x3E, Vec::new(), number.to_le_bytes().to_vec()),
        Value::Blob(bytes) => (0xA5, 8000u16.to_le_bytes().to_vec(), bytes.clone()),
        _ => {
            let mut properties = column.collation.wire().to_vec();
            properties.extend_from_slice(&8000u16.to_le_bytes());
            (0xE7, properties, utf16(&text(value)))
        }
    };
    let total = u32::try_from(2 + properties.len() + bytes.len()).ok()?;
    out.extend_from_slice(&total.to_le_bytes());
    out.extend_from_slice(&[kind, u8::try_from(properties.len()).ok()?]);
    out.extend_from_slice(&properties);
    out.extend_from_slice(&bytes);
    Some(())
}

fn fixed_bytes(ty: &SqlType, value: &Value) -> Option<Vec<u8>> {
    Some(match *ty {
        SqlType::Bit => vec![u8::from(integer(value)? != 0)],
        SqlType::TinyInt => vec![u8::try_from(integer(value)?).ok()?],
        SqlType::SmallInt => i16::try_from(integer(value)?).ok()?.to_le_bytes().to_vec(),
        SqlType::Int => i32::try_from(integer(value)?).ok()?.to_le_bytes().to_vec(),
        SqlType::BigInt => integer(value)?.to_le_bytes().to_vec(),
        SqlType::Real => (text(value).parse::<f64>().ok()? as f32).to_le_bytes().to_vec(),
        SqlType::Float => text(value).parse::<f64>().ok()?.to_le_bytes().to_vec(),
        SqlType::Decimal { precision, scale } => {
            let digits = scaled(&text(value), scale)?;
            let magnitude = digits.unsigned_abs().to_le_bytes();
            let mut bytes = vec![u8::from(digits >= 0)];
            bytes.extend_from_slice(&magnitude[..usize::from(decimal_bytes(precision))]);
            bytes
        }
        SqlType::Money => {
            let number = i64::try_from(scaled(&text(value), 4)?).ok()?.to_le_bytes();
            [&number[4..], &number[..4]].concat()
        }
        SqlType::SmallMoney => i32::try_from(scaled(&text(value), 4)?).ok()?.to_le_bytes().to_vec(),
        SqlType::UniqueIdentifier => guid(&text(value))?,
        SqlType::Date
        | SqlType::Time(_)
        | SqlType::DateTime
        | SqlType::SmallDateTime
        | SqlType::DateTime2(_)
        | SqlType::DateTimeOffset(_) => moment_bytes(ty, Moment::parse(&text(value))?),
        _ => return None,
    })
}

fn moment_bytes(ty: &SqlType, moment: Moment) -> Vec<u8> {
    let date = |moment: Moment| moment.days.to_le_bytes()[..3].to_vec();
    let clock = |moment: Moment, scale: u8| {
        let length = match scale {
            0..=2 => 3,
            3..=4 => 4,
            _ => 5,
        };
        (moment.ticks / 10u64.pow(u32::from(7 - scale))).to_le_bytes()[..length].to_vec()
    };
    match *ty {
        SqlType::Date => date(moment),
        SqlType::Time(scale) => clock(moment, scale),
        SqlType::DateTime => {
            let days = (moment.days - EPOCH_1900) as i32;
            let ticks = ((moment.ticks * 3 + 50_000) / 100_000) as u32;
            [days.to_le_bytes(), ticks.to_le_bytes()].concat()
        }
        SqlType::SmallDateTime => {
            let days = (moment.days - EPOCH_1900) as u16;
            let minutes = (moment.ticks / 600_000_000) as u16;
            [days.to_le_bytes(), minutes.to_le_bytes()].concat()
        }
        SqlType::DateTime2(scale) => [clock(moment, scale), date(moment)].concat(),
        SqlType::DateTimeOffset(scale) => {
            let utc = moment.utc();
            [clock(utc, scale), date(utc), moment.offset.to_le_bytes().to_vec()].concat()
        }
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Blob(bytes) => Some(bytes.clone()),
        Value::Text(text) => Some(text.clone().into_bytes()),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        Value::Real(number) if number.fract() == 0.0 => Some(*number as i64),
        Value::Text(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A decimal as a whole number of its last digit; more digits are rounded away from zero.
fn scaled(text: &str, scale: u8) -> Option<i128> {
    let (sign, digits) = match text.trim().strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.trim()),
    };
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let shift = exponent.parse::<i32>().ok()? + i32::from(scale);
    let wanted = usize::try_from(i32::try_from(whole.len()).ok()? + shift).ok()?;
    let mut all = format!("{whole}{fraction}");
    while all.len() <= wanted {
        all.push('0');
    }
    let number: i128 = if wanted == 0 { 0 } else { all[..wanted].parse().ok()? };
    let rounds_up = all.as_bytes()[wanted] >= b'5';
    Some(sign * (number + i128::from(rounds_up)))
}

/// A GUID's first three groups are little-endian.
fn guid(text: &str) -> Option<Vec<u8>> {
    let hex: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let mut bytes = (0..16)
        .map(|at| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect::<Option<Vec<u8>>>()?;
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    (hex.len() == 32).then_some(bytes)
}
