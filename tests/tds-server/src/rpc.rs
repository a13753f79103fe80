//! Calls of system procedures: parameters and their values ([MS-TDS] 2.2.6.6).

use rusqlite::types::Value;

/// A procedure call.
#[derive(Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) procedure: Procedure,
    /// Name, `@P1` or empty, and value.
    pub(crate) parameters: Vec<(String, Value)>,
}

/// The procedures that clients run statements with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Procedure {
    ExecuteSql,
    Prepare,
    PrepareAndExecute,
    Execute,
    Unprepare,
    Other(String),
}

/// The request without its ALL_HEADERS, which every message of TDS 7.2 and later begins with.
pub(crate) fn without_headers(body: &[u8]) -> &[u8] {
    let length = body
        .get(..4)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u32::from_le_bytes);
    body.get(length as usize..).unwrap_or_default()
}

/// Text of a batch.
pub(crate) fn batch_text(body: &[u8]) -> String {
    decode_utf16(without_headers(body))
}

fn decode_utf16(bytes: &[u8]) -> String {
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16_lossy(&units)
}

/// Reads a call; `None` when it holds something this server does not know.
pub(crate) fn parse(body: &[u8]) -> Option<Call> {
    let mut reader = Reader {
        bytes: without_headers(body),
    };
    let length = reader.short()?;
    let procedure = if length == u16::MAX {
        match reader.short()? {
            10 => Procedure::ExecuteSql,
            11 => Procedure::Prepare,
            12 => Procedure::Execute,
            13 => Procedure::PrepareAndExecute,
            15 => Procedure::Unprepare,
            number => Procedure::Other(format!("#{number}")),
        }
    } else {
        named(&decode_utf16(reader.take(usize::from(length) * 2)?))
    };
    reader.short()?;
    let mut parameters = Vec::new();
    while !reader.bytes.is_empty() {
        let length = usize::from(reader.byte()?) * 2;
        let name = decode_utf16(reader.take(length)?);
        reader.byte()?;
        parameters.push((name, reader.value()?));
    }
    Some(Call { procedure, parameters })
}

fn named(name: &str) -> Procedure {
    match name.to_lowercase().trim_start_matches("sys.") {
        "sp_executesql" => Procedure::ExecuteSql,
        "sp_prepare" => Procedure::Prepare,
        "sp_prepexec" => Procedure::PrepareAndExecute,
        "sp_execute" => Procedure::Execute,
        "sp_unprepare" => Procedure::Unprepare,
        _ => Procedure::Other(name.to_owned()),
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.bytes.split_at_checked(length)?;
        self.bytes = rest;
        Some(head)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn short(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_le_bytes([bytes[0], bytes[1]]))
    }

    fn long(&mut self) -> Option<u32> {
        self.take(4)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes)
    }

    /// A type and a value of it.
    fn value(&mut self) -> Option<Value> {
        match self.byte()? {
            0x30 => self.integer(1),
            0x34 => self.integer(2),
            0x38 => self.integer(4),
            0x7F => self.integer(8),
            0x26 | 0x68 => {
                self.byte()?;
                let length = usize::from(self.byte()?);
                self.integer(length)
            }
            0x6D => {
                self.byte()?;
                match self.byte()? {
                    0 => Some(Value::Null),
                    4 => Some(Value::Real(f32::from_le_bytes(self.take(4)?.try_into().ok()?).into())),
                    _ => Some(Value::Real(f64::from_le_bytes(self.take(8)?.try_into().ok()?))),
                }
            }
            kind @ (0xE7 | 0xEF | 0xA7 | 0xAF | 0xA5 | 0xAD) => {
                let length = self.short()?;
                let is_binary = matches!(kind, 0xA5 | 0xAD);
                if !is_binary {
                    self.take(5)?;
                }
                let bytes = if length == u16::MAX {
                    self.chunks()?
                } else {
                    self.limited()?
                };
                Some(bytes.map_or(Value::Null, |bytes| match kind {
                    0xA5 | 0xAD => Value::Blob(bytes),
                    0xE7 | 0xEF => Value::Text(decode_utf16(&bytes)),
                    _ => Value::Text(encoding_rs::WINDOWS_1252.decode(&bytes).0.into_owned()),
                }))
            }
            0x63 => {
                self.long()?;
                self.take(5)?;
                let length = self.long()?;
                Some(Value::Text(decode_utf16(self.take(length as usize)?)))
            }
            _ => None,
        }
    }

    fn integer(&mut self, length: usize) -> Option<Value> {
        if length == 0 {
            return Some(Value::Null);
        }
        let bytes = self.take(length)?;
        let negative = length > 1 && bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut all = [if negative { 0xFF } else { 0 }; 8];
        all.get_mut(..length)?.copy_from_slice(bytes);
        Some(Value::Integer(i64::from_le_bytes(all)))
    }

    fn limited(&mut self) -> Option<Option<Vec<u8>>> {
        let length = self.short()?;
        if length == u16::MAX {
            return Some(None);
        }
        self.take(usize::from(length)).map(|bytes| Some(bytes.to_vec()))
    }

    /// A value without limit, in chunks.
    fn chunks(&mut self) -> Option<Option<Vec<u8>>> {
        if self.take(8)? == [0xFF; 8] {
            return Some(None);
        }
        let mut bytes = Vec::new();
        loop {
            let length = self.long()?;
            if length == 0 {
                return Some(Some(bytes));
            }
            bytes.extend_from_slice(self.take(length as usize)?);
        }
    }
}
