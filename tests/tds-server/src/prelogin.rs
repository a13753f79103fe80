//! The first exchange: version and encryption ([MS-TDS] 2.2.6.5).

/// How the server stands to encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// It has no certificate at all.
    NotSupported,
    /// It encrypts the login, and the rest when the client wishes.
    Off,
    /// It insists on encrypting everything.
    Required,
}

/// What client and server agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Agreed {
    Clear,
    LoginOnly,
    Everything,
}

const VERSION: u8 = 0;
const ENCRYPTION: u8 = 1;
const INSTANCE: u8 = 2;
const THREAD: u8 = 3;
const MARS: u8 = 4;
const END: u8 = 0xFF;

const ENCRYPT_OFF: u8 = 0;
const ENCRYPT_ON: u8 = 1;
const ENCRYPT_NOT_SUPPORTED: u8 = 2;
const ENCRYPT_REQUIRED: u8 = 3;

/// The client's encryption byte; off where it sends none.
pub(crate) fn encryption_wish(body: &[u8]) -> u8 {
    option(body, ENCRYPTION)
        .and_then(|data| data.first().copied())
        .unwrap_or(ENCRYPT_OFF)
}

fn option(body: &[u8], wanted: u8) -> Option<&[u8]> {
    body.chunks(5).take_while(|entry| entry[0] != END).find_map(|entry| {
        let &[token, a, b, c, d] = entry else { return None };
        let start = usize::from(u16::from_be_bytes([a, b]));
        let length = usize::from(u16::from_be_bytes([c, d]));
        (token == wanted).then(|| body.get(start..start + length)).flatten()
    })
}

/// The server's encryption byte and what follows from it, by the table of [MS-TDS] 2.2.6.5.
pub(crate) fn agree(wish: u8, server: Encryption) -> (u8, Agreed) {
    match (wish, server) {
        (_, Encryption::NotSupported) => (ENCRYPT_NOT_SUPPORTED, Agreed::Clear),
        (ENCRYPT_NOT_SUPPORTED, Encryption::Off) => (ENCRYPT_NOT_SUPPORTED, Agreed::Clear),
        (ENCRYPT_OFF, Encryption::Off) => (ENCRYPT_OFF, Agreed::LoginOnly),
        (ENCRYPT_ON | ENCRYPT_REQUIRED, _) => (ENCRYPT_ON, Agreed::Everything),
        _ => (ENCRYPT_REQUIRED, Agreed::Everything),
    }
}

/// The answer's body.
pub(crate) fn answer(version: [u8; 4], encryption: u8) -> Vec<u8> {
    let options: [(u8, &[u8]); 5] = [
        (VERSION, &[version[0], version[1], version[2], version[3], 0, 0]),
        (ENCRYPTION, &[encryption]),
        (INSTANCE, &[0]),
        (THREAD, &[]),
        (MARS, &[0]),
    ];
    let mut offset = u16::try_from(options.len() * 5 + 1).unwrap_or(u16::MAX);
    let (mut table, mut data) = (Vec::new(), Vec::new());
    for (token, bytes) in options {
        let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
        table.push(token);
        table.extend_from_slice(&offset.to_be_bytes());
        table.extend_from_slice(&length.to_be_bytes());
        data.extend_from_slice(bytes);
        offset += length;
    }
    table.push(END);
    table.extend_from_slice(&data);
    table
}
