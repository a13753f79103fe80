//! The language of a question, and what is said to whoever asked it.

use super::AskError;

/// Longest tag that is taken.
const MAX_TAG: usize = 35;

/// The language of a question as a BCP 47 tag: the one that the request names; else what its letters say; else `usual`.
///
/// # Errors
/// When the request names something that is no tag.
pub(super) fn language_of(named: Option<&str>, question: &str, usual: &str) -> Result<String, AskError> {
    let Some(tag) = named else {
        return Ok(by_letters(question).unwrap_or(usual).to_owned());
    };
    let subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut parts = tag.split('-');
    let primary = parts
        .next()
        .is_some_and(|part| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_alphabetic()));
    if tag.len() > MAX_TAG || !primary || !tag.split('-').all(subtag) {
        return Err(AskError::invalid(
            "language",
            "language is no BCP 47 tag: give one such as `en`, `zh` or `pt-BR`",
        ));
    }
    Ok(tag.to_owned())
}

/// Chinese has no letters of other languages' alphabets, Japanese has kana beside its characters.
fn by_letters(question: &str) -> Option<&'static str> {
    let any = |from: char, to: char| question.chars().any(|letter| (from..=to).contains(&letter));
    if any('\u{3040}', '\u{30ff}') {
        Some("ja")
    } else if any('\u{4e00}', '\u{9fff}') {
        Some("zh")
    } else {
        None
    }
}

/// What the program says about an answer, in the languages it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wording {
    #[default]
    English,
    Chinese,
}

impl Wording {
    /// The wording for a question's language; English where the program does not speak it.
    pub(super) fn of(language: &str) -> Self {
        match language.split('-').next() {
            Some(primary) if primary.eq_ignore_ascii_case("zh") => Self::Chinese,
            _ => Self::English,
        }
    }

    pub(super) fn nothing_ran(self, why: &[&str]) -> String {
        match self {
            Self::English => format!(
                "I don't know: no statement could be run ({}). Name tables and columns in the question.",
                why.join("; ")
            ),
            Self::Chinese => format!(
                "我不知道：没有一条语句可以执行（{}）。请在问题中写明表和列的名称。",
                why.join("；")
            ),
        }
    }

    pub(super) fn not_sure(self, agreed: u32, written: u32) -> String {
        match self {
            Self::English => {
                format!("I don't know: only {agreed} of {written} statements return the same. Ask more precisely.")
            }
            Self::Chinese => format!("我不知道：{written} 条语句中只有 {agreed} 条结果相同。请问得更具体一些。"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Wording, language_of};

    #[test]
    fn a_language_is_named_or_read_from_the_letters() {
        let of = |named, question| language_of(named, question, "en").unwrap();
        assert_eq!(of(None, "How many?"), "en");
        assert_eq!(of(None, "有多少 singer？"), "zh");
        assert_eq!(of(None, "歌手は何人いますか"), "ja");
        assert_eq!(of(Some("pt-BR"), "有多少"), "pt-BR");
        for wrong in ["", "x", "english please", "en-", "zh_CN", "en\r\nx: y", &"a".repeat(40)] {
            assert!(language_of(Some(wrong), "How many?", "en").is_err(), "{wrong:?}");
        }
        assert_eq!(Wording::of("zh-Hant"), Wording::Chinese);
        assert_eq!(Wording::of("de"), Wording::English);
    }
}
