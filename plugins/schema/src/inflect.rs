//! Singular and plural of English nouns.

/// Nouns whose plural follows no rule, as (singular, plural).
const IRREGULAR: &[(&str, &str)] = &[
    ("person", "people"),
    ("man", "men"),
    ("woman", "women"),
    ("child", "children"),
    ("foot", "feet"),
    ("tooth", "teeth"),
    ("mouse", "mice"),
    ("goose", "geese"),
    ("datum", "data"),
    ("criterion", "criteria"),
    ("wife", "wives"),
    ("life", "lives"),
    ("leaf", "leaves"),
    ("half", "halves"),
    ("shelf", "shelves"),
    ("movie", "movies"),
    ("cookie", "cookies"),
    ("photo", "photos"),
    ("video", "videos"),
    ("piano", "pianos"),
    ("stadium", "stadiums"),
    ("gas", "gases"),
    ("bus", "buses"),
    ("status", "statuses"),
    ("campus", "campuses"),
    ("bonus", "bonuses"),
    ("quiz", "quizzes"),
    ("analysis", "analyses"),
    ("basis", "bases"),
    ("shoe", "shoes"),
    ("axis", "axes"),
    ("index", "indexes"),
    ("lens", "lenses"),
    ("chassis", "chassis"),
    ("hero", "heroes"),
    ("potato", "potatoes"),
];

/// Nouns that are their own plural or have none.
const INVARIANT: &[&str] = &[
    "series",
    "species",
    "staff",
    "information",
    "equipment",
    "stock",
    "feedback",
    "news",
    "furniture",
    "money",
    "aircraft",
    "sheep",
    "fish",
    "deer",
    "headquarters",
    "mpg",
    "population",
    "horsepower",
    "music",
    "gdp",
    "gnp",
    "media",
    "id",
    "data",
    "inventory",
    "attendance",
    "sales",
    "software",
    "hardware",
    "weather",
    "storage",
    "earnings",
    "goods",
    "personnel",
    "traffic",
    "research",
    "advice",
    "revenue",
    "gross",
    "savings",
    "premises",
    "physics",
    "mathematics",
    "economics",
    "politics",
    "athletics",
    "wifi",
    "bluetooth",
    "glasses",
];

/// Words behind the noun that they belong to: `payments made`, `students in courses`.
const BEHIND: &[&str] = &[
    "at", "born", "by", "for", "from", "given", "held", "in", "made", "on", "paid", "per", "received", "sold", "taken",
    "to", "up", "with", "won",
];

/// The plural of a noun phrase: its head noun, which stands before "of", is put in the plural.
pub fn plural(phrase: &str) -> String {
    if let Some((first, second)) = phrase.split_once(" and ") {
        return format!("{} and {}", plural(first), plural(second));
    }
    if let Some((head, rest)) = head_and_rest(phrase) {
        return format!("{}{rest}", plural(head));
    }
    let (before, last) = match phrase.rsplit_once(' ') {
        Some((before, last)) if last.chars().all(|character| character.is_ascii_digit()) => {
            return format!("{} {last}", plural(before));
        }
        Some((before, last)) => (format!("{before} "), last),
        None => (String::new(), phrase),
    };
    format!("{before}{}", plural_word(last))
}

/// The part whose last word is the head noun, and what stands behind it, the space before included.
pub(crate) fn head_and_rest(phrase: &str) -> Option<(&str, &str)> {
    let mut at = 0;
    for (index, word) in phrase.split(' ').enumerate() {
        if index > 0 && (word == "of" || BEHIND.contains(&word)) {
            return Some((&phrase[..at - 1], &phrase[at - 1..]));
        }
        at += word.len() + 1;
    }
    None
}

fn plural_word(word: &str) -> String {
    if word == "id" {
        return "ids".to_owned();
    }
    if INVARIANT.contains(&word) || !word.is_ascii() || is_plural(word) {
        return word.to_owned();
    }
    if let Some((_, many)) = IRREGULAR.iter().find(|(one, _)| *one == word) {
        return (*many).to_owned();
    }
    // Participles that stand for a number, such as "killed".
    if word.ends_with("ed") && word.len() > 4 && !word.ends_with("eed") {
        return word.to_owned();
    }
    if let Some((_, many)) = IRREGULAR.iter().find(|(one, _)| one.len() > 3 && word.ends_with(one)) {
        let (one, _) = IRREGULAR.iter().find(|(_, plural)| plural == many).unwrap_or(&("", ""));
        return format!("{}{many}", &word[..word.len() - one.len()]);
    }
    let before_last = word.chars().rev().nth(1).unwrap_or('a');
    if word.ends_with('y') && !"aeiou".contains(before_last) {
        return format!("{}ies", &word[..word.len() - 1]);
    }
    if ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end)) {
        return format!("{word}es");
    }
    if let Some(stem) = word.strip_suffix("fe") {
        return format!("{stem}ves");
    }
    format!("{word}s")
}

/// Words that only have a plural.
const PLURAL_ONLY: &[&str] = &[
    "earnings",
    "goods",
    "headquarters",
    "premises",
    "sales",
    "savings",
    "glasses",
];

/// The word looks like a plural already.
pub fn is_plural(word: &str) -> bool {
    PLURAL_ONLY.contains(&word) || singular_word(word) != word
}

/// The noun phrase takes "are".
pub fn is_plural_phrase(phrase: &str) -> bool {
    let head = head_and_rest(phrase).map_or(phrase, |(head, _)| head);
    is_plural(head.rsplit(' ').next().unwrap_or(head))
}

/// The singular of a noun phrase.
pub fn singular(phrase: &str) -> String {
    if let Some((head, rest)) = head_and_rest(phrase) {
        return format!("{}{rest}", singular(head));
    }
    match phrase.rsplit_once(' ') {
        Some((before, last)) => format!("{before} {}", singular_word(last)),
        None => singular_word(phrase),
    }
}

fn singular_word(word: &str) -> String {
    if INVARIANT.contains(&word) || !word.is_ascii() || IRREGULAR.iter().any(|(one, _)| *one == word) {
        return word.to_owned();
    }
    if let Some((one, _)) = IRREGULAR.iter().find(|(_, many)| *many == word) {
        return (*one).to_owned();
    }
    let stem = |end: &str| word.strip_suffix(end).unwrap_or(word);
    if word.len() > 4 && word.ends_with("ies") {
        return format!("{}y", stem("ies"));
    }
    // "boxes" and "taxes", but "sizes" and "uses" of a letter less.
    let sibilant = ["sses", "ches", "shes", "uses", "zes"]
        .iter()
        .any(|end| word.ends_with(end));
    if (sibilant && word.len() > 5) || (word.ends_with("xes") && word.len() > 4) {
        // "houses" and "causes" keep their e.
        return if word.ends_with("uses") && !word.ends_with("tuses") && !word.ends_with("nuses") {
            stem("s").to_owned()
        } else {
            stem("es").to_owned()
        };
    }
    let keeps = ["ss", "us", "is", "as", "os"].iter().any(|end| word.ends_with(end));
    if word.len() > 2 && word.ends_with('s') && !keeps {
        return stem("s").to_owned();
    }
    word.to_owned()
}

/// The phrase after "a" or "an"; without an article when it is a plural.
pub fn with_article(phrase: &str) -> String {
    let head = phrase.split(" of ").next().unwrap_or(phrase);
    // A duration in milliseconds is one.
    let head = head.split(" in ").next().unwrap_or(head);
    let last = head.rsplit(' ').next().unwrap_or(head);
    let first = head.split(' ').next().unwrap_or(head);
    if (is_plural(last) && last != "id") || (is_plural(first) && first != last && first.len() > 3) {
        return phrase.to_owned();
    }
    let vowel = phrase
        .chars()
        .next()
        .is_some_and(|first| "aeiou".contains(first.to_ascii_lowercase()));
    // An acronym is spelled: "an mpg", "a gnp".
    let spelled = phrase.split(' ').next().is_some_and(|first| {
        !first.contains(['a', 'e', 'i', 'o', 'u', 'y']) && first.starts_with(['f', 'h', 'l', 'm', 'n', 'r', 's', 'x'])
    });
    let vowel = vowel || spelled;
    let consonant_sound = ["uni", "use", "usa", "one ", "eu"]
        .iter()
        .any(|start| phrase.starts_with(start));
    format!("{} {phrase}", if vowel && !consonant_sound { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_are_inflected() {
        for (one, many) in [
            ("singer", "singers"),
            ("country", "countries"),
            ("number of platforms", "numbers of platforms"),
            ("date of birth", "dates of birth"),
            ("battle ship", "battle ships"),
            ("person", "people"),
            ("series", "series"),
            ("class", "classes"),
            ("tv series", "tv series"),
            ("match", "matches"),
            ("house", "houses"),
            ("student id", "student ids"),
            ("salesperson", "salespeople"),
            ("category", "categories"),
            ("address", "addresses"),
            ("address 1", "addresses 1"),
            ("payment made", "payments made"),
            ("test taken by student", "tests taken by student"),
            ("camera lens", "camera lenses"),
            ("box", "boxes"),
            ("tax", "taxes"),
            ("size", "sizes"),
        ] {
            assert_eq!(plural(one), many, "{one}");
            if !one.contains(" of ") && !one.ends_with('1') && !one.ends_with("id") && one != "salesperson" {
                assert_eq!(singular(many), one, "{many}");
            }
        }
    }

    #[test]
    fn articles_follow_the_sound() {
        for (phrase, said) in [
            ("mpg", "an mpg"),
            ("gnp", "a gnp"),
            ("university", "a university"),
            ("order", "an order"),
            ("size in bytes", "a size in bytes"),
        ] {
            assert_eq!(with_article(phrase), said);
        }
    }
}
