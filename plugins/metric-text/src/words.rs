//! Words as jieba 0.42.1 cuts them in its default mode.
//!
//! `jieba-rs` does the cutting proper, with two differences made good here. It takes more of Unicode for Chinese
//! characters, so only the stretches jieba itself would look up reach it; every other character is a word of its own.
//! And it keeps `T1.id` or `stadium_id` whole where jieba cuts at the dot and the underscore.

use std::sync::LazyLock;

use jieba_rs::Jieba;

/// Built when a text is cut for the first time: describing a metric needs no dictionary.
static JIEBA: LazyLock<Jieba> = LazyLock::new(|| {
    let mut dictionary = include_bytes!(concat!(env!("OUT_DIR"), "/dictionary.txt")).as_slice();
    // The build script wrote the dictionary line by line, so reading it back cannot fail.
    Jieba::with_dict(&mut dictionary).unwrap_or_else(|_| Jieba::empty())
});

/// Cuts `text` into words, white space included: joined, they give the text again.
pub fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::with_capacity(text.len() / 3);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if is_looked_up(first) {
            rest.find(|c| !is_looked_up(c)).unwrap_or(rest.len())
        } else if rest.starts_with("\r\n") {
            2
        } else {
            first.len_utf8()
        };
        let (block, after) = rest.split_at(length);
        if is_looked_up(first) {
            cut_block(block, &mut words);
        } else {
            words.push(block);
        }
        rest = after;
    }
    words
}

/// Cuts a stretch of characters jieba looks up, and cuts again what lies between its Chinese and its known words.
fn cut_block<'t>(block: &'t str, words: &mut Vec<&'t str>) {
    let mut unknown = 0..0;
    for token in JIEBA.cut(block, true) {
        let span = token.byte_start..token.byte_end;
        if is_unknown_latin(token.word) {
            unknown = if unknown.is_empty() {
                span
            } else {
                unknown.start..span.end
            };
        } else {
            cut_latin(&block[unknown], words);
            unknown = 0..0;
            words.push(token.word);
        }
    }
    cut_latin(&block[unknown], words);
}

fn is_unknown_latin(word: &str) -> bool {
    word.is_ascii() && (word.len() == 1 || !JIEBA.has_word(word))
}

/// Splits at matches of `[a-zA-Z0-9]+(\.\d+)?%?` and keeps what is between them (`re_skip` of jieba's `finalseg`).
fn cut_latin<'t>(text: &'t str, words: &mut Vec<&'t str>) {
    let bytes = text.as_bytes();
    let run = |from: usize, of: fn(&u8) -> bool| from + bytes[from..].iter().take_while(|byte| of(byte)).count();
    let mut at = 0;
    while at < bytes.len() {
        let mut end = run(at, u8::is_ascii_alphanumeric);
        if end == at {
            end = run(at, |byte| !byte.is_ascii_alphanumeric());
        } else {
            if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
                end = run(end + 1, u8::is_ascii_digit);
            }
            end += usize::from(bytes.get(end) == Some(&b'%'));
        }
        words.push(&text[at..end]);
        at = end;
    }
}

/// Characters jieba looks up in its dictionary (`re_han_default`).
fn is_looked_up(c: char) -> bool {
    matches!(c, '\u{4e00}'..='\u{9fd5}' | '+' | '#' | '&' | '.' | '_' | '%' | '-') || c.is_ascii_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn chinese_latin_and_marks() {
        assert_eq!(
            words("患者钱天逸之前有什么门诊诊断？"),
            ["患者", "钱", "天逸", "之前", "有", "什么", "门诊", "诊断", "？"]
        );
        assert_eq!(
            words("SELECT count(*)\r\nFROM t"),
            ["SELECT", " ", "count", "(", "*", ")", "\r\n", "FROM", " ", "t"]
        );
    }

    #[test]
    fn identifiers_numbers_and_known_latin_words() {
        assert_eq!(words("T1.id=stadium_id"), ["T1", ".", "id", "=", "stadium", "_", "id"]);
        assert_eq!(words("12.5%的C++..a-"), ["12.5%", "的", "C++", "..", "a", "-"]);
    }

    #[test]
    fn words_joined_are_the_text() {
        for text in ["", "\u{9ff0}龘𠀀abc 1.5%", "a\u{0}b\tc"] {
            assert_eq!(words(text).concat(), text);
        }
    }
}
