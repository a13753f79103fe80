//! From identifiers to words: `StuID` to "student id", `song_release_year` to "song release year".

use crate::abbreviations::ABBREVIATIONS;
use crate::vocabulary::VOCABULARY;

/// The words of an identifier in lower case, abbreviations written out.
pub fn words(identifier: &str) -> Vec<String> {
    if let Some(long) = expansion(&identifier.to_lowercase()) {
        return long.split(' ').map(str::to_owned).collect();
    }
    let mut words = Vec::new();
    for part in split(identifier) {
        if let Some(long) = expansion(&part) {
            words.extend(long.split(' ').map(str::to_owned));
        } else if let Some(parts) = unglue(&part) {
            words.extend(
                parts
                    .into_iter()
                    .map(|word| expansion(&word).map_or(word.clone(), str::to_owned)),
            );
        } else {
            words.push(part);
        }
    }
    for [first, second] in [["mi", "b"], ["wi", "fi"]] {
        if let Some(at) = words.windows(2).position(|pair| pair[0] == first && pair[1] == second) {
            words.splice(at..at + 2, [format!("{first}{second}")]);
        }
    }
    words.dedup();
    words
}

/// Cuts at underscores, other punctuation, digits and changes of case.
fn split(identifier: &str) -> Vec<String> {
    let characters: Vec<char> = identifier.chars().collect();
    let mut parts = Vec::new();
    let mut current = String::new();
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_alphanumeric() {
            push(&mut parts, &mut current);
            continue;
        }
        let before = index
            .checked_sub(1)
            .and_then(|index| characters.get(index))
            .copied()
            .unwrap_or(' ');
        let after = characters.get(index + 1).copied().unwrap_or(' ');
        let rises = character.is_uppercase() && (before.is_lowercase() || before.is_numeric());
        let ends_acronym = character.is_uppercase() && before.is_uppercase() && after.is_lowercase() && after != 's';
        let turns_digit = character.is_numeric() != before.is_numeric() && before.is_alphanumeric();
        if rises || ends_acronym || turns_digit {
            push(&mut parts, &mut current);
        }
        current.extend(character.to_lowercase());
    }
    push(&mut parts, &mut current);
    parts
}

fn push(parts: &mut Vec<String>, current: &mut String) {
    if !current.is_empty() {
        parts.push(std::mem::take(current));
    }
}

/// What an abbreviation stands for.
fn expansion(word: &str) -> Option<&'static str> {
    ABBREVIATIONS
        .binary_search_by_key(&word, |(short, _)| short)
        .ok()
        .map(|index| ABBREVIATIONS[index].1)
}

/// The word is one that names are made of.
pub(crate) fn is_word(word: &str) -> bool {
    VOCABULARY.binary_search(&word).is_ok() || expansion(word).is_some()
}

/// Every part of the identifier is a known word, or made of known words.
pub(crate) fn are_known(identifier: &str) -> bool {
    let parts = split(identifier);
    let known = |part: &String| {
        part == "id" || part.bytes().all(|byte| byte.is_ascii_digit()) || is_word(part) || unglue(part).is_some()
    };
    !parts.is_empty() && parts.iter().all(known)
}

/// Abbreviations that names are glued together from.
const GLUED: &[&str] = &[
    "acct", "addr", "amt", "cust", "dept", "desc", "dob", "emp", "fname", "lname", "mgr", "prod", "qty", "stu", "tx",
];

/// Longest name that is looked at for words without a mark between them: three long words.
const MAX_COMPOUND: usize = 64;

/// Words of a name that was written without any mark between them, such as `releasedate`.
fn unglue(word: &str) -> Option<Vec<String>> {
    if !(6..=MAX_COMPOUND).contains(&word.len()) || !word.is_ascii() || VOCABULARY.binary_search(&word).is_ok() {
        return None;
    }
    let mut best: Vec<Option<Vec<&str>>> = vec![None; word.len() + 1];
    best[0] = Some(Vec::new());
    for end in 1..=word.len() {
        for start in 0..end {
            let piece = &word[start..end];
            let known = VOCABULARY.binary_search(&piece).is_ok()
                || (piece.len() > 1 && matches!(piece, "id" | "no" | "of" | "by" | "is" | "in"))
                || GLUED.contains(&piece);
            if !known {
                continue;
            }
            if let Some(parts) = &best[start] {
                let mut parts = parts.clone();
                parts.push(piece);
                if best[end].as_ref().is_none_or(|known| known.len() > parts.len()) {
                    best[end] = Some(parts);
                }
            }
        }
    }
    let parts = best.pop().flatten()?;
    // Short words are hardly ever made of two, but for an abbreviation.
    let abbreviated = parts.iter().any(|part| part.len() == 2 || GLUED.contains(part));
    if word.len() < 7 && !abbreviated {
        return None;
    }
    (2..=3)
        .contains(&parts.len())
        .then(|| parts.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        let sorted = |list: &[&str]| list.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(sorted(VOCABULARY));
        assert!(sorted(
            &ABBREVIATIONS.iter().map(|(short, _)| *short).collect::<Vec<_>>()
        ));
    }

    #[test]
    fn identifiers_become_words() {
        for (identifier, expected) in [
            ("song_release_year", "song release year"),
            ("StuID", "student id"),
            ("LName", "last name"),
            ("Fname", "first name"),
            ("releasedate", "release date"),
            ("LifeExpectancy", "life expectancy"),
            ("PetType", "pet type"),
            ("pettype", "pet type"),
            ("CountryCode", "country code"),
            ("GNPOld", "gnp old"),
            ("TV_Channel", "tv channel"),
            ("order date", "order date"),
            ("Address1", "address 1"),
            ("qty_sold", "quantity sold"),
            ("Num_of_stock", "number of stock"),
        ] {
            let words = words(identifier).join(" ");
            assert_eq!(words, expected, "{identifier}");
        }
    }
}
