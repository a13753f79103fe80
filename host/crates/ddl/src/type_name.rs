//! How a database spells the type that a column was declared with.

use crate::flavor::TypeSpelling;

/// The type as the database shows it. `written` has single blanks and no quotes.
pub(crate) fn spelled(written: &str, spelling: TypeSpelling) -> String {
    match spelling {
        TypeSpelling::AsWritten => written.to_owned(),
        TypeSpelling::Lower => lower(written),
        TypeSpelling::Postgres => postgres(&lower(written)),
        TypeSpelling::Mysql => mysql(&lower(written)),
    }
}

/// Words in lower case, labels of enumerations as they are.
fn lower(written: &str) -> String {
    let parts = written.split('\'').enumerate();
    let parts: Vec<String> = parts
        .map(|(at, part)| {
            if at % 2 == 0 {
                part.to_lowercase()
            } else {
                part.to_owned()
            }
        })
        .collect();
    parts.join("'").replace(", ", ",")
}

/// Synonyms by the name that the server keeps (<https://dev.mysql.com/doc/refman/8.4/en/other-vendor-data-types.html>).
fn mysql(written: &str) -> String {
    let end = written.find(['(', ' ']).unwrap_or(written.len());
    let (word, rest) = written.split_at(end);
    let (word, rest) = match (word, rest.strip_prefix(" varying")) {
        ("character" | "char", Some(rest)) => ("varchar", rest),
        _ => (word, rest),
    };
    let name = match word {
        "bool" | "boolean" => return "tinyint(1)".to_owned(),
        "nvarchar" | "varcharacter" => "varchar",
        "nchar" | "character" => "char",
        "numeric" | "dec" | "fixed" => "decimal",
        "integer" | "int4" => "int",
        "int2" => "smallint",
        "int8" => "bigint",
        "real" | "float8" => "double",
        known => known,
    };
    format!("{name}{}", rest.strip_prefix(" precision").unwrap_or(rest))
}

/// As `format_type` spells it (<https://www.postgresql.org/docs/current/datatype.html>, table 8.1).
fn postgres(written: &str) -> String {
    let element = written.trim_end_matches("[]");
    let arrays = if element.len() < written.len() { "[]" } else { "" };
    let (before, rest) = element.split_once('(').unwrap_or((element, ""));
    let (arguments, after) = rest.split_once(')').unwrap_or((rest, ""));
    let base = before.trim().trim_start_matches("pg_catalog.");
    let words = format!(
        "{base}{}{after}",
        if base.ends_with(' ') || after.starts_with(' ') {
            ""
        } else {
            " "
        }
    );
    let words = words.trim();
    let arguments = if arguments.is_empty() {
        String::new()
    } else {
        format!("({arguments})")
    };
    let zoned = |name: &str| {
        let zone = if words.contains("with time zone") || words.ends_with("tz") {
            "with"
        } else {
            "without"
        };
        format!("{name}{arguments} {zone} time zone")
    };
    let name = match words.split_once(' ').map_or(words, |(first, _)| first) {
        "int" | "int4" | "integer" | "serial" | "serial4" => "integer".to_owned(),
        "int2" | "smallint" | "smallserial" | "serial2" => "smallint".to_owned(),
        "int8" | "bigint" | "bigserial" | "serial8" => "bigint".to_owned(),
        "bool" | "boolean" => "boolean".to_owned(),
        "float4" | "real" => "real".to_owned(),
        "float8" | "double" => "double precision".to_owned(),
        "float"
            if arguments
                .trim_matches(['(', ')'])
                .parse::<u8>()
                .is_ok_and(|bits| bits <= 24) =>
        {
            "real".to_owned()
        }
        "float" => "double precision".to_owned(),
        "decimal" | "dec" | "numeric" => format!("numeric{arguments}"),
        "varchar" => format!("character varying{arguments}"),
        "char" | "character" | "nchar" | "national" if words.contains("varying") => {
            format!("character varying{arguments}")
        }
        "char" | "character" | "nchar" | "national" if arguments.is_empty() => "character(1)".to_owned(),
        "char" | "character" | "nchar" | "national" | "bpchar" => format!("character{arguments}"),
        "varbit" => format!("bit varying{arguments}"),
        "bit" if words.contains("varying") => format!("bit varying{arguments}"),
        "bit" if arguments.is_empty() => "bit(1)".to_owned(),
        "timestamp" | "timestamptz" => zoned("timestamp"),
        "time" | "timetz" => zoned("time"),
        _ => format!("{base}{arguments}{after}"),
    };
    format!("{name}{arrays}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postgres_spells_types_in_full() {
        for (written, shown) in [
            ("INT", "integer"),
            ("varchar(20)", "character varying(20)"),
            ("character varying(20)", "character varying(20)"),
            ("NUMERIC(10, 2)", "numeric(10,2)"),
            ("timestamp", "timestamp without time zone"),
            ("TIMESTAMP(3) WITH TIME ZONE", "timestamp(3) with time zone"),
            ("timestamptz", "timestamp with time zone"),
            ("char", "character(1)"),
            ("text[]", "text[]"),
            ("float(10)", "real"),
            ("double precision", "double precision"),
            ("bigserial", "bigint"),
            ("mpaa_rating", "mpaa_rating"),
            ("bytea", "bytea"),
            ("interval", "interval"),
        ] {
            assert_eq!(spelled(written, TypeSpelling::Postgres), shown, "{written}");
        }
    }

    #[test]
    fn mysql_keeps_one_of_many_names() {
        for (written, shown) in [
            ("NVARCHAR(160)", "varchar(160)"),
            ("CHARACTER VARYING(20)", "varchar(20)"),
            ("NUMERIC(10, 2)", "decimal(10,2)"),
            ("BOOLEAN", "tinyint(1)"),
            ("DOUBLE PRECISION", "double"),
            ("int unsigned", "int unsigned"),
            ("ENUM('A', 'numeric')", "enum('A','numeric')"),
        ] {
            assert_eq!(spelled(written, TypeSpelling::Mysql), shown, "{written}");
        }
    }

    #[test]
    fn labels_keep_their_case() {
        assert_eq!(spelled("ENUM('G', 'PG')", TypeSpelling::Lower), "enum('G','PG')");
    }
}
