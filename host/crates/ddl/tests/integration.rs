//! Scripts of every dialect, and what is read of them.

use nl2sql_catalog::IdentifierCase;
use nl2sql_ddl::{CatalogRow, DdlCatalog, DdlError, ScriptRules, grammars, read};
use nl2sql_sql_lexer::{BracketNames, LexicalRules};

/// A dialect that is written like one of the grammars, or like none.
fn rules(dialect: &str) -> ScriptRules {
    let backslashes = LexicalRules {
        bracket_names: BracketNames::None,
        backslash_escapes: true,
        dollar_strings: dialect == "snowflake",
        hash_comments: dialect == "bigquery",
        ..LexicalRules::GENERIC
    };
    ScriptRules {
        dialect: dialect.into(),
        grammar: grammars().find(|known| *known == dialect).map(str::to_owned),
        lexical: match dialect {
            "sqlite" => LexicalRules::SQLITE,
            "postgres" | "redshift" | "duckdb" => LexicalRules::POSTGRES,
            "mysql" => LexicalRules::MYSQL,
            "tsql" => LexicalRules::TSQL,
            "bigquery" | "clickhouse" | "databricks" | "snowflake" => backslashes,
            _ => LexicalRules::GENERIC,
        },
        case: IdentifierCase::Ignored,
    }
}

fn catalog(dialect: &str, script: &str) -> DdlCatalog {
    read(script, "schema.sql", &rules(dialect)).unwrap_or_else(|error| panic!("{dialect}: {error}"))
}

/// The cells of a section at these places, `-` where there is none.
fn cells(catalog: &DdlCatalog, section: &str, at: &[usize]) -> Vec<String> {
    let (_, rows) = catalog.sections.iter().find(|(name, _)| *name == section).unwrap();
    let row = |row: &CatalogRow| {
        let cells = at.iter().map(|at| row[*at].clone().unwrap_or_else(|| "-".into()));
        cells.collect::<Vec<_>>().join("|")
    };
    rows.iter().map(row).collect()
}

/// Table, column, type, nullable, comment.
fn columns(catalog: &DdlCatalog) -> Vec<String> {
    cells(catalog, "columns", &[1, 3, 4, 5, 7])
}

#[test]
fn postgres_declares_types_keys_and_comments_in_statements_of_their_own() {
    let catalog = catalog(
        "postgres",
        r#"
SET search_path = sales, pg_catalog;
CREATE TYPE Mood AS ENUM ('sad', 'glad');
CREATE DOMAIN year AS integer CHECK (VALUE > 1900);
CREATE TABLE Shop (id bigserial, "Name" varchar(20) NOT NULL, mood mood DEFAULT 'sad', opened year, tags text[]);
CREATE TABLE visit (shop bigint NOT NULL, at timestamptz DEFAULT now(), total numeric(10, 2) GENERATED ALWAYS AS (1) STORED);
ALTER TABLE ONLY sales.shop ADD CONSTRAINT shop_pkey PRIMARY KEY (id);
ALTER TABLE visit ADD FOREIGN KEY (shop) REFERENCES shop ON DELETE CASCADE, ADD CHECK (total > 0);
CREATE UNIQUE INDEX shop_name ON shop ("Name");
CREATE INDEX plain ON shop (mood);
COMMENT ON TABLE shop IS 'where it''s sold';
COMMENT ON COLUMN sales.shop."Name" IS '名称';
CREATE VIEW busy AS SELECT s."Name", v.at AS moment, count(*) FROM shop s JOIN visit v ON v.shop = s.id GROUP BY 1, 2;
INSERT INTO shop VALUES (1);
"#,
    );
    assert_eq!(catalog.notes, [] as [&str; 0]);
    assert_eq!(catalog.default_schema.as_deref(), Some("sales"));
    assert_eq!(
        cells(&catalog, "tables", &[0, 1, 2, 3]),
        [
            "sales|shop|table|where it's sold",
            "sales|visit|table|-",
            "sales|busy|view|-"
        ]
    );
    assert_eq!(
        columns(&catalog),
        [
            "shop|id|bigint|0|-",
            "shop|Name|character varying(20)|0|名称",
            "shop|mood|mood|1|-",
            "shop|opened|year|1|-",
            "shop|tags|text[]|1|-",
            "visit|shop|bigint|0|-",
            "visit|at|timestamp with time zone|1|-",
            "visit|total|numeric(10,2)|1|-",
            "busy|Name|character varying(20)|1|-",
            "busy|moment|timestamp with time zone|1|-",
            "busy|count||1|-",
        ]
    );
    assert_eq!(
        cells(&catalog, "columns", &[3, 8, 9, 10, 11])[..4],
        [
            "id|1|0|-|integer",
            "Name|0|0|-|text",
            "mood|0|0|[\"sad\",\"glad\"]|enum",
            "opened|0|0|-|integer"
        ]
    );
    assert_eq!(
        cells(&catalog, "keys", &[1, 3, 5]),
        ["shop|primary|id", "shop|unique|Name"]
    );
    assert_eq!(
        cells(&catalog, "foreign-keys", &[1, 4, 5, 6, 7]),
        ["visit|shop|sales|shop|-"]
    );
    assert_eq!(cells(&catalog, "checks", &[1, 3]), ["visit|total > 0"]);
}

#[test]
fn mysql_declares_all_in_the_table() {
    let catalog = catalog(
        "mysql",
        "CREATE DATABASE shop; USE `shop`;
DROP TABLE IF EXISTS `film`;
CREATE TABLE `film` (
  `id` smallint unsigned NOT NULL AUTO_INCREMENT COMMENT 'number',
  `rating` ENUM('G','PG-13') CHARACTER SET utf8mb4 DEFAULT NULL,
  `flags` set('a','b'),
  /*!50705 place GEOMETRY NOT NULL,*/
  `language` int, -- spoken
  PRIMARY KEY (`id`), UNIQUE KEY `by_language` (`language`,`rating`), KEY `x` (`flags`),
  CONSTRAINT `fk` FOREIGN KEY (`language`) REFERENCES `language` (`id`) ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='what is shown';
CREATE TABLE language (id int primary key, name varchar(20) not null);
ALTER TABLE film ADD COLUMN length INT DEFAULT 3 AFTER id, MODIFY flags varchar(9) NOT NULL, DROP INDEX x;",
    );
    assert_eq!(catalog.notes, [] as [&str; 0]);
    assert_eq!(catalog.database.as_deref(), Some("shop"));
    assert_eq!(
        cells(&catalog, "tables", &[0, 1, 3]),
        ["shop|film|what is shown", "shop|language|-"]
    );
    assert_eq!(
        columns(&catalog),
        [
            "film|id|smallint unsigned|0|number",
            "film|rating|enum('G','PG-13')|1|-",
            "film|flags|varchar(9)|0|-",
            "film|place|geometry|0|-",
            "film|language|int|1|spoken",
            "film|length|int|1|-",
            "language|id|int|0|-",
            "language|name|varchar(20)|0|-",
        ]
    );
    assert_eq!(
        cells(&catalog, "keys", &[1, 2, 3, 5]),
        [
            "film|#primary|primary|id",
            "film|by_language|unique|language",
            "film|by_language|unique|rating",
            "language|#primary|primary|id"
        ]
    );
    assert_eq!(
        cells(&catalog, "foreign-keys", &[2, 4, 6, 7]),
        ["fk|language|language|id"]
    );
}

#[test]
fn tsql_keeps_descriptions_as_properties() {
    let catalog = catalog(
        "tsql",
        "CREATE TABLE [dbo].[Order Details] (
  [Id] INT IDENTITY(1,1) NOT NULL, [Price] [money] NOT NULL, [At] datetime2(3),
  CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([Id] ASC)
)
GO
ALTER TABLE [dbo].[Order Details] ADD CONSTRAINT [DF] DEFAULT (getdate()) FOR [At]
GO
EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'what''s paid', @level0type=N'SCHEMA', @level0name=N'dbo',
  @level1type=N'TABLE', @level1name=N'Order Details', @level2type=N'COLUMN', @level2name=N'Price'
GO
EXEC sp_addextendedproperty 'MS_Description', 'lines', 'SCHEMA', 'dbo', 'TABLE', 'Order Details'
GO",
    );
    assert_eq!(catalog.notes, [] as [&str; 0]);
    assert_eq!(cells(&catalog, "tables", &[0, 1, 3]), ["dbo|Order Details|lines"]);
    assert_eq!(
        cells(&catalog, "columns", &[3, 4, 5, 6, 7, 8]),
        [
            "Id|int|0|-|-|1",
            "Price|money|0|-|what's paid|0",
            "At|datetime2(3)|1|(getdate())|-|0"
        ]
    );
}

#[test]
fn each_dialect_has_its_own_types_comments_and_names() {
    let mut wrong = Vec::new();
    for (dialect, script, wanted) in [
        (
            "duckdb",
            "CREATE TYPE mood AS ENUM ('a'); CREATE TABLE t (id INTEGER PRIMARY KEY, m mood, l INTEGER[], s STRUCT(a INTEGER, b VARCHAR)); \
             COMMENT ON COLUMN t.id IS 'number';",
            vec![
                "t|id|INTEGER|0|number",
                "t|m|mood|1|-",
                "t|l|INTEGER[]|1|-",
                "t|s|STRUCT(a INTEGER, b VARCHAR)|1|-",
            ],
        ),
        (
            "clickhouse",
            "CREATE TABLE db.t (id UInt64 COMMENT 'number', name Nullable(String), at DateTime) ENGINE = MergeTree() PRIMARY KEY id ORDER BY id",
            vec![
                "t|id|UInt64|0|number",
                "t|name|Nullable(String)|1|-",
                "t|at|DateTime|0|-",
            ],
        ),
        (
            "snowflake",
            "CREATE OR REPLACE TABLE t (id NUMBER(38,0) NOT NULL COMMENT 'number', \"Mixed\" VARIANT) COMMENT = 'all'",
            vec!["T|ID|NUMBER(38,0)|0|number", "T|Mixed|VARIANT|1|-"],
        ),
        (
            "bigquery",
            "CREATE TABLE `p.d.t` (id INT64 NOT NULL OPTIONS(description=\"number\"), tags ARRAY<STRING>)",
            vec!["t|id|INT64|0|number", "t|tags|ARRAY<STRING>|1|-"],
        ),
        (
            "databricks",
            "CREATE TABLE T (id BIGINT NOT NULL COMMENT 'number', name STRING) USING DELTA COMMENT 'all'",
            vec!["t|id|BIGINT|0|number", "t|name|STRING|1|-"],
        ),
        (
            "redshift",
            "CREATE TABLE T (id INTEGER NOT NULL, name VARCHAR(9)); COMMENT ON COLUMN t.id IS 'number'",
            vec!["t|id|integer|0|number", "t|name|character varying(9)|1|-"],
        ),
        (
            "oracle",
            "CREATE TABLE t (id NUMBER(10) NOT NULL, name VARCHAR2(20 CHAR), CONSTRAINT pk PRIMARY KEY (id))\n/\nCOMMENT ON COLUMN t.id IS 'number'\n/\n",
            vec!["T|ID|NUMBER(10)|0|number", "T|NAME|VARCHAR2(20 CHAR)|1|-"],
        ),
        (
            "sqlite",
            "CREATE TABLE t ( -- all\n id INTEGER PRIMARY KEY AUTOINCREMENT, -- number\n free, d DECIMAL(10,2) CHECK (d > 0)) STRICT;",
            vec!["t|id|INTEGER|0|number", "t|free||1|-", "t|d|DECIMAL(10,2)|1|-"],
        ),
        (
            "made-up",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name CHARACTER VARYING(20))",
            vec!["t|id|INTEGER|0|-", "t|name|CHARACTER VARYING(20)|1|-"],
        ),
    ] {
        let catalog = catalog(dialect, script);
        if columns(&catalog) != wanted {
            wrong.push(format!(
                "{dialect}: {:?}, wanted {wanted:?} ({:?})",
                columns(&catalog),
                catalog.notes
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_does_not_parse_is_noted_with_its_line_and_the_rest_is_read() {
    let script = "-- shop\nCREATE TABLE a (id INT);\n\nCREATE TABLE b (\n  id INT,\n  name VARCHAR(,\n);\nCREATE TABLE c (id INT);";
    let catalog = catalog("mysql", script);
    assert_eq!(cells(&catalog, "tables", &[1]), ["a", "c"]);
    let [note] = catalog.notes.as_slice() else {
        panic!("{:?}", catalog.notes)
    };
    assert!(note.starts_with("schema.sql:6: expected "), "{note}");
    assert!(
        note.contains("found ,") && note.ends_with("the statement is left out"),
        "{note}"
    );
}

#[test]
fn statements_that_begin_like_none_are_noted_with_their_line() {
    let script = "CREATE TABLE a (id INT);\nCREAT TABLE b (id INT);\n\nCREATE TABEL c (id INT);\nINSERT INTO a VALUES (1);\nCREATE ROLE reader;\nremark this;";
    let catalog = catalog("postgres", script);
    assert_eq!(cells(&catalog, "tables", &[1]), ["a"]);
    assert_eq!(
        catalog.notes,
        [
            "schema.sql:2: expected a statement, found CREAT; the statement is left out",
            "schema.sql:4: expected an object type after CREATE, found TABEL; the statement is left out",
        ]
    );
}

#[test]
fn a_dialect_says_whose_statements_it_has_and_keeps_its_own_lexical_rules() {
    let shouting = ScriptRules {
        dialect: "shouting".into(),
        grammar: Some("mysql".into()),
        lexical: LexicalRules::SQLITE,
        case: IdentifierCase::FoldsUpper,
    };
    let script = "CREATE TABLE t (a INT UNSIGNED COMMENT 'x\\'); CREATE TABLE u (b INT);";
    let catalog = read(script, "schema.sql", &shouting).unwrap();
    assert_eq!(cells(&catalog, "tables", &[1]), ["U"], "{:?}", catalog.notes);
    let lost = ScriptRules {
        grammar: Some("mysqll".into()),
        ..shouting
    };
    let refused = read(script, "schema.sql", &lost).unwrap_err().to_string();
    assert!(
        refused.contains("`shouting`") && refused.contains("`mysqll`") && refused.contains("snowflake"),
        "{refused}"
    );
}

#[test]
fn dialects_that_name_no_grammar_are_read_as_standard_sql_and_that_is_said() {
    let catalog = catalog("made-up", "CREATE TABLE t (a INT)");
    assert!(
        catalog.notes[0].contains("standard SQL") && catalog.notes[0].contains("`made-up`"),
        "{:?}",
        catalog.notes
    );
}

#[test]
fn scripts_without_tables_are_refused() {
    let empty = read("INSERT INTO t VALUES (1)", "schema.sql", &rules("sqlite")).unwrap_err();
    assert_eq!(
        empty,
        DdlError::Empty {
            place: "schema.sql".into(),
            faults: Vec::new()
        }
    );
    let broken = read("CREATE TABLE t (", "schema.sql", &rules("sqlite"))
        .unwrap_err()
        .to_string();
    assert!(broken.contains("schema.sql:1: expected"), "{broken}");
}

#[test]
fn views_take_their_columns_from_what_they_read() {
    let catalog = catalog(
        "sqlite",
        "CREATE TABLE t (a INT, b TEXT);
CREATE VIEW every AS SELECT * FROM t;
CREATE VIEW named (x, y) AS SELECT a, CAST(b AS REAL) FROM t;
CREATE VIEW nested AS WITH c AS (SELECT a AS k FROM t) SELECT c.k, d.b FROM c, (SELECT b FROM t) AS d UNION SELECT 1, 2;
CREATE VIEW unknown AS SELECT * FROM elsewhere;",
    );
    assert_eq!(
        cells(&catalog, "columns", &[1, 3, 4])[2..],
        [
            "every|a|INT",
            "every|b|TEXT",
            "named|x|INT",
            "named|y|REAL",
            "nested|k|INT",
            "nested|b|TEXT"
        ]
    );
    assert!(
        catalog.notes.iter().any(|note| note.contains("unknown is left out")),
        "{:?}",
        catalog.notes
    );
}

#[test]
fn later_statements_change_and_drop_what_earlier_ones_made() {
    let catalog = catalog(
        "postgres",
        "CREATE TABLE a (x int, y int, CONSTRAINT u UNIQUE (y)); CREATE TABLE gone (x int); CREATE TEMP TABLE t (x int);
ALTER TABLE a RENAME COLUMN x TO z; ALTER TABLE a ALTER COLUMN z SET NOT NULL, ALTER COLUMN y TYPE text; ALTER TABLE a DROP CONSTRAINT u;
ALTER TABLE a RENAME TO b; DROP TABLE gone; ALTER TABLE b OWNER TO postgres;",
    );
    assert_eq!(cells(&catalog, "tables", &[1]), ["b"]);
    assert_eq!(columns(&catalog), ["b|z|integer|0|-", "b|y|text|1|-"]);
    assert_eq!(cells(&catalog, "keys", &[1]), [] as [&str; 0]);
}

#[test]
fn no_text_makes_the_reader_fail_otherwise_than_by_an_error() {
    let whole = "CREATE TABLE a (x INT CHECK (x > 0), y ENUM('a')) COMMENT='x'; /*!50001 CREATE VIEW v AS SELECT x FROM a */; DELIMITER //\nGO\n/";
    for rules in grammars().map(rules) {
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            read(&whole[..end], "schema.sql", &rules).ok();
            read(&whole[end..], "schema.sql", &rules).ok();
        }
    }
}
