//! What reading a script needs to know of a dialect.

use nl2sql_catalog::dialect_extra::SCRIPT_GRAMMAR;
use nl2sql_catalog::{DialectInfo, IdentifierCase};
use nl2sql_sql_lexer::LexicalRules;
use sqlparser::dialect::{
    BigQueryDialect, ClickHouseDialect, DatabricksDialect, Dialect, DuckDbDialect, GenericDialect, MsSqlDialect,
    MySqlDialect, OracleDialect, PostgreSqlDialect, RedshiftSqlDialect, SQLiteDialect, SnowflakeDialect,
};

/// What becomes of the case of a name without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameCase {
    Kept,
    Lower,
    Upper,
}

/// How the database spells a type that was declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeSpelling {
    AsWritten,
    Lower,
    /// As PostgreSQL's `format_type` does.
    Postgres,
    /// As MySQL's and MariaDB's `information_schema` do.
    Mysql,
}

/// Words of types that the parser does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TypeWords {
    Refused,
    /// These attributes say how values are compared, and are no part of the type.
    PassedOver(&'static [&'static str]),
    /// A type is any words (<https://www.sqlite.org/datatype3.html>, 3.1).
    Any,
}

/// Lines of a script that speak to its client, not to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClientLines {
    None,
    /// `COPY ... FROM stdin;` with its rows, and lines that begin with a backslash.
    Psql,
    /// `DELIMITER //`; and comments whose content the server runs.
    Mysql,
    /// `GO`.
    Sqlcmd,
    /// `/`.
    SqlPlus,
}

/// A dialect, as far as its scripts go.
pub(crate) struct Flavor {
    pub(crate) parser: Box<dyn Dialect>,
    pub(crate) lexical: LexicalRules,
    pub(crate) names: NameCase,
    pub(crate) types: TypeSpelling,
    pub(crate) client: ClientLines,
    /// Schema of names without one.
    pub(crate) default_schema: Option<&'static str>,
    /// Columns of a primary key take no NULL.
    pub(crate) keys_are_not_null: bool,
    /// Columns of which nothing is said take NULL.
    pub(crate) nullable: bool,
    /// A table's only key column of type INTEGER numbers its rows.
    pub(crate) integer_keys_are_identity: bool,
    pub(crate) type_words: TypeWords,
}

const GRAMMARS: [&str; 12] = [
    "ansi",
    "bigquery",
    "clickhouse",
    "databricks",
    "duckdb",
    "mysql",
    "oracle",
    "postgres",
    "redshift",
    "snowflake",
    "sqlite",
    "tsql",
];

/// What a dialect says of the scripts that are written in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptRules {
    /// Name of the dialect, for messages.
    pub dialect: String,
    /// Whose CREATE statements it has, by a name of [`grammars`]; standard SQL's where it does not say.
    pub grammar: Option<String>,
    /// How a script is cut into tokens.
    pub lexical: LexicalRules,
    /// What becomes of names without quotes.
    pub case: IdentifierCase,
}

impl ScriptRules {
    /// The rules of a dialect by its description of itself.
    pub fn of(info: &DialectInfo) -> Self {
        Self {
            dialect: info.name.clone(),
            grammar: info.extra(SCRIPT_GRAMMAR).map(str::to_owned),
            lexical: info.lexical,
            case: info.names.case,
        }
    }

    /// The rules to read by; `None` where the grammar is not known.
    pub(crate) fn flavor(&self) -> Option<Flavor> {
        let grammar = of_grammar(self.grammar.as_deref().unwrap_or("ansi"))?;
        Some(Flavor {
            lexical: self.lexical,
            names: match self.case {
                IdentifierCase::FoldsLower => NameCase::Lower,
                IdentifierCase::FoldsUpper => NameCase::Upper,
                IdentifierCase::Ignored | IdentifierCase::Kept => grammar.names,
            },
            ..grammar
        })
    }
}

/// Names of the grammars that scripts can be read by: those of sqlparser, each with what the clients of its engine put into scripts.
pub fn grammars() -> impl Iterator<Item = &'static str> {
    GRAMMARS.into_iter()
}

fn plain(parser: Box<dyn Dialect>) -> Flavor {
    Flavor {
        parser,
        lexical: LexicalRules::GENERIC,
        names: NameCase::Kept,
        types: TypeSpelling::AsWritten,
        client: ClientLines::None,
        default_schema: None,
        keys_are_not_null: true,
        nullable: true,
        integer_keys_are_identity: false,
        type_words: TypeWords::Refused,
    }
}

/// The rules of a grammar, before a dialect says its own.
fn of_grammar(name: &str) -> Option<Flavor> {
    let postgres = |parser| Flavor {
        names: NameCase::Lower,
        types: TypeSpelling::Postgres,
        client: ClientLines::Psql,
        default_schema: Some("public"),
        ..plain(parser)
    };
    Some(match name {
        "ansi" => plain(Box::new(GenericDialect {})),
        "sqlite" => Flavor {
            integer_keys_are_identity: true,
            type_words: TypeWords::Any,
            ..plain(Box::new(SQLiteDialect {}))
        },
        "postgres" => postgres(Box::new(PostgreSqlDialect {})),
        "redshift" => postgres(Box::new(RedshiftSqlDialect {})),
        "mysql" => Flavor {
            types: TypeSpelling::Mysql,
            type_words: TypeWords::PassedOver(&["binary", "ascii", "unicode"]),
            client: ClientLines::Mysql,
            ..plain(Box::new(MySqlDialect {}))
        },
        "tsql" => Flavor {
            types: TypeSpelling::Lower,
            client: ClientLines::Sqlcmd,
            default_schema: Some("dbo"),
            ..plain(Box::new(MsSqlDialect {}))
        },
        "duckdb" => Flavor {
            default_schema: Some("main"),
            ..plain(Box::new(DuckDbDialect {}))
        },
        "clickhouse" => Flavor {
            keys_are_not_null: false,
            nullable: false,
            ..plain(Box::new(ClickHouseDialect {}))
        },
        "snowflake" => Flavor {
            names: NameCase::Upper,
            ..plain(Box::new(SnowflakeDialect {}))
        },
        "bigquery" => Flavor {
            keys_are_not_null: false,
            ..plain(Box::new(BigQueryDialect {}))
        },
        "databricks" => Flavor {
            names: NameCase::Lower,
            ..plain(Box::new(DatabricksDialect {}))
        },
        "oracle" => Flavor {
            names: NameCase::Upper,
            client: ClientLines::SqlPlus,
            ..plain(Box::new(OracleDialect {}))
        },
        _ => return None,
    })
}
