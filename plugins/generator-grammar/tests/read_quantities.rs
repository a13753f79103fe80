//! Kinds of pairs about numbers that meant something else or sounded odd when people read them.

use crate::demo::{asked, catalog, pairs};
use nl2sql_sdk::types::Sample;

const ARENAS: &str = "
    CREATE TABLE arena (arena_id INTEGER PRIMARY KEY, arena_name TEXT, town TEXT, highest INTEGER, lowest INTEGER, average INTEGER,
        floor INTEGER, max_speed INTEGER, is_open INTEGER);
    CREATE TABLE driver (driver_id INTEGER PRIMARY KEY, driver_name TEXT, team TEXT, rank INTEGER, points INTEGER);
    CREATE TABLE state (state TEXT PRIMARY KEY, area INTEGER, zone TEXT);
    CREATE TABLE state_tongue (state TEXT REFERENCES state (state), tongue TEXT, speakers INTEGER, PRIMARY KEY (state, tongue));
    CREATE TABLE country (country_id INTEGER PRIMARY KEY, country_name TEXT, capital INTEGER, indep_year REAL, number_of_lakes INTEGER);
    CREATE TABLE harm (harm_id INTEGER PRIMARY KEY, country_id INTEGER REFERENCES country (country_id), killed INTEGER, ship_city TEXT);
    INSERT INTO country VALUES (1, 'Oria', 4, -660, 3), (2, 'Pria', 17, 1830, 9), (3, 'Qria', 22, 1960, 4), (4, 'Rria', 31, 1971, 0), (5, 'Sria', 40, 1990, 7),
        (6, 'Tria', 41, 1822, 2);
    INSERT INTO harm VALUES (1, 1, 3, 'Bonn'), (2, 2, 9, 'Bonn'), (3, 3, 4, 'Genoa'), (4, 2, 1, 'Genoa');
    INSERT INTO arena VALUES (1, 'Oak', 'Leeds', 900, 100, 410, 1, 88, 1), (2, 'Elm', 'York', 800, 90, 300, 2, 95, 0), (3, 'Ash', 'York', 700, 80, 250, 2, 61, 1),
        (4, 'Fir', 'Leeds', 650, 20, 111, 1, 70, 1);
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

#[test]
fn years_and_the_numbers_of_cities_are_no_amounts() {
    let samples = pairs(&catalog(ARENAS, true), "en");
    for sample in &samples {
        for amount in [
            "avg(indep_year)",
            "sum(indep_year)",
            "avg(capital)",
            "sum(capital)",
            "max(capital)",
            "capital >",
        ] {
            assert!(!sample.sql.contains(amount), "{} / {}", sample.question, sample.sql);
        }
        assert!(
            !asks(sample, &["average killed", "a killed", "total number of lakes of"]),
            "{}",
            sample.question
        );
    }
    assert!(asked(&samples, "independence year") > 10 && asked(&samples, "number of killed") > 3);
    assert!(asked(&samples, "sum of the numbers of lakes") > 0);
}

#[test]
fn a_bound_stands_behind_the_name_as_people_put_it() {
    for sample in pairs(&catalog(ARENAS, true), "en") {
        for words in [
            "value at least",
            "value more than",
            "value no ",
            "points of at least",
            "of of ",
            "over one ",
        ] {
            let whose = sample.question.contains("whose");
            assert!(
                whose || !sample.question.contains(words),
                "{} / {}",
                sample.question,
                sample.sql
            );
        }
        let ascending = sample.sql.contains(" LIMIT ") && !sample.sql.contains(" DESC");
        assert!(
            !ascending || !asks(&sample, &[" top "]),
            "{} / {}",
            sample.question,
            sample.sql
        );
        assert!(
            !asks(&sample, &["that of any "]),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
}

#[test]
fn what_is_true_of_rows_is_tested_and_not_shown() {
    let samples = pairs(&catalog(ARENAS, true), "en");
    for sample in &samples {
        let shown = sample
            .sql
            .strip_prefix("SELECT ")
            .and_then(|rest| rest.split(" FROM ").next());
        let flag = shown.is_some_and(|shown| shown.split(", ").any(|item| item == "is_open"));
        assert!(!flag, "{} / {}", sample.question, sample.sql);
    }
    assert!(samples.iter().any(|sample| sample.sql.contains("is_open = ")));
}

#[test]
fn what_is_shipped_somewhere_is_not_there() {
    for sample in pairs(&catalog(ARENAS, true), "en") {
        let placed = ["harms in Bonn", "harms located in", "harms from Bonn", "harms in Genoa"];
        assert!(
            !placed.iter().any(|words| sample.question.contains(words)),
            "{}",
            sample.question
        );
    }
}
