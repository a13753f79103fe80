//! Where the definition `nl2sql` departs from the benchmarks' own: every row of the table in the module `execution`, on a database of a few rows.

use std::sync::Arc;
use std::time::Duration;

use crate::sqlite_databases::SqliteDatabases;
use nl2sql_catalog::Outcome;
use nl2sql_evaluation::definition::Definition;
use nl2sql_evaluation::execution::{Judge, JudgeLimits, Pair};
use nl2sql_evaluation::query_runner::QueryRunner;

const TABLES: &str = "CREATE TABLE t (a INTEGER, c TEXT); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (2, 'y'), (2, 'z');";

/// In the order in which verdicts stand below.
const DEFINITIONS: [Definition; 5] = [
    Definition::Nl2sql,
    Definition::TestSuite,
    Definition::TestSuiteKeepDistinct,
    Definition::Bird,
    Definition::Spider,
];

struct Departure {
    question: &'static str,
    gold: &'static str,
    predicted: &'static str,
    /// Whether it is a match to each definition.
    matches: [bool; 5],
}

const DEPARTURES: [Departure; 11] = [
    Departure {
        question: "repeated rows, and DISTINCT",
        gold: "SELECT c FROM t",
        predicted: "SELECT DISTINCT c FROM t",
        matches: [false, true, false, true, false],
    },
    Departure {
        question: "row order where the gold has none",
        gold: "SELECT c FROM t",
        predicted: "SELECT c FROM t ORDER BY c DESC",
        matches: [true, true, true, true, false],
    },
    Departure {
        question: "row order where only a subquery of the gold has one",
        gold: "SELECT c FROM t WHERE a IN (SELECT a FROM t ORDER BY a LIMIT 4)",
        predicted: "SELECT c FROM t ORDER BY c DESC",
        matches: [true, false, false, true, false],
    },
    Departure {
        question: "another order of rows",
        gold: "SELECT c FROM t ORDER BY c",
        predicted: "SELECT c FROM t ORDER BY c DESC",
        matches: [false, false, false, true, false],
    },
    Departure {
        question: "ties of ORDER BY in another order",
        gold: "SELECT c FROM t ORDER BY a",
        predicted: "SELECT c FROM t ORDER BY a, c DESC",
        matches: [true, false, false, true, false],
    },
    Departure {
        question: "another choice among rows tied at LIMIT",
        gold: "SELECT c FROM t ORDER BY a DESC LIMIT 1",
        predicted: "SELECT 'z'",
        matches: [true, false, false, false, false],
    },
    Departure {
        question: "columns in another order",
        gold: "SELECT a, c FROM t",
        predicted: "SELECT c, a FROM t",
        matches: [true, true, true, false, true],
    },
    Departure {
        question: "numbers that differ in their last digits",
        gold: "SELECT avg(a) FROM t",
        predicted: "SELECT avg(a) + 1e-15 FROM t",
        matches: [true, false, false, false, false],
    },
    Departure {
        question: "empty results of different width",
        gold: "SELECT a FROM t WHERE a > 9",
        predicted: "SELECT a, c FROM t WHERE a > 9",
        matches: [false, true, true, true, false],
    },
    Departure {
        question: "several statements",
        gold: "SELECT c FROM t",
        predicted: "SELECT c FROM t; SELECT c FROM t",
        matches: [false, true, false, false, false],
    },
    Departure {
        question: "a prediction that writes, beside an empty gold",
        gold: "SELECT a FROM t WHERE a > 9",
        predicted: "DELETE FROM t",
        matches: [false, true, true, true, false],
    },
];

#[tokio::test]
async fn every_listed_departure_shows_in_the_verdicts() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("d.sqlite")).unwrap();
    file.execute_batch(TABLES).unwrap();
    drop(file);
    let runner: Arc<dyn QueryRunner> = Arc::new(SqliteDatabases::new(folder.path(), Duration::from_secs(5)));
    let mut wrong = Vec::new();
    for departure in &DEPARTURES {
        let pair = Pair {
            database: "d".to_owned(),
            gold: departure.gold.to_owned(),
            predicted: departure.predicted.to_owned(),
        };
        for (definition, expected) in DEFINITIONS.into_iter().zip(departure.matches) {
            let judgement = Judge::new(runner.clone(), definition, JudgeLimits::default())
                .judge(&pair)
                .await;
            if judgement.is_match() != Some(expected) {
                wrong.push(format!(
                    "{}, {definition}: {judgement:?}, expected {expected}",
                    departure.question
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_gold_that_fails_is_an_outcome_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = rusqlite::Connection::open(folder.path().join("d.sqlite")).unwrap();
    file.execute_batch(TABLES).unwrap();
    drop(file);
    let runner: Arc<dyn QueryRunner> = Arc::new(SqliteDatabases::new(folder.path(), Duration::from_secs(5)));
    let pair = Pair {
        database: "d".to_owned(),
        gold: "SELECT no_such FROM t".to_owned(),
        predicted: "SELECT c FROM t".to_owned(),
    };
    for definition in Definition::ALL {
        let judgement = Judge::new(runner.clone(), definition, JudgeLimits::default())
            .judge(&pair)
            .await;
        assert_eq!(judgement.outcome, Outcome::GoldError, "{definition}: {judgement:?}");
        assert_eq!(judgement.is_match(), None);
    }
}
