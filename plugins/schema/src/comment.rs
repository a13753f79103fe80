//! Comments as names.

/// A comment that can stand as an English noun phrase, in lower case: what comes before an explanation, without article.
pub fn english(comment: Option<&str>) -> Option<String> {
    const NO_NAMES: &[&str] = &[
        "is",
        "whether",
        "if",
        "indicates",
        "unique",
        "identifier",
        "primary",
        "foreign",
        "refers",
        "references",
        "this",
        "when",
    ];
    let text = comment?.trim();
    let end = text.find(['(', ';', ':', ',', '.']).unwrap_or(text.len());
    let words: Vec<&str> = text[..end].split(" - ").next()?.split_whitespace().collect();
    let words = match words.as_slice() {
        [first, rest @ ..] if matches!(first.to_ascii_lowercase().as_str(), "the" | "a" | "an") => rest,
        words => words,
    };
    let plain = |word: &&str| {
        word.chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '-')
    };
    let says_more = words
        .first()
        .is_some_and(|first| NO_NAMES.contains(&first.to_ascii_lowercase().as_str()));
    let is_phrase = !says_more && (1..=4).contains(&words.len()) && words.iter().all(plain);
    is_phrase.then(|| {
        words
            .iter()
            .map(|word| lower_unless_acronym(word))
            .collect::<Vec<_>>()
            .join(" ")
    })
}

/// `manufacturer of the car` of a car is its `manufacturer`.
pub fn without_owner(phrase: &str, noun: &str) -> String {
    let last = noun.rsplit(' ').next().unwrap_or(noun);
    for owner in [noun, last] {
        for link in [" of the ", " of a ", " of an ", " of "] {
            let tail = format!("{link}{owner}");
            if let Some(rest) = phrase.strip_suffix(&tail) {
                return rest.to_owned();
            }
        }
    }
    phrase.to_owned()
}

fn lower_unless_acronym(word: &str) -> String {
    let acronym = word.len() > 1 && word.chars().all(|character| character.is_ascii_uppercase());
    if acronym && word != "ID" {
        word.to_owned()
    } else {
        word.to_ascii_lowercase()
    }
}

/// What a Chinese comment calls a thing, else its name where that is Chinese; empty where neither is.
pub fn chinese_name(comment: Option<&str>, name: &str) -> String {
    [comment.unwrap_or_default(), name]
        .into_iter()
        .find(|text| is_chinese(text))
        .map_or(String::new(), head)
}

fn is_chinese(text: &str) -> bool {
    text.chars()
        .any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
}

/// The noun at the head of a comment, without unit, list of values or explanation.
fn head(text: &str) -> String {
    let end = text
        .find(['：', ':', '（', '(', '，', ',', '；', ';', '。', '/', '['])
        .unwrap_or(text.len());
    text[..end].trim().to_owned()
}
