//! The tokens of a response ([MS-TDS] 2.2.7), apart from rows.

use crate::collation::Collation;

/// Something the server has against a statement, as SQL Server numbers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqlError {
    /// Message number, e.g. 208 for an unknown table.
    pub number: i32,
    /// Severity: 11 to 16 is the user's fault, 20 and more ends the connection.
    pub class: u8,
    /// What is wrong.
    pub message: String,
}

impl SqlError {
    /// An error of this number, severity and message.
    pub fn new(number: i32, class: u8, message: impl Into<String>) -> Self {
        Self {
            number,
            class,
            message: message.into(),
        }
    }
}

/// Which DONE token ends a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Batch = 0xFD,
    Procedure = 0xFE,
    InProcedure = 0xFF,
}

/// Bits of a DONE token's status.
pub(crate) mod status {
    pub(crate) const FINAL: u16 = 0x00;
    pub(crate) const MORE: u16 = 0x01;
    pub(crate) const ERROR: u16 = 0x02;
    pub(crate) const COUNT: u16 = 0x10;
    pub(crate) const ATTENTION: u16 = 0x20;
}

/// Kinds of ENVCHANGE.
pub(crate) mod change {
    pub(crate) const DATABASE: u8 = 1;
    pub(crate) const LANGUAGE: u8 = 2;
    pub(crate) const PACKET_SIZE: u8 = 4;
    pub(crate) const COLLATION: u8 = 7;
    pub(crate) const BEGIN: u8 = 8;
    pub(crate) const COMMIT: u8 = 9;
    pub(crate) const ROLLBACK: u8 = 10;
    pub(crate) const RESET: u8 = 18;
}

pub(crate) const COLUMN_METADATA: u8 = 0x81;
pub(crate) const ROW: u8 = 0xD1;
pub(crate) const NULL_BITMAP_ROW: u8 = 0xD2;
const ERROR: u8 = 0xAA;
const INFO: u8 = 0xAB;
const LOGIN_ACK: u8 = 0xAD;
const ENVIRONMENT: u8 = 0xE3;
const RETURN_STATUS: u8 = 0x79;
const RETURN_VALUE: u8 = 0xAC;

pub(crate) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Text with its length in characters in one byte.
pub(crate) fn short_text(out: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(255).collect();
    out.push(u8::try_from(units.len()).unwrap_or(u8::MAX));
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// Text with its length in characters in two bytes.
pub(crate) fn long_text(out: &mut Vec<u8>, text: &str) {
    let units: Vec<u16> = text.encode_utf16().take(4000).collect();
    out.extend_from_slice(&u16::try_from(units.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend(units.into_iter().flat_map(u16::to_le_bytes));
}

/// A token with the length of its body in two bytes.
fn sized(out: &mut Vec<u8>, token: u8, body: &[u8]) {
    out.push(token);
    out.extend_from_slice(&u16::try_from(body.len()).unwrap_or(u16::MAX).to_le_bytes());
    out.extend_from_slice(body);
}

pub(crate) fn error(out: &mut Vec<u8>, error: &SqlError) {
    message(out, ERROR, error);
}

/// A message that is no error: what PRINT says, or a changed database.
pub(crate) fn info(out: &mut Vec<u8>, number: i32, text: &str) {
    message(out, INFO, &SqlError::new(number, 0, text));
}

fn message(out: &mut Vec<u8>, token: u8, said: &SqlError) {
    let mut body = said.number.to_le_bytes().to_vec();
    body.extend_from_slice(&[1, said.class]);
    long_text(&mut body, &said.message);
    short_text(&mut body, "TESTSERVER");
    short_text(&mut body, "");
    body.extend_from_slice(&1i32.to_le_bytes());
    sized(out, token, &body);
}

/// A change of text, such as the database.
pub(crate) fn text_change(out: &mut Vec<u8>, kind: u8, new: &str, old: &str) {
    let mut body = vec![kind];
    short_text(&mut body, new);
    short_text(&mut body, old);
    sized(out, ENVIRONMENT, &body);
}

/// A change of bytes, such as a transaction's descriptor.
pub(crate) fn binary_change(out: &mut Vec<u8>, kind: u8, new: &[u8], old: &[u8]) {
    let mut body = vec![kind];
    for bytes in [new, old] {
        body.push(u8::try_from(bytes.len()).unwrap_or(u8::MAX));
        body.extend_from_slice(bytes);
    }
    sized(out, ENVIRONMENT, &body);
}

pub(crate) fn collation_change(out: &mut Vec<u8>, collation: Collation) {
    binary_change(out, change::COLLATION, &collation.wire(), &[]);
}

pub(crate) fn login_ack(out: &mut Vec<u8>, tds_version: u32, version: [u8; 4]) {
    let mut body = vec![1];
    body.extend_from_slice(&tds_version.to_be_bytes());
    short_text(&mut body, "Microsoft SQL Server");
    body.extend_from_slice(&version);
    sized(out, LOGIN_ACK, &body);
}

pub(crate) fn done(out: &mut Vec<u8>, kind: Done, status: u16, rows: u64) {
    out.push(kind as u8);
    out.extend_from_slice(&status.to_le_bytes());
    out.extend_from_slice(&0xC1u16.to_le_bytes());
    out.extend_from_slice(&rows.to_le_bytes());
}

pub(crate) fn return_status(out: &mut Vec<u8>, value: i32) {
    out.push(RETURN_STATUS);
    out.extend_from_slice(&value.to_le_bytes());
}

/// An INT that a procedure gives back, such as the handle of a prepared statement.
pub(crate) fn return_int(out: &mut Vec<u8>, name: &str, value: i32) {
    out.push(RETURN_VALUE);
    out.extend_from_slice(&0u16.to_le_bytes());
    short_text(out, name);
    out.push(1);
    out.extend_from_slice(&0u32.to_le_bytes());
    out.extend_from_slice(&0u16.to_le_bytes());
    out.extend_from_slice(&[0x26, 4, 4]);
    out.extend_from_slice(&value.to_le_bytes());
}
