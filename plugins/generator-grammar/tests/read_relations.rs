//! Kinds of pairs across tables that meant something else or sounded odd when people read them.

use crate::demo::{asked, catalog, pairs};

const CREW: &str = "
    CREATE TABLE person (person_id INTEGER PRIMARY KEY, person_name TEXT, town TEXT, height INTEGER);
    CREATE TABLE passport (person_id INTEGER PRIMARY KEY REFERENCES person (person_id), issuer TEXT, issued_year INTEGER, pages INTEGER);
    CREATE TABLE shop (shop_id INTEGER PRIMARY KEY, shop_name TEXT, city TEXT, staff_count INTEGER);
    CREATE TABLE hiring (person_id INTEGER PRIMARY KEY REFERENCES person (person_id), shop_id INTEGER REFERENCES shop (shop_id), start_year INTEGER);
    CREATE TABLE song (song_id INTEGER PRIMARY KEY, song_title TEXT, person_id INTEGER REFERENCES person (person_id), length INTEGER, tune TEXT);
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
    for sample in &samples {
        for others in ["songs", "song", "shop"] {
            assert!(
                !sample.question.contains(&format!("{others} and whose height"))
                    && !sample.question.contains(&format!("{others} and whose town")),
                "{} / {}",
                sample.question,
                sample.sql
            );
        }
    }
    assert!(asked(&samples, " and who ") > 5);
}

#[test]
fn no_question_begins_in_its_middle() {
    for sample in pairs(&catalog(CREW, true), "en") {
        let first = sample
            .question
            .split([' ', ','])
            .next()
            .unwrap_or_default()
            .to_lowercase();
        assert!(
            ![
                "me", "of", "with", "and", "or", "that", "who's", "whose", "those", "them", "to", "from"
            ]
            .contains(&first.as_str()),
            "{}",
            sample.question
        );
    }
}
