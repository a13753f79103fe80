//! Walks the tokens of a declaration.

use crate::tokens::SqlError;
use crate::tsql::Token;

/// Walks the tokens of a declaration.
pub(super) struct Reader<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Self {
        Self { tokens, at: 0 }
    }

    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn accept(&mut self, words: &[&str]) -> bool {
        let follows = words
            .iter()
            .enumerate()
            .all(|(ahead, word)| self.tokens.get(self.at + ahead).is_some_and(|token| token.is(word)));
        self.at += if follows { words.len() } else { 0 };
        follows
    }

    pub(super) fn mark(&mut self, mark: &str) -> bool {
        let follows = matches!(self.peek(), Some(Token::Mark(found)) if *found == mark);
        self.at += usize::from(follows);
        follows
    }

    pub(super) fn name(&mut self) -> Result<String, SqlError> {
        let found = self.peek().and_then(Token::name).map(str::to_owned);
        self.at += 1;
        found.ok_or_else(|| self.unexpected())
    }

    /// Schema and name; `dbo` when no schema is written.
    pub(super) fn qualified(&mut self) -> Result<(String, String), SqlError> {
        let mut parts = vec![self.name()?];
        while self.mark(".") {
            parts.push(self.name()?);
        }
        let name = parts.pop().unwrap_or_default();
        Ok((parts.pop().unwrap_or_else(|| "dbo".into()), name))
    }

    /// What stands in the bracket that opens here.
    pub(super) fn bracket(&mut self) -> Result<&'a [Token], SqlError> {
        let start = self.at + 1;
        let mut depth = 0;
        while let Some(token) = self.peek() {
            match token {
                Token::Mark("(") => depth += 1,
                Token::Mark(")") => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Ok(&self.tokens[start.min(self.at - 1)..self.at - 1]);
            }
        }
        Err(self.unexpected())
    }

    /// Names in a bracket; ASC, DESC and the like are passed over.
    pub(super) fn names(&mut self) -> Result<Vec<String>, SqlError> {
        let inside = self.bracket()?;
        Ok(inside
            .split(|token| *token == Token::Mark(","))
            .filter_map(|part| part.first()?.name().map(str::to_owned))
            .collect())
    }

    pub(super) fn unexpected(&self) -> SqlError {
        let near = self.tokens.get(self.at).or(self.tokens.last());
        SqlError::new(102, 15, format!("Incorrect syntax near '{near:?}'."))
    }
}

/// Tokens as a script would spell them.
pub(super) fn spelled(tokens: &[Token]) -> String {
    let words = tokens.iter().map(|token| match token {
        Token::Word(text) | Token::Number(text) | Token::Variable(text) => text.clone(),
        Token::Name(text) => format!("[{text}]"),
        Token::Text(text) => format!("'{}'", text.replace('\'', "''")),
        Token::Hex(digits) => format!("0x{digits}"),
        Token::Mark(mark) => (*mark).to_owned(),
        Token::Stray(c) => c.to_string(),
    });
    words
        .collect::<Vec<_>>()
        .join(" ")
        .replace(" (", "(")
        .replace("( ", "(")
        .replace(" )", ")")
}

/// An expression in brackets, as SQL Server keeps definitions.
pub(super) fn definition(tokens: &[Token]) -> String {
    let text = spelled(tokens);
    if text.starts_with('(') && text.ends_with(')') {
        text
    } else {
        format!("({text})")
    }
}

/// The expression behind DEFAULT: a bracket, a call, or a literal with its sign.
pub(super) fn default_expression(reader: &mut Reader<'_>) -> Result<String, SqlError> {
    let start = reader.at;
    if reader.peek() != Some(&Token::Mark("(")) {
        reader.mark("-");
        reader.at += 1;
    }
    if reader.peek() == Some(&Token::Mark("(")) {
        reader.bracket()?;
    }
    Ok(definition(&reader.tokens[start..reader.at]))
}
