//! Statements made up at random from pieces of others: whatever is admitted, SQLite prepares.

use std::{collections::HashMap, fs, sync::Arc};

use crate::shared::{described, shared};
use nl2sql_catalog::{Column, Database, Table};
use nl2sql_constrained_decoding::{DecodingState, DialectRules, SchemaConstraint};
use nl2sql_sql_lexer::{LexicalRules, tokens};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rusqlite::Connection;
use serde_json::Value;

/// Longest statement, in tokens.
const MAX_TOKENS: usize = 60;

/// Tokens tried in one place before the statement is given up.
const ATTEMPTS: usize = 60;

/// A database without rows, and statements about it.
struct Subject {
    name: String,
    schema: Arc<SchemaConstraint>,
    connection: Connection,
    statements: Vec<Vec<String>>,
}

impl Subject {
    fn new(name: &str, tables: &[(String, Vec<String>)], statements: &[&str]) -> Self {
        let connection = Connection::open_in_memory().unwrap();
        // SQLite makes `sqlite_sequence` itself.
        let made = tables.iter().filter(|(table, _)| !table.starts_with("sqlite_"));
        for (table, columns) in made.clone() {
            let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
            let script = format!("CREATE TABLE \"{table}\" ({})", columns.join(", "));
            connection.execute_batch(&script).unwrap();
        }
        let column = |name: &String| Column {
            name: name.clone(),
            ..Column::default()
        };
        let table = |(name, columns): &(String, Vec<String>)| Table {
            name: name.clone(),
            columns: columns.iter().map(column).collect(),
            ..Table::default()
        };
        let catalog = Database {
            dialect: "sqlite".into(),
            tables: made.map(table).collect(),
            ..Database::default()
        };
        Self {
            name: name.to_owned(),
            schema: Arc::new(SchemaConstraint::new(&catalog, DialectRules::of(&described("sqlite")))),
            connection,
            statements: statements.iter().map(|sql| pieces(sql)).collect(),
        }
    }

    /// How many of `walks` come to an end that is admitted. Fails where SQLite does not prepare one of them.
    fn complete(&self, walks: usize) -> usize {
        let chain = Chain::of(&self.statements);
        let mut random = ChaCha8Rng::seed_from_u64(11);
        let written: Vec<String> = (0..walks)
            .filter_map(|_| chain.walk(&self.schema, &mut random))
            .collect();
        let reason = |sql: &String| Some(format!("{sql}\n  {}", self.connection.prepare(sql).err()?));
        let failed: Vec<String> = written.iter().filter_map(reason).collect();
        assert!(failed.is_empty(), "{}: {}", self.name, failed.join("\n"));
        written.len()
    }
}

/// The tokens of a statement, each with a blank before it where it has one.
fn pieces(sql: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut blank = "";
    for token in tokens(sql.trim_end_matches([';', ' ']), &LexicalRules::SQLITE) {
        if token.is_blank() {
            blank = " ";
        } else {
            pieces.push(format!("{blank}{}", token.text));
            blank = "";
        }
    }
    pieces
}

/// Which tokens follow which: what a model knows that knows little. Nothing stands for the end.
#[derive(Default)]
struct Chain<'s> {
    after_one: HashMap<String, Vec<Option<&'s str>>>,
    after_two: HashMap<[String; 2], Vec<Option<&'s str>>>,
}

impl<'s> Chain<'s> {
    fn of(statements: &'s [Vec<String>]) -> Self {
        let mut chain = Self::default();
        for statement in statements {
            let mut before = [String::new(), String::new()];
            let ends = statement.iter().map(|piece| Some(piece.as_str())).chain([None]);
            for next in ends {
                chain.after_one.entry(before[1].clone()).or_default().push(next);
                chain.after_two.entry(before.clone()).or_default().push(next);
                before = advance(before, next.unwrap_or_default());
            }
        }
        chain
    }

    /// A statement of admitted tokens; nothing where it comes to no end.
    fn walk(&self, schema: &Arc<SchemaConstraint>, random: &mut ChaCha8Rng) -> Option<String> {
        let mut state = DecodingState::new(schema.clone());
        let mut before = [String::new(), String::new()];
        let mut sql = String::new();
        for _ in 0..MAX_TOKENS {
            let next = (0..ATTEMPTS).find_map(|_| {
                let next = self.draw(&before, random)?;
                let fits = next.map_or_else(|| state.may_end(), |piece| may_follow(&state, piece));
                fits.then_some(next)
            })?;
            let Some(piece) = next else { return Some(sql) };
            state.push(piece.as_bytes());
            sql += piece;
            before = advance(before, piece);
        }
        None
    }

    fn draw(&self, before: &[String; 2], random: &mut ChaCha8Rng) -> Option<Option<&'s str>> {
        let after_two = self.after_two.get(before).filter(|_| random.random_bool(0.3));
        let known = after_two.or_else(|| self.after_one.get(&before[1]))?;
        Some(known[random.random_range(0..known.len())])
    }
}

fn advance([_, last]: [String; 2], piece: &str) -> [String; 2] {
    [last, piece.trim_start().to_lowercase()]
}

/// Whether a token is admitted as a whole.
fn may_follow(state: &DecodingState, piece: &str) -> bool {
    let mut written = state.clone();
    let begins = written.push(piece.as_bytes());
    let goes_on = |mark: &str| written.clone().push(mark.as_bytes());
    begins && (written.may_end() || [" ", ".", "(", ",", ")"].into_iter().any(goes_on))
}

#[test]
fn whatever_is_admitted_is_prepared() {
    let tables = [
        ("singer", &["Singer_ID", "Name", "Age", "Country", "Teacher_ID"][..]),
        ("concert", &["concert_ID", "Theme", "Year", "Stadium_ID"]),
        ("singer_in_concert", &["concert_ID", "Singer_ID"]),
        ("stadium", &["Stadium_ID", "Name", "Capacity"]),
    ];
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let tables = tables.map(|(name, columns)| (name.to_owned(), owned(columns)));
    let subject = Subject::new("concert_singer", &tables, STATEMENTS);
    assert!(subject.complete(8_000) > 1_500);
}

/// Statements with what queries have. Left out is what is not followed up: counts of arguments.
const STATEMENTS: &[&str] = &[
    "SELECT count(*) FROM singer",
    "SELECT Name, Age FROM singer WHERE Country = 'France' ORDER BY Age DESC LIMIT 1",
    "SELECT DISTINCT Country FROM singer WHERE Age > 20 AND Country IS NOT NULL",
    "SELECT avg(Age), min(Age), max(Age) FROM singer WHERE Country = 'France' OR Country = 'Italy'",
    "SELECT Country, count(*) FROM singer GROUP BY Country HAVING count(*) > 3 ORDER BY count(*) DESC",
    "SELECT T1.Name, count(*) FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T2.Singer_ID GROUP BY T1.Singer_ID",
    "SELECT T3.Theme FROM singer AS T1 JOIN singer_in_concert AS T2 ON T1.Singer_ID = T2.Singer_ID JOIN concert AS T3 ON T2.concert_ID = T3.concert_ID WHERE T1.Age < 30",
    "SELECT Name FROM stadium WHERE Stadium_ID NOT IN (SELECT Stadium_ID FROM concert WHERE Year = 2014)",
    "SELECT Name FROM singer WHERE Age > (SELECT avg(Age) FROM singer)",
    "SELECT Name FROM singer WHERE Country LIKE '%an%' AND Age BETWEEN 20 AND 40",
    "SELECT Name FROM singer EXCEPT SELECT Name FROM stadium",
    "SELECT Country FROM singer WHERE Age > 40 INTERSECT SELECT Country FROM singer WHERE Age < 30 ORDER BY Country",
    "SELECT Name, Age FROM singer UNION ALL SELECT Theme, Year FROM concert ORDER BY Name LIMIT 3 OFFSET 1",
    "SELECT * FROM concert JOIN stadium USING (Stadium_ID) WHERE Capacity >= 1e3",
    "SELECT T1.* FROM singer AS T1 LEFT JOIN singer_in_concert AS T2 ON T2.Singer_ID = T1.Singer_ID WHERE T2.concert_ID IS NULL",
    "SELECT count(DISTINCT Country), sum(Age) / count(*) FROM singer",
    "SELECT CASE WHEN Age > 60 THEN 'old' WHEN Age > 30 THEN 'grown' ELSE 'young' END, count(*) FROM singer GROUP BY Age > 30",
    "SELECT CAST(Age AS REAL) * 2.5, -Age, Name || ' of ' || Country FROM singer",
    "SELECT Name FROM singer WHERE EXISTS (SELECT 1 FROM singer_in_concert WHERE singer_in_concert.Singer_ID = singer.Singer_ID)",
    "SELECT Name, rank() OVER (PARTITION BY Country ORDER BY Age DESC) FROM singer",
    "SELECT Country, sum(count(*)) OVER (ORDER BY Country) FROM singer GROUP BY Country",
    "SELECT count(*) FILTER (WHERE Age > 30) FROM singer",
    "WITH old AS (SELECT Name, Age FROM singer WHERE Age > 60) SELECT Name FROM old WHERE Age = (SELECT max(Age) FROM old)",
    "SELECT T.Name, years FROM (SELECT Name, Age - 1 AS years FROM singer ORDER BY Age LIMIT 3) AS T WHERE T.years <> 30",
    "SELECT T1.Name FROM singer AS T1, singer AS T2 WHERE T1.Teacher_ID = T2.Singer_ID AND NOT T2.Age IN (30, 40)",
    "SELECT current_date, abs(Year - 2000), lower(Theme) FROM concert WHERE Theme NOT IN ('x', 'y') AND Theme IS NOT 'none'",
    "SELECT max(Age) AS oldest FROM singer ORDER BY oldest",
    "SELECT Name FROM singer WHERE (Age, Country) NOT IN (SELECT Capacity, Name FROM stadium) AND (Age, Name) > (30, 'x')",
    "SELECT Theme FROM concert NATURAL JOIN singer_in_concert GROUP BY Theme",
];

#[test]
fn what_is_admitted_of_spiders_pieces_is_prepared() {
    let Some(data) = shared("what_is_admitted_of_spiders_pieces_is_prepared") else {
        return;
    };
    let read = |file: &str| fs::read_to_string(data.join("spider").join(file)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows: Vec<Value> = read("train.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let databases: Vec<Value> = serde_json::from_str(&read("tables.json")).unwrap();
    let mut complete = 0;
    for database in &databases {
        let of_it = rows.iter().filter(|row| row["db_id"] == database["db_id"]);
        let statements: Vec<&str> = of_it.map(|row| row["query"].as_str().unwrap()).collect();
        let columns = |at: usize| {
            let all = database["column_names_original"].as_array().unwrap().iter();
            all.filter(|column| column[0] == at)
                .map(|column| text(&column[1]))
                .collect()
        };
        let names = database["table_names_original"].as_array().unwrap().iter().enumerate();
        let tables: Vec<_> = names.map(|(at, name)| (text(name), columns(at))).collect();
        if statements.len() >= 20 {
            complete += Subject::new(&text(&database["db_id"]), &tables, &statements).complete(150);
        }
    }
    assert!(complete > 1_500, "{complete}");
}
