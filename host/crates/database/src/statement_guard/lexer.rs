//! A statement as the guard sees it: words, quoted names and marks; strings and comments leave nothing to be misread.

use nl2sql_sql_lexer::{LexicalRules, TokenKind};

use super::GuardRules;

/// One token. What stands in a string does not matter here, and comments are left out.
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

/// A quoted name without its first and its last character.
fn without_quotes(name: &str) -> &str {
    let mut characters = name.chars();
    characters.next();
    characters.next_back();
    characters.as_str()
}

/// The tokens of `sql` that say something; an error names a construct whose extent cannot be told, or that hides code from this reader.
pub(crate) fn tokens<'a>(rules: &GuardRules, sql: &'a str) -> Result<Vec<Token<'a>>, String> {
    let rules = &rules.lexical;
    let mut significant = Vec::with_capacity(sql.len() / 4);
    for token in nl2sql_sql_lexer::tokens(sql, rules) {
        if let Some(what) = unreadable(&token, &sql[..token.start], rules) {
            return Err(what);
        }
        significant.extend(match token.kind {
            TokenKind::Space | TokenKind::Comment => None,
            TokenKind::String => Some(Token::Literal),
            TokenKind::Name => Some(Token::Quoted(without_quotes(token.text))),
            TokenKind::Word => Some(Token::Word(token.text)),
            TokenKind::Mark => token.text.chars().next().map(Token::Mark),
        });
    }
    Ok(significant)
}

/// What a token hides, where it hides something.
fn unreadable(token: &nl2sql_sql_lexer::Token<'_>, before: &str, rules: &LexicalRules) -> Option<String> {
    let begins_with = |start: &str| {
        let text = token.text.as_bytes().get(..start.len());
        text.is_some_and(|text| text.eq_ignore_ascii_case(start.as_bytes()))
    };
    match token.kind {
        TokenKind::Mark if token.text == "\0" => Some("a NUL character".into()),
        TokenKind::Comment if rules.executable_comments && (begins_with("/*!") || begins_with("/*M!")) => {
            Some("a comment whose content the server executes (/*! ... */)".into())
        }
        TokenKind::Comment if !token.closed => Some("a comment that does not end".into()),
        TokenKind::String | TokenKind::Name if !token.closed => Some(format!(
            "a quoted text that does not end ({})",
            token.text.chars().next()?
        )),
        TokenKind::Name if rules.unicode_escaped_names && before.to_ascii_lowercase().ends_with("u&") => {
            Some("a name written in Unicode escapes (U&\"...\")".into())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Token, tokens};
    use crate::statement_guard::{GuardRules, MYSQL, POSTGRES, SQLITE, TSQL};

    fn words<'a>(rules: &GuardRules, sql: &'a str) -> Vec<&'a str> {
        tokens(rules, sql)
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
                &POSTGRES,
                "SELECT 'a;DROP' , $t$ DROP $t$, \"DROP\" /* /* DROP */ */ -- DROP"
            ),
            ["SELECT"]
        );
        assert_eq!(words(&POSTGRES, r"SELECT E'\'; DROP', '\', x"), ["SELECT", "E", "x"]);
        assert_eq!(
            words(&MYSQL, "SELECT 'a\\'DROP', \"DROP\", `DROP` # DROP\n, 1--2"),
            ["SELECT", "1", "2"]
        );
        assert_eq!(
            words(&SQLITE, "SELECT [DROP], `DROP`, '\\', x -- DROP"),
            ["SELECT", "x"]
        );
        assert_eq!(
            words(&TSQL, "SELECT [a]]DROP], 'it''s' /* /* */ DROP */ , é"),
            ["SELECT", "é"]
        );
    }

    #[test]
    fn code_that_looks_like_a_part_of_a_string_name_or_comment_is_read() {
        let hidden = r"SELECT E'a'
'\'' , pg_sleep(5) , 'x' --'";
        assert_eq!(words(&POSTGRES, hidden), ["SELECT", "E", "pg_sleep", "5"]);
        assert_eq!(words(&SQLITE, "SELECT [a]] DROP [b]"), ["SELECT", "DROP"]);
        assert_eq!(
            words(&SQLITE, "SELECT 1 -- '\r'\n, load_extension('x')"),
            ["SELECT", "1", "load_extension"]
        );
    }

    #[test]
    fn what_cannot_be_delimited_is_an_error() {
        for (rules, sql) in [
            (&MYSQL, "SELECT /*!50000 1 */"),
            (&MYSQL, "SELECT /*m! 1 */"),
            (&POSTGRES, "SELECT U&\"\\0073\"()"),
            (&POSTGRES, "SELECT $a$ x"),
            (&SQLITE, "SELECT 'x"),
            (&TSQL, "SELECT 1 /* /* */"),
            (&SQLITE, "SELECT \0"),
        ] {
            assert!(tokens(rules, sql).is_err(), "{sql}");
        }
    }
}
