//! Conditions that AND and OR join, and queries that UNION and its like do. Behind one that is there already none of them goes on: a model that
//! says the same again does not end.

use std::ops::Range;

/// What is written within each open parenthesis, and the conditions and queries in it.
#[derive(Clone, Debug)]
pub(crate) struct Conditions {
    /// The innermost one last; the first is outside of all.
    levels: Vec<Level>,
}

#[derive(Clone, Debug, Default)]
struct Level {
    /// Without blanks.
    text: Vec<u8>,
    /// Where the word begins that was written last.
    last_word: usize,
    conditions: Joined,
    queries: Joined,
}

/// Parts of a text that are joined to each other.
#[derive(Clone, Debug, Default)]
struct Joined {
    /// Where the last one begins.
    begin: usize,
    earlier: Vec<Range<usize>>,
}

impl Joined {
    /// The last one ends, and the next begins.
    fn go_on(&mut self, end: usize, next: usize) {
        self.earlier.push(self.begin..end);
        self.begin = next;
    }

    /// Whether the last one, as far as it goes, is there already.
    fn repeats(&self, text: &[u8], end: usize) -> bool {
        let last = &text[self.begin.min(end)..end];
        self.earlier.iter().any(|range| text[range.clone()] == *last)
    }
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
        let inside = || Joined {
            begin: "(".len(),
            earlier: Vec::new(),
        };
        self.levels.push(Level {
            conditions: inside(),
            queries: inside(),
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
        level.conditions.go_on(level.last_word, level.text.len());
    }

    /// The word written last joins the query before it to another.
    pub fn join_query(&mut self) {
        let level = self.innermost();
        level.queries.go_on(level.last_word, level.text.len());
    }

    /// Other conditions begin behind the word written last.
    pub fn begin(&mut self) {
        let level = self.innermost();
        level.conditions = Joined {
            begin: level.text.len(),
            earlier: Vec::new(),
        };
    }

    /// Whether the condition before the word written last is there already.
    pub fn repeats(&self) -> bool {
        let repeats = |level: &Level| level.conditions.repeats(&level.text, level.last_word);
        self.levels.last().is_some_and(repeats)
    }

    /// Whether the query before the word written last is there already.
    pub fn repeats_query(&self) -> bool {
        let repeats = |level: &Level| level.queries.repeats(&level.text, level.last_word);
        self.levels.last().is_some_and(repeats)
    }
}
