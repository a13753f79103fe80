//! Just enough of each database's lexical rules to tell words from strings, quoted names and comments.

use crate::DriverKind;

/// One token; literals and comments leave nothing but a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A bare word or number.
    Word(&'a str),
    /// A quoted name, without its quotes.
    Quoted(&'a str),
    /// A string literal.
    Literal,
    /// Any other character.
    Mark(char),
}

impl Token<'_> {
    /// Whether this is the bare word `word` (given in lower case).
    pub(crate) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(text) if text.eq_ignore_ascii_case(word))
    }

    /// The name that this bare word or quoted name stands for, in lower case, doubled quotes undone.
    pub(crate) fn name(&self) -> Option<String> {
        match self {
            Self::Word(name) => Some(name.to_lowercase()),
            Self::Quoted(name) => {
                let doubled = ["\"\"", "``", "]]"].iter().find(|doubled| name.contains(*doubled));
                Some(doubled.map_or_else(
                    || name.to_lowercase(),
                    |doubled| name.replace(doubled, &doubled[1..]).to_lowercase(),
                ))
            }
            Self::Literal | Self::Mark(_) => None,
        }
    }
}

/// Splits `sql`; an error names a construct whose extent cannot be told, or that hides code from this reader.
pub(crate) fn tokens(driver: DriverKind, sql: &str) -> Result<Vec<Token<'_>>, String> {
    let mut lexer = Lexer {
        driver,
        sql,
        at: 0,
        tokens: Vec::with_capacity(sql.len() / 4),
    };
    while lexer.at < sql.len() {
        lexer.step()?;
    }
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    driver: DriverKind,
    sql: &'a str,
    at: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.sql[self.at..]
    }

    fn step(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return Ok(()) };
        let mysql = self.driver == DriverKind::Mysql;
        match c {
            '\0' => return Err("a NUL character".into()),
            c if c.is_whitespace() => self.at += c.len_utf8(),
            '-' if rest.starts_with("--") && (!mysql || is_mysql_dash_comment(rest)) => self.line_comment(),
            '#' if mysql => self.line_comment(),
            '/' if rest.starts_with("/*") => self.block_comment()?,
            '\'' => {
                let escapes = mysql || self.after_prefix(&["e"]);
                self.quoted('\'', escapes)?;
                self.tokens.push(Token::Literal);
            }
            '"' if mysql => {
                self.quoted('"', true)?;
                self.tokens.push(Token::Literal);
            }
            '"' => self.name('"')?,
            '`' if mysql || self.driver == DriverKind::Sqlite => self.name('`')?,
            '[' if matches!(self.driver, DriverKind::Sqlite | DriverKind::Mssql) => self.name(']')?,
            '$' if self.driver == DriverKind::Postgres && dollar_tag(rest).is_some() => self.dollar_string()?,
            c if is_word(c) => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                self.tokens.push(Token::Word(&rest[..end]));
                self.at += end;
            }
            c => {
                self.tokens.push(Token::Mark(c));
                self.at += c.len_utf8();
            }
        }
        Ok(())
    }

    /// Whether the text before the cursor is one of these words, glued to it (as in `E'...'`).
    fn after_prefix(&self, prefixes: &[&str]) -> bool {
        self.driver == DriverKind::Postgres
            && self.sql[..self.at].ends_with(is_word)
            && self
                .tokens
                .last()
                .is_some_and(|last| prefixes.iter().any(|prefix| last.is(prefix)))
    }

    fn line_comment(&mut self) {
        let rest = self.rest();
        self.at += rest
            .find(['\n', '\r'])
            .filter(|_| self.driver != DriverKind::Mysql)
            .or_else(|| rest.find('\n'))
            .unwrap_or(rest.len());
    }

    fn block_comment(&mut self) -> Result<(), String> {
        let rest = self.rest();
        if self.driver == DriverKind::Mysql
            && (rest.starts_with("/*!") || rest.to_ascii_uppercase().starts_with("/*M!"))
        {
            return Err("a comment whose content the server executes (/*! ... */)".into());
        }
        let nests = matches!(self.driver, DriverKind::Postgres | DriverKind::Mssql);
        let bytes = rest.as_bytes();
        let (mut depth, mut at) = (1, 2);
        while depth > 0 {
            match bytes.get(at..at + 2) {
                Some(b"*/") => (depth, at) = (depth - 1, at + 2),
                Some(b"/*") if nests => (depth, at) = (depth + 1, at + 2),
                Some(_) => at += 1,
                None => return Err("a comment that does not end".into()),
            }
        }
        self.at += at;
        Ok(())
    }

    /// Moves past a quoted text, doubled quotes included, and gives its content.
    fn quoted(&mut self, close: char, backslash: bool) -> Result<&'a str, String> {
        let start = self.at + 1;
        let bytes = self.sql.as_bytes();
        let mut at = start;
        loop {
            match bytes.get(at) {
                None => return Err(format!("a quoted text that does not end ({close})")),
                Some(b'\\') if backslash => at += 2,
                Some(&byte) if byte == close as u8 => {
                    if bytes.get(at + 1) != Some(&byte) {
                        break;
                    }
                    at += 2;
                }
                Some(_) => at += 1,
            }
        }
        self.at = at + 1;
        Ok(&self.sql[start..at])
    }

    fn name(&mut self, close: char) -> Result<(), String> {
        if self.driver == DriverKind::Postgres && self.sql[..self.at].to_ascii_lowercase().ends_with("u&") {
            return Err("a name written in Unicode escapes (U&\"...\")".into());
        }
        let name = self.quoted(close, false)?;
        self.tokens.push(Token::Quoted(name));
        Ok(())
    }

    fn dollar_string(&mut self) -> Result<(), String> {
        let rest = self.rest();
        let tag = dollar_tag(rest).unwrap_or("$$");
        let end = rest[tag.len()..]
            .find(tag)
            .ok_or_else(|| format!("a string quoted with {tag} that does not end"))?;
        self.tokens.push(Token::Literal);
        self.at += tag.len() * 2 + end;
        Ok(())
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$' || !c.is_ascii()
}

/// MySQL takes `--` for a comment only before white space, a control character or the end.
fn is_mysql_dash_comment(rest: &str) -> bool {
    rest[2..]
        .chars()
        .next()
        .is_none_or(|c| c.is_whitespace() || c.is_control())
}

/// `$$` or `$tag$` at the start of `rest`.
fn dollar_tag(rest: &str) -> Option<&str> {
    let body = rest[1..].find('$')?;
    let tag = &rest[1..=body];
    let valid = tag.chars().all(|c| c.is_alphanumeric() || c == '_' || !c.is_ascii())
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    valid.then(|| &rest[..body + 2])
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};
    use crate::DriverKind::{Mssql, Mysql, Postgres, Sqlite};

    fn words(driver: crate::DriverKind, sql: &str) -> Vec<&str> {
        tokens(driver, sql)
            .unwrap()
            .into_iter()
            .filter_map(|token| match token {
                Token::Word(word) => Some(word),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn code_inside_literals_names_and_comments_is_no_code() {
        assert_eq!(
            words(
                Postgres,
                "SELECT 'a;DROP' , $t$ DROP $t$, \"DROP\" /* /* DROP */ */ -- DROP"
            ),
            ["SELECT"]
        );
        assert_eq!(words(Postgres, r"SELECT E'\'; DROP', '\', x"), ["SELECT", "E", "x"]);
        assert_eq!(
            words(Mysql, "SELECT 'a\\'DROP', \"DROP\", `DROP` # DROP\n, 1--2"),
            ["SELECT", "1", "2"]
        );
        assert_eq!(words(Sqlite, "SELECT [DROP], `DROP`, '\\', x -- DROP"), ["SELECT", "x"]);
        assert_eq!(
            words(Mssql, "SELECT [a]]DROP], 'it''s' /* /* */ DROP */ , é"),
            ["SELECT", "é"]
        );
    }

    #[test]
    fn what_cannot_be_delimited_is_an_error() {
        for (driver, sql) in [
            (Mysql, "SELECT /*!50000 1 */"),
            (Mysql, "SELECT /*m! 1 */"),
            (Postgres, "SELECT U&\"\\0073\"()"),
            (Postgres, "SELECT $a$ x"),
            (Sqlite, "SELECT 'x"),
            (Mssql, "SELECT 1 /* /* */"),
        ] {
            assert!(tokens(driver, sql).is_err(), "{sql}");
        }
    }
}
