//! Findings: where each stands in the text, and how many there are.

use super::Resolver;
use crate::ast::TokenId;
use crate::error::position;
use nl2sql_catalog::{Finding, Severity, Span};

/// Most findings of one statement: each is looked up in the text and compared with every name, and nobody reads more.
const MAX_FINDINGS: usize = 100;

impl Resolver<'_> {
    /// Whether further findings are dropped.
    pub(super) fn is_full(&self) -> bool {
        self.findings.len() >= MAX_FINDINGS
    }

    pub(super) fn report(&mut self, token: TokenId, code: &str, message: String, suggestion: Option<String>) {
        self.report_span(token, token + 1, code, message, suggestion);
    }

    pub(super) fn report_span(
        &mut self,
        first: TokenId,
        end: TokenId,
        code: &str,
        message: String,
        suggestion: Option<String>,
    ) {
        if self.is_full() {
            return;
        }
        let (start, stop) = (
            self.source.tokens[first as usize].start,
            self.source.tokens[end as usize - 1].end,
        );
        let sql = self.source.sql;
        self.findings.push(Finding {
            layer: "schema".to_owned(),
            severity: Severity::Error,
            code: code.to_owned(),
            message,
            span: Some(Span {
                start: position(sql, start as usize),
                end: position(sql, stop as usize),
            }),
            suggestion,
        });
    }

    /// What the parser read and the engine refuses.
    pub(super) fn refused(&mut self, token: TokenId, message: &str) {
        self.report(token, "not-supported", message.to_owned(), None);
    }
}
