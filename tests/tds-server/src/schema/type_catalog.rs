//! `sys.types`: numbers and sizes of the types.

use crate::sql_type::{Column, MAX, SqlType};

/// Type ids and names, as `sys.types` has them.
pub(super) const TYPES: &[(i64, i64, &str)] = &[
    (34, 34, "image"),
    (35, 35, "text"),
    (36, 36, "uniqueidentifier"),
    (40, 40, "date"),
    (41, 41, "time"),
    (42, 42, "datetime2"),
    (43, 43, "datetimeoffset"),
    (48, 48, "tinyint"),
    (52, 52, "smallint"),
    (56, 56, "int"),
    (58, 58, "smalldatetime"),
    (59, 59, "real"),
    (60, 60, "money"),
    (61, 61, "datetime"),
    (62, 62, "float"),
    (98, 98, "sql_variant"),
    (99, 99, "ntext"),
    (104, 104, "bit"),
    (106, 106, "decimal"),
    (108, 108, "numeric"),
    (122, 122, "smallmoney"),
    (127, 127, "bigint"),
    (240, 128, "hierarchyid"),
    (240, 129, "geometry"),
    (240, 130, "geography"),
    (165, 165, "varbinary"),
    (167, 167, "varchar"),
    (173, 173, "binary"),
    (175, 175, "char"),
    (189, 189, "timestamp"),
    (231, 231, "nvarchar"),
    (239, 239, "nchar"),
    (241, 241, "xml"),
    (231, 256, "sysname"),
];

/// System type and user type of a declared type.
pub(super) fn type_ids(declared: &str) -> (i64, i64) {
    let name = match declared.split('(').next().unwrap_or_default() {
        "integer" => "int",
        "dec" => "decimal",
        "rowversion" => "timestamp",
        name => name,
    };
    let found = TYPES.iter().find(|(_, _, known)| *known == name);
    found.map_or((231, 231), |(system, user, _)| (*system, *user))
}

/// `max_length`, `precision` and `scale` of a declared type.
pub(super) fn sizes(declared: &str) -> (i64, u8, u8) {
    let length = |length: u16, unit: i64| if length == MAX { -1 } else { i64::from(length) * unit };
    let Some(column) = Column::declared("", declared) else {
        return (0, 0, 0);
    };
    match column.ty {
        SqlType::Bit | SqlType::TinyInt => (1, 3, 0),
        SqlType::SmallInt => (2, 5, 0),
        SqlType::Int => (4, 10, 0),
        SqlType::BigInt => (8, 19, 0),
        SqlType::Real => (4, 24, 0),
        SqlType::Float => (8, 53, 0),
        SqlType::Decimal { precision, scale } => (i64::from(precision) / 2 + 1, precision, scale),
        SqlType::Money => (8, 19, 4),
        SqlType::SmallMoney => (4, 10, 4),
        SqlType::Date => (3, 10, 0),
        SqlType::Time(scale) => (5, 16, scale),
        SqlType::DateTime => (8, 23, 3),
        SqlType::SmallDateTime => (4, 16, 0),
        SqlType::DateTime2(scale) => (8, 27, scale),
        SqlType::DateTimeOffset(scale) => (10, 34, scale),
        SqlType::Char(of) | SqlType::VarChar(of) | SqlType::Binary(of) | SqlType::VarBinary(of) => {
            (length(of, 1), 0, 0)
        }
        SqlType::NChar(of) | SqlType::NVarChar(of) => (length(of, 2), 0, 0),
        SqlType::UniqueIdentifier | SqlType::Text | SqlType::NText | SqlType::Image => (16, 0, 0),
        SqlType::Xml => (-1, 0, 0),
        SqlType::Variant => (8016, 0, 0),
        SqlType::Udt(_) => (892, 0, 0),
    }
}
