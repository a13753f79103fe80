//! Words about a statement, told from its next line.

use super::statement_start::is_capitalised;

/// Words that a line of SQL may begin with; prose begins with them only where it is written as a sentence.
const KEYWORDS: [&str; 42] = [
    "select",
    "from",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "fetch",
    "union",
    "intersect",
    "except",
    "minus",
    "join",
    "left",
    "right",
    "inner",
    "outer",
    "full",
    "cross",
    "natural",
    "on",
    "using",
    "and",
    "or",
    "not",
    "in",
    "is",
    "like",
    "between",
    "exists",
    "case",
    "when",
    "then",
    "else",
    "end",
    "as",
    "with",
    "window",
    "values",
    "for",
    "set",
];

/// Whether `line`, which follows a part of a statement, is prose. `capitalised` says that the statement writes its own words
/// as sentences begin.
pub(super) fn is_prose(line: &str, capitalised: bool) -> bool {
    let line = line.trim_start();
    let Some(first) = line.chars().next() else {
        return false;
    };
    if !first.is_ascii() {
        return true;
    }
    if is_markdown(line) {
        return true;
    }
    let line = line.trim_start_matches(['(', '*', '_', '.', ',', '!', ' ']);
    let word = line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    if word.is_empty() || !word.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return false;
    }
    let rest = &line[word.len()..];
    let is_keyword = KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word));
    if is_keyword {
        return !capitalised && is_capitalised(word) && plain_words(rest) >= 2;
    }
    // An alias or a direction, as in `question as q`.
    let follows = rest.split_whitespace().next().unwrap_or("");
    if ["as", "asc", "desc"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(follows))
    {
        return false;
    }
    let labelled = rest.starts_with('：') || (rest.starts_with(':') && !rest.starts_with("::"));
    let apostrophe = rest.starts_with("'s ") || rest.starts_with('’');
    labelled || apostrophe || plain_words(rest) >= 2
}

/// Words at the beginning of `text` that blanks alone part, none of them a keyword in capitals.
fn plain_words(text: &str) -> usize {
    let is_plain = |word: &&str| {
        let bare = word.trim_end_matches(['.', ',', '!', '?', ':']);
        let letters = !bare.is_empty() && bare.chars().all(|c| c.is_alphabetic() || c == '\'' || c == '-');
        letters && !(bare.len() > 1 && bare.chars().all(char::is_uppercase))
    };
    let first_line = text.lines().next().unwrap_or("");
    first_line.split_whitespace().take_while(is_plain).count()
}

/// Headings, emphasis, quotations, numbered lists and tags.
fn is_markdown(line: &str) -> bool {
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let tag = line.strip_prefix('<').map(|rest| rest.trim_start_matches('/'));
    let below_hashes = line.trim_start_matches('#');
    let heading =
        below_hashes.len() < line.len() && (below_hashes.is_empty() || below_hashes.starts_with([' ', '\n', '\r']));
    heading
        || ["**", "> ", "- **"].iter().any(|mark| line.starts_with(mark))
        || (line.starts_with("- ")
            && line[2..].starts_with(|c: char| c.is_ascii_uppercase())
            && plain_words(&line[2..]) >= 3)
        || (numbered.len() < line.len() && (numbered.starts_with(". ") || numbered.starts_with(") ")))
        || tag.is_some_and(|rest| {
            let name = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
            name.len() < rest.len() && name.starts_with('>')
        })
}

#[cfg(test)]
mod tests {
    use super::is_prose;

    #[test]
    fn sentences_labels_and_lists_are_prose_and_clauses_are_not() {
        for line in [
            "This query returns every name.",
            "Note: names may repeat.",
            "Here's what it does",
            "In this query we join both.",
            "解释：这个查询",
            "**Explanation**",
            "1. It selects",
            "### Result",
            "###\nQuestion",
            "</answer>",
            "hope this helps!",
        ] {
            assert!(is_prose(line, false), "{line}");
        }
        for line in [
            "note,",
            "result",
            "FROM team AS i",
            "WHERE this IS NULL",
            "In (1, 2)",
            "ORDERED BY name DESC",
            "i.name, i.city",
            "question AS q,",
            "1 AS one",
            "question as q, this as t",
            "",
        ] {
            assert!(!is_prose(line, false), "{line}");
        }
    }
}
