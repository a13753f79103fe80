//! Catalogs that nobody wishes for, and requests that are refused.

use crate::demo;
use nl2sql_generator_grammar::Session;
use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::types::{Catalog, Column, ForeignKey, Table};

#[test]
fn reserved_words_spaces_and_emoji_are_quoted() {
    let (connection, catalog) = demo::open(
        "CREATE TABLE \"order\" (\"group\" INTEGER PRIMARY KEY, \"unit price\" REAL, \"🙂 mood\" TEXT, \"a\"\"b\" TEXT, \"select\" DATE);
         INSERT INTO \"order\" VALUES (1, 2.5, 'it''s', 'x', '2020-01-02'), (2, 9.5, 'fine', 'y', '2021-02-03');
         CREATE TABLE \"order line\" (\"no\" INTEGER PRIMARY KEY, \"order\" INTEGER REFERENCES \"order\" (\"group\"), \"from\" TEXT);
         INSERT INTO \"order line\" VALUES (1, 1, 'here'), (2, 1, 'there');",
    );
    let batch = demo::session(&catalog, "sqlite", "")
        .generate(&demo::request(&catalog, 400, &["en", "zh"]))
        .unwrap();
    assert!(batch.samples.len() > 300, "{}", batch.samples.len());
    for sample in &batch.samples {
        connection
            .prepare(&sample.sql)
            .unwrap_or_else(|error| panic!("{error}: {}", sample.sql));
    }
}

#[test]
fn no_values_no_rows_no_keys_still_give_pairs() {
    let (connection, mut catalog) = demo::open(demo::CONCERTS);
    for table in &mut catalog.tables {
        table.row_estimate = None;
        table.foreign_keys.clear();
        table.primary_key.clear();
        for column in &mut table.columns {
            column.samples.clear();
        }
    }
    let batch = demo::session(&catalog, "sqlite", "")
        .generate(&demo::request(&catalog, 300, &["en"]))
        .unwrap();
    assert_eq!(batch.samples.len(), 300);
    for sample in &batch.samples {
        connection
            .prepare(&sample.sql)
            .unwrap_or_else(|error| panic!("{error}: {}", sample.sql));
    }
}

#[test]
fn a_wide_table_is_covered() {
    let columns: Vec<String> = (0..300).map(|index| format!("reading_{index} REAL")).collect();
    let (_, catalog) = demo::open(&format!(
        "CREATE TABLE sensor (id INTEGER PRIMARY KEY, {});",
        columns.join(", ")
    ));
    let batch = demo::session(&catalog, "sqlite", "")
        .generate(&demo::request(&catalog, 900, &["en"]))
        .unwrap();
    let sql: String = batch.samples.iter().map(|sample| format!("{} ", sample.sql)).collect();
    let missing = (0..300)
        .filter(|index| !sql.contains(&format!("reading_{index}")))
        .count();
    assert_eq!(missing, 0);
}

#[test]
fn two_thousand_tables_with_cyclic_composite_and_dangling_keys() {
    let column = |name: &str| Column {
        name: name.to_owned(),
        type_class: "integer".to_owned(),
        ..Column::default()
    };
    let key = |columns: &[&str], table: String| ForeignKey {
        columns: columns.iter().map(|name| (*name).to_owned()).collect(),
        ref_table: table,
        ref_columns: columns.iter().map(|_| "id".to_owned()).collect(),
        ..ForeignKey::default()
    };
    let tables = (0..2000)
        .map(|index| Table {
            name: format!("thing_{index}"),
            columns: ["id", "other", "size", "weight"].map(column).to_vec(),
            primary_key: vec!["id".to_owned()],
            foreign_keys: vec![
                key(&["other"], format!("thing_{}", (index + 1) % 2000)),
                key(&["id", "other"], format!("thing_{}", (index + 2) % 2000)),
                key(&["size"], "nowhere".to_owned()),
            ],
            ..Table::default()
        })
        .collect();
    let catalog = Catalog {
        tables,
        ..Catalog::default()
    };
    let session = demo::session(&catalog, "postgres", "");
    let mut request = demo::request(&catalog, 200, &["en"]);
    request.topic.tables.truncate(6);
    let batch = session.generate(&request).unwrap();
    assert_eq!(batch.samples.len(), 200);
}

fn refused(options: &str) -> (String, String) {
    let error = Session::open(
        &Catalog::default(),
        &DialectInfo::standard("standard", "none"),
        options,
        0,
    )
    .err()
    .unwrap();
    (error.message, error.hint.unwrap_or_default())
}

#[test]
fn bad_options_are_refused_with_the_nearest_name() {
    let (message, hint) = refused(r#"{"max_join": 2}"#);
    assert!(
        message.contains("`max_join`") && hint.contains("`max_joins`"),
        "{message} {hint}"
    );
    let (message, hint) = refused(r#"{"families": {"join-filtr": 2}}"#);
    assert!(
        message.contains("`join-filtr`") && hint.contains("did you mean `join-filter`"),
        "{message} {hint}"
    );
    assert!(refused(r#"{"max_joins": 4}"#).0.contains("from 0 to 3"));
    assert!(refused(r#"{"families": {"list": -1}}"#).0.contains("0 or more"));
    assert!(refused("{").0.contains("options"));
}

#[test]
fn unknown_tables_and_languages_are_noted_or_refused() {
    let (_, catalog) = demo::open(demo::CONCERTS);
    let session = demo::session(&catalog, "sqlite", "");
    let mut request = demo::request(&catalog, 5, &["en", "fr"]);
    request.topic.tables.push("ghost".to_owned());
    let notes = session.generate(&request).unwrap().notes;
    assert!(notes[0].contains("`ghost`") && notes[1].contains("`fr`"), "{notes:?}");
    request.languages = vec![("fr".to_owned(), 1.0)];
    assert_eq!(session.generate(&request).unwrap_err().code, "unsupported-language");
    request.topic.tables = vec!["ghost".to_owned()];
    assert_eq!(session.generate(&request).unwrap_err().code, "no-tables");
}
