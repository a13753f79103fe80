//! Names, found by their beginnings.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::ops::Bound;

/// A set of names as they are written unquoted and quoted.
///
/// Names are compared in lower case as far as ASCII goes; where quotes keep the case, what stands in them is compared as it is,
/// and a name with upper-case letters cannot be written without.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameSet {
    quotes_keep_case: bool,
    bare: BTreeSet<Vec<u8>>,
    quoted: BTreeSet<Vec<u8>>,
}

/// A word in an answer, as it is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// Without quotes, in lower case where case does not count.
    pub text: Vec<u8>,
    pub quoted: bool,
    /// Whether it has ended; else it may still grow.
    pub whole: bool,
}

impl NameSet {
    pub fn new(quotes_keep_case: bool) -> Self {
        Self {
            quotes_keep_case,
            ..Self::default()
        }
    }

    /// A name as it is kept here.
    pub fn key(&self, name: &str) -> Vec<u8> {
        if self.quotes_keep_case {
            name.as_bytes().to_vec()
        } else {
            name.to_ascii_lowercase().into_bytes()
        }
    }

    pub fn insert(&mut self, name: &str) {
        let key = self.key(name);
        if is_bare(&key) {
            self.bare.insert(key.clone());
        }
        self.quoted.insert(key);
    }

    /// Adds a word of an answer.
    pub fn insert_word(&mut self, word: &Word) {
        if is_bare(&word.text) {
            self.bare.insert(word.text.clone());
        }
        self.quoted.insert(word.text.clone());
    }

    /// Whether the word is one of the names, or while it grows begins one.
    pub fn holds(&self, word: &Word) -> bool {
        self.meant_by(word).next().is_some()
    }

    /// The name that the word is, or those that it begins while it grows.
    pub fn meant_by(&self, word: &Word) -> impl Iterator<Item = &[u8]> {
        let names = if word.quoted { &self.quoted } else { &self.bare };
        let from = (Bound::Included(word.text.as_slice()), Bound::Unbounded);
        let fits = |name: &&Vec<u8>| {
            if word.whole {
                **name == word.text
            } else {
                name.starts_with(&word.text)
            }
        };
        names.range::<[u8], _>(from).take_while(fits).map(Vec::as_slice)
    }

    /// All names.
    pub fn all(&self) -> impl Iterator<Item = &[u8]> {
        self.quoted.iter().map(Vec::as_slice)
    }

    /// Whether this is one of the names.
    pub fn has(&self, name: &[u8]) -> bool {
        self.quoted.contains(name)
    }
}

/// Whether a name needs no quotes: letters, digits, `_` and `$`, no digit in front, nothing that folding would change.
fn is_bare(name: &[u8]) -> bool {
    let letters = |byte: &u8| is_word_byte(*byte) && !byte.is_ascii_uppercase();
    name.iter().all(letters) && name.first().is_some_and(|first| !first.is_ascii_digit())
}

/// Bytes of unquoted words: ASCII's, and those of every other script.
pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii()
}

impl Word {
    /// The first of the words of SQL that this is, or while it grows begins.
    pub fn among(&self, words: &BTreeSet<&'static str>) -> Option<&'static str> {
        self.all_among(words).next().copied()
    }

    /// Whether this is, or while it grows begins, the name of one of these functions.
    pub fn is_function(&self, functions: &BTreeSet<Box<str>>) -> bool {
        self.all_among(functions).next().is_some()
    }

    /// The one of these words that this is, or while it grows those that it begins.
    pub fn all_among<'w, W: Borrow<str> + Ord>(&'w self, words: &'w BTreeSet<W>) -> impl Iterator<Item = &'w W> {
        let text = std::str::from_utf8(&self.text).ok().filter(|_| !self.quoted);
        let begun = text.map(|text| {
            let next = words.range::<str, _>((Bound::Included(text), Bound::Unbounded));
            next.take_while(move |word| {
                let word: &str = (*word).borrow();
                if self.whole {
                    word == text
                } else {
                    word.starts_with(text)
                }
            })
        });
        begun.into_iter().flatten()
    }

    /// The first of these words, written with spaces between them, that this is, or while it grows begins.
    pub fn among_these(&self, words: &'static str) -> Option<&'static str> {
        let fits = |word: &&str| {
            let word = word.as_bytes();
            if self.whole {
                word == self.text
            } else {
                word.starts_with(&self.text)
            }
        };
        words.split_ascii_whitespace().find(fits).filter(|_| !self.quoted)
    }

    /// Whether it is one of the words of SQL, or one of at least four letters with others run into it.
    pub fn begins_with(&self, words: &BTreeSet<&'static str>) -> bool {
        let is_begun = |word: &&str| {
            let rest = self.text.strip_prefix(word.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || (word.len() > 3 && rest[0].is_ascii_alphabetic()))
        };
        !self.quoted && words.iter().any(is_begun)
    }

    /// Whether it is this word of SQL.
    pub fn is_keyword(&self, keyword: &str) -> bool {
        self.whole && !self.quoted && self.text == keyword.as_bytes()
    }

    /// Whether it looks like `T1`: a letter and a number.
    pub fn is_letter_and_number(&self) -> bool {
        self.is_letter_and_perhaps_number() && self.text.len() > 1
    }

    /// Whether it looks like `t` or `T1`.
    pub fn is_letter_and_perhaps_number(&self) -> bool {
        let [first, rest @ ..] = self.text.as_slice() else {
            return false;
        };
        first.is_ascii_alphabetic() && rest.len() < 3 && rest.iter().all(u8::is_ascii_digit)
    }

    /// Whether it looks like `T1000`: a letter and a number of more than three digits.
    pub fn is_letter_and_long_number(&self) -> bool {
        let [first, rest @ ..] = self.text.as_slice() else {
            return false;
        };
        first.is_ascii_alphabetic() && rest.len() > 3 && rest.iter().all(u8::is_ascii_digit)
    }

    /// Digits of the number it ends with.
    pub fn last_digits(&self) -> usize {
        self.text.iter().rev().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// Without the number it ends with.
    pub fn without_number(&self) -> Self {
        Self {
            text: self.text[..self.text.len() - self.last_digits()].to_vec(),
            quoted: self.quoted,
            whole: false,
        }
    }
}
