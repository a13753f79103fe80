//! A normal form that needs no parser, for texts that are no statement of the dialect.

use nl2sql_sql_lexer::{LexicalRules, Token, TokenKind, tokens};

/// Lower case outside quotes, comments stripped, single spaces between words and none around marks, no final semicolon.
pub fn normal_form(sql: &str) -> String {
    let mut normal = String::with_capacity(sql.len());
    let (mut after_word, mut gap) = (false, false);
    for token in tokens(sql, &LexicalRules::GENERIC) {
        if token.is_blank() {
            gap = true;
            continue;
        }
        if gap && after_word && is_word(&token) {
            normal.push(' ');
        }
        if token.is_quoted() {
            normal.push_str(token.text);
        } else {
            normal.extend(token.text.chars().flat_map(char::to_lowercase));
        }
        (after_word, gap) = (is_word(&token), false);
    }
    normal.trim_end_matches(';').to_owned()
}

fn is_word(token: &Token<'_>) -> bool {
    token.kind == TokenKind::Word || token.is_quoted()
}

#[cfg(test)]
mod tests {
    use super::normal_form;

    #[test]
    fn case_space_comments_and_the_semicolon_do_not_count() {
        assert_eq!(
            normal_form("SELECT  Name -- who\nFROM t /* all */ WHERE a = 'X  y' ;"),
            normal_form("select name from t where a='X  y'")
        );
    }

    #[test]
    fn values_count_as_written() {
        assert_ne!(normal_form("SELECT 'A'"), normal_form("SELECT 'a'"));
        assert_ne!(normal_form("SELECT a b"), normal_form("SELECT ab"));
    }
}
