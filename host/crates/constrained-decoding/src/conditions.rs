//! Conditions that AND and OR join. Behind one that is there already neither goes on: a model that says the same again does not end.

use std::ops::Range;

/// What is written within each open parenthesis, and the conditions in it.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    /// The innermost one last; the first is outside of all.
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// Without blanks.
    text: Vec<u8>,
    /// Where the last condition begins.
    begin: usize,
    /// Where the word begins that was written last.
    last_word: usize,
    earlier: Vec<Range<usize>>,
}

impl Default for Conditions {
    fn default() -> Self {
        Self {
            levels: vec![Level::default()],
        }
    }
}

impl Conditions {
    fn innermost(&mut self) -> &mut Level {
        let innermost = self.levels.len() - 1;
        &mut self.levels[innermost]
    }

    /// Takes a byte, after all that it ends was told.
    pub fn byte(&mut self, byte: u8) {
        if !byte.is_ascii_whitespace() {
            self.innermost().text.push(byte);
        }
    }

    /// A word begins with the next byte.
    pub fn begin_word(&mut self) {
        let level = self.innermost();
        level.last_word = level.text.len();
    }

    /// A parenthesis opens.
    pub fn open(&mut self) {
        self.levels.push(Level {
            begin: "(".len(),
            ..Level::default()
        });
    }

    /// A parenthesis closes.
    pub fn close(&mut self) {
        if self.levels.len() > 1
            && let Some(closed) = self.levels.pop()
        {
            self.innermost().text.extend(closed.text);
        }
    }

    /// The word written last joins the condition before it to another.
    pub fn join(&mut self) {
        let level = self.innermost();
        level.earlier.push(level.begin..level.last_word);
        level.begin = level.text.len();
    }

    /// Other conditions begin behind the word written last.
    pub fn begin(&mut self) {
        let level = self.innermost();
        level.earlier.clear();
        level.begin = level.text.len();
    }

    /// Whether the condition before the word written last is there already.
    pub fn repeats(&self) -> bool {
        self.levels.last().is_some_and(|level| {
            let last = &level.text[level.begin.min(level.last_word)..level.last_word];
            level.earlier.iter().any(|range| level.text[range.clone()] == *last)
        })
    }
}
