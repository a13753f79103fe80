//! A text read by sqlparser.

use nl2sql_sdk::analysis::{Position, SyntaxError};
use sqlparser::ast::{Query, Statement};
use sqlparser::dialect::Dialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

/// Longest text that is parsed, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Nesting that the parser follows; what is deeper could exhaust a guest's stack.
const MAX_DEPTH: usize = 60;

/// A place in the text; both count from 1.
pub(crate) fn position(location: Location) -> Position {
    let number = |number: u64| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
    Position {
        line: number(location.line),
        column: number(location.column),
    }
}

fn error(message: impl Into<String>, position: Position) -> SyntaxError {
    SyntaxError {
        message: message.into(),
        position,
    }
}

const START: Position = Position { line: 1, column: 1 };

/// The tokens of a text, white space and comments included.
pub(crate) fn tokens(grammar: &dyn Dialect, sql: &str) -> Result<Vec<TokenWithSpan>, SyntaxError> {
    if sql.len() > MAX_BYTES {
        return Err(error(format!("the statement is longer than {MAX_BYTES} bytes"), START));
    }
    Tokenizer::new(grammar, sql)
        .tokenize_with_location()
        .map_err(|failed| error(failed.message, position(failed.location)))
}

/// One statement of the dialect, a semicolon behind it allowed.
fn statement(grammar: &dyn Dialect, tokens: Vec<TokenWithSpan>) -> Result<Statement, SyntaxError> {
    let end = tokens.last().map_or(START, |last| position(last.span.start));
    let mut parser = Parser::new(grammar)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    let statement = parser.parse_statement().map_err(|failed| syntax_error(failed, end))?;
    while parser.consume_token(&Token::SemiColon) {}
    let next = parser.peek_token();
    if next.token != Token::EOF {
        let message = format!("expected the end of the statement, found `{}`", next.token);
        return Err(error(message, position(next.span.start)));
    }
    Ok(statement)
}

/// One query of the dialect.
pub(crate) fn query(grammar: &dyn Dialect, tokens: Vec<TokenWithSpan>) -> Result<Query, SyntaxError> {
    match statement(grammar, tokens)? {
        Statement::Query(query) => Ok(*query),
        other => {
            let word = first_word(&other.to_string());
            Err(error(format!("`{word}` is no query"), START))
        }
    }
}

/// The first word of a text, in lower case.
pub(crate) fn first_word(sql: &str) -> String {
    sql.trim_start_matches(|c: char| c.is_whitespace() || c == '(')
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a token is white space or a comment.
pub(crate) fn is_blank(token: &Token) -> bool {
    matches!(token, Token::Whitespace(_))
}

/// sqlparser writes the place of an error behind its message.
fn syntax_error(failed: ParserError, end: Position) -> SyntaxError {
    let message = match failed {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
        ParserError::RecursionLimitExceeded => return error("the statement is nested too deeply", START),
    };
    let Some((said, place)) = message.rsplit_once(" at Line: ") else {
        return error(message, end);
    };
    let numbers = place.split_once(", Column: ").and_then(|(line, column)| {
        Some(Position {
            line: line.trim().parse().ok()?,
            column: column.trim().parse().ok()?,
        })
    });
    error(said, numbers.unwrap_or(end))
}
