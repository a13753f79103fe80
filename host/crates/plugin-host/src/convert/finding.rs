//! Findings and places in a SQL text.

use nl2sql_catalog::{Finding, Position, Severity, Span, SyntaxError};

use crate::bindings::services::{analysis, types as wit};
use crate::error::Failure;

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
        Self {
            layer: finding.layer,
            severity: finding.severity.name().to_owned(),
            code: finding.code,
            message: finding.message,
            span: finding.span.map(Into::into),
            suggestion: finding.suggestion,
        }
    }
}

/// Refuses findings whose severity the contract does not know, before they are converted.
pub(crate) fn check_severities<'a>(findings: impl IntoIterator<Item = &'a wit::Finding>) -> Result<(), Failure> {
    for finding in findings {
        if Severity::from_name(&finding.severity).is_none() {
            return Err(Failure::unknown_name(
                "severity of a finding",
                &finding.severity,
                &Severity::NAMES,
            ));
        }
    }
    Ok(())
}

impl From<wit::Finding> for Finding {
    fn from(finding: wit::Finding) -> Self {
        Self {
            layer: finding.layer,
            // Unknown names were refused by `check_severities`; the strictest stands for one that was not.
            severity: Severity::from_name(&finding.severity).unwrap_or(Severity::Error),
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
