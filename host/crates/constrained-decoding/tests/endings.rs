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
                &format!("SELECT {} FROM singer", calls(13)),
                &format!("SELECT {}u", "upper(".repeat(12)),
            ),
        ],
    );
    admits(
        &sqlite,
        &[
            &format!("SELECT Age AS {longest} FROM singer"),
            &format!("SELECT {} FROM singer", calls(12)),
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
