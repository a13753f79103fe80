//! Findings and places in a SQL text.

use nl2sql_catalog::{Finding, Position, Severity, Span, SyntaxError};

use crate::bindings::services::{analysis, types as wit};

impl From<Position> for wit::Position {
    fn from(position: Position) -> Self {
        Self {
            line: position.line,
            column: position.column,
        }
    }
}

impl From<wit::Position> for Position {
    fn from(position: wit::Position) -> Self {
        Self {
            line: position.line,
            column: position.column,
        }
    }
}

impl From<Span> for wit::Span {
    fn from(span: Span) -> Self {
        Self {
            start: span.start.into(),
            end: span.end.into(),
        }
    }
}

impl From<wit::Span> for Span {
    fn from(span: wit::Span) -> Self {
        Self {
            start: span.start.into(),
            end: span.end.into(),
        }
    }
}

impl From<Finding> for wit::Finding {
    fn from(finding: Finding) -> Self {
        let severity = match finding.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        Self {
            layer: finding.layer,
            severity: severity.to_owned(),
            code: finding.code,
            message: finding.message,
            span: finding.span.map(Into::into),
            suggestion: finding.suggestion,
        }
    }
}

impl From<wit::Finding> for Finding {
    fn from(finding: wit::Finding) -> Self {
        let severity = match finding.severity.as_str() {
            "error" => Severity::Error,
            "info" => Severity::Info,
            // Only `error` rejects; a weight this version does not know is worth a look.
            _ => Severity::Warning,
        };
        Self {
            layer: finding.layer,
            severity,
            code: finding.code,
            message: finding.message,
            span: finding.span.map(Into::into),
            suggestion: finding.suggestion,
        }
    }
}

impl From<SyntaxError> for analysis::SyntaxError {
    fn from(error: SyntaxError) -> Self {
        Self {
            message: error.message,
            position: error.position.into(),
        }
    }
}

impl From<analysis::SyntaxError> for SyntaxError {
    fn from(error: analysis::SyntaxError) -> Self {
        Self {
            message: error.message,
            position: error.position.into(),
        }
    }
}
