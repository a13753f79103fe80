//! Short ways to say what is wrong.

use crate::analysis::SyntaxError;
use crate::types::{Difficulty, Finding, PluginError, Position, Severity, Span};

impl Finding {
    /// A finding that rejects the sample.
    pub fn error(layer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(layer, Severity::Error, code, message)
    }

    /// A finding that is suspicious and rejects nothing.
    pub fn warning(layer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(layer, Severity::Warning, code, message)
    }

    /// A finding worth knowing.
    pub fn info(layer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::new(layer, Severity::Info, code, message)
    }

    fn new(layer: &str, severity: Severity, code: &str, message: impl Into<String>) -> Self {
        Self {
            layer: layer.into(),
            severity,
            code: code.into(),
            message: message.into(),
            span: None,
            suggestion: None,
        }
    }

    /// The same finding at a place in the SQL.
    pub fn at(mut self, start: Position, end: Position) -> Self {
        self.span = Some(Span { start, end });
        self
    }

    /// The same finding with what to write instead.
    pub fn suggest(mut self, suggestion: impl Into<String>) -> Self {
        self.suggestion = Some(suggestion.into());
        self
    }
}

impl From<SyntaxError> for Finding {
    fn from(error: SyntaxError) -> Self {
        let start = error.position;
        let end = Position {
            column: start.column + 1,
            ..start
        };
        Self::error("syntax", "syntax-error", error.message).at(start, end)
    }
}

impl PluginError {
    /// An error with a stable kebab-case code and one sentence.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            hint: None,
        }
    }

    /// The same error with what the user can do next.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl Difficulty {
    /// The levels in rising order.
    pub const ALL: [Self; 4] = [Self::Easy, Self::Medium, Self::Hard, Self::Extra];

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Easy => "easy",
            Self::Medium => "medium",
            Self::Hard => "hard",
            Self::Extra => "extra",
        }
    }

    /// The level of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}
