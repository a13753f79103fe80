//! T-SQL types: read from a declaration, written as TYPE_INFO ([MS-TDS] 2.2.5.4 to 2.2.5.6).

use crate::collation::Collation;
use crate::tokens::{long_text, short_text};

/// Length of a `(max)` type.
pub(crate) const MAX: u16 = 0xFFFF;

/// A type with its parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SqlType {
    Bit,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    Real,
    Float,
    Decimal { precision: u8, scale: u8 },
    Money,
    SmallMoney,
    Date,
    Time(u8),
    DateTime,
    SmallDateTime,
    DateTime2(u8),
    DateTimeOffset(u8),
    Char(u16),
    VarChar(u16),
    NChar(u16),
    NVarChar(u16),
    Text,
    NText,
    Image,
    Binary(u16),
    VarBinary(u16),
    UniqueIdentifier,
    Xml,
    Variant,
    Udt(&'static str),
}

/// A column of a result.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) ty: SqlType,
    pub(crate) nullable: bool,
    pub(crate) collation: Collation,
}

impl Column {
    /// Reads a declaration such as `varchar(20) COLLATE Chinese_PRC_CI_AS NOT NULL`; `None` for a type that does not exist.
    pub(crate) fn declared(name: &str, declaration: &str) -> Option<Self> {
        let lower = declaration.trim_matches(['"', '[', ']']).to_lowercase();
        let mut words = lower.split_whitespace();
        let ty = SqlType::declared(words.next()?)?;
        let rest: Vec<&str> = words.collect();
        let collation = rest
            .iter()
            .position(|word| *word == "collate")
            .and_then(|at| rest.get(at + 1));
        Some(Self {
            name: name.to_owned(),
            ty,
            nullable: !rest.contains(&"not"),
            collation: collation.map_or(Some(Collation::server_default()), |name| Collation::named(name))?,
        })
    }

    /// A nullable column in the server's collation.
    pub(crate) fn of(name: &str, ty: SqlType) -> Self {
        Self {
            name: name.to_owned(),
            ty,
            nullable: true,
            collation: Collation::server_default(),
        }
    }

    /// The column's entry in COLMETADATA.
    pub(crate) fn metadata(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&0u32.to_le_bytes());
        out.extend_from_slice(&u16::from(self.nullable).to_le_bytes());
        self.type_info(out);
        if matches!(self.ty, SqlType::Text | SqlType::NText | SqlType::Image) {
            out.push(1);
            long_text(out, "t");
        }
        short_text(out, &self.name);
    }

    fn type_info(&self, out: &mut Vec<u8>) {
        let fixed = |out: &mut Vec<u8>, token: u8, nullable: u8, length: u8| {
            if self.nullable {
                out.extend_from_slice(&[nullable, length]);
            } else {
                out.push(token);
            }
        };
        let sized = |out: &mut Vec<u8>, token: u8, length: u16| {
            out.push(token);
            out.extend_from_slice(&length.to_le_bytes());
        };
        match self.ty {
            SqlType::Bit => fixed(out, 0x32, 0x68, 1),
            SqlType::TinyInt => fixed(out, 0x30, 0x26, 1),
            SqlType::SmallInt => fixed(out, 0x34, 0x26, 2),
            SqlType::Int => fixed(out, 0x38, 0x26, 4),
            SqlType::BigInt => fixed(out, 0x7F, 0x26, 8),
            SqlType::Real => fixed(out, 0x3B, 0x6D, 4),
            SqlType::Float => fixed(out, 0x3E, 0x6D, 8),
            SqlType::Money => fixed(out, 0x3C, 0x6E, 8),
            SqlType::SmallMoney => fixed(out, 0x7A, 0x6E, 4),
            SqlType::DateTime => fixed(out, 0x3D, 0x6F, 8),
            SqlType::SmallDateTime => fixed(out, 0x3A, 0x6F, 4),
            SqlType::Decimal { precision, scale } => {
                out.extend_from_slice(&[0x6A, decimal_bytes(precision) + 1, precision, scale]);
            }
            SqlType::Date => out.push(0x28),
            SqlType::Time(scale) => out.extend_from_slice(&[0x29, scale]),
            SqlType::DateTime2(scale) => out.extend_from_slice(&[0x2A, scale]),
            SqlType::DateTimeOffset(scale) => out.extend_from_slice(&[0x2B, scale]),
            SqlType::Char(length) => {
                sized(out, 0xAF, length);
                out.extend_from_slice(&self.collation.wire());
            }
            SqlType::VarChar(length) => {
                sized(out, 0xA7, length);
                out.extend_from_slice(&self.collation.wire());
            }
            SqlType::NChar(length) => {
                sized(out, 0xEF, length * 2);
                out.extend_from_slice(&self.collation.wire());
            }
            SqlType::NVarChar(length) => {
                sized(out, 0xE7, if length == MAX { MAX } else { length * 2 });
                out.extend_from_slice(&self.collation.wire());
            }
            SqlType::Text | SqlType::NText => {
                out.push(if self.ty == SqlType::Text { 0x23 } else { 0x63 });
                out.extend_from_slice(&i32::MAX.to_le_bytes());
                out.extend_from_slice(&self.collation.wire());
            }
            SqlType::Image => {
                out.push(0x22);
                out.extend_from_slice(&i32::MAX.to_le_bytes());
            }
            SqlType::Binary(length) => sized(out, 0xAD, length),
            SqlType::VarBinary(length) => sized(out, 0xA5, length),
            SqlType::UniqueIdentifier => out.extend_from_slice(&[0x24, 16]),
            SqlType::Xml => out.extend_from_slice(&[0xF1, 0]),
            SqlType::Variant => {
                out.push(0x62);
                out.extend_from_slice(&8009u32.to_le_bytes());
            }
            SqlType::Udt(name) => {
                sized(out, 0xF0, MAX);
                short_text(out, "master");
                short_text(out, "sys");
                short_text(out, name);
                long_text(
                    out,
                    &format!("Microsoft.SqlServer.Types.Sql{name}, Microsoft.SqlServer.Types"),
                );
            }
        }
    }
}

/// Bytes of a decimal's digits.
pub(crate) fn decimal_bytes(precision: u8) -> u8 {
    match precision {
        ..=9 => 4,
        10..=19 => 8,
        20..=28 => 12,
        _ => 16,
    }
}

impl SqlType {
    /// Reads `nvarchar(40)` and the like, in lower case and without spaces.
    fn declared(text: &str) -> Option<Self> {
        let (name, parameters) = text.split_once('(').unwrap_or((text, ""));
        let mut numbers = parameters.trim_end_matches(')').split(',');
        let first = numbers.next().filter(|number| !number.is_empty());
        let scale = |default: u8| first.and_then(|number| number.parse().ok()).unwrap_or(default);
        let length = || match first {
            Some("max") => MAX,
            Some(number) => number.parse().unwrap_or(1),
            None => 1,
        };
        Some(match name {
            "bit" => Self::Bit,
            "tinyint" => Self::TinyInt,
            "smallint" => Self::SmallInt,
            "int" | "integer" => Self::Int,
            "bigint" => Self::BigInt,
            "real" => Self::Real,
            "float" | "double" => Self::Float,
            "decimal" | "numeric" | "dec" => Self::Decimal {
                precision: scale(18),
                scale: numbers.next().and_then(|number| number.parse().ok()).unwrap_or(0),
            },
            "money" => Self::Money,
            "smallmoney" => Self::SmallMoney,
            "date" => Self::Date,
            "time" => Self::Time(scale(7)),
            "datetime" => Self::DateTime,
            "smalldatetime" => Self::SmallDateTime,
            "datetime2" => Self::DateTime2(scale(7)),
            "datetimeoffset" => Self::DateTimeOffset(scale(7)),
            "char" => Self::Char(length()),
            "varchar" => Self::VarChar(length()),
            "nchar" => Self::NChar(length()),
            "nvarchar" => Self::NVarChar(length()),
            "sysname" => Self::NVarChar(128),
            "text" => Self::Text,
            "ntext" => Self::NText,
            "image" => Self::Image,
            "binary" => Self::Binary(length()),
            "varbinary" => Self::VarBinary(length()),
            "timestamp" | "rowversion" => Self::Binary(8),
            "uniqueidentifier" => Self::UniqueIdentifier,
            "xml" => Self::Xml,
            "sql_variant" => Self::Variant,
            "hierarchyid" => Self::Udt("hierarchyid"),
            "geometry" => Self::Udt("geometry"),
            "geography" => Self::Udt("geography"),
            _ => return None,
        })
    }
}
