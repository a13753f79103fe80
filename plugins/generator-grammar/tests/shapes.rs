//! The shapes of SQL that people's questions need, each on databases that have the keys for it.

use crate::demo;
use nl2sql_sdk::types::Sample;

/// Authors, their books in a catalogue, and who borrowed them: joins over up to four tables.
const LIBRARY: &str = "
    CREATE TABLE author (author_id INTEGER PRIMARY KEY, name TEXT, country TEXT, age INTEGER);
    CREATE TABLE book (book_id INTEGER PRIMARY KEY, title TEXT, author_id INTEGER NOT NULL REFERENCES author (author_id), genre TEXT, pages INTEGER, price REAL);
    CREATE TABLE member (member_id INTEGER PRIMARY KEY, member_name TEXT, city TEXT, age INTEGER);
    CREATE TABLE loan (loan_id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL REFERENCES book (book_id), member_id INTEGER NOT NULL REFERENCES member (member_id),
        days INTEGER, loan_year INTEGER);
    INSERT INTO author VALUES (1, 'Ann', 'France', 40), (2, 'Bob', 'Japan', 61), (3, 'Cid', 'France', 35), (4, 'Dee', 'Kenya', 52);
    INSERT INTO book VALUES (1, 'Alpha', 1, 'novel', 200, 9.5), (2, 'Beta', 1, 'poem', 90, 12.0), (3, 'Gamma', 2, 'novel', 340, 20.25), (4, 'Delta', 3, 'essay', 120, 7.75), (5, 'Eps', 3, 'novel', 150, 11.0);
    INSERT INTO member VALUES (1, 'Max', 'Oslo', 20), (2, 'Eva', 'Rome', 31), (3, 'Jim', 'Oslo', 44);
    INSERT INTO loan VALUES (1, 1, 1, 7, 2020), (2, 1, 2, 3, 2021), (3, 3, 1, 14, 2021), (4, 4, 3, 2, 2022), (5, 2, 1, 9, 2022), (6, 3, 2, 5, 2020);";

fn pairs() -> Vec<Sample> {
    let (connection, catalog) = demo::open(LIBRARY);
    let samples = demo::session(&catalog, "sqlite", "")
        .generate(&demo::request(&catalog, 6000, &["en"]))
        .unwrap()
        .samples;
    for sample in &samples {
        connection
            .prepare(&sample.sql)
            .unwrap_or_else(|error| panic!("{error}: {}", sample.sql));
    }
    samples
}

/// A shape by its name and how its SQL is told.
type Shape = (&'static str, fn(&str) -> bool);

/// The part of a statement behind its first `word`, up to a set operator.
fn behind<'a>(sql: &'a str, word: &str) -> &'a str {
    sql.split_once(word).map_or("", |(_, rest)| rest)
}

const SHAPES: &[Shape] = &[
    ("the number before its group", |sql| {
        sql.starts_with("SELECT count(*), ") && sql.contains(" GROUP BY ")
    }),
    ("the group before its number", |sql| {
        sql.contains(", count(*) FROM") && sql.contains(" GROUP BY ")
    }),
    ("an aggregate before its group", |sql| {
        sql.starts_with("SELECT avg(") && sql.contains(" GROUP BY ")
    }),
    ("rows counted per value of what they belong to", |sql| {
        sql.contains("count(*)") && sql.contains("JOIN author") && sql.contains("GROUP BY T2.country")
    }),
    ("EXCEPT over a join with a condition", |sql| {
        let right = behind(sql, " EXCEPT ");
        right.contains(" JOIN ") && right.contains(" WHERE ")
    }),
    ("NOT IN over a join with a condition", |sql| {
        let inner = behind(sql, " NOT IN (");
        inner.contains(" JOIN ") && inner.contains(" WHERE ")
    }),
    ("OR over joined tables", |sql| {
        sql.contains(" JOIN ") && sql.contains(" OR T")
    }),
    ("AND over joined tables", |sql| {
        let filter = behind(sql, " WHERE ");
        sql.contains(" JOIN ") && filter.contains("T1.") && filter.contains(" AND T2.")
    }),
    ("a superlative over a join with a filter", |sql| {
        let filter = behind(sql, " WHERE ");
        sql.contains(" JOIN ") && filter.contains(" ORDER BY ") && filter.ends_with(" LIMIT 1")
    }),
    ("a comparison with a superlative subquery", |sql| {
        sql.contains(" = (SELECT ") && sql.contains("ORDER BY count(*) DESC LIMIT 1)")
    }),
    ("belonging to the extreme of another table", |sql| {
        sql.contains(" IN (SELECT ") && behind(sql, " IN (SELECT ").contains(" = (SELECT max(")
    }),
    ("an aggregate over NOT IN", |sql| {
        sql.starts_with("SELECT avg(") && sql.contains(" NOT IN (")
    }),
    ("aggregates of different columns with a condition", |sql| {
        sql.contains("(pages), ") && sql.contains("(price)") && sql.contains(" WHERE ") && !sql.contains(" GROUP BY ")
    }),
    ("HAVING with another aggregate than selected", |sql| {
        sql.contains("avg(")
            && behind(sql, " HAVING ").starts_with("count(*)")
            && !behind(sql, "SELECT ").starts_with("count")
    }),
    ("WHERE, GROUP BY and HAVING", |sql| {
        behind(behind(sql, " WHERE "), " GROUP BY ").contains(" HAVING ")
    }),
    ("INTERSECT of a grouped join", |sql| {
        sql.contains(" HAVING ") && sql.contains(" INTERSECT ")
    }),
    ("UNION of a grouped join", |sql| {
        sql.contains(" HAVING ") && sql.contains(" UNION ")
    }),
    ("a derived set operation counted", |sql| {
        sql.starts_with("SELECT count(*) FROM (SELECT ") && sql.contains(" INTERSECT ")
    }),
    ("a join over three tables", |sql| sql.matches(" JOIN ").count() == 2),
    ("a join over four tables", |sql| sql.matches(" JOIN ").count() == 3),
    ("a comparison with a named row", |sql| {
        sql.contains("> (SELECT age FROM author WHERE name = '")
    }),
];

#[test]
fn every_shape_is_asked_on_a_database_that_has_the_keys() {
    let samples = pairs();
    let few: Vec<(&str, usize)> = SHAPES
        .iter()
        .map(|(name, told)| (*name, samples.iter().filter(|sample| told(&sample.sql)).count()))
        .filter(|(_, count)| *count < 3)
        .collect();
    assert!(few.is_empty(), "{few:?} of {}", samples.len());
}

#[test]
fn shares_of_clauses_follow_what_people_ask() {
    let samples = &pairs()[..2500];
    let share = |told: &dyn Fn(&str) -> bool| {
        samples.iter().filter(|sample| told(&sample.sql)).count() as f64 / samples.len() as f64
    };
    // In brackets: Spider's 2,692 training questions of the shared folder.
    let has = |word: &'static str| share(&|sql: &str| sql.contains(word));
    let joins = |count: usize| share(&|sql: &str| sql.matches(" JOIN ").count() == count);
    let within = |share: f64, low: f64, high: f64, what: &str| {
        assert!((low..high).contains(&share), "{what}: {share}");
    };
    within(joins(0), 0.45, 0.68, "no join (0.62)");
    within(joins(1), 0.2, 0.4, "one join (0.26)");
    within(joins(2), 0.07, 0.2, "two joins (0.11)");
    within(joins(3), 0.005, 0.06, "three joins (0.01)");
    within(has(" GROUP BY "), 0.15, 0.35, "GROUP BY (0.24)");
    within(has(" ORDER BY "), 0.15, 0.32, "ORDER BY (0.23)");
    within(has(" OVER ("), 0.008, 0.04, "windows");
    within(has("CASE WHEN"), 0.004, 0.04, "CASE");
    within(has(" LIKE "), 0.0, 0.08, "LIKE (0.02)");
}
