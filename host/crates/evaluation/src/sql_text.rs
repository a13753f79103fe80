//! Statements and clauses of SQL texts, as far as they can be told without a grammar in every dialect.

use std::ops::Range;

use nl2sql_sql_lexer::LexicalRules;
pub use nl2sql_sql_lexer::{Token, TokenKind};

/// Cuts `sql` into tokens by the rules that hold where the dialect is not known.
pub fn tokens(sql: &str) -> Vec<Token<'_>> {
    nl2sql_sql_lexer::tokens(sql, &LexicalRules::GENERIC)
}

/// The statements of `sql` without their semicolons, white space and empty statements.
pub fn statements(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut from = 0;
    let mut says_something = false;
    for token in tokens(sql) {
        if token.is_mark(";") {
            if says_something {
                found.push(sql[from..token.start].trim());
            }
            (from, says_something) = (token.end(), false);
        } else {
            says_something |= !token.is_blank();
        }
    }
    if says_something {
        found.push(sql[from..].trim());
    }
    found
}

/// Whether the outermost query of `sql` has an ORDER BY.
pub fn is_ordered(sql: &str) -> bool {
    clause(&significant(sql), "order").is_some()
}

/// Tokens other than white space and comments, of the first statement, without parentheses around the whole of it.
pub(crate) fn significant(sql: &str) -> Vec<Token<'_>> {
    let mut tokens: Vec<_> = tokens(sql)
        .into_iter()
        .filter(|token| !token.is_blank())
        .take_while(|token| !token.is_mark(";"))
        .collect();
    while tokens.len() > 1 && tokens[0].is_mark("(") && closes_first(&tokens) {
        tokens = tokens[1..tokens.len() - 1].to_vec();
        for token in &mut tokens {
            token.depth -= 1;
        }
    }
    tokens
}

fn closes_first(tokens: &[Token]) -> bool {
    let last = tokens.len() - 1;
    tokens[last].is_mark(")") && tokens[1..last].iter().all(|token| token.depth > 0)
}

/// Index of the outermost `order by`, or of another outermost keyword.
pub(crate) fn clause(tokens: &[Token], keyword: &str) -> Option<usize> {
    (0..tokens.len()).rev().find(|at| {
        tokens[*at].depth == 0
            && tokens[*at].is_word(keyword)
            && (keyword != "order" || tokens.get(at + 1).is_some_and(|next| next.is_word("by")))
    })
}

/// Byte range from the first to the last of `tokens`.
pub(crate) fn extent(tokens: &[Token]) -> Range<usize> {
    match (tokens.first(), tokens.last()) {
        (Some(first), Some(last)) => first.start..last.end(),
        _ => 0..0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_at_semicolons_outside_quotes() {
        assert_eq!(
            statements(" SELECT ';' ; -- done\n;SELECT 2; "),
            ["SELECT ';'", "SELECT 2"]
        );
        assert!(statements(" ;; -- nothing").is_empty());
    }

    #[test]
    fn only_the_outermost_order_by_counts() {
        assert!(is_ordered("SELECT a FROM t ORDER  BY a"));
        assert!(is_ordered("((SELECT a FROM t ORDER BY a LIMIT 1))"));
        assert!(is_ordered("WITH x AS (SELECT 1) SELECT * FROM x order by 1;"));
        assert!(!is_ordered(
            "SELECT a FROM t WHERE b IN (SELECT b FROM u ORDER BY c LIMIT 3)"
        ));
        assert!(!is_ordered("SELECT rank() OVER (ORDER BY a), 'order by' FROM t"));
        assert!(!is_ordered("(SELECT 1 ORDER BY 1) UNION (SELECT 2)"));
    }
}
