//! One text taken apart: tokens, tree, and what it does.

use nl2sql_catalog::{StatementInfo, SyntaxError};

use crate::ast::{Ast, Body};
use crate::dialect::Dialect;
use crate::error::ParseError;
use crate::keyword::Kw;
use crate::lexer;
use crate::names::Source;
use crate::parser;
use crate::token::{Tok, Token};

/// A text with everything the parser made of it. Its memory serves the next text.
#[derive(Debug, Default)]
pub(crate) struct Statement {
    pub sql: String,
    pub tokens: Vec<Token>,
    pub ast: Ast,
    reason: Option<String>,
    error: Option<ParseError>,
}

impl Statement {
    /// Parses `sql` in place of what was there.
    pub fn parse(&mut self, dialect: Dialect, sql: &str) {
        self.sql.clear();
        self.sql.push_str(sql);
        self.tokens.clear();
        self.ast.clear();
        self.reason = None;
        self.error = None;
        if let Err(error) = lexer::tokenize(dialect, sql, &mut self.tokens) {
            self.error = Some(error);
            return;
        }
        match parser::parse(dialect, sql, &self.tokens, &mut self.ast) {
            Ok(effects) => self.reason = effects.reason,
            Err(error) => self.error = Some(error),
        }
    }

    /// Whether it parsed.
    pub fn result(&self) -> Result<(), SyntaxError> {
        match &self.error {
            Some(error) => Err(error.in_text(&self.sql)),
            None => Ok(()),
        }
    }

    /// The tokens with their text.
    pub fn source(&self, dialect: Dialect) -> Source<'_> {
        Source {
            dialect,
            sql: &self.sql,
            tokens: &self.tokens,
        }
    }

    /// Kind and read-only verdict.
    pub fn info(&self) -> StatementInfo {
        let kind = self.kind();
        let reason = match (&self.error, &self.reason) {
            _ if kind == "unknown" && self.leading().is_some() => {
                Some("it begins with none of SELECT, WITH and VALUES".to_owned())
            }
            _ if self.ast.root.is_none() && self.leading().is_some_and(|kw| !is_query_word(kw)) => {
                Some(format!("{} is not a query", kind.replace('-', " ").to_uppercase()))
            }
            (Some(error), _) => Some(format!("it does not parse: {}", error.message)),
            (None, reason) => reason.clone(),
        };
        StatementInfo {
            kind,
            read_only: reason.is_none(),
            reason,
        }
    }

    fn leading(&self) -> Option<Kw> {
        let first = self
            .tokens
            .iter()
            .find(|token| !matches!(token.kind, Tok::LParen | Tok::Semi))?;
        (first.kind == Tok::Word).then_some(first.kw)
    }

    fn kind(&self) -> String {
        let modifies = |word: Kw| matches!(word, Kw::INSERT | Kw::UPDATE | Kw::DELETE | Kw::MERGE | Kw::REPLACE);
        if let Some(root) = self.ast.root {
            let query = &self.ast.queries[root as usize];
            return match self.ast.bodies[query.body as usize] {
                Body::Values(_) => "values".to_owned(),
                Body::Modify => {
                    let tokens = &self.tokens[query.first as usize..query.end as usize];
                    let word = tokens.iter().rev().find(|token| modifies(token.kw));
                    word.map_or_else(|| "select".to_owned(), |token| token.kw.name().to_ascii_lowercase())
                }
                _ => "select".to_owned(),
            };
        }
        match self.leading() {
            Some(Kw::SELECT | Kw::WITH) => "select".to_owned(),
            Some(Kw::VALUES) => "values".to_owned(),
            Some(Kw::CREATE | Kw::ALTER | Kw::DROP) => self.definition_kind(),
            Some(Kw::EXEC | Kw::EXECUTE) => "exec".to_owned(),
            Some(Kw::NONE) | None => "unknown".to_owned(),
            Some(word) => word.name().to_ascii_lowercase().replace('_', "-"),
        }
    }

    /// `create-table`, `drop-view`, ...: the first word after the verb that says what.
    fn definition_kind(&self) -> String {
        const OBJECTS: [Kw; 12] = [
            Kw::TABLE,
            Kw::VIEW,
            Kw::INDEX,
            Kw::TRIGGER,
            Kw::FUNCTION,
            Kw::PROCEDURE,
            Kw::SCHEMA,
            Kw::DATABASE,
            Kw::SEQUENCE,
            Kw::USER,
            Kw::ROLE,
            Kw::CURSOR,
        ];
        let verb = self
            .tokens
            .iter()
            .find(|token| token.kind == Tok::Word)
            .map_or("", |token| token.kw.name());
        let object = self.tokens.iter().take(8).find(|token| OBJECTS.contains(&token.kw));
        match object {
            Some(object) => format!("{verb}-{}", object.kw.name()).to_ascii_lowercase(),
            None => verb.to_ascii_lowercase(),
        }
    }
}

fn is_query_word(word: Kw) -> bool {
    matches!(word, Kw::SELECT | Kw::WITH | Kw::VALUES | Kw::TABLE)
}
