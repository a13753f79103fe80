//! Collations: their five bytes on the wire, and the encoding of `char`, `varchar` and `text` ([MS-TDS] 2.2.5.1.2).

use encoding_rs::Encoding;

/// A collation as far as a client needs it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Collation {
    info: u32,
    sort: u8,
    encoding: &'static Encoding,
}

/// Ignores case, kana and width.
const FLAGS: u32 = (1 << 20) | (1 << 22) | (1 << 23);
const UTF8: u32 = 1 << 26;
/// Version of the `_100_` collations.
const VERSION_100: u32 = 2 << 28;

impl Collation {
    /// The collation of this name; SQL Server's own default when `name` is empty.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let upper = name.to_uppercase();
        let (locale, encoding) = if name.is_empty() || upper.starts_with("SQL_LATIN1") || upper.starts_with("LATIN1") {
            (0x0409, encoding_rs::WINDOWS_1252)
        } else if upper.starts_with("CHINESE_PRC") || upper.starts_with("CHINESE_SIMPLIFIED") {
            (0x0804, encoding_rs::GBK)
        } else if upper.starts_with("CHINESE_TAIWAN") {
            (0x0404, encoding_rs::BIG5)
        } else if upper.starts_with("JAPANESE") {
            (0x0411, encoding_rs::SHIFT_JIS)
        } else if upper.starts_with("CYRILLIC") {
            (0x0419, encoding_rs::WINDOWS_1251)
        } else {
            return None;
        };
        let version = if upper.contains("_100_") { VERSION_100 } else { 0 };
        let utf8 = upper.ends_with("_UTF8");
        Some(Self {
            info: locale | FLAGS | version | if utf8 { UTF8 } else { 0 },
            sort: if name.is_empty() || upper.starts_with("SQL_LATIN1") {
                52
            } else {
                0
            },
            encoding: if utf8 { encoding_rs::UTF_8 } else { encoding },
        })
    }

    /// `SQL_Latin1_General_CP1_CI_AS`.
    pub(crate) fn server_default() -> Self {
        Self {
            info: 0x0409 | FLAGS,
            sort: 52,
            encoding: encoding_rs::WINDOWS_1252,
        }
    }

    pub(crate) fn wire(self) -> [u8; 5] {
        let [a, b, c, d] = self.info.to_le_bytes();
        [a, b, c, d, self.sort]
    }

    /// Bytes of a text; what the encoding lacks becomes `?`, as in SQL Server.
    pub(crate) fn encode(self, text: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(text.len());
        for c in text.chars() {
            let mut buffer = [0; 4];
            let (encoded, _, lost) = self.encoding.encode(c.encode_utf8(&mut buffer));
            if lost {
                bytes.push(b'?');
            } else {
                bytes.extend_from_slice(&encoded);
            }
        }
        bytes
    }
}
