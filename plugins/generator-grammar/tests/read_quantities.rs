//! Kinds of pairs about numbers that meant something else or sounded odd when people read them.

use crate::demo::{asked, catalog, pairs};
use nl2sql_sdk::types::Sample;

const ARENAS: &str = "
    CREATE TABLE arena (arena_id INTEGER PRIMARY KEY, arena_name TEXT, town TEXT, highest INTEGER, lowest INTEGER, average INTEGER,
        floor INTEGER, max_speed INTEGER);
    CREATE TABLE driver (driver_id INTEGER PRIMARY KEY, driver_name TEXT, team TEXT, rank INTEGER, points INTEGER);
    CREATE TABLE state (state TEXT PRIMARY KEY, area INTEGER, zone TEXT);
    CREATE TABLE state_tongue (state TEXT REFERENCES state (state), tongue TEXT, speakers INTEGER, PRIMARY KEY (state, tongue));
    INSERT INTO arena VALUES (1, 'Oak', 'Leeds', 900, 100, 410, 1, 88), (2, 'Elm', 'York', 800, 90, 300, 2, 95), (3, 'Ash', 'York', 700, 80, 250, 2, 61),
        (4, 'Fir', 'Leeds', 650, 20, 111, 1, 70);
    INSERT INTO driver VALUES (1, 'Ann', 'Red', 1, 90), (2, 'Bob', 'Red', 2, 70), (3, 'Cid', 'Blue', 3, 60), (4, 'Dee', 'Blue', 4, 10);
    INSERT INTO state VALUES ('Aria', 100, 'north'), ('Bora', 250, 'south'), ('Cena', 75, 'south');
    INSERT INTO state_tongue VALUES ('Aria', 'Ari', 10), ('Aria', 'Bor', 4), ('Bora', 'Bor', 30), ('Cena', 'Ari', 7);";

fn asks(sample: &Sample, words: &[&str]) -> bool {
    words.iter().any(|words| sample.question.to_lowercase().contains(words))
}

#[test]
fn a_name_that_says_a_degree_goes_without_another() {
    let samples = pairs(&catalog(ARENAS, true), "en");
    for sample in &samples {
        for degree in ["highest", "lowest", "average", "maximum"] {
            let bare = sample
                .question
                .to_lowercase()
                .split(&format!("{degree} "))
                .skip(1)
                .any(|rest| {
                    ["highest value", "lowest value", "average value", "maximum speed"]
                        .iter()
                        .any(|name| rest.starts_with(name))
                });
            assert!(!bare, "{} / {}", sample.question, sample.sql);
        }
        assert!(
            !asks(sample, &["highests", "the averages", "lowests", "average of the arena"]),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
    assert!(asked(&samples, "highest value") > 10 && asked(&samples, "of the highest values") > 0);
}

#[test]
fn a_place_in_an_order_is_no_quantity() {
    let samples = pairs(&catalog(ARENAS, true), "en");
    for sample in &samples {
        let summed = [
            "avg(rank)",
            "sum(rank)",
            "avg(floor)",
            "sum(floor)",
            "rank DESC LIMIT",
            "rank LIMIT",
            "max(rank)",
        ];
        assert!(
            !summed.iter().any(|expression| sample.sql.contains(expression)),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
    let sorted = samples.iter().filter(|sample| sample.sql.contains("ORDER BY rank"));
    assert!(sorted.count() > 5);
    assert!(samples.iter().any(|sample| sample.sql.contains("WHERE floor = ")));
}

#[test]
fn a_column_that_is_called_like_its_rows_is_their_name() {
    let samples = pairs(&catalog(ARENAS, true), "en");
    for sample in &samples {
        assert!(
            !asks(
                sample,
                &[
                    "states of states",
                    "states of the states",
                    "states of all states",
                    "tongues of tongues"
                ]
            ),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
    assert!(
        asked(&samples, "names of all states")
            + asked(&samples, "names of the states")
            + asked(&samples, "names of states")
            > 3
    );
}
