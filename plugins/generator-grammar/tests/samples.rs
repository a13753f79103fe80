//! What the pipeline relies on: repeatable, unique, executable, covering, in the wanted mix.

use crate::demo;
use std::collections::{BTreeMap, BTreeSet};

use nl2sql_sdk::types::{Catalog, Difficulty, Sample};
use rusqlite::Connection;

fn run(connection: &Connection, sample: &Sample) -> usize {
    let mut statement = connection
        .prepare(&sample.sql)
        .unwrap_or_else(|error| panic!("{error}: {}", sample.sql));
    let mut rows = statement
        .query([])
        .unwrap_or_else(|error| panic!("{error}: {}", sample.sql));
    let mut count = 0;
    while rows
        .next()
        .unwrap_or_else(|error| panic!("{error}: {}", sample.sql))
        .is_some()
    {
        count += 1;
    }
    count
}

fn check_database(script: &str, languages: &[&str]) {
    let (connection, catalog) = demo::open(script);
    let session = demo::session(&catalog, "sqlite", "");
    let request = demo::request(&catalog, 1500, languages);
    let batch = session.generate(&request).unwrap();
    assert_eq!(batch.samples.len(), 1500);
    assert_eq!(
        batch,
        session.generate(&request).unwrap(),
        "the same request gives the same batch"
    );
    let empty = batch
        .samples
        .iter()
        .filter(|sample| run(&connection, sample) == 0)
        .count();
    assert!(
        empty * 100 < batch.samples.len() * 6,
        "{empty} of {} results are empty",
        batch.samples.len()
    );
    let questions: BTreeSet<&str> = batch.samples.iter().map(|sample| sample.question.as_str()).collect();
    let queries: BTreeSet<&str> = batch.samples.iter().map(|sample| sample.sql.as_str()).collect();
    assert_eq!(
        (questions.len(), queries.len()),
        (1500, 1500),
        "no question and no SQL comes twice"
    );
    covers_everything(&catalog, &batch.samples);
    let families: BTreeSet<&str> = batch
        .samples
        .iter()
        .flat_map(|sample| sample.tags.iter().map(String::as_str))
        .collect();
    assert!(families.len() >= 40, "{families:?}");
    assert!(
        batch.samples.iter().all(|sample| !sample.question.contains('_')),
        "questions never show identifiers"
    );
}

fn covers_everything(catalog: &Catalog, samples: &[Sample]) {
    let words: Vec<BTreeSet<&str>> = samples
        .iter()
        .map(|sample| {
            sample
                .sql
                .split(|character: char| !character.is_alphanumeric() && character != '_')
                .collect()
        })
        .collect();
    for table in &catalog.tables {
        for column in &table.columns {
            let covered = words
                .iter()
                .any(|words| words.contains(table.name.as_str()) && words.contains(column.name.as_str()));
            assert!(covered, "{}.{} is never used", table.name, column.name);
        }
        for key in &table.foreign_keys {
            let covered = words.iter().any(|words| {
                words.contains("JOIN") && words.contains(table.name.as_str()) && words.contains(key.ref_table.as_str())
            });
            assert!(covered, "{} is never joined to {}", table.name, key.ref_table);
        }
    }
}

#[test]
fn concerts_in_english() {
    check_database(demo::CONCERTS, &["en"]);
}

#[test]
fn sales_in_chinese() {
    check_database(demo::SALES, &["zh"]);
}

#[test]
fn sales_in_both_languages_by_weight() {
    let (_, catalog) = demo::open(demo::SALES);
    let mut request = demo::request(&catalog, 400, &["en", "zh-CN"]);
    request.languages[0].1 = 3.0;
    let batch = demo::session(&catalog, "sqlite", "").generate(&request).unwrap();
    let chinese = batch.samples.iter().filter(|sample| sample.language == "zh-CN").count();
    assert!((90..=110).contains(&chinese), "{chinese} of 400");
}

#[test]
fn rounds_go_on_where_the_last_one_stopped() {
    let (_, catalog) = demo::open(demo::CONCERTS);
    let session = demo::session(&catalog, "sqlite", "");
    let mut request = demo::request(&catalog, 150, &["en"]);
    request.difficulties = vec![
        (Difficulty::Easy, 1.0),
        (Difficulty::Medium, 2.0),
        (Difficulty::Hard, 1.0),
        (Difficulty::Extra, 1.0),
    ];
    request.accepted = session.generate(&request).unwrap().samples;
    request.round = 1;
    let second = session.generate(&request).unwrap().samples;
    let first: BTreeSet<&str> = request
        .accepted
        .iter()
        .flat_map(|sample| [sample.sql.as_str(), sample.question.as_str()])
        .collect();
    assert!(
        second
            .iter()
            .all(|sample| !first.contains(sample.sql.as_str()) && !first.contains(sample.question.as_str()))
    );
    let medium = request
        .accepted
        .iter()
        .chain(&second)
        .filter(|sample| sample.difficulty == Difficulty::Medium)
        .count();
    assert!((114..=126).contains(&medium), "{medium} of 300");
}

#[test]
fn an_sql_has_as_many_questions_as_the_host_says() {
    let (_, catalog) = demo::open(demo::CONCERTS);
    let mut request = demo::request(&catalog, 600, &["en"]);
    request.extra.push(("wordings".to_owned(), "3".to_owned()));
    let batch = demo::session(&catalog, "sqlite", "").generate(&request).unwrap();
    let mut wordings: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for sample in &batch.samples {
        wordings.entry(&sample.sql).or_default().push(&sample.question);
    }
    let questions: BTreeSet<&str> = batch.samples.iter().map(|sample| sample.question.as_str()).collect();
    assert_eq!(questions.len(), 600, "a question has one SQL");
    assert!(wordings.values().all(|questions| questions.len() <= 3));
    let several = wordings.values().filter(|questions| questions.len() > 1).count();
    assert!(
        several * 3 > wordings.len() && several * 3 < wordings.len() * 2,
        "{several} of {}",
        wordings.len()
    );
    // Differently built, not only with other words: the beginnings differ.
    let start = |question: &str| question.split(' ').take(2).collect::<Vec<_>>().join(" ").to_lowercase();
    let unlike = wordings
        .values()
        .filter(|questions| questions.len() > 1 && start(questions[0]) != start(questions[1]))
        .count();
    assert!(unlike * 10 > several * 7, "{unlike} of {several}");
}

#[test]
fn an_exhausted_topic_is_asked_in_other_words() {
    let (_, catalog) = demo::open(
        "CREATE TABLE pupil (id INTEGER PRIMARY KEY, name TEXT, grade INTEGER);
         INSERT INTO pupil VALUES (1, 'Ann', 3), (2, 'Bob', 4), (3, 'Cid', 5), (4, 'Dee', 6);",
    );
    let session = demo::session(&catalog, "sqlite", "");
    let mut request = demo::request(&catalog, 5000, &["en"]);
    let once = session.generate(&request).unwrap();
    request.extra.push(("wordings".to_owned(), "3".to_owned()));
    let thrice = session.generate(&request).unwrap();
    assert!(once.exhausted);
    assert!(
        thrice.samples.len() * 2 > once.samples.len() * 3,
        "{} and {}",
        once.samples.len(),
        thrice.samples.len()
    );
}

#[test]
fn levels_with_nothing_left_are_made_up_for_by_the_others() {
    let (_, catalog) = demo::open(
        "CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT);
         INSERT INTO note VALUES (1, 'dear sir'), (2, 'dear madam'), (3, 'hello');",
    );
    let session = demo::session(&catalog, "sqlite", "");
    let mut request = demo::request(&catalog, 12, &["en"]);
    request.difficulties = vec![(Difficulty::Easy, 0.2), (Difficulty::Extra, 0.8)];
    let batch = session.generate(&request).unwrap();
    assert_eq!(batch.samples.len(), 12, "{:?}", batch.notes);
    assert!(
        batch.notes.iter().any(|note| note.contains("no more `extra`")),
        "{:?}",
        batch.notes
    );
}

#[test]
fn a_tiny_topic_is_exhausted_without_repetition() {
    let (connection, catalog) =
        demo::open("CREATE TABLE note (id INTEGER PRIMARY KEY, body BLOB); INSERT INTO note VALUES (1, x'00');");
    let batch = demo::session(&catalog, "sqlite", "")
        .generate(&demo::request(&catalog, 500, &["en"]))
        .unwrap();
    assert!(batch.exhausted && !batch.samples.is_empty(), "{}", batch.samples.len());
    for sample in &batch.samples {
        run(&connection, sample);
    }
}
