//! Kinds of pairs that did not mean their SQL, or that nobody would ask, when people read them.

use crate::demo::{self, asked, catalog, pairs};
use nl2sql_sdk::types::Sample;

const NETWORK: &str = "
    CREATE TABLE student (id INTEGER PRIMARY KEY, name TEXT, grade INTEGER);
    CREATE TABLE friend (student_id INTEGER, friend_id INTEGER, PRIMARY KEY (student_id, friend_id),
        FOREIGN KEY (student_id) REFERENCES student (id), FOREIGN KEY (friend_id) REFERENCES student (id));
    CREATE TABLE likes (student_id INTEGER, liked_id INTEGER, PRIMARY KEY (student_id, liked_id),
        FOREIGN KEY (student_id) REFERENCES student (id), FOREIGN KEY (liked_id) REFERENCES student (id));
    CREATE TABLE team (team_id INTEGER PRIMARY KEY, team_name TEXT, city TEXT);
    CREATE TABLE game (game_id INTEGER PRIMARY KEY, home_team_id INTEGER REFERENCES team (team_id), away_team_id INTEGER REFERENCES team (team_id),
        home_goals INTEGER, away_goals INTEGER);
    CREATE TABLE worker (worker_id INTEGER PRIMARY KEY, worker_name TEXT, salary INTEGER, manager_id INTEGER REFERENCES worker (worker_id));
    INSERT INTO student VALUES (1, 'Ann', 9), (2, 'Bob', 10), (3, 'Cid', 11), (4, 'Dee', 12);
    INSERT INTO friend VALUES (1, 2), (2, 1), (2, 3), (3, 2);
    INSERT INTO likes VALUES (1, 2), (3, 2);
    INSERT INTO team VALUES (1, 'Reds', 'Leeds'), (2, 'Blues', 'York'), (3, 'Greens', 'York');
    INSERT INTO game VALUES (1, 1, 2, 3, 1), (2, 2, 3, 0, 0), (3, 2, 1, 1, 2);
    INSERT INTO worker VALUES (1, 'Max', 90, NULL), (2, 'Eva', 70, 1), (3, 'Jim', 50, 1);";

const SHOP: &str = "
    CREATE TABLE Customers (CustomerID INTEGER PRIMARY KEY, CompanyName TEXT, Address TEXT, Country TEXT, Discount REAL, ProductSales REAL);
    CREATE TABLE Orders (OrderID INTEGER PRIMARY KEY, CustomerID INTEGER REFERENCES Customers (CustomerID), ShipName TEXT, ShipCountry TEXT,
        OrderDate DATE, ShippedDate DATE, Milliseconds INTEGER);
    CREATE TABLE \"Order Details\" (OrderID INTEGER REFERENCES Orders (OrderID), LineNo INTEGER, UnitsOrdered INTEGER, UnitsShipped INTEGER, UnitPrice REAL,
        PRIMARY KEY (OrderID, LineNo));
    INSERT INTO Customers VALUES (1, 'Acme', '1 Main Blvd.', 'UK', 0.1, 481.5), (2, 'Bolt', '2 Side St', 'UK', 0.2, 52.25), (3, 'Cord', '3 End Rd', 'France', 0, 9.5);
    INSERT INTO Orders VALUES (1, 1, 'Dora', 'UK', '2020-01-02', '2020-01-05', 170000), (2, 1, 'Dora', 'UK', '2020-02-02', NULL, 2000), (3, 2, 'Emil', 'France', '2021-01-02', '2021-01-09', 3000);
    INSERT INTO \"Order Details\" VALUES (1, 1, 5, 4, 2.5), (1, 2, 3, 3, 9.0), (2, 1, 8, 1, 2.5), (3, 1, 1, 1, 7.75);";

#[test]
fn two_keys_between_the_same_tables_are_asked_by_their_roles() {
    let samples = pairs(&catalog(NETWORK, true), "en");
    for words in [
        "friends",
        "likes received",
        "likes given",
        "games as home team",
        "games as away team",
        "home team",
        "direct reports",
        "manager",
    ] {
        assert!(asked(&samples, words) >= 8, "{words}: {}", asked(&samples, words));
    }
    for sample in samples
        .iter()
        .filter(|sample| sample.question.contains("likes received"))
    {
        assert!(sample.sql.contains("liked_id"), "{} / {}", sample.question, sample.sql);
    }
    for sample in samples
        .iter()
        .filter(|sample| sample.question.contains("games as away team"))
    {
        assert!(
            sample.sql.contains("away_team_id"),
            "{} / {}",
            sample.question,
            sample.sql
        );
    }
    let joined = samples
        .iter()
        .filter(|sample| sample.sql.matches("student").count() > 2)
        .count();
    assert!(joined * 20 > samples.len(), "{joined} of {}", samples.len());
}

#[test]
fn where_no_value_may_be_seen_none_is_made_up() {
    for script in [NETWORK, SHOP, demo::CONCERTS] {
        for sample in pairs(&catalog(script, false), "en") {
            // Bounds on numbers of rows, labels of classes and single letters are no values.
            let filter = sample.sql.split(" WHERE ").nth(1).unwrap_or_default();
            let compared = ["= '", "> '", "< '", "BETWEEN"]
                .iter()
                .any(|literal| filter.contains(literal));
            let number = ["> ", "< ", ">= ", "<= ", "= "].iter().any(|operator| {
                let own = filter.split(" GROUP BY ").next().unwrap_or_default();
                own.split(operator)
                    .skip(1)
                    .any(|rest| rest.starts_with(|first: char| first.is_ascii_digit()))
            });
            assert!(
                !compared && (!number || sample.sql.contains("place = 1")),
                "{} / {}",
                sample.question,
                sample.sql
            );
        }
    }
    let samples = pairs(&catalog(SHOP, false), "en");
    assert!(asked(&samples, "average") > 40, "{}", asked(&samples, "average"));
    let columns = samples.iter().filter(|sample| {
        sample.sql.contains("UnitsShipped < UnitsOrdered") || sample.sql.contains("UnitsOrdered > UnitsShipped")
    });
    assert!(columns.count() > 5);
}

#[test]
fn tables_keep_their_names_and_rows_go_by_their_own() {
    for sample in pairs(&catalog(SHOP, true), "en") {
        let details = sample.sql.contains("\"Order Details\"") && !sample.sql.contains("Orders");
        assert!(
            !details || sample.question.to_lowercase().contains("order detail"),
            "{} / {}",
            sample.question,
            sample.sql
        );
        assert!(
            !sample.question.contains("orders named") && !sample.question.contains("order named"),
            "{}",
            sample.question
        );
    }
}

#[test]
fn amounts_and_units_are_no_counts() {
    for values in [true, false] {
        for sample in pairs(&catalog(SHOP, values), "en") {
            for words in [
                "number of milliseconds",
                "number of product sales",
                "fewer product sales",
            ] {
                assert!(!sample.question.contains(words), "{}", sample.question);
            }
        }
    }
}

#[test]
fn one_row_alone_is_neither_sorted_nor_counted() {
    for sample in pairs(&catalog(SHOP, true), "en") {
        let picks = ["CompanyName = '", "Address = '", "CustomerID = "];
        let plain = !sample.sql.contains("JOIN") && !sample.sql.contains('(');
        let picked = plain && picks.iter().any(|picks| sample.sql.contains(picks));
        assert!(
            !picked || sample.tags == ["lookup"],
            "{:?} {} / {}",
            sample.tags,
            sample.question,
            sample.sql
        );
    }
}

#[test]
fn small_words_of_english() {
    let samples = pairs(&catalog(SHOP, true), "en");
    assert!(asked(&samples, " in the UK") > 0);
    for sample in &samples {
        assert!(
            !sample.question.contains(" in UK") && !sample.question.contains(" from UK"),
            "{}",
            sample.question
        );
        assert!(!sample.question.ends_with(".."), "{}", sample.question);
        assert!(
            !sample.question.contains("no less than two ") && !sample.question.contains("no less than three "),
            "{}",
            sample.question
        );
    }
}

#[test]
fn chinese_counts_grades_and_quotes() {
    let (_, catalog) = demo::open(demo::SALES);
    let samples = pairs(&catalog, "zh");
    for sample in &samples {
        let text = &sample.question;
        // 数量 is a column of 订单明细, so that their number has a word of its own.
        let counts = sample.sql.contains("count(*)") && !sample.sql.contains("quantity");
        assert!(
            !counts || !text.contains("订单明细数量") && !text.contains("订单明细的数量"),
            "{text} / {}",
            sample.sql
        );
        assert!(!text.replace("所有", "").contains("有有"), "{text}");
        assert!(
            !text.contains("信用等级从高到低") && !text.contains("上级的位于"),
            "{text}"
        );
        assert_eq!(text.matches('“').count(), text.matches('”').count(), "{text}");
        assert_eq!(text.matches('"').count() % 2, 0, "{text}");
    }
    assert!(asked(&samples, "条数") > 0 && asked(&samples, "标价最高") > 0);
}

#[test]
fn chinese_about_an_english_schema_says_that_it_mixes_languages() {
    let catalog = catalog(SHOP, true);
    let batch = demo::session(&catalog, "sqlite", "")
        .generate(&demo::request(&catalog, 5, &["zh"]))
        .unwrap();
    assert!(
        batch.notes.iter().any(|note| note.contains("no Chinese name")),
        "{:?}",
        batch.notes
    );
}

const LIBRARY: &str = "
    CREATE TABLE playlist (playlist_id INTEGER PRIMARY KEY, playlist_name TEXT);
    CREATE TABLE track (track_id INTEGER PRIMARY KEY, track_name TEXT, composer TEXT, length INTEGER);
    CREATE TABLE playlist_track (playlist_id INTEGER REFERENCES playlist (playlist_id), track_id INTEGER REFERENCES track (track_id), place INTEGER,
        PRIMARY KEY (playlist_id, track_id));
    CREATE TABLE sale (sale_id INTEGER PRIMARY KEY, track_id INTEGER REFERENCES track (track_id), country TEXT, total REAL, sold DATE);
    CREATE TABLE clerk (clerk_id INTEGER PRIMARY KEY, first_name TEXT, hired DATE, reports_to INTEGER REFERENCES clerk (clerk_id));
    INSERT INTO playlist VALUES (1, 'Walks'), (2, 'Runs');
    INSERT INTO track VALUES (1, 'Wrathchild', 'Harris', 170), (2, 'Brasil', 'Caz', 200), (3, 'Brasil', 'Jobim', 230);
    INSERT INTO playlist_track VALUES (1, 1, 1), (1, 2, 2), (2, 3, 1);
    INSERT INTO sale VALUES (1, 1, 'UK', 1.5, '2024-01-02'), (2, 2, 'UK', 2.5, '2024-02-02'), (3, 2, 'France', 4.75, '2024-03-05'), (4, 3, 'France', 9.25, '2024-04-01');
    INSERT INTO clerk VALUES (1, 'Max', '2001-02-03', NULL), (2, 'Eva', '2004-05-06', 1), (3, 'Jim', '2007-08-09', 1);
    CREATE TABLE land (land_id INTEGER PRIMARY KEY, land_name TEXT, head_of_state TEXT);
    CREATE TABLE clerk_in_land (clerk_id INTEGER REFERENCES clerk (clerk_id), land_id INTEGER REFERENCES land (land_id), since INTEGER);
    INSERT INTO land VALUES (1, 'Peru', 'Ada Roy'), (2, 'Chad', 'Ada Roy'), (3, 'Cuba', 'Eli Oz');
    INSERT INTO clerk_in_land VALUES (1, 1, 2001), (2, 1, 2002), (3, 2, 2003);";

#[test]
fn words_of_a_question_belong_to_what_they_are_about() {
    let samples = pairs(&catalog(LIBRARY, true), "en");
    for Sample { question, sql, .. } in &samples {
        let said = |words: &[&str]| words.iter().any(|words| question.contains(words));
        assert!(
            !said(&[
                "total of the total",
                "their clerk they",
                "of its clerk they",
                "those that has",
                "those who reports"
            ]),
            "{question}"
        );
        assert!(
            !said(&[
                "belonging to \"",
                "belonging to '",
                "belonging to Wrath",
                "belonging to Brasil"
            ]),
            "{question}"
        );
        let ids_of_tracks = sql.starts_with("SELECT track_id FROM playlist_track");
        assert!(!ids_of_tracks || question.contains("track id"), "{question} / {sql}");
        let repeats = sql.contains("T1.track_id, T2.track_id") || sql.contains("T1.playlist_id, T2.playlist_id");
        assert!(!repeats, "{question} / {sql}");
        if let Some((before, last)) = question.rsplit_once(" whose ")
            && last.contains(" is the ")
        {
            assert!(
                !before.contains(" whose ") && !before.contains(" that have "),
                "{question} / {sql}"
            );
        }
    }
    assert!(asked(&samples, "sum of the totals") > 3);
    assert!(asked(&samples, "among those") > 3);
}

#[test]
fn a_name_is_looked_up_and_no_group_of_rows() {
    for (language, script) in [("en", LIBRARY), ("zh", LIBRARY)] {
        for Sample { question, sql, .. } in pairs(&catalog(script, true), language) {
            let own = |table: &str| sql.contains(&format!("FROM {table} WHERE {table}_name = '"));
            let counted = own("track") && (sql.contains("count(") || sql.contains("ORDER BY"));
            assert!(!counted, "{question} / {sql}");
        }
    }
}
