//! How people ask: politely, in a few words, in lower case, with a slip of the finger.

use super::phrase::pick;
use crate::random::Draw;

/// Requests that a polite or a short question can do without.
const REQUESTS: &[&str] = &[
    "Find ", "Show me ", "Show ", "List ", "Return ", "Give me ", "Give ", "Tell me ", "Display ", "Get ",
];

/// Words that people mistype; none of them is a name or a value.
const COMMON: &[&str] = &[
    "average",
    "different",
    "highest",
    "largest",
    "lowest",
    "maximum",
    "minimum",
    "number",
    "people",
    "smallest",
    "their",
    "there",
    "which",
    "whose",
    "without",
];

/// `text` as somebody would put it.
pub fn styled(text: &str, draw: &mut Draw) -> String {
    // What stands behind "Show me," is no question of its own.
    let request = REQUESTS
        .iter()
        .find_map(|request| text.strip_prefix(request))
        .filter(|rest| !rest.starts_with("me,") && !rest.starts_with("in "));
    let one_sentence = text.matches(['?', '.']).count() <= 1;
    let said = match (draw.below(100), request) {
        (0..=5, Some(rest)) if one_sentence => polite(rest, draw),
        (6..=9, Some(rest)) if one_sentence && !rest.contains(", and ") => nominal(rest),
        (10..=12, None) if text.starts_with("What ") || text.starts_with("How many ") => casual(text, draw),
        _ => text.to_owned(),
    };
    match draw.below(100) {
        // The end mark is left out, and with it often the capital.
        0..=2 => said.trim_end_matches(['?', '.']).to_owned(),
        3..=5 => lower_start(said.trim_end_matches(['?', '.'])),
        6..=7 => mistyped(&said, draw),
        _ => said,
    }
}

/// "Could you show me the names of all singers?"
fn polite(rest: &str, draw: &mut Draw) -> String {
    let start = pick(
        draw,
        &[
            "Could you show me",
            "Can you tell me",
            "I would like to see",
            "I need",
            "Please give me",
        ],
    );
    let rest = rest.trim_end_matches(['?', '.']);
    let mark = if start.starts_with('C') { '?' } else { '.' };
    format!("{start} {rest}{mark}")
}

/// "Names of all singers"
fn nominal(rest: &str) -> String {
    let rest = rest.strip_prefix("the ").unwrap_or(rest).trim_end_matches(['?', '.']);
    let mut characters = rest.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}", characters.as_str())
}

/// "Do you know how many singers there are?" is said as "hi, how many singers are there?" by some.
fn casual(text: &str, draw: &mut Draw) -> String {
    let start = pick(draw, &["Hi, ", "So ", "Quick question: ", "Just wondering, "]);
    format!("{start}{}", lower_start(text))
}

fn lower_start(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("{first}{}", characters.as_str())
}

/// Two letters of a common word change places.
fn mistyped(text: &str, draw: &mut Draw) -> String {
    let found: Vec<&str> = COMMON
        .iter()
        .filter(|word| text.split(' ').any(|part| part == **word))
        .copied()
        .collect();
    let Some(word) = draw.pick(&found) else {
        return text.to_owned();
    };
    let at = 1 + draw.below(word.len() - 2);
    let mut letters: Vec<char> = word.chars().collect();
    letters.swap(at, at + 1);
    text.replacen(word, &letters.into_iter().collect::<String>(), 1)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn people_ask_in_many_ways_and_change_no_value() {
        let mut draw = Draw::new(1, "style", 0);
        let said: BTreeSet<String> = (0..600)
            .map(|_| styled("Show the average age of singers from \"New York\".", &mut draw))
            .collect();
        assert!(said.len() > 8, "{said:?}");
        for text in [
            "Average age of singers from \"New York\"",
            "Could you show me the average age of singers from \"New York\"?",
            "show the average age of singers from \"New York\"",
        ] {
            assert!(said.contains(text), "{text} is not among {said:?}");
        }
        assert!(said.iter().all(|text| text.contains("\"New York\"")), "{said:?}");
    }

    #[test]
    fn nothing_is_left_of_a_request_but_what_is_asked_for() {
        let mut draw = Draw::new(1, "style", 0);
        for _ in 0..600 {
            for text in [
                "Show me, in capital letters, the names.",
                "Show me in capital letters the names.",
            ] {
                let said = styled(text, &mut draw);
                assert!(said.to_lowercase().starts_with("show me"), "{said}");
            }
        }
    }
}
