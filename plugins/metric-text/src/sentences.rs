//! rouge-chinese's way of cutting a text into sentences.

use crate::python::{is_space, split};

/// Sentences of `text`, each with single spaces between its words.
///
/// A break falls after `。！？?`, after six dots and after `……`, unless a closing quote follows; and after a closing
/// quote that follows one of `。！？?`, unless `，。！？?` comes next. A line without any character is dropped; a line
/// of white space alone stays, as an empty sentence.
pub fn sentences(text: &str) -> Vec<String> {
    let mut chars: Vec<char> = text.chars().collect();
    for rule in RULES {
        chars = broken(&chars, rule);
    }
    let text: String = chars.into_iter().collect();
    text.trim_end_matches(is_space)
        .split('\n')
        .filter(|line| !line.is_empty())
        .map(|line| split(line).collect::<Vec<_>>().join(" "))
        .collect()
}

/// A break after `ending` where `may_follow` takes the next character.
struct Rule {
    /// Length of the ending that starts the slice, if one does.
    ending: fn(&[char]) -> Option<usize>,
    may_follow: fn(char) -> bool,
}

const RULES: [Rule; 4] = [
    Rule {
        ending: |rest| is_stop(*rest.first()?).then_some(1),
        may_follow: |c| !is_closing_quote(c),
    },
    Rule {
        ending: |rest| rest.starts_with(&['.'; 6]).then_some(6),
        may_follow: |c| !is_closing_quote(c),
    },
    Rule {
        ending: |rest| rest.starts_with(&['…'; 2]).then_some(2),
        may_follow: |c| !is_closing_quote(c),
    },
    Rule {
        ending: |rest| (is_stop(*rest.first()?) && is_closing_quote(*rest.get(1)?)).then_some(2),
        may_follow: |c| !is_stop(c) && c != '，',
    },
];

fn is_stop(c: char) -> bool {
    matches!(c, '。' | '！' | '？' | '?')
}

fn is_closing_quote(c: char) -> bool {
    matches!(c, '”' | '’')
}

/// Applies one rule from left to right; the character after an ending belongs to its match and starts no other.
fn broken(chars: &[char], rule: Rule) -> Vec<char> {
    let mut out = Vec::with_capacity(chars.len() + 8);
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        match (rule.ending)(rest).and_then(|length| Some((length, *rest.get(length)?))) {
            Some((length, next)) if (rule.may_follow)(next) => {
                out.extend_from_slice(&rest[..length]);
                out.extend(['\n', next]);
                at += length + 1;
            }
            _ => {
                out.push(rest[0]);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::sentences;

    #[test]
    fn stops_end_sentences_unless_a_quote_closes() {
        assert_eq!(sentences("你 好 ？ 我 好 。"), ["你 好 ？", "我 好 。"]);
        assert_eq!(sentences("他 说 ？” 我 走"), ["他 说 ？”", "我 走"]);
        assert_eq!(sentences("等 ...... 好"), ["等 ......", "好"]);
    }

    #[test]
    fn a_line_of_spaces_stays_as_an_empty_sentence() {
        assert_eq!(sentences("a\n \nb"), ["a", "", "b"]);
        assert_eq!(sentences("a\n\nb"), ["a", "b"]);
    }
}
