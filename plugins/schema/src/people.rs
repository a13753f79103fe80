//! Which rows are people.

use crate::Column;

/// Nouns of people.
pub const PEOPLE: &[&str] = &[
    "person",
    "singer",
    "employee",
    "customer",
    "student",
    "teacher",
    "player",
    "actor",
    "author",
    "driver",
    "user",
    "member",
    "staff",
    "visitor",
    "owner",
    "professional",
    "manager",
    "director",
    "artist",
    "patient",
    "doctor",
    "client",
    "guest",
    "writer",
    "swimmer",
    "wrestler",
    "pilot",
    "captain",
    "scientist",
    "tourist",
    "architect",
    "editor",
    "physician",
    "nurse",
    "professor",
    "instructor",
    "advisor",
    "faculty",
    "highschooler",
    "sales rep",
    "agent",
    "passenger",
    "candidate",
    "representative",
    "journalist",
    "musician",
    "coach",
    "technician",
    "reviewer",
    "head",
    "victim",
    "soldier",
    "conductor",
    "participant",
    "voter",
    "contestant",
    "tutor",
    "worker",
    "supplier contact",
];

/// Rows called `noun` with these columns are people.
pub fn is_person(noun: &str, columns: &[Column]) -> bool {
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    let personal = [
        "gender",
        "sex",
        "birth date",
        "date of birth",
        "nationality",
        "age",
        "last name",
        "first name",
        "birthday",
    ];
    PEOPLE.contains(&last)
        || (["er", "or", "ist", "ian", "ee"].iter().any(|end| last.ends_with(end))
            && columns
                .iter()
                .any(|column| personal.contains(&column.noun.one.as_str())))
}
