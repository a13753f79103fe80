//! Frames of windows, word by word, as SQLite takes them (<https://sqlite.org/windowfunctions.html>, section 2).

use crate::parens::Paren;
use crate::schema_constraint::SchemaConstraint;
use crate::statement::Statement;

/// How far a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Missing,
    /// ROWS, GROUPS or RANGE.
    Unit {
        takes_numbers: bool,
    },
    /// Where a bound begins.
    Bound {
        bound: Bound,
        takes_numbers: bool,
    },
    Unbounded(Bound),
    Current(Bound),
    Number(Bound),
    /// The bound before AND.
    Start {
        side: Side,
        takes_numbers: bool,
    },
    Whole,
    Exclude,
    ExcludeNo,
    ExcludeCurrent,
    /// Nothing follows.
    Ended,
}

/// Which bound of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// The frame ends with the current row.
    Only,
    Start {
        takes_numbers: bool,
    },
    /// No sooner than where the frame starts.
    End(Side),
}

/// Where a bound is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Preceding,
    CurrentRow,
    Following,
}

impl Frame {
    /// The words that may come, and how far the frame is written then.
    fn next(self) -> Vec<(&'static str, Self)> {
        match self {
            Self::Missing | Self::Ended => Vec::new(),
            Self::Unit { takes_numbers } => {
                let start = Bound::Start { takes_numbers };
                let between = Self::Bound {
                    bound: start,
                    takes_numbers,
                };
                [vec![("between", between)], bounds(Bound::Only)].concat()
            }
            Self::Bound { bound, .. } => bounds(bound),
            Self::Unbounded(bound @ Bound::End(_)) => vec![("following", bound.written(Side::Following))],
            Self::Unbounded(bound) => vec![("preceding", bound.written(Side::Preceding))],
            Self::Current(bound) => vec![("row", bound.written(Side::CurrentRow))],
            Self::Number(bound) => [("preceding", Side::Preceding), ("following", Side::Following)]
                .into_iter()
                .filter(|(_, side)| bound.may_be(*side))
                .map(|(word, side)| (word, bound.written(side)))
                .collect(),
            Self::Start { side, takes_numbers } => {
                let end = Self::Bound {
                    bound: Bound::End(side),
                    takes_numbers,
                };
                vec![("and", end)]
            }
            Self::Whole => vec![("exclude", Self::Exclude)],
            Self::Exclude => vec![
                ("no", Self::ExcludeNo),
                ("current", Self::ExcludeCurrent),
                ("group", Self::Ended),
                ("ties", Self::Ended),
            ],
            Self::ExcludeNo => vec![("others", Self::Ended)],
            Self::ExcludeCurrent => vec![("row", Self::Ended)],
        }
    }

    /// Whether the window may end here.
    pub fn may_end(self) -> bool {
        matches!(self, Self::Missing | Self::Whole | Self::Ended)
    }

    /// How far the frame is written with a number of rows or groups, or a distance; nothing where none can stand.
    fn with_number(self) -> Option<Self> {
        match self {
            Self::Unit { takes_numbers: true } => Some(Self::Number(Bound::Only)),
            Self::Bound {
                bound,
                takes_numbers: true,
            } => Some(Self::Number(bound)),
            _ => None,
        }
    }
}

impl Bound {
    fn may_be(self, side: Side) -> bool {
        match self {
            Self::Only => side != Side::Following,
            Self::Start { .. } => true,
            Self::End(start) => start <= side,
        }
    }

    /// How far the frame is written with this bound.
    fn written(self, side: Side) -> Frame {
        match self {
            Self::Start { takes_numbers } => Frame::Start { side, takes_numbers },
            Self::Only | Self::End(_) => Frame::Whole,
        }
    }
}

/// The words that begin a bound.
fn bounds(bound: Bound) -> Vec<(&'static str, Frame)> {
    let mut words = vec![("unbounded", Frame::Unbounded(bound))];
    if bound.may_be(Side::CurrentRow) {
        words.push(("current", Frame::Current(bound)));
    }
    words
}

impl Statement {
    /// The frame that is being written here, where SQL is SQLite's.
    pub(crate) fn frame(&self, schema: &SchemaConstraint) -> Option<Frame> {
        match self.parens.last() {
            Some(Paren::Window { frame, .. }) if !schema.dialect.has_server_grammar => {
                Some(*frame).filter(|frame| *frame != Frame::Missing)
            }
            _ => None,
        }
    }

    /// Words of frames that may come here.
    pub(crate) fn frame_words(&self, schema: &SchemaConstraint) -> Vec<(&'static str, Frame)> {
        match self.parens.last() {
            _ if schema.dialect.has_server_grammar => Vec::new(),
            Some(Paren::Window {
                frame: Frame::Missing,
                terms,
            }) => begin(*terms),
            Some(Paren::Window { frame, .. }) => frame.next(),
            _ => Vec::new(),
        }
    }

    /// The frame with a number behind what is written of it.
    pub(crate) fn frame_with_number(&self, schema: &SchemaConstraint) -> Option<Frame> {
        self.frame(schema).and_then(Frame::with_number)
    }

    pub(crate) fn write_frame(&mut self, written: Frame) {
        if let Some(Paren::Window { frame, .. }) = self.parens.last_mut() {
            *frame = written;
        }
    }
}

/// Units of frames. Groups need an order, and distances one by a single expression.
fn begin(terms: usize) -> Vec<(&'static str, Frame)> {
    let unit = |name, takes_numbers| (name, Frame::Unit { takes_numbers });
    let mut units = vec![unit("rows", true), unit("range", terms == 1)];
    if terms > 0 {
        units.push(unit("groups", true));
    }
    units
}
