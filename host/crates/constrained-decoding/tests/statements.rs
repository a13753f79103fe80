//! Which statements can be written with the names of a schema, byte by byte.

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use crate::shared::{described, shared};
use nl2sql_catalog::{Column, Database, DialectInfo, ForeignKey, Table, TableKind};
use nl2sql_constrained_decoding::{DecodingState, DialectRules, SchemaConstraint};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

fn table(schema: Option<&str>, name: &str, columns: &[&str]) -> Table {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
        ..Column::default()
    };
    Table {
        schema: schema.map(str::to_owned),
        name: name.to_owned(),
        columns: columns.iter().map(column).collect(),
        ..Table::default()
    }
}

fn names(dialect: &str, default_schema: &str, tables: Vec<Table>) -> Arc<SchemaConstraint> {
    names_under(&described(dialect), default_schema, tables)
}

fn names_under(dialect: &DialectInfo, default_schema: &str, tables: Vec<Table>) -> Arc<SchemaConstraint> {
    Arc::new(SchemaConstraint::new(
        &Database {
            name: "concert_singer".into(),
            dialect: dialect.name.clone(),
            default_schema: Some(default_schema.into()),
            tables,
            ..Database::default()
        },
        DialectRules::of(dialect),
    ))
}

/// Singers and concerts in each dialect.
pub(crate) fn concerts(dialect: &str) -> Arc<SchemaConstraint> {
    concerts_under(&described(dialect))
}

fn concerts_under(dialect: &DialectInfo) -> Arc<SchemaConstraint> {
    let tables = vec![
        table(None, "singer", &["Singer_ID", "Name", "Age", "Country"]),
        table(None, "concert", &["concert_ID", "Theme", "Year", "Stadium_ID"]),
        table(None, "singer_in_concert", &["concert_ID", "Singer_ID"]),
        table(None, "stadium", &["Stadium_ID", "Name", "Home Town"]),
    ];
    names_under(dialect, "main", tables)
}

/// What was read before the first byte that does not fit; the whole text where it may end there.
fn admitted<'s>(names: &Arc<SchemaConstraint>, sql: &'s str) -> Result<(), &'s str> {
    let mut reader = DecodingState::new(names.clone());
    let refused = (0..sql.len()).find(|at| !reader.push(&sql.as_bytes()[*at..=*at]));
    match refused {
        Some(at) => Err(sql.get(..at).unwrap_or("?")),
        None if reader.may_end() => Ok(()),
        None => Err(sql),
    }
}

#[track_caller]
pub(crate) fn admits(names: &Arc<SchemaConstraint>, statements: &[&str]) {
    for sql in statements {
        assert_eq!(admitted(names, sql), Ok(()), "{sql}");
    }
}

/// Statements, and what can be written of each.
#[track_caller]
pub(crate) fn refuses(names: &Arc<SchemaConstraint>, statements: &[(&str, &str)]) {
    for (sql, written) in statements {
        assert_eq!(admitted(names, sql), Err(*written), "{sql}");
    }
}

#[test]
fn names_of_the_schema_are_admitted() {
    admits(
        &concerts("sqlite"),
        &[
            "SELECT count(*) FROM singer",
            "select NAME , age from SINGER where country = 'France' order by age desc limit 1;",
            "SELECT T1.Name, count ( * ) FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T2.Singer_ID GROUP BY T1.Name",
            "SELECT singer.Name FROM singer JOIN concert ON concert.Year > singer.Age",
            "SELECT s.name FROM singer s, concert c WHERE s.age < c.year",
            "SELECT Name FROM singer WHERE Singer_ID NOT IN (SELECT Singer_ID FROM singer_in_concert)",
            "SELECT Name FROM singer UNION SELECT Theme FROM concert ORDER BY Name",
            "SELECT max(Age) AS oldest FROM singer ORDER BY oldest",
            "SELECT max(Age) oldest FROM singer ORDER BY oldest",
            "SELECT rowid, * FROM singer",
            "SELECT CAST(Age AS REAL) / 2.5e1, -Age FROM singer WHERE Name LIKE '%a''b;FROM nowhere%'",
            "SELECT CAST(Age AS DECIMAL(10, 2)) FROM singer WHERE Age BETWEEN 1 AND 2 AND Name IS NOT NULL",
            "SELECT CASE WHEN Age > 3 THEN 'old' ELSE 'young' END FROM singer",
            "SELECT rank() OVER (PARTITION BY Country ORDER BY Age DESC NULLS LAST) FROM singer",
            "SELECT sum(Age) OVER w FROM singer WINDOW w AS (ORDER BY Age ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)",
        ],
    );
}

#[test]
fn words_that_are_no_names_are_refused_where_they_stop_being_one() {
    refuses(
        &concerts("sqlite"),
        &[
            ("SELECT Surname FROM singer", "SELECT Su"),
            ("SELECT Name FROM singers", "SELECT Name FROM singer"),
            ("SELECT Name FROM sing WHERE", "SELECT Name FROM sing"),
            ("SELECT T1.Title FROM concert AS T1", "SELECT T1.T"),
            (
                "SELECT Name FROM singer WHERE Country = France",
                "SELECT Name FROM singer WHERE Country = F",
            ),
            ("SELECT year(Year) FROM concert", "SELECT year"),
            ("SELECT Home Town FROM stadium", "SELECT H"),
            ("SELECT * FORM singer", "SELECT * F"),
            ("The answer is", ""),
        ],
    );
}

#[test]
fn a_column_belongs_to_the_table_it_is_asked_of() {
    refuses(
        &concerts("sqlite"),
        &[
            ("SELECT singer.Theme FROM singer", "SELECT singer."),
            (
                "SELECT count(*) FROM singer AS T1 JOIN concert AS T2 ON T1.concert_ID = T2.concert_ID",
                "SELECT count(*) FROM singer AS T1 JOIN concert AS T2 ON T1.co",
            ),
            (
                "SELECT Name FROM singer WHERE Theme = 1",
                "SELECT Name FROM singer WHERE T",
            ),
            (
                "SELECT count(*) FROM singer AS T1 WHERE T2.Age > 1",
                "SELECT count(*) FROM singer AS T1 WHERE T",
            ),
            (
                "SELECT count(*) FROM singer AS T1 WHERE singer.Age > 1",
                "SELECT count(*) FROM singer AS T1 WHERE singer",
            ),
        ],
    );
}

#[test]
fn a_column_that_two_tables_have_needs_a_qualifier() {
    let names = concerts("sqlite");
    refuses(
        &names,
        &[
            (
                "SELECT T1.Age FROM singer AS T1 JOIN stadium AS T2 WHERE Name = 'x'",
                "SELECT T1.Age FROM singer AS T1 JOIN stadium AS T2 WHERE N",
            ),
            (
                "SELECT T2.Year FROM singer_in_concert AS T1 JOIN concert AS T2 ON T1.concert_ID = concert_ID",
                "SELECT T2.Year FROM singer_in_concert AS T1 JOIN concert AS T2 ON T1.concert_ID = conc",
            ),
            (
                "SELECT T1.Name FROM singer AS T1 JOIN stadium AS T2 ORDER BY Name DESC",
                "SELECT T1.Name FROM singer AS T1 JOIN stadium AS T2 ORDER BY N",
            ),
            (
                "SELECT count(*) FROM singer AS T1 JOIN singer AS T2 WHERE T1.Age > Age",
                "SELECT count(*) FROM singer AS T1 JOIN singer AS T2 WHERE T1.Age > A",
            ),
        ],
    );
    admits(
        &names,
        &[
            "SELECT Country FROM singer AS T1 JOIN stadium AS T2 WHERE Age > 3 AND T2.Name = 'x'",
            "SELECT T1.Name AS Name FROM singer AS T1 JOIN stadium AS T2 ORDER BY Name",
            "SELECT Theme FROM concert NATURAL JOIN singer_in_concert WHERE concert_ID = 1",
            "SELECT Theme FROM (concert JOIN singer_in_concert USING (concert_ID)) WHERE concert_ID = 1",
            "SELECT T1.Age FROM singer AS T1 JOIN stadium AS T2 WHERE EXISTS (SELECT 1 FROM singer WHERE Name = 'x')",
            "SELECT T1.Age FROM singer AS T1 WHERE Age > (SELECT avg(Age) FROM singer AS T2 WHERE Name = 'x')",
        ],
    );
    for dialect in ["mysql", "tsql"] {
        let joined = "SELECT T1.Name FROM singer AS T1 JOIN stadium AS T2 ON T1.Age > 3";
        // Servers take it for what is selected.
        admits(&concerts(dialect), &[&format!("{joined} ORDER BY Name")]);
        let written = format!("{joined} WHERE ");
        refuses(
            &concerts(dialect),
            &[(&format!("{written}Name = 'x'"), &format!("{written}N"))],
        );
    }
}

#[test]
fn words_and_marks_stand_where_a_statement_can_have_them() {
    let sqlite = concerts("sqlite");
    refuses(
        &sqlite,
        &[
            (
                "SELECT T1.Age FROM singer AS T1 JOIN concert AS T2 ON T1.Age = T2.Year AS T3",
                "SELECT T1.Age FROM singer AS T1 JOIN concert AS T2 ON T1.Age = T2.Year A",
            ),
            (
                "SELECT T1.Age FROM singer AS T1 JOIN concert AS T2 ON T1.Age = T2.Year ON T1.Age = 3",
                "SELECT T1.Age FROM singer AS T1 JOIN concert AS T2 ON T1.Age = T2.Year O",
            ),
            (
                "SELECT Age FROM singer WHERE Age > 3 DESC",
                "SELECT Age FROM singer WHERE Age > 3 ",
            ),
            ("SELECT Age FROM singer JOIN VALUES", "SELECT Age FROM singer JOIN "),
            (
                "SELECT Name FROM singer EXCEPT Name FROM stadium",
                "SELECT Name FROM singer EXCEPT ",
            ),
            (
                "SELECT Age FROM singer GROUP BY Age GROUP BY Name",
                "SELECT Age FROM singer GROUP BY Age G",
            ),
            (
                "SELECT Age FROM singer WHERE (Age > 3 INTERSECT SELECT",
                "SELECT Age FROM singer WHERE (Age > 3 IN",
            ),
            ("SELECT Age FROM singer AS T1111", "SELECT Age FROM singer AS T111"),
            ("SELECT Age FROM SELECT", "SELECT Age FROM S"),
            ("SELECT Age FROM singer\\_in", "SELECT Age FROM singer"),
            (
                "SELECT Age FROM singer WHERE Age = ?",
                "SELECT Age FROM singer WHERE Age = ",
            ),
            ("SELECT max(count(*) FROM singer)", "SELECT max(count(*) F"),
            ("SELECT max(count(*)) FROM singer", "SELECT max(count(*)) "),
            ("SELECT max(count(*)) AS n FROM singer", "SELECT max(count(*)) "),
            (
                "SELECT count(DISTINCT Age, Name) FROM singer",
                "SELECT count(DISTINCT Age",
            ),
        ],
    );
    admits(
        &sqlite,
        &[
            "SELECT Name FROM (SELECT Name FROM singer) AS T1 JOIN (SELECT Year FROM concert) AS T2 ON T2.Year > 3",
            "SELECT group_concat(Name ORDER BY Age DESC), Age FROM singer GROUP BY Age UNION ALL SELECT Theme, Year FROM concert",
            "SELECT count(DISTINCT Age), Name FROM singer WHERE Age IS NOT DISTINCT FROM 3",
        ],
    );
    let tables = vec![table(Some("public"), "orders", &["id", "placed_at", "paid"])];
    admits(
        &names("postgres", "public", tables),
        &["SELECT extract(YEAR FROM placed_at), count(DISTINCT (id, paid)) FROM orders WHERE paid @> '{}'"],
    );
}

#[test]
fn statements_for_sqlite_keep_to_its_grammar() {
    let sqlite = concerts("sqlite");
    refuses(
        &sqlite,
        &[
            (
                "SELECT Age FROM singer WHERE Age BETWEEN 3 OR Age = 9",
                "SELECT Age FROM singer WHERE Age BETWEEN 3 ",
            ),
            ("SELECT CASE WHEN Age > 3 END FROM singer", "SELECT CASE WHEN Age > 3 E"),
            (
                "SELECT Age FROM singer ORDER BY Age WHERE Age > 3",
                "SELECT Age FROM singer ORDER BY Age ",
            ),
            (
                "SELECT Age FROM singer UNION SELECT Year, Theme FROM concert",
                "SELECT Age FROM singer UNION SELECT Year",
            ),
            (
                "SELECT Age, Name FROM singer UNION SELECT Year FROM concert",
                "SELECT Age, Name FROM singer UNION SELECT Year FRO",
            ),
            (
                "SELECT * FROM singer UNION SELECT Theme FROM concert",
                "SELECT * FROM singer UNION SELECT Theme FRO",
            ),
            (
                "SELECT Age FROM singer WHERE Age IN (SELECT Year, Theme FROM concert)",
                "SELECT Age FROM singer WHERE Age IN (SELECT Year",
            ),
            (
                "SELECT Age FROM singer UNION SELECT Year FROM concert ORDER BY Theme",
                "SELECT Age FROM singer UNION SELECT Year FROM concert ORDER BY ",
            ),
            ("SELECT avg(*) FROM singer", "SELECT avg("),
            ("SELECT length(Name, Age) FROM singer", "SELECT length(Name"),
            ("SELECT rank() FROM singer", "SELECT rank() "),
            (
                "SELECT rank() OVER (ORDER BY ntile(2) OVER ()) FROM singer",
                "SELECT rank() OVER (ORDER BY n",
            ),
            ("SELECT max(rank() OVER ()) FROM singer", "SELECT max(ran"),
            (
                "SELECT Age FROM singer WHERE rank() OVER () = 1",
                "SELECT Age FROM singer WHERE ran",
            ),
            ("SELECT Age FROM singer AS T1.Age", "SELECT Age FROM singer AS T1"),
            ("SELECT Age Country Name FROM singer", "SELECT Age Country "),
            (
                "SELECT Age FROM singer WHERE Age 3",
                "SELECT Age FROM singer WHERE Age ",
            ),
            ("SELECT 3Age FROM singer", "SELECT 3"),
            (
                "SELECT Age FROM singer WHERE Age < = 3",
                "SELECT Age FROM singer WHERE Age < ",
            ),
            ("SELECT Age FROM singer GROUP Age", "SELECT Age FROM singer GROUP "),
            ("SELECT Age FROM singer LIMIT Age", "SELECT Age FROM singer LIMIT "),
            ("SELECT Age FROM singer ORDER BY 2", "SELECT Age FROM singer ORDER BY "),
            (
                "SELECT Age FROM singer WHERE Age > 1 HAVING Age > 3",
                "SELECT Age FROM singer WHERE Age > 1 ",
            ),
            ("SELECT Age FROM singer ORDER", "SELECT Age FROM singer ORDER"),
            (
                "SELECT Theme FROM concert JOIN concert WHERE Year = 1",
                "SELECT Theme FROM concert JOIN concert W",
            ),
            (
                "WITH old AS (SELECT Name FROM singer) SELECT Age FROM old",
                "WITH old AS (SELECT Name FROM singer) SELECT Age FROM old",
            ),
            ("WITH old AS (Age)", "WITH old AS ("),
            (
                "SELECT Age FROM singer WHERE (Age, Name) IN (SELECT Year FROM concert)",
                "SELECT Age FROM singer WHERE (Age, Name) IN (SELECT Year FRO",
            ),
        ],
    );
    admits(
        &sqlite,
        &[
            "SELECT Age FROM singer WHERE Age BETWEEN 3 AND 5 OR Age = 9",
            "SELECT CASE Age WHEN 3 THEN 'x' ELSE (SELECT max(Year) FROM concert) END FROM singer",
            "SELECT * FROM singer_in_concert UNION SELECT Year, Theme FROM concert ORDER BY 2, 1",
            "SELECT count(*), total(Age) FROM singer HAVING count(*) > 3",
            "SELECT sum(count(*)) OVER (ORDER BY Age) FROM singer GROUP BY Age",
            "SELECT Age FROM singer WHERE (Age, Name) IN (SELECT Year, Theme FROM concert) AND NOT EXISTS (SELECT * FROM stadium)",
            "SELECT count(*) FROM (SELECT Age AS years FROM singer) AS T WHERE T.years > 3 AND years < 5 LIMIT 3 OFFSET 1",
            "WITH old(k) AS (SELECT Age FROM singer) SELECT k FROM old WHERE old.k > 3",
            "SELECT concert_ID FROM concert JOIN singer_in_concert USING (concert_ID) WHERE Year >= 0x7d0",
        ],
    );
}

#[test]
fn a_column_of_two_tables_before_from_is_what_joins_them() {
    let names = concerts("sqlite");
    let joined = "SELECT Name FROM singer AS T1 JOIN stadium AS T2 ";
    let keyed =
        "SELECT concert_ID, Singer_ID FROM singer_in_concert AS T1 JOIN singer_in_concert AS T2 USING (concert_ID";
    refuses(
        &names,
        &[
            (&format!("{joined}ON T1.Age = 3"), joined),
            (&format!("{keyed})"), keyed),
            (
                "SELECT Name FROM singer AS T1 JOIN singer AS T2 USING (Age)",
                "SELECT Name FROM singer AS T1 JOIN singer AS T2 USING (",
            ),
        ],
    );
    admits(
        &names,
        &[
            &format!("{joined}USING (Name) WHERE Age > 3"),
            &format!("{keyed}, Singer_ID)"),
        ],
    );
}

#[test]
fn what_takes_many_rows_stands_where_rows_are_grouped() {
    let names = concerts("sqlite");
    refuses(
        &names,
        &[
            (
                "SELECT Name FROM singer WHERE avg(Age) > 3",
                "SELECT Name FROM singer WHERE a",
            ),
            (
                "SELECT Name FROM singer JOIN concert ON count(*) > 3",
                "SELECT Name FROM singer JOIN concert ON count",
            ),
            (
                "SELECT Name FROM singer ORDER BY count(*)",
                "SELECT Name FROM singer ORDER BY count",
            ),
        ],
    );
    admits(
        &names,
        &[
            "SELECT Country FROM singer GROUP BY Country HAVING avg(Age) > 3 ORDER BY count(*)",
            "SELECT count(*) FROM singer ORDER BY count(*)",
            "SELECT Name FROM singer WHERE Age > (SELECT avg(Age) FROM singer) AND abs(Age) > 3",
            "SELECT Name FROM singer ORDER BY (SELECT count(*) FROM concert)",
        ],
    );
}

/// The same tables with their foreign keys.
fn keyed_concerts() -> Arc<SchemaConstraint> {
    let key = |column: &str, table: &str| ForeignKey {
        columns: vec![column.to_owned()],
        ref_table: table.to_owned(),
        ref_columns: vec![column.to_owned()],
        ..ForeignKey::default()
    };
    let keyed = |name, columns: &[&str], foreign_keys| Table {
        foreign_keys,
        ..table(None, name, columns)
    };
    let boss = ForeignKey {
        columns: vec!["Teacher_ID".into()],
        ..key("Singer_ID", "singer")
    };
    let catalog = Database {
        name: "concert_singer".into(),
        dialect: "sqlite".into(),
        tables: vec![
            keyed("singer", &["Singer_ID", "Name", "Age", "Teacher_ID"], vec![boss]),
            keyed(
                "concert",
                &["concert_ID", "Theme", "Stadium_ID"],
                vec![key("Stadium_ID", "stadium")],
            ),
            keyed(
                "singer_in_concert",
                &["concert_ID", "Singer_ID"],
                vec![key("concert_ID", "Concert"), key("Singer_ID", "singer")],
            ),
            table(None, "stadium", &["Stadium_ID", "Name"]),
            table(None, "weather", &["Day", "Rain"]),
        ],
        ..Database::default()
    };
    Arc::new(SchemaConstraint::along_keys(
        &catalog,
        DialectRules::of(&described("sqlite")),
    ))
}

#[test]
fn tables_are_joined_along_foreign_keys() {
    let names = keyed_concerts();
    admits(
        &names,
        &[
            "SELECT T1.Name FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T2.Singer_ID JOIN concert AS T3 ON T2.concert_ID = T3.concert_ID WHERE T3.Theme = 'x'",
            "SELECT Theme FROM concert JOIN stadium ON stadium.Stadium_ID = concert.Stadium_ID AND Name = 'x'",
            "SELECT T1.Name, T2.Name FROM singer AS T1 JOIN singer AS T2 ON T1.Teacher_ID = T2.Singer_ID",
            "SELECT Theme FROM singer_in_concert AS T1 LEFT JOIN concert AS T2 ON T2.concert_ID = T1.concert_ID",
            // No key leads on from there.
            "SELECT Rain FROM weather AS T1 JOIN concert AS T2 ON T1.Day = T2.Theme",
            "SELECT Theme FROM concert AS T1, singer AS T2 WHERE T1.Theme = T2.Name",
            "SELECT Theme FROM concert AS T1 JOIN (SELECT Name FROM singer) AS T2 ON T1.Theme = T2.Name",
        ],
    );
    refuses(
        &names,
        &[
            (
                "SELECT T1.Name FROM singer AS T1 JOIN concert AS T2",
                "SELECT T1.Name FROM singer AS T1 JOIN ",
            ),
            (
                "SELECT T1.Age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Age",
                "SELECT T1.Age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.",
            ),
            (
                "SELECT T1.Age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T2.concert_ID",
                "SELECT T1.Age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T2.",
            ),
            (
                "SELECT T1.Age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T1.Singer_ID",
                "SELECT T1.Age FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T",
            ),
            (
                "SELECT Theme FROM concert JOIN stadium ON Theme = Name",
                "SELECT Theme FROM concert JOIN stadium ON ",
            ),
        ],
    );
}

#[test]
fn columns_used_before_from_must_be_in_its_tables() {
    refuses(
        &concerts("sqlite"),
        &[
            // No table has both.
            ("SELECT T1.Theme, T1.Age FROM", "SELECT T1.Theme, T1."),
            ("SELECT T1.Age FROM concert AS T1", "SELECT T1.Age FROM "),
            (
                "SELECT T2.Age FROM concert AS T1 WHERE T1.Year = 1",
                "SELECT T2.Age FROM concert AS T1 ",
            ),
            ("SELECT T2.Age FROM concert AS T1", "SELECT T2.Age FROM concert AS T1"),
            ("SELECT Age FROM concert ORDER BY Year", "SELECT Age FROM concert O"),
            ("SELECT Age", "SELECT Age"),
            (
                "SELECT T1.Age FROM singer AS T1 JOIN concert AS T1",
                "SELECT T1.Age FROM singer AS T1 JOIN concert AS T",
            ),
            (
                "SELECT Name FROM singer WHERE Age IN (SELECT Year FROM singer)",
                "SELECT Name FROM singer WHERE Age IN (SELECT Year FROM singer",
            ),
        ],
    );
}

#[test]
fn nested_queries_have_names_of_their_own() {
    let names = concerts("sqlite");
    admits(
        &names,
        &[
            "SELECT T1.Name FROM singer AS T1 WHERE T1.Age > (SELECT avg(T1.Year) FROM concert AS T1)",
            "SELECT Name FROM singer AS T1 WHERE EXISTS (SELECT 1 FROM singer_in_concert AS T2 WHERE T2.Singer_ID = T1.Singer_ID AND Age > 3)",
            "SELECT (SELECT count(*) FROM concert WHERE Year > T1.Age) FROM singer AS T1",
            "SELECT T1.Name FROM singer AS T1 EXCEPT SELECT T1.Name FROM stadium AS T1",
            "SELECT T.Country FROM (SELECT Country, count(*) AS n FROM singer GROUP BY Country) AS T",
            "SELECT count(*) FROM (SELECT Country, count(*) AS n FROM singer GROUP BY Country) AS T WHERE T.n > 1 AND n < 5",
            "SELECT count(*) FROM (SELECT Country FROM singer) WHERE Country = 'x'",
            "WITH old AS (SELECT * FROM singer WHERE Age > 60), n(k) AS (SELECT count(*) FROM old) SELECT old.Name, k FROM old, n WHERE n.k > old.Age",
            "WITH RECURSIVE n(k) AS (VALUES (1) UNION ALL SELECT k + 1 FROM n WHERE k < 9) SELECT k FROM n",
            "SELECT Name FROM (singer JOIN concert ON Age < Year)",
        ],
    );
    admits(&concerts("mysql"), &["((SELECT Name FROM singer))"]);
    refuses(
        &names,
        &[
            (
                "SELECT Name FROM singer WHERE Age > (SELECT avg(Year) FROM concert WHERE T5.Year = 1)",
                "SELECT Name FROM singer WHERE Age > (SELECT avg(Year) FROM concert WHERE T",
            ),
            ("SELECT count(*) FROM singer)", "SELECT count(*) FROM singer"),
        ],
    );
}

#[test]
fn quotes_are_those_of_the_dialect() {
    let sqlite = concerts("sqlite");
    admits(
        &sqlite,
        &[
            "SELECT \"Home Town\", [Home Town], `home town` FROM stadium",
            "SELECT Name FROM singer WHERE Country = \"United States\"",
            "SELECT T1.\"Name\" FROM \"singer\" AS T1",
            "SELECT max(Age) AS \"of \"\"all\"\"\" FROM singer",
        ],
    );
    refuses(
        &sqlite,
        &[
            ("SELECT `Home City` FROM stadium", "SELECT `Home "),
            ("SELECT T1.\"Title\" FROM singer AS T1", "SELECT T1.\"T"),
            ("SELECT Name FROM \"singers\"", "SELECT Name FROM \"singer"),
        ],
    );
    let mysql = concerts("mysql");
    admits(
        &mysql,
        &[
            "SELECT `Home Town` FROM stadium WHERE Name = \"it's \\\" FROM\" # FROM nowhere\n AND Name <> 'a\\'b'",
            "SELECT year(now()), date_add(now(), INTERVAL 1 DAY), Year FROM concert WHERE Year > DATE '2020-01-01'",
        ],
    );
    let tsql = concerts("tsql");
    admits(
        &tsql,
        &[
            "SELECT TOP 3 Name, [Home Town] FROM main.stadium WITH (NOLOCK) WHERE Name = N'x'",
            "SELECT TOP (3) T1.Name FROM concert_singer.main.stadium AS T1",
            "SELECT datepart(year, Year), convert(varchar(10), Year) FROM concert ORDER BY Year OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY",
        ],
    );
    refuses(&tsql, &[("SELECT TOP 3 Zip FROM concert", "SELECT TOP 3 Z")]);
}

#[test]
fn postgres_compares_unquoted_names_in_lower_case() {
    let tables = vec![
        table(Some("public"), "Orders", &["Id", "placed_at", "total"]),
        table(Some("stock"), "items", &["id", "label"]),
        table(Some("public"), "items", &["id", "price"]),
    ];
    let names = names("postgres", "public", tables);
    admits(
        &names,
        &[
            "SELECT \"Id\", TOTAL FROM \"Orders\" WHERE placed_at > now() - INTERVAL '1 day'",
            "SELECT i.label FROM stock.items i WHERE i.id::text ILIKE 'x%'",
            "SELECT extract(YEAR FROM placed_at), date_trunc('month', o.placed_at)::date FROM public.\"Orders\" o",
            "SELECT DISTINCT ON (label) label FROM stock.items WHERE label IS DISTINCT FROM E'a\\'b'",
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM \"Orders\"",
            "SELECT 1 FROM generate_series(1, 3) AS g(n) CROSS JOIN items WHERE g.n > price",
            "SELECT count(*) FILTER (WHERE total > 1) FROM \"Orders\" FETCH FIRST 3 ROWS ONLY",
        ],
    );
    refuses(
        &names,
        &[
            ("SELECT Id FROM Orders", "SELECT Id FROM O"),
            ("SELECT \"id\" FROM \"orders\"", "SELECT \"id\" FROM \""),
            ("SELECT i.price FROM stock.items i", "SELECT i.price FROM stock.items i"),
        ],
    );
}

#[test]
fn names_of_every_script_are_read() {
    let names = names(
        "sqlite",
        "main",
        vec![table(None, "歌手", &["姓名", "年龄"]), table(None, "Übung", &["größe"])],
    );
    admits(
        &names,
        &[
            "SELECT 姓名 FROM 歌手 WHERE 年龄 > 30 AND 姓名 = '王菲'",
            "SELECT T1.\"姓名\", `年龄` FROM 歌手 AS T1",
            "SELECT max(größe) AS 最大 FROM Übung ORDER BY 最大",
        ],
    );
    // The first two bytes of 姐 are those of 姓.
    let mut reader = DecodingState::new(names);
    assert!(
        reader.push("SELECT ".as_bytes()) && reader.push(&"姐".as_bytes()[..2]) && !reader.push(&"姐".as_bytes()[2..])
    );
}

#[test]
fn a_full_text_table_is_a_column_of_itself() {
    let notes = Table {
        kind: TableKind::Virtual,
        ..table(None, "notes", &["body"])
    };
    admits(
        &names("sqlite", "main", vec![notes]),
        &["SELECT body FROM notes WHERE notes MATCH 'x'"],
    );
}

#[test]
fn refused_text_does_not_stop_reading() {
    let mut reader = DecodingState::new(concerts("sqlite"));
    assert!(!reader.push(b"SELECT nothing, ) "));
    assert!(reader.push(b"FROM singer WHERE Name = 'a'") && reader.may_end());
}

/// Bytes that fit after what was read.
fn next_bytes(reader: &DecodingState) -> Vec<u8> {
    (0..=u8::MAX).filter(|byte| reader.clone().push(&[*byte])).collect()
}

#[test]
fn every_written_prefix_can_be_continued() {
    let built_in = ["sqlite", "postgres", "mysql", "tsql"].map(described);
    for dialect in built_in.iter().chain([&DialectInfo::default()]) {
        let names = concerts_under(dialect);
        let mut random = ChaCha8Rng::seed_from_u64(7);
        for _ in 0..8 {
            let (mut reader, mut written) = (DecodingState::new(names.clone()), Vec::new());
            for _ in 0..80 {
                let mut fitting = next_bytes(&reader);
                // Letters and spaces oftener than what opens strings and comments, which take anything.
                let words =
                    |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'(' | b')' | b',' | b'.' | b'_');
                if random.random_bool(0.97) && fitting.iter().any(words) {
                    fitting.retain(words);
                }
                assert!(
                    !fitting.is_empty(),
                    "{}: {}",
                    dialect.name,
                    String::from_utf8_lossy(&written)
                );
                let byte = fitting[random.random_range(0..fitting.len())];
                reader.push(&[byte]);
                written.push(byte);
            }
        }
    }
}

fn rows(path: PathBuf) -> Vec<Value> {
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Spider's schemas by database.
fn spider(data: &std::path::Path) -> BTreeMap<String, Arc<SchemaConstraint>> {
    let text = fs::read_to_string(data.join("spider/tables.json")).unwrap();
    let databases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let schema = |database: &Value| {
        let list = |field: &str| database[field].as_array().unwrap().clone();
        let columns = list("column_names_original");
        let tables = list("table_names_original").into_iter().enumerate().map(|(at, name)| {
            let own = columns.iter().filter(|column| column[0] == at);
            let own: Vec<&str> = own.map(|column| column[1].as_str().unwrap()).collect();
            table(None, name.as_str().unwrap(), &own)
        });
        names("sqlite", "main", tables.collect())
    };
    let named = |database: &Value| database["db_id"].as_str().unwrap().to_owned();
    databases
        .iter()
        .map(|database| (named(database), schema(database)))
        .collect()
}

#[test]
fn every_gold_query_of_spider_is_admitted() {
    let Some(data) = shared("every_gold_query_of_spider_is_admitted") else {
        return;
    };
    let schemas = spider(&data);
    // Two of the training queries name `T2` before `T1`.
    for (file, at_least, out_of_order) in [("spider/dev.jsonl", 500, 0), ("spider/train.jsonl", 2_500, 2)] {
        let rows = rows(data.join(file));
        assert!(rows.len() > at_least);
        let fits =
            |row: &&Value| admitted(&schemas[row["db_id"].as_str().unwrap()], row["query"].as_str().unwrap()).is_ok();
        let refused: Vec<&str> = rows
            .iter()
            .filter(|row| !fits(row))
            .map(|row| row["query"].as_str().unwrap())
            .collect();
        assert_eq!(refused.len(), out_of_order, "{refused:?}");
        assert!(refused.iter().all(|sql| sql.contains("AS T2 JOIN")), "{refused:?}");
    }
}

#[test]
fn wrong_names_in_queries_of_spider_are_refused_and_right_ones_admitted() {
    let Some(data) = shared("wrong_names_in_queries_of_spider_are_refused_and_right_ones_admitted") else {
        return;
    };
    let schemas = spider(&data);
    for row in rows(data.join("schema_check/schema_check.jsonl")) {
        let (sql, runs) = (row["sql"].as_str().unwrap(), row["sqlite_valid"].as_bool().unwrap());
        // Which tables have a column is not known before FROM.
        let ambiguous = row["sqlite_error"]
            .as_str()
            .and_then(|error| error.strip_prefix("ambiguous column name: "));
        let selects = |column: &str| {
            sql.to_lowercase()
                .starts_with(&format!("select {}", column.to_lowercase()))
        };
        if ambiguous.is_some_and(selects) {
            continue;
        }
        let fits = admitted(&schemas[row["db_id"].as_str().unwrap()], sql);
        assert_eq!(fits.is_ok(), runs, "{sql}: {fits:?}");
    }
}

/// A schema of each of these files, whose `tables` are columns by table.
fn described_schemas(
    folder: PathBuf,
    ending: &str,
    schema: impl Fn(&BTreeMap<String, Vec<Value>>) -> Arc<SchemaConstraint>,
    tables: impl Fn(Value) -> Value,
) -> BTreeMap<String, Arc<SchemaConstraint>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = files.filter_map(|path| {
        let name = path.file_name()?.to_str()?.strip_suffix(ending)?.to_owned();
        let described: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        Some((name, schema(&serde_json::from_value(tables(described)).unwrap())))
    });
    named.collect()
}

/// Tables with the columns that are described.
fn described_tables(schema: Option<&str>, tables: &BTreeMap<String, Vec<Value>>) -> Vec<Table> {
    let named = tables.iter().map(|(name, columns)| {
        let columns = columns.iter().map(|column| column["column_name"].as_str().unwrap());
        table(schema, name, &columns.collect::<Vec<_>>())
    });
    named.collect()
}

#[test]
fn hard_queries_of_bird_are_admitted() {
    let Some(data) = shared("hard_queries_of_bird_are_admitted") else {
        return;
    };
    let schema = |tables: &BTreeMap<_, _>| names("sqlite", "main", described_tables(None, tables));
    let schemas = described_schemas(data.join("bird/schema"), ".json", schema, |file| file);
    let rows = rows(data.join("bird/bird_dev_questions.jsonl"));
    let refused = rows.iter().filter(|row| {
        let schema = &schemas[row["db_id"].as_str().unwrap()];
        admitted(schema, row["SQL"].as_str().unwrap()).is_err()
    });
    // The descriptions leave out columns that these use.
    assert_eq!((rows.len(), refused.count()), (765, 232));
}

#[test]
fn queries_of_defog_are_admitted() {
    let Some(data) = shared("queries_of_defog_are_admitted") else {
        return;
    };
    let schema = |tables: &BTreeMap<_, _>| names("postgres", "public", described_tables(Some("public"), tables));
    // PostgreSQL folds names that are not quoted.
    let tables = |file: Value| serde_json::from_str(&file["table_metadata"].to_string().to_lowercase()).unwrap();
    let schemas = described_schemas(data.join("realdb/defog"), ".descriptions.json", schema, tables);
    let rows = rows(data.join("realdb/defog/questions.jsonl"));
    let runs = |row: &&Value| row["dialect"] == "postgres" && row["engine_ok"] == true;
    let statements = rows.iter().filter(runs).map(|row| {
        let schema = &schemas[row["db_id"].as_str().unwrap()];
        (schema, row["runnable"].as_str().unwrap())
    });
    let refused = statements
        .clone()
        .filter(|(schema, sql)| admitted(schema, sql).is_err());
    // Aliases that are used before FROM although they are neither initials nor the beginning of a table's name: `tx` of `sbTransaction`.
    assert_eq!((statements.count(), refused.count()), (137, 18));
}
