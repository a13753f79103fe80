//! The family a column type belongs to, whatever the database calls the type.

use serde::{Deserialize, Serialize};

/// Family of a column type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TypeClass {
    /// Whole numbers.
    Integer,
    /// Exact decimals and money.
    Decimal,
    /// Binary floating point.
    Float,
    /// Character data.
    Text,
    /// True or false.
    Boolean,
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// A date with a time of day, with or without a zone.
    Datetime,
    /// A span of time.
    Interval,
    /// Bytes and bit strings.
    Binary,
    /// JSON documents.
    Json,
    /// UUIDs.
    Uuid,
    /// Arrays of any element type.
    Array,
    /// Enumerations and sets.
    Enum,
    /// Geometry and geography.
    Geometry,
    /// Anything else, undeclared types included.
    #[default]
    Other,
}

impl TypeClass {
    /// Every class with the name it has in JSON and across the plugin boundary.
    pub const ALL: [(TypeClass, &'static str); 16] = [
        (TypeClass::Integer, "integer"),
        (TypeClass::Decimal, "decimal"),
        (TypeClass::Float, "float"),
        (TypeClass::Text, "text"),
        (TypeClass::Boolean, "boolean"),
        (TypeClass::Date, "date"),
        (TypeClass::Time, "time"),
        (TypeClass::Datetime, "datetime"),
        (TypeClass::Interval, "interval"),
        (TypeClass::Binary, "binary"),
        (TypeClass::Json, "json"),
        (TypeClass::Uuid, "uuid"),
        (TypeClass::Array, "array"),
        (TypeClass::Enum, "enum"),
        (TypeClass::Geometry, "geometry"),
        (TypeClass::Other, "other"),
    ];

    /// The name in JSON and across the plugin boundary.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(class, _)| *class == self)
            .map_or("other", |(_, name)| name)
    }

    /// The class with this [`name`](Self::name); [`TypeClass::Other`] for a name this version does not know.
    pub fn from_name(name: &str) -> Self {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map_or(Self::Other, |(class, _)| *class)
    }

    /// Whether arithmetic and SUM/AVG make sense.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }

    /// Whether values lie on a calendar or a clock.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Time | Self::Datetime)
    }

    /// The family of a type by the name a database gives it, e.g. `character varying(20)`, `INT UNSIGNED`, `_text`.
    pub fn of_type_name(type_name: &str) -> Self {
        let lower = type_name.trim().to_lowercase();
        if lower.ends_with("[]") || lower.starts_with('_') || lower.starts_with("array") {
            return Self::Array;
        }
        if lower == "tinyint(1)" {
            return Self::Boolean;
        }
        let word = lower
            .split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .find(|w| !w.is_empty())
            .unwrap_or("");
        match word {
            "int" | "integer" | "tinyint" | "smallint" | "mediumint" | "bigint" | "int2" | "int4" | "int8"
            | "serial" | "bigserial" | "smallserial" | "year" | "oid" | "unsigned" => Self::Integer,
            "decimal" | "numeric" | "dec" | "money" | "smallmoney" | "number" | "fixed" => Self::Decimal,
            "float" | "real" | "double" | "float4" | "float8" => Self::Float,
            "bool" | "boolean" => Self::Boolean,
            "date" => Self::Date,
            "time" | "timetz" => Self::Time,
            "datetime" | "datetime2" | "smalldatetime" | "datetimeoffset" | "timestamp" | "timestamptz" => {
                Self::Datetime
            }
            "interval" => Self::Interval,
            "blob" | "tinyblob" | "mediumblob" | "longblob" | "bytea" | "binary" | "varbinary" | "image" | "bit"
            | "varbit" | "rowversion" => Self::Binary,
            "json" | "jsonb" => Self::Json,
            "uuid" | "uniqueidentifier" => Self::Uuid,
            "enum" | "set" => Self::Enum,
            "geometry" | "geography" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
            | "multipolygon" | "geometrycollection" | "box" | "circle" | "line" | "lseg" | "path" => Self::Geometry,
            // PostgreSQL's int4range, nummultirange and int2vector are no numbers.
            word if word.ends_with("range") || word.ends_with("vector") => Self::Other,
            _ => Self::by_affinity(word),
        }
    }

    /// SQLite's affinity rules (<https://www.sqlite.org/datatype3.html>, section 3.1), which accept any word as a type.
    fn by_affinity(word: &str) -> Self {
        if word.contains("int") && !word.contains("point") {
            Self::Integer
        } else if ["char", "clob", "text", "string", "sysname", "xml", "citext", "name"]
            .iter()
            .any(|part| word.contains(part))
        {
            Self::Text
        } else if word.contains("blob") {
            Self::Binary
        } else if ["real", "floa", "doub"].iter().any(|part| word.contains(part)) {
            Self::Float
        } else if word.contains("bool") {
            Self::Boolean
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TypeClass;

    #[test]
    fn type_names_of_every_database_find_their_family() {
        for (name, class) in [
            ("INTEGER", TypeClass::Integer),
            ("int(11) unsigned", TypeClass::Integer),
            ("tinyint(1)", TypeClass::Boolean),
            ("character varying(20)", TypeClass::Text),
            ("NVARCHAR(160)", TypeClass::Text),
            ("numeric(10,2)", TypeClass::Decimal),
            ("double precision", TypeClass::Float),
            ("timestamp without time zone", TypeClass::Datetime),
            ("datetime2(7)", TypeClass::Datetime),
            ("text[]", TypeClass::Array),
            ("enum('a','b')", TypeClass::Enum),
            ("uniqueidentifier", TypeClass::Uuid),
            ("point", TypeClass::Geometry),
            ("int4range", TypeClass::Other),
            ("int8multirange", TypeClass::Other),
            ("int2vector", TypeClass::Other),
            ("", TypeClass::Other),
        ] {
            assert_eq!(TypeClass::of_type_name(name), class, "{name}");
        }
    }

    #[test]
    fn every_class_survives_its_name() {
        for (class, name) in TypeClass::ALL {
            assert_eq!(TypeClass::from_name(name), class);
            assert_eq!(class.name(), name);
            assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{name}\""));
        }
    }
}
