//! An answer as far as it is written, byte by byte. The shared lexer reads whole texts; here each byte is judged before the next is known.

use std::sync::Arc;

use crate::name_set::{Word, is_word_byte};
use crate::place::Reading;
use crate::previous::{Operand, Previous};
use crate::schema_constraint::SchemaConstraint;
use crate::statement::Statement;

/// An answer as far as it is written. Cloned, it tries a continuation.
#[derive(Clone, Debug)]
pub struct DecodingState {
    schema: Arc<SchemaConstraint>,
    mode: Mode,
    /// The word last ended: what it is may depend on what follows.
    ended: Option<Word>,
    /// Blanks since anything else was written, and line breaks among them.
    blanks: usize,
    line_breaks: usize,
    statement: Statement,
}

/// Blanks that may stand together, as deep indentation has them.
const MAX_BLANKS: usize = 24;

/// Line breaks among them: behind an empty line no statement goes on.
const MAX_LINE_BREAKS: usize = 1;

/// Digits and marks of a number, as many as the shortest text of any 64 bit number may have: a model that writes more does not end.
const MAX_NUMBER_BYTES: usize = 24;

/// What the next byte belongs to.
#[derive(Clone, Debug, Default)]
enum Mode {
    #[default]
    Between,
    /// A word without quotes.
    Bare(Vec<u8>),
    Number {
        part: NumberPart,
        bytes: usize,
    },
    /// A word in quotes.
    Quoted {
        closing: u8,
        content: Vec<u8>,
        /// Whether the last byte was the closing quote, which another would make part of the word.
        closed: bool,
    },
    /// A string.
    Text {
        quote: u8,
        backslash: bool,
        state: TextState,
    },
    /// `-`, which another makes a comment.
    Dash,
    /// `/`, which `*` makes a comment.
    Slash,
    LineComment,
    BlockComment {
        star: bool,
    },
}

/// The part of a number that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NumberPart {
    /// A zero, which `x` makes a hexadecimal number.
    Zero,
    Whole,
    Hexadecimal,
    Fraction,
    /// `e`, which a digit or a sign must follow.
    Exponent,
    Sign,
    ExponentDigits,
}

impl NumberPart {
    fn begun_by(digit: u8) -> Self {
        if digit == b'0' { Self::Zero } else { Self::Whole }
    }

    /// The part that one more byte belongs to; nothing where it is none of the number.
    fn next(self, byte: u8) -> Option<Self> {
        match (self, byte) {
            (Self::Zero, b'x' | b'X') => Some(Self::Hexadecimal),
            (Self::Zero | Self::Whole, b'0'..=b'9') => Some(Self::Whole),
            (Self::Zero | Self::Whole, b'.') => Some(Self::Fraction),
            (Self::Hexadecimal, _) if byte.is_ascii_hexdigit() => Some(self),
            (Self::Fraction | Self::ExponentDigits, b'0'..=b'9') => Some(self),
            (Self::Zero | Self::Whole | Self::Fraction, b'e' | b'E') => Some(Self::Exponent),
            (Self::Exponent, b'+' | b'-') => Some(Self::Sign),
            (Self::Exponent | Self::Sign, b'0'..=b'9') => Some(Self::ExponentDigits),
            _ => None,
        }
    }

    /// Whether a number may end with it.
    fn may_end(self) -> bool {
        !matches!(self, Self::Exponent | Self::Sign)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TextState {
    Open,
    Escaped,
    Closed,
}

impl DecodingState {
    /// An answer of which nothing is written.
    pub fn new(schema: Arc<SchemaConstraint>) -> Self {
        Self {
            statement: Statement::new(&schema),
            schema,
            mode: Mode::Between,
            ended: None,
            blanks: 0,
            line_breaks: 0,
        }
    }

    /// Reads on; whether the text can still become a statement whose names are all there. What cannot is read all the same.
    pub fn push(&mut self, text: &[u8]) -> bool {
        let refused = text.iter().filter(|byte| !self.read_byte(**byte)).count();
        refused == 0
    }

    /// Whether the answer may end here.
    pub fn may_end(&self) -> bool {
        let mut to_the_end = self.clone();
        (to_the_end.blanks, to_the_end.line_breaks) = (0, 0);
        let fits = to_the_end.push(b"\n") && to_the_end.end_word(b';');
        let is_open = matches!(to_the_end.mode, Mode::Text { .. } | Mode::Quoted { .. });
        fits && !is_open && to_the_end.statement.may_end(&self.schema)
    }

    fn read_byte(&mut self, byte: u8) -> bool {
        let fits = self.judge_byte(byte);
        self.statement.conditions.byte(byte);
        let has_begun = self.statement.previous != Previous::Nothing;
        if has_begun && matches!(self.mode, Mode::Between) && byte.is_ascii_whitespace() {
            self.blanks += 1;
            self.line_breaks += usize::from(byte == b'\n');
        } else {
            (self.blanks, self.line_breaks) = (0, 0);
        }
        fits && self.blanks <= MAX_BLANKS && self.line_breaks <= MAX_LINE_BREAKS
    }

    fn judge_byte(&mut self, byte: u8) -> bool {
        match std::mem::take(&mut self.mode) {
            Mode::Between => self.begin(byte),
            Mode::Bare(word) => self.go_on_bare(word, byte),
            Mode::Number { part, bytes } => self.go_on_number(part, bytes, byte),
            Mode::Quoted {
                closing,
                content,
                closed,
            } => self.go_on_quoted(closing, content, closed, byte),
            Mode::Text {
                quote,
                backslash,
                state,
            } => self.go_on_text(quote, backslash, state, byte),
            Mode::Dash if byte == b'-' => self.comment(Mode::LineComment),
            Mode::Slash if byte == b'*' => self.comment(Mode::BlockComment { star: false }),
            Mode::Dash => self.mark(b'-') & self.begin(byte),
            Mode::Slash => self.mark(b'/') & self.begin(byte),
            Mode::LineComment if byte != b'\n' => self.comment(Mode::LineComment),
            Mode::BlockComment { star } if !(star && byte == b'/') => {
                self.comment(Mode::BlockComment { star: byte == b'*' })
            }
            Mode::LineComment | Mode::BlockComment { .. } => true,
        }
    }

    fn comment(&mut self, mode: Mode) -> bool {
        self.mode = mode;
        true
    }

    /// Begins something new.
    fn begin(&mut self, byte: u8) -> bool {
        let rules = self.schema.dialect.lexical;
        match byte {
            _ if byte.is_ascii_whitespace() => {
                self.statement.blank();
                true
            }
            b'-' => self.attempt(byte, Mode::Dash),
            b'/' => self.attempt(byte, Mode::Slash),
            b'#' if rules.hash_comments => self.attempt(byte, Mode::LineComment),
            b'\'' => self.begin_text(byte),
            _ if byte.is_ascii_digit() => {
                let fits = self.end_word(byte) && self.statement.admits_number(byte, &self.schema);
                self.statement.number(&self.schema);
                self.mode = Mode::Number {
                    part: NumberPart::begun_by(byte),
                    bytes: 1,
                };
                fits
            }
            _ if is_word_byte(byte) => {
                let fits = self.end_word(byte);
                self.statement.conditions.begin_word();
                fits & self.go_on_bare(Vec::new(), byte)
            }
            _ => match self.schema.dialect.closing_quote(byte) {
                Some(closing) => self.begin_quoted(closing, byte),
                None if byte == b'"' => self.begin_text(byte),
                None => self.mark(byte),
            },
        }
    }

    /// What may be a mark or the beginning of a comment.
    fn attempt(&mut self, byte: u8, mode: Mode) -> bool {
        let mut tried = self.clone();
        self.mode = mode;
        tried.mark(byte) || self.statement.previous == Previous::Nothing
    }

    fn mark(&mut self, byte: u8) -> bool {
        let fits = self.end_word(byte) && self.statement.admits_mark(byte, &self.schema);
        self.statement.mark(byte, &self.schema);
        fits
    }

    /// Decides what the word before was, now that it is known what follows.
    fn end_word(&mut self, follow: u8) -> bool {
        let Some(word) = self.ended.take() else { return true };
        let reading = self.statement.reading(&word, Some(follow), &self.schema);
        let taken = reading.unwrap_or(Reading::Unknown);
        self.statement.take(taken, &word, &self.schema);
        reading.is_some()
    }

    fn go_on_bare(&mut self, mut content: Vec<u8>, byte: u8) -> bool {
        if is_word_byte(byte) {
            content.push(byte.to_ascii_lowercase());
            let growing = self.word(&content, false, false);
            self.mode = Mode::Bare(content);
            return self.statement.reading(&growing, None, &self.schema).is_some();
        }
        let word = self.word(&content, false, true);
        let may_be_prefix = byte == b'\'' && self.schema.dialect.has_server_grammar;
        let fits = may_be_prefix || self.statement.reading(&word, None, &self.schema).is_some();
        self.ended = Some(word);
        self.begin(byte) && fits
    }

    fn go_on_number(&mut self, part: NumberPart, bytes: usize, byte: u8) -> bool {
        match part.next(byte) {
            Some(_) if self.statement.previous == Previous::Operand(Operand::Ordinal) => false,
            Some(part) => {
                let bytes = bytes + 1;
                self.mode = Mode::Number { part, bytes };
                bytes <= MAX_NUMBER_BYTES
            }
            None => !is_word_byte(byte) & part.may_end() & self.begin(byte),
        }
    }

    fn begin_quoted(&mut self, closing: u8, opening: u8) -> bool {
        let fits = self.end_word(opening) && self.statement.admits_opening() && self.quoted_fits(closing, &[], false);
        self.mode = Mode::Quoted {
            closing,
            content: Vec::new(),
            closed: false,
        };
        fits
    }

    fn go_on_quoted(&mut self, closing: u8, mut content: Vec<u8>, closed: bool, byte: u8) -> bool {
        if byte == closing && !closed {
            let fits = self.quoted_fits(closing, &content, true);
            self.mode = Mode::Quoted {
                closing,
                content,
                closed: true,
            };
            return fits;
        }
        if closed && byte != closing {
            return self.end_quoted(closing, &content) && self.begin(byte);
        }
        content.push(byte);
        let fits = self.quoted_fits(closing, &content, false);
        self.mode = Mode::Quoted {
            closing,
            content,
            closed: false,
        };
        fits
    }

    fn quoted_fits(&self, closing: u8, content: &[u8], whole: bool) -> bool {
        let as_name = |whole| {
            let word = self.word(content, true, whole);
            self.statement.reading(&word, None, &self.schema).is_some()
        };
        // The quote that closes it here may turn out to be one of two that stand for one.
        let may_grow = || {
            let longer = [content, &[closing]].concat();
            let word = self.word(&longer, true, false);
            whole && self.statement.reading(&word, None, &self.schema).is_some()
        };
        self.may_be_text(closing) || as_name(whole) || may_grow()
    }

    /// SQLite takes what is in double quotes and no name for a string.
    fn may_be_text(&self, closing: u8) -> bool {
        let lenient = self.schema.dialect.unknown_double_quoted_is_string;
        lenient && closing == b'"' && !self.statement.expects_table() && self.statement.admits_text(&self.schema)
    }

    fn end_quoted(&mut self, closing: u8, content: &[u8]) -> bool {
        let word = self.word(content, true, true);
        if self.may_be_text(closing) && self.statement.reading(&word, None, &self.schema).is_none() {
            self.statement.text();
            return true;
        }
        self.ended = Some(word);
        true
    }

    fn begin_text(&mut self, quote: u8) -> bool {
        // `E'..'` and `N'..'`: a prefix, and no word.
        let has_prefixes = self.schema.dialect.has_server_grammar;
        let prefix = self
            .ended
            .take_if(|word| has_prefixes && matches!(word.text.as_slice(), b"e" | b"n" | b"b" | b"x"));
        let rules = self.schema.dialect.lexical;
        let escapes = rules.backslash_escapes || (rules.escape_strings && prefix.is_some_and(|word| word.text == b"e"));
        let fits = self.end_word(quote) && self.statement.admits_text(&self.schema);
        self.mode = Mode::Text {
            quote,
            backslash: escapes,
            state: TextState::Open,
        };
        fits
    }

    fn go_on_text(&mut self, quote: u8, backslash: bool, state: TextState, byte: u8) -> bool {
        let state = match (state, byte) {
            (TextState::Closed, _) if byte != quote => {
                self.statement.text();
                return self.begin(byte);
            }
            (TextState::Open, b'\\') if backslash => TextState::Escaped,
            (TextState::Open, _) if byte == quote => TextState::Closed,
            _ => TextState::Open,
        };
        self.mode = Mode::Text {
            quote,
            backslash,
            state,
        };
        true
    }

    fn word(&self, content: &[u8], quoted: bool, whole: bool) -> Word {
        let keep = quoted && self.schema.dialect.quoted_names_keep_case;
        let text = if keep {
            content.to_vec()
        } else {
            content.to_ascii_lowercase()
        };
        Word { text, quoted, whole }
    }
}
