//! Names of collations that an engine has without being asked.

use super::Parser;
use crate::ast::Servers;
use crate::dialect::Dialect;
use crate::keyword::Kw;
use crate::names::unquote;

/// What begins the names of MySQL's and MariaDB's collations: their character sets, and MariaDB's names that leave the set out.
const MYSQL_CHARSETS: &str = "armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr \
    gb18030 gb2312 gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 \
    ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4 uca1400";

/// What ends the names of MySQL's collations.
const MYSQL_ENDINGS: [&str; 7] = ["_ci", "_cs", "_bin", "_ks", "_as", "_ai", "_nopad"];

/// Whether MySQL or MariaDB has a character set of this name.
pub(super) fn is_charset(name: &str) -> bool {
    MYSQL_CHARSETS
        .split_ascii_whitespace()
        .any(|known| known.eq_ignore_ascii_case(name))
}

impl Parser<'_> {
    /// Notes a collation that SQLite or MySQL does not have; PostgreSQL's and SQL Server's differ from server to server.
    pub(super) fn check_collation(&mut self) {
        let token = self.here();
        let name = unquote(self.dialect, self.text(token)).to_ascii_lowercase();
        let known = match self.dialect {
            Dialect::Sqlite => ["binary", "nocase", "rtrim"].contains(&name.as_str()),
            Dialect::Mysql => {
                let charset = name.split('_').next().unwrap_or_default();
                let ends = MYSQL_ENDINGS.iter().any(|ending| name.ends_with(ending)) || name == "binary";
                matches!(self.kw(), Kw::BINARY | Kw::DEFAULT) || (ends && is_charset(charset))
            }
            Dialect::Postgres | Dialect::Tsql => true,
        };
        if !known {
            self.object_at(token, Servers::All, "there is no such collation");
        }
    }
}
