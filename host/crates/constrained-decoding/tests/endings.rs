//! Answers come to an end: what a model would write for ever is refused where it begins to repeat itself or leads nowhere.

use crate::statements::{admits, concerts, refuses};

#[test]
fn conditions_are_not_said_twice() {
    let sqlite = concerts("sqlite");
    refuses(
        &sqlite,
        &[
            (
                "SELECT Name FROM singer WHERE Age = 1 OR Age = 2 OR Age=1 OR Age = 3",
                "SELECT Name FROM singer WHERE Age = 1 OR Age = 2 OR Age=1 OR",
            ),
            (
                "SELECT Name FROM singer WHERE Age > 1 AND (Name = 'a' OR Name = 'a' OR Name = 'b')",
                "SELECT Name FROM singer WHERE Age > 1 AND (Name = 'a' OR Name = 'a' ",
            ),
            (
                "SELECT Name FROM singer WHERE Age IN (SELECT Year FROM concert) OR Age IN (SELECT Year FROM concert) OR Age = 1",
                "SELECT Name FROM singer WHERE Age IN (SELECT Year FROM concert) OR Age IN (SELECT Year FROM concert) OR",
            ),
        ],
    );
    admits(
        &sqlite,
        &[
            "SELECT Name FROM singer WHERE Age = 1 OR Age = 1 ORDER BY Name",
            "SELECT Name FROM singer WHERE Name = 'a' OR Name = 'A' OR Name = 'b'",
            "SELECT Name FROM singer WHERE Age BETWEEN 1 AND 2 AND Age BETWEEN 1 AND 2",
            "SELECT Name FROM singer WHERE (Age = 1 AND Name = 'a') OR (Age = 1 AND Name = 'b') OR Age = 3",
            "SELECT Name FROM singer WHERE Age = 1 GROUP BY Name HAVING Age = 1 AND count(*) > 1",
            "SELECT CASE WHEN Age = 1 AND Name = 'a' THEN 1 WHEN Age = 1 AND Name = 'b' THEN 2 END FROM singer",
        ],
    );
}

#[test]
fn queries_are_not_joined_to_themselves_again() {
    let sqlite = concerts("sqlite");
    let twice = "SELECT Age FROM singer UNION SELECT Age FROM singer";
    admits(
        &sqlite,
        &[
            &format!("{twice} ORDER BY Age"),
            "SELECT Age FROM singer UNION SELECT Year FROM concert UNION SELECT 1",
            "SELECT Name FROM singer WHERE Age IN (SELECT Age FROM singer INTERSECT SELECT Year FROM concert) UNION SELECT Name FROM singer",
        ],
    );
    refuses(
        &sqlite,
        &[(&format!("{twice} UNION SELECT Age FROM singer"), &format!("{twice} U"))],
    );
}

#[test]
fn nothing_comes_behind_a_statement() {
    for dialect in ["sqlite", "postgres"] {
        admits(&concerts(dialect), &["SELECT 1;", "SELECT 1\n", "SELECT 1 ;\n "]);
        refuses(
            &concerts(dialect),
            &[
                ("SELECT 1; SELECT 2", "SELECT 1; "),
                ("SELECT 1;;", "SELECT 1;"),
                ("SELECT 1; -- and", "SELECT 1; "),
                ("SELECT 1; 'a'", "SELECT 1; "),
            ],
        );
    }
    refuses(&concerts("mysql"), &[("SELECT 1; # and", "SELECT 1; ")]);
}

#[test]
fn new_names_have_neither_line_breaks_nor_quotes() {
    let derived = "SELECT Age FROM (SELECT Age FROM singer) ";
    refuses(
        &concerts("sqlite"),
        &[
            (&format!("{derived}`\nSELECT Age`"), &format!("{derived}`")),
            (&format!("{derived}``"), &format!("{derived}`")),
            (&format!("{derived}```SELECT Age`"), &format!("{derived}`")),
        ],
    );
}

#[test]
fn columns_behind_using_are_names_alone() {
    let joined = "SELECT singer.Name FROM singer JOIN singer AS b USING (";
    admits(&concerts("sqlite"), &[&format!("{joined}Name, Age)")]);
    refuses(
        &concerts("sqlite"),
        &[
            (&format!("{joined}Name, (Age))"), &format!("{joined}Name, ")),
            (&format!("{joined}-Name)"), joined),
        ],
    );
}

#[test]
fn joins_lead_to_what_is_selected() {
    let sqlite = concerts("sqlite");
    let joined = "SELECT Theme FROM singer JOIN stadium ON singer.Age = stadium.Stadium_ID ";
    refuses(
        &sqlite,
        &[
            (&format!("{joined}OR Age = 1"), joined),
            (
                &format!("{joined}AND Age = 1 AND Age = 2 AND Age = 3"),
                &format!("{joined}AND Age = 1 AND Age = 2 "),
            ),
            (&format!("{joined}JOIN stadium AS T3"), &format!("{joined}JOIN s")),
            (
                "SELECT Name FROM singer JOIN stadium JOIN concert",
                "SELECT Name FROM singer JOIN stadium J",
            ),
            (
                "SELECT c.Theme FROM singer AS a JOIN singer AS b JOIN singer AS d JOIN stadium AS e JOIN stadium AS f",
                "SELECT c.Theme FROM singer AS a JOIN singer AS b JOIN singer AS d JOIN stadium AS e JOIN ",
            ),
            (
                "SELECT c.Theme FROM singer AS a JOIN singer AS b JOIN singer AS d JOIN stadium AS e JOIN concert AS f",
                "SELECT c.Theme FROM singer AS a JOIN singer AS b JOIN singer AS d JOIN stadium AS e JOIN concert AS ",
            ),
        ],
    );
    admits(
        &sqlite,
        &[
            &format!("{joined}AND Age = 1 JOIN concert ON Theme = singer.Name OR Year = 3 OR Year = 4"),
            "SELECT c.Theme FROM singer AS a JOIN singer AS b JOIN singer AS d JOIN stadium AS e JOIN concert AS c",
            "SELECT T5.Year FROM singer AS T1 JOIN singer AS T2 JOIN singer AS T3 JOIN stadium AS T4 JOIN concert AS T5",
            "SELECT count(*) FROM singer AS a JOIN singer AS b JOIN singer AS d JOIN stadium AS e JOIN singer AS f",
            "SELECT Name FROM singer WHERE Age IN (SELECT Year FROM concert JOIN stadium ON Age = Year OR Age = 1)",
        ],
    );
}

#[test]
fn blanks_come_to_an_end() {
    let spaced = |blanks: usize| ["SELECT Age", &" ".repeat(blanks), "FROM singer"].concat();
    let sqlite = concerts("sqlite");
    admits(
        &sqlite,
        &[
            "\n\nSELECT Age FROM singer",
            &spaced(24),
            &format!("SELECT Age FROM singer WHERE Name = '{}'", " ".repeat(40)),
        ],
    );
    refuses(&sqlite, &[("SELECT Age\n \nFROM singer", "SELECT Age\n ")]);
    refuses(&sqlite, &[(&spaced(25), spaced(24).trim_end_matches("FROM singer"))]);
}

#[test]
fn names_and_nesting_have_bounds() {
    let sqlite = concerts("sqlite");
    let (longest, calls) = ("a".repeat(63), |depth: usize| {
        ["upper(".repeat(depth), "Age".into(), ")".repeat(depth)].concat()
    });
    refuses(
        &sqlite,
        &[
            (
                &format!("SELECT Age AS {longest}a FROM singer"),
                &format!("SELECT Age AS {longest}"),
            ),
            (
                &format!("SELECT {} FROM singer", calls(7)),
                &format!("SELECT {}u", "upper(".repeat(6)),
            ),
        ],
    );
    admits(
        &sqlite,
        &[
            &format!("SELECT Age AS {longest} FROM singer"),
            &format!("SELECT {} FROM singer", calls(6)),
        ],
    );
}

#[test]
fn collations_and_texts_are_those_of_sqlite() {
    refuses(
        &concerts("sqlite"),
        &[
            (
                "SELECT Name FROM singer ORDER BY Name COLLATE utf8",
                "SELECT Name FROM singer ORDER BY Name COLLATE ",
            ),
            (
                "SELECT Name FROM singer ORDER BY percent_rank() LAST",
                "SELECT Name FROM singer ORDER BY percent_rank() ",
            ),
            (
                "SELECT Name FROM singer ORDER BY percent_rank(\n)\n",
                "SELECT Name FROM singer ORDER BY percent_rank(\n)\n",
            ),
            (
                "SELECT Name FROM singer WHERE Age NOT EXISTS (SELECT 1)",
                "SELECT Name FROM singer WHERE Age NOT ",
            ),
            (
                "SELECT Name FROM singer WHERE Name NOT ILIKE 'a'",
                "SELECT Name FROM singer WHERE Name NOT I",
            ),
            (
                "SELECT Name FROM singer WHERE Name REGEXP 'a'",
                "SELECT Name FROM singer WHERE Name ",
            ),
            (
                "SELECT Name FROM singer JOIN stadium, concert",
                "SELECT Name FROM singer JOIN stadium",
            ),
            (
                "SELECT Name FROM singer WHERE Name = N'a'",
                "SELECT Name FROM singer WHERE Name = N",
            ),
        ],
    );
    admits(
        &concerts("sqlite"),
        &[
            "SELECT Name FROM singer WHERE Name = 'a' COLLATE nocase ORDER BY Name COLLATE RTRIM DESC",
            "SELECT Name FROM singer WHERE Country = \"N\" ORDER BY Percent_Rank(\n) OVER (ORDER BY Age) DESC LIMIT 1",
            "SELECT Name FROM singer WHERE Name NOT LIKE 'a' AND Name NOT NULL ORDER BY Age NULLS LAST",
        ],
    );
    admits(
        &concerts("postgres"),
        &["SELECT count(*) FROM singer WHERE \"Name\" = E'a' COLLATE \"de_DE\""],
    );
}

#[test]
fn frames_are_written_as_sqlite_takes_them() {
    let over = |window: &str| format!("SELECT sum(Age) OVER ({window}) FROM singer");
    let sqlite = concerts("sqlite");
    let written = [
        "ROWS 2 PRECEDING",
        "PARTITION BY Country ROWS UNBOUNDED PRECEDING",
        "ORDER BY Age DESC NULLS LAST ROWS CURRENT ROW EXCLUDE NO OTHERS",
        "ORDER BY Age RANGE BETWEEN 5 PRECEDING AND 2.5 PRECEDING EXCLUDE GROUP",
        "ORDER BY Age, Name GROUPS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING EXCLUDE TIES",
        "ORDER BY Age NULLS FIRST RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW",
        "RANGE BETWEEN CURRENT ROW AND CURRENT ROW",
    ];
    let written = written.map(over);
    admits(&sqlite, &written.each_ref().map(String::as_str));
    let engine = rusqlite::Connection::open_in_memory().unwrap();
    engine
        .execute_batch("CREATE TABLE singer (Name, Country, Age)")
        .unwrap();
    for statement in &written {
        engine.prepare(statement).unwrap();
    }
    for (window, admitted) in [
        ("PARTITION BY Age GROUP OID OTHERS", "PARTITION BY Age G"),
        ("ROWS FOLLOWING", "ROWS "),
        ("ROWS 1 FOLLOWING", "ROWS 1 "),
        ("GROUPS 1 PRECEDING", ""),
        ("RANGE 1 PRECEDING", "RANGE "),
        ("ORDER BY Age, Name RANGE 1 PRECEDING", "ORDER BY Age, Name RANGE "),
        ("ORDER BY Age NULLS ROWS", "ORDER BY Age NULLS "),
        ("ORDER BY Age OTHERS", "ORDER BY Age O"),
        ("ORDER BY (Age, Name) ROWS 1 PRECEDING", "ORDER BY (Age, Name) "),
        ("ORDER BY (Age, Name) NULLS LAST", "ORDER BY (Age, Name) N"),
        ("ROWS BETWEEN 1 PRECEDING)", "ROWS BETWEEN 1 PRECEDING"),
        ("ROWS BETWEEN UNBOUNDED FOLLOWING", "ROWS BETWEEN UNBOUNDED "),
        (
            "ROWS BETWEEN 1 FOLLOWING AND CURRENT ROW",
            "ROWS BETWEEN 1 FOLLOWING AND ",
        ),
        (
            "ROWS BETWEEN CURRENT ROW AND 1 PRECEDING",
            "ROWS BETWEEN CURRENT ROW AND 1 ",
        ),
        ("ROWS CURRENT ROW ORDER BY Age", "ROWS CURRENT ROW "),
        ("ROWS CURRENT ROW, Age", "ROWS CURRENT ROW"),
        ("ROWS CURRENT ROW EXCLUDE)", "ROWS CURRENT ROW EXCLUDE"),
    ] {
        let admitted = format!("SELECT sum(Age) OVER ({admitted}");
        refuses(&sqlite, &[(&over(window), &admitted)]);
    }
}

#[test]
fn aggregates_of_aggregates_have_a_window() {
    let sqlite = concerts("sqlite");
    admits(
        &sqlite,
        &[
            "SELECT max(count(*)) OVER () FROM singer GROUP BY Age",
            "SELECT rank() OVER (ORDER BY max(Age)) FROM singer GROUP BY Name",
            "SELECT Name FROM singer GROUP BY Name ORDER BY sum(count(*)) OVER ()",
        ],
    );
    refuses(
        &sqlite,
        &[
            (
                "SELECT Age FROM singer GROUP BY Age HAVING max(count(*)) > 1",
                "SELECT Age FROM singer GROUP BY Age HAVING max(count",
            ),
            (
                "SELECT Name FROM singer WHERE Age > (SELECT Age FROM singer GROUP BY Age HAVING max(count(*)) > 1)",
                "SELECT Name FROM singer WHERE Age > (SELECT Age FROM singer GROUP BY Age HAVING max(count",
            ),
            (
                "SELECT rank() OVER (ORDER BY max(sum(Age))) FROM singer GROUP BY Name",
                "SELECT rank() OVER (ORDER BY max(su",
            ),
            ("SELECT max(avg(sum(Age))) OVER () FROM singer", "SELECT max(avg(su"),
        ],
    );
}

#[test]
fn numbers_come_to_an_end() {
    let sqlite = concerts("sqlite");
    let with = |digits: usize| format!("SELECT Name FROM singer WHERE Age > 1{}", "0".repeat(digits - 1));
    let named = |digits: usize| format!("SELECT Age AS a{}", "1b".repeat(digits));
    admits(
        &sqlite,
        &[
            &with(24),
            "SELECT -9223372036854775808 FROM singer",
            &(named(14) + " FROM singer"),
        ],
    );
    refuses(
        &sqlite,
        &[
            (&with(25), &with(24)),
            (&(named(15) + " FROM singer"), &named(14)),
            (
                "SELECT sic1234.Singer_ID FROM singer_in_concert AS sic1234",
                "SELECT sic123",
            ),
        ],
    );
}

#[test]
fn words_of_servers_are_none_of_sqlite() {
    refuses(
        &concerts("sqlite"),
        &[
            (
                "SELECT Name FROM singer WHERE Age BETWEEN CURRENT ROW AND 1",
                "SELECT Name FROM singer WHERE Age BETWEEN CURRENT",
            ),
            (
                "SELECT Name FROM singer GROUP BY ROLLUP (Age)",
                "SELECT Name FROM singer GROUP BY RO",
            ),
            ("SELECT DISTINCT ON (Age) Name FROM singer", "SELECT DISTINCT O"),
            (
                "SELECT Name FROM singer WHERE Name LIKE ANY ('a')",
                "SELECT Name FROM singer WHERE Name LIKE A",
            ),
            (
                "SELECT Name FROM singer UNION ALL Age",
                "SELECT Name FROM singer UNION ALL ",
            ),
            (
                "SELECT Name FROM singer UNION ALL (SELECT 1)",
                "SELECT Name FROM singer UNION ALL ",
            ),
        ],
    );
}
