//! LOGIN7: who wants in, and where ([MS-TDS] 2.2.6.4).

/// What a client says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Login {
    /// Version of the protocol, as the client numbers it.
    pub tds_version: u32,
    /// Packet size the client would like.
    pub packet_size: u32,
    /// Login name.
    pub user: String,
    /// Password, deciphered.
    pub password: String,
    /// Name of the program.
    pub application: String,
    /// Host the client believes to talk to.
    pub server: String,
    /// Database to begin in; empty is the login's default.
    pub database: String,
    /// The client says that it only reads.
    pub read_only_intent: bool,
    /// The message came encrypted.
    pub encrypted: bool,
}

const READ_ONLY_INTENT: u8 = 0x20;

/// Reads the message; `None` when it is no LOGIN7.
pub(crate) fn parse(body: &[u8]) -> Option<Login> {
    let number = |at: usize| {
        body.get(at..at + 4)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u32::from_le_bytes)
    };
    let text = |at: usize| text(body, at, false);
    Some(Login {
        tds_version: number(4)?,
        packet_size: number(8)?,
        read_only_intent: body.get(26)? & READ_ONLY_INTENT != 0,
        user: text(40)?,
        password: self::text(body, 44, true)?,
        application: text(48)?,
        server: text(52)?,
        database: text(68)?,
        encrypted: false,
    })
}

/// Text whose offset and length in characters stand at `at`.
fn text(body: &[u8], at: usize, is_password: bool) -> Option<String> {
    let short = |at: usize| {
        body.get(at..at + 2)
            .and_then(|bytes| bytes.try_into().ok())
            .map(u16::from_le_bytes)
    };
    let start = usize::from(short(at)?);
    let bytes = body.get(start..start + usize::from(short(at + 2)?) * 2)?;
    let plain = |byte: u8| {
        if is_password {
            (byte ^ 0xA5).rotate_left(4)
        } else {
            byte
        }
    };
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([plain(pair[0]), plain(pair[1])]))
        .collect();
    String::from_utf16(&units).ok()
}
