//! Kinds of pairs across tables that meant something else or sounded odd when people read them.

use crate::demo::{self, asked, catalog, pairs};

const CREW: &str = "
    CREATE TABLE person (person_id INTEGER PRIMARY KEY, person_name TEXT, town TEXT, height INTEGER);
    CREATE TABLE passport (person_id INTEGER PRIMARY KEY REFERENCES person (person_id), issuer TEXT, issued_year INTEGER, pages INTEGER);
    CREATE TABLE shop (shop_id INTEGER PRIMARY KEY, shop_name TEXT, city TEXT, staff_count INTEGER);
    CREATE TABLE hiring (person_id INTEGER PRIMARY KEY REFERENCES person (person_id), shop_id INTEGER REFERENCES shop (shop_id), start_year INTEGER);
    CREATE TABLE song (song_id INTEGER PRIMARY KEY, song_title TEXT, person_id INTEGER REFERENCES person (person_id), length INTEGER, tune TEXT);
    CREATE TABLE student (student_id INTEGER PRIMARY KEY, student_name TEXT, song_release_year INTEGER, grade INTEGER);
    CREATE TABLE dog (dog_id INTEGER PRIMARY KEY, kind TEXT, weight INTEGER, grade INTEGER);
    CREATE TABLE has_dog (student_id INTEGER REFERENCES student (student_id), dog_id INTEGER REFERENCES dog (dog_id), PRIMARY KEY (student_id, dog_id));
    INSERT INTO student VALUES (1, 'Max', 1999, 3), (2, 'Eva', 2005, 4), (3, 'Jim', 2011, 5);
    INSERT INTO dog VALUES (1, 'poodle', 9, 2), (2, 'beagle', 12, 1), (3, 'poodle', 7, 5);
    INSERT INTO has_dog VALUES (1, 1), (1, 2), (2, 3);
    INSERT INTO person VALUES (1, 'Ann', 'Oslo', 170), (2, 'Bob', 'Rome', 180), (3, 'Cid', 'Rome', 165), (4, 'Dee', 'Oslo', 190);
    INSERT INTO passport VALUES (1, 'Norway', 2011, 32), (2, 'Italy', 2015, 48), (3, 'Italy', 2018, 32);
    INSERT INTO shop VALUES (1, 'Corner', 'Oslo', 4), (2, 'Plaza', 'Rome', 9);
    INSERT INTO hiring VALUES (1, 1, 2001), (2, 1, 2004), (3, 2, 2004);
    INSERT INTO song VALUES (1, 'Dawn', 1, 200, 'slow'), (2, 'Dusk', 1, 180, 'fast'), (3, 'Rain', 2, 240, 'slow'), (4, 'Snow', 4, 150, 'fast');";

#[test]
fn what_there_is_one_of_is_not_counted() {
    let samples = pairs(&catalog(CREW, true), "en");
    for sample in &samples {
        let question = &sample.question;
        for words in [
            "number of passports",
            "passports",
            "most hirings",
            "many hirings",
            "hirings they",
            "at least one hiring",
        ] {
            let owned = sample.sql.contains("person") && sample.sql.contains("GROUP BY T1.person_id");
            assert!(!(owned && question.contains(words)), "{question} / {}", sample.sql);
        }
        for words in [
            "more than 1 passport",
            "at least 2 passports",
            "person with the most passports",
            "people with the most passports",
            "shops each",
            " any passports",
        ] {
            let of_a_group = sample.sql.contains("GROUP BY T2.");
            assert!(of_a_group || !question.contains(words), "{question} / {}", sample.sql);
        }
    }
    assert!(asked(&samples, "with a passport") > 3 && asked(&samples, "a passport") > 10);
    assert!(asked(&samples, "no passport") + asked(&samples, "without a passport") > 3);
    let joined = samples
        .iter()
        .filter(|sample| sample.sql.contains("JOIN passport"))
        .count();
    assert!(joined > 40, "{joined}");
}

#[test]
fn a_superlative_behind_other_rows_says_whose_it_is() {
    let samples = pairs(&catalog(CREW, true), "en");
    for sample in &samples {
        let top = sample.sql.contains("ORDER BY") && sample.sql.contains("LIMIT 1") && !sample.sql.contains("GROUP BY");
        let across = sample.sql.contains("JOIN") || sample.sql.contains(" IN (");
        if !top || !across || !sample.sql.contains(" FROM person") {
            continue;
        }
        // "the person with songs with the greatest height"
        for words in [
            " with the highest height",
            " with the greatest height",
            " with the maximum height",
            " with the tallest",
        ] {
            if let Some((before, _)) = sample.question.split_once(words) {
                assert!(
                    ![" song", " shop", " passport"]
                        .iter()
                        .any(|other| before.contains(other)),
                    "{} / {}",
                    sample.question,
                    sample.sql
                );
            }
        }
    }
    assert!(asked(&samples, " among those ") > 5);
}

#[test]
fn clauses_about_the_rows_stand_before_those_about_others() {
    let samples = pairs(&catalog(CREW, true), "en");
    for sample in samples.iter().filter(|sample| sample.sql.contains(" FROM person")) {
        for own in [" and whose height", " and whose town", " and with a height"] {
            let before = sample
                .question
                .split(own)
                .next()
                .filter(|before| *before != sample.question);
            assert!(
                !before.is_some_and(|before| before.contains(" song")),
                "{} / {}",
                sample.question,
                sample.sql
            );
        }
    }
    assert!(asked(&samples, " and who ") > 5);
}

#[test]
fn alternatives_are_said_in_one_clause() {
    let samples = pairs(&catalog(CREW, true), "en");
    for sample in &samples {
        for words in [" or whose ", " or with ", " or having "] {
            assert!(!sample.question.contains(words), "{} / {}", sample.question, sample.sql);
        }
    }
    assert!(samples.iter().filter(|sample| sample.sql.contains(" OR ")).count() > 20);
}

const ALBUMS: &str = "
    CREATE TABLE album (album_id INTEGER PRIMARY KEY, album_title TEXT, pressed INTEGER);
    CREATE TABLE track (track_id INTEGER PRIMARY KEY, album_id INTEGER REFERENCES album (album_id), track_name TEXT, length INTEGER, mood TEXT);
    INSERT INTO album VALUES (1, 'Dawn', 400), (2, 'Dusk', 900), (3, 'Noon', 150);
    INSERT INTO track VALUES (1, 1, 'Ash', 200, 'slow'), (2, 1, 'Elm', 180, 'fast'), (3, 2, 'Fir', 240, 'slow'), (4, 2, 'Oak', 150, 'fast');";

#[test]
fn nothing_is_asked_that_cannot_be() {
    let catalog = catalog(ALBUMS, true);
    let samples = demo::session(&catalog, "sqlite", r#"{"families": {"rows-combined": 60}}"#)
        .generate(&demo::request(&catalog, 2500, &["en"]))
        .unwrap()
        .samples;
    let combined = || samples.iter().filter(|sample| sample.sql.contains(" INTERSECT "));
    for sample in combined() {
        let none = sample.sql.contains("NOT IN (SELECT album_id FROM track");
        let some = sample.sql.contains("JOIN track AS") || sample.sql.contains(" IN (SELECT album_id FROM track GROUP");
        assert!(!(none && some), "{} / {}", sample.question, sample.sql);
    }
    assert!(combined().count() > 20);
}

#[test]
fn things_are_named_with_what_they_are() {
    for sample in pairs(&catalog(CREW, true), "en") {
        for title in ["Dawn", "Dusk", "Rain", "Snow"] {
            for bare in [
                format!(" with {title}"),
                format!(" has {title}"),
                format!(" have {title}"),
                format!(" with \"{title}"),
            ] {
                assert!(!sample.question.contains(&bare), "{} / {}", sample.question, sample.sql);
            }
        }
    }
}

#[test]
fn an_order_by_what_both_have_says_whose() {
    let samples = pairs(&catalog(CREW, true), "en");
    let ordered = |sample: &&nl2sql_sdk::types::Sample| {
        sample.tags == ["join-list"] && sample.sql.contains("has_dog") && sample.sql.contains("ORDER BY T1.grade")
    };
    for sample in samples.iter().filter(ordered) {
        let said = ["grade of the student", "grade of the dog"];
        assert!(
            said.iter().any(|words| sample.question.contains(words)),
            "{}",
            sample.question
        );
    }
    assert!(samples.iter().any(|sample| ordered(&sample)));
}

#[test]
fn rows_are_owned_by_those_who_own_them() {
    let samples = pairs(&catalog(CREW, true), "en");
    assert!(asked(&samples, "dogs owned by") + asked(&samples, "are owned by") > 3);
    assert!(asked(&samples, "dog records") > 0 && asked(&samples, "of has dogs") == 0);
}

#[test]
fn a_year_of_something_else_is_not_the_rows_own() {
    for sample in pairs(&catalog(CREW, true), "en") {
        for words in [
            "students released",
            "students after",
            "students before",
            "students in 19",
            "students in 20",
            "students in the year",
        ] {
            assert!(!sample.question.contains(words), "{} / {}", sample.question, sample.sql);
        }
    }
}

#[test]
fn what_a_filter_fixes_is_not_asked_for() {
    for sample in pairs(&catalog(CREW, true), "en") {
        let shown = sample
            .sql
            .strip_prefix("SELECT ")
            .and_then(|rest| rest.split(" FROM ").next())
            .unwrap_or_default();
        let fixed = sample
            .sql
            .split(" WHERE ")
            .nth(1)
            .is_some_and(|filter| filter.starts_with(&format!("{shown} = ")) && !filter.contains(" OR "));
        let plain = ["list", "filter", "order"].contains(&sample.tags[0].as_str());
        assert!(!(plain && fixed), "{} / {}", sample.question, sample.sql);
    }
}

#[test]
fn what_is_computed_of_groups_is_of_the_rows_that_count() {
    for sample in pairs(&catalog(CREW, true), "en") {
        let having = sample.tags == ["group-aggregate-having"];
        assert!(
            !having || sample.question.contains(" of these "),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
}

#[test]
fn what_is_computed_of_related_rows_is_of_those_of_each() {
    for sample in pairs(&catalog(CREW, true), "en") {
        let per_row = sample.tags == ["join-group-aggregate"] || sample.tags == ["group-aggregate"];
        let all = [
            " length of the songs",
            " height of the people",
            " pages of the passports",
        ];
        let each = ["each", "per ", "by "]
            .iter()
            .any(|words| sample.question.contains(words));
        let every = sample.question.to_lowercase().starts_with("for ");
        assert!(
            !per_row || each || every || !all.iter().any(|words| sample.question.contains(words)),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
}
