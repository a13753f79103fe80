//! What the glossary says stands in questions, and overrides what names let guess.

use crate::demo;
use nl2sql_sdk::types::{Catalog, Sample};

const SHOP: &str = "
    CREATE TABLE t_cust (id INTEGER PRIMARY KEY, nm1 TEXT, label TEXT, crdt INTEGER);
    CREATE TABLE t_ord (id INTEGER PRIMARY KEY, cust INTEGER REFERENCES t_cust (id), amt INTEGER);
    INSERT INTO t_cust VALUES (1, 'Acme', 'a1', 500), (2, 'Bolt', 'b2', 700), (3, 'Cord', 'c3', 900), (4, 'Dorn', 'd4', 500);
    INSERT INTO t_ord VALUES (1, 1, 20), (2, 1, 30), (3, 2, 40), (4, 3, 50), (5, 3, 60);";

/// The shop, with a glossary as the host passes it.
fn catalog(terms: &[(&str, &[(&str, &str)])]) -> Catalog {
    let (_, mut catalog) = demo::open(SHOP);
    for (place, said) in terms {
        let (table, column) = place.split_once('.').unwrap_or((place, ""));
        let table = catalog.tables.iter_mut().find(|known| known.name == table).unwrap();
        let extra = match table.columns.iter_mut().find(|known| known.name == column) {
            Some(column) => &mut column.extra,
            None => &mut table.extra,
        };
        extra.extend(
            said.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
    }
    catalog
}

const TERMS: &[(&str, &[(&str, &str)])] = &[
    (
        "t_cust",
        &[
            ("noun.en", "member of staff"),
            ("plural.en", "members of staff"),
            ("noun.zh", "员工"),
            ("display", "label"),
        ],
    ),
    ("t_cust.nm1", &[("noun.en", "nickname"), ("noun.zh", "昵称")]),
    (
        "t_cust.crdt",
        &[
            ("noun.en", "allowance"),
            ("noun.zh", "额度"),
            ("unit.en", "dollars"),
            ("unit.zh", "元"),
        ],
    ),
    (
        "t_ord",
        &[
            ("noun.en", "purchase"),
            ("synonyms.en", "buy\norder"),
            ("noun.zh", "订单"),
        ],
    ),
    ("t_ord.amt", &[("noun.en", "amount"), ("noun.zh", "金额")]),
];

fn questions(catalog: &Catalog, language: &str) -> Vec<Sample> {
    demo::session(catalog, "sqlite", "")
        .generate(&demo::request(catalog, 600, &[language]))
        .unwrap()
        .samples
}

fn asked(samples: &[Sample], words: &str) -> usize {
    samples
        .iter()
        .filter(|sample| sample.question.to_lowercase().contains(words))
        .count()
}

#[test]
fn nouns_plurals_and_units_are_those_of_the_glossary() {
    let samples = questions(&catalog(TERMS), "en");
    for words in ["members of staff", "nickname", "allowance", "500 dollars", "purchases"] {
        assert!(asked(&samples, words) > 0, "nobody asks about {words}");
    }
    for guessed in ["cust ", "custs", "nm1", "crdt", "member of staffs"] {
        assert_eq!(asked(&samples, guessed), 0, "{guessed} is a guess");
    }
}

#[test]
fn the_display_column_stands_for_a_row() {
    let names = |catalog: &Catalog| {
        let session = demo::session(catalog, "sqlite", "");
        let table = session
            .schema()
            .tables
            .iter()
            .find(|table| table.name == "t_cust")
            .unwrap();
        let columns = table
            .display()
            .into_iter()
            .map(|column| table.columns[column].name.clone());
        columns.collect::<Vec<String>>()
    };
    assert_eq!(names(&catalog(&[])), ["nm1"], "the guess");
    assert_eq!(names(&catalog(TERMS)), ["label"]);
}

#[test]
fn synonyms_are_said_now_and_then() {
    let samples = questions(&catalog(TERMS), "en");
    let (nouns, synonyms) = (
        asked(&samples, "purchase"),
        asked(&samples, "orders") + asked(&samples, " buys"),
    );
    assert!(synonyms > 0 && nouns > synonyms, "{nouns} nouns, {synonyms} synonyms");
}

#[test]
fn synonyms_change_no_statement_but_its_words() {
    let plain: Vec<_> = TERMS
        .iter()
        .map(|(place, said)| {
            let kept: Vec<(&str, &str)> = said
                .iter()
                .filter(|(name, _)| !name.starts_with("synonyms"))
                .copied()
                .collect();
            (*place, kept)
        })
        .collect();
    let plain: Vec<(&str, &[(&str, &str)])> = plain.iter().map(|(place, said)| (*place, said.as_slice())).collect();
    let links = |catalog: &Catalog| demo::session(catalog, "sqlite", "").schema().links.len();
    assert_eq!(links(&catalog(&plain)), links(&catalog(&[])));
    assert_eq!(links(&catalog(TERMS)), links(&catalog(&[])));
}

#[test]
fn chinese_questions_use_chinese_terms_and_units() {
    let samples = questions(&catalog(TERMS), "zh");
    for words in ["员工", "昵称", "额度", "500元", "订单"] {
        assert!(asked(&samples, words) > 0, "nobody asks about {words}");
    }
    assert_eq!(asked(&samples, "crdt"), 0);
}
