//! Several foreign keys between the same tables, and tables that refer to themselves: what the rows are to each other.

use crate::inflect::plural;
use crate::{Link, Noun};

/// Roles of those whom others answer to.
const SUPERIORS: &[&str] = &["boss", "head", "lead", "leader", "manager", "superior", "supervisor"];

/// Where things leave from, and where they come to.
const STARTS: &[&str] = &["departure", "from", "origin", "source", "start"];
const ENDS: &[&str] = &["arrival", "destination", "end", "target", "to"];

/// Roles in which a row of the same kind stands to another.
const RELATIVES: &[&str] = &[
    "advisee",
    "advisor",
    "ally",
    "child",
    "colleague",
    "component",
    "follower",
    "friend",
    "mentee",
    "mentor",
    "neighbor",
    "neighbour",
    "opponent",
    "parent",
    "partner",
    "peer",
    "predecessor",
    "prereq",
    "prerequisite",
    "rival",
    "sibling",
    "spouse",
    "subordinate",
    "substitute",
    "successor",
    "teammate",
];

/// What rows of the child are to the parent across `links[index]`, where their noun would leave it open; `noun` is the child's.
pub fn children(links: &[Link], index: usize, noun: &str) -> Option<Noun> {
    let own = &links[index];
    if own.child == own.parent {
        return reports(own, noun);
    }
    let other = links
        .iter()
        .enumerate()
        .find(|(at, other)| *at != index && other.child == own.child && other.parent == own.parent)
        .map(|(_, other)| other)?;
    let Some(role) = own.role.as_deref() else {
        // Called like the table itself: who does what is done to the other.
        return other
            .role
            .as_deref()
            .is_some_and(is_done_to)
            .then(|| behind(noun, "given"));
    };
    let first = role.split(' ').next().unwrap_or(role);
    // A friend is a row of the parent; the rows that say who is whose friend have no other name.
    if is_relative(role) || other.role.as_deref().is_some_and(is_relative) {
        return None;
    }
    let head = noun.to_owned();
    Some(if is_done_to(role) {
        behind(&head, "received")
    } else if other.role.as_deref().is_some_and(is_done_to) {
        behind(&head, "given")
    } else if STARTS.contains(&first) {
        Noun::new(&format!("departing {head}"))
    } else if ENDS.contains(&first) {
        Noun::new(&format!("arriving {head}"))
    } else if matches!(role, "sender" | "recipient" | "receiver") {
        Noun::new(&format!(
            "{} {head}",
            if role == "sender" { "sent" } else { "received" }
        ))
    } else {
        behind(&head, &format!("as {role}"))
    })
}

/// The rows that refer to a row of their own table.
fn reports(link: &Link, noun: &str) -> Option<Noun> {
    let says = |words: &[&str], text: &Option<String>| {
        text.as_deref()
            .is_some_and(|text| words.iter().any(|word| text.split(' ').any(|part| part == *word)))
    };
    if says(SUPERIORS, &link.role) || says(&["reports"], &link.phrase) {
        Some(Noun::new("direct report"))
    } else if says(&["parent", "super"], &link.role) {
        Some(Noun::new(&format!("child {noun}")))
    } else {
        None
    }
}

/// `liked` is what is done to a row, not what it is.
fn is_done_to(role: &str) -> bool {
    role.len() > 4 && role.ends_with("ed") && !role.contains(' ')
}

/// "matches as home team"
fn behind(noun: &str, words: &str) -> Noun {
    Noun {
        one: format!("{noun} {words}"),
        many: format!("{} {words}", plural(noun)),
    }
}

/// The role says what a row of the same table is to another: a friend, but not a winner, which nobody is of anybody.
pub fn is_relative(role: &str) -> bool {
    let last = role.rsplit(' ').next().unwrap_or(role);
    RELATIVES.contains(&last)
}

#[cfg(test)]
mod tests {
    use nl2sql_sdk::types::{Catalog, Column, ForeignKey, Table};

    use crate::Schema;

    fn refers(name: &str, keys: &[(&str, &str)]) -> Table {
        Table {
            name: name.to_owned(),
            columns: std::iter::once("id")
                .chain(keys.iter().map(|key| key.0))
                .map(|column| Column {
                    name: column.to_owned(),
                    type_class: "integer".to_owned(),
                    ..Column::default()
                })
                .collect(),
            primary_key: vec!["id".to_owned()],
            foreign_keys: keys
                .iter()
                .map(|(column, table)| ForeignKey {
                    columns: vec![(*column).to_owned()],
                    ref_table: (*table).to_owned(),
                    ref_columns: vec!["id".to_owned()],
                    ..ForeignKey::default()
                })
                .collect(),
            ..Table::default()
        }
    }

    fn children_of(tables: Vec<Table>) -> Vec<Option<String>> {
        let schema = Schema::new(
            &Catalog {
                tables,
                ..Catalog::default()
            },
            &[],
        );
        schema
            .links
            .iter()
            .map(|link| link.children.as_ref().map(|noun| noun.many.clone()))
            .collect()
    }

    #[test]
    fn roles_tell_two_keys_between_the_same_tables_apart() {
        let said = |name: &str, keys: &[(&str, &str)], parent: &str| {
            children_of(vec![refers(name, keys), refers(parent, &[])])
                .into_iter()
                .map(Option::unwrap_or_default)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            said(
                "matches",
                &[("home_team_id", "teams"), ("away_team_id", "teams")],
                "teams"
            ),
            ["matches as home team", "matches as away team"]
        );
        assert_eq!(
            said(
                "Likes",
                &[("student_id", "Highschooler"), ("liked_id", "Highschooler")],
                "Highschooler"
            ),
            ["likes given", "likes received"]
        );
        assert_eq!(
            said(
                "flights",
                &[("source_airport", "airports"), ("dest_airport", "airports")],
                "airports"
            ),
            ["departing flights", "arriving flights"]
        );
        assert_eq!(
            said("orders", &[("customer_id", "customers")], "customers"),
            [""],
            "one key needs no role"
        );
        assert_eq!(
            children_of(vec![refers("employees", &[("manager_id", "employees")])]),
            [Some("direct reports".to_owned())]
        );
    }
}
