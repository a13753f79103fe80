//! String literals where a table is named, which engines such as DuckDB read as files.

use super::lexer::Token;

/// Words of a clause behind which a table is named.
const BEFORE_RELATIONS: &[&str] = &["from", "join"];

/// Words that begin a query and name a table; elsewhere they are names.
const OPENING: &[&str] = &["table", "pivot", "unpivot", "summarize", "describe", "show"];

/// Words behind which a query may begin.
const BEFORE_QUERIES: &[&str] = &[
    "union",
    "except",
    "intersect",
    "all",
    "distinct",
    "describe",
    "summarize",
    "show",
];

/// Words that end a list of tables.
const AFTER_RELATIONS: &[&str] = &[
    "select",
    "where",
    "group",
    "having",
    "order",
    "limit",
    "offset",
    "fetch",
    "qualify",
    "window",
    "values",
    "union",
    "except",
    "intersect",
    "set",
    "returning",
];

/// Functions whose arguments have a FROM that names no table.
const FROM_IN_ARGUMENTS: &[&str] = &["extract", "trim", "substring", "overlay"];

/// Words that may stand before a table's name, and prefixes of literals.
const PASSED_OVER: &[&str] = &["lateral", "only", "e", "n", "b", "x", "r", "u"];

/// What the words between two brackets have said so far.
#[derive(Clone, Copy, Default)]
struct Place {
    /// A comma is followed by a table.
    lists_relations: bool,
    /// The next token names a table.
    expects_relation: bool,
    /// FROM belongs to a function's arguments.
    is_arguments_with_from: bool,
}

/// Whether a string literal stands where a table is named.
pub(super) fn has_literal_relation(tokens: &[Token<'_>]) -> bool {
    let mut outer: Vec<Place> = Vec::new();
    let mut place = Place::default();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Literal if place.expects_relation => return true,
            Token::Mark('(' | '[') => {
                let inner = Place {
                    lists_relations: place.expects_relation,
                    expects_relation: place.expects_relation,
                    is_arguments_with_from: at > 0 && is_one(&tokens[at - 1], FROM_IN_ARGUMENTS),
                };
                place.expects_relation = false;
                outer.push(std::mem::replace(&mut place, inner));
            }
            Token::Mark(')' | ']') => place = outer.pop().unwrap_or_default(),
            Token::Mark(',') => place.expects_relation = place.lists_relations,
            // A name before what it names: `FROM x: 'file'`.
            Token::Mark(':') => place.expects_relation = place.lists_relations && is_alias_before_relation(tokens, at),
            Token::Mark('&') => {}
            Token::Word(_) if is_one(token, PASSED_OVER) => {}
            Token::Word(_) if names_relation(tokens, at, place) => {
                place.expects_relation = true;
                place.lists_relations = true;
            }
            Token::Word(_) if is_one(token, AFTER_RELATIONS) => {
                place.lists_relations = false;
                place.expects_relation = false;
            }
            _ => place.expects_relation = false,
        }
    }
    false
}

fn is_one(token: &Token<'_>, words: &[&str]) -> bool {
    words.iter().any(|word| token.is(word))
}

/// Whether the colon at `at` follows a name that follows a word or comma of a list of tables, and is not one of two.
fn is_alias_before_relation(tokens: &[Token<'_>], at: usize) -> bool {
    let is_colon = |at: usize| tokens.get(at) == Some(&Token::Mark(':'));
    let before = at.checked_sub(2).map(|before| &tokens[before]);
    let begins = before.is_some_and(|token| {
        matches!(token, Token::Mark(',' | '(')) || is_one(token, BEFORE_RELATIONS) || is_one(token, PASSED_OVER)
    });
    begins && !is_colon(at + 1) && !is_colon(at - 1)
}

/// Whether the word at `at` is followed by a table; the FROM of `IS DISTINCT FROM` and of some functions is not.
fn names_relation(tokens: &[Token<'_>], at: usize, place: Place) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
    let is = |back: usize, word| before(back).is_some_and(|token| token.is(word));
    if is_one(&tokens[at], OPENING) {
        return before(1).is_none_or(|token| matches!(token, Token::Mark('(' | ')')) || is_one(token, BEFORE_QUERIES));
    }
    let compares = is(1, "distinct") && (is(2, "is") || (is(2, "not") && is(3, "is")));
    let is_clause = !compares && !place.is_arguments_with_from && before(1) != Some(&Token::Mark('.'));
    is_one(&tokens[at], BEFORE_RELATIONS) && is_clause
}

#[cfg(test)]
mod tests {
    use super::has_literal_relation;
    use crate::statement_guard::GuardRules;
    use crate::statement_guard::lexer::tokens;
    use nl2sql_sql_lexer::LexicalRules;

    fn found(sql: &str) -> bool {
        let rules = GuardRules::of_lexical_rules(LexicalRules::POSTGRES);
        has_literal_relation(&tokens(&rules, sql).unwrap())
    }

    #[test]
    fn literals_are_told_from_files() {
        for sql in [
            "SELECT 'a', 'b/c' FROM t WHERE x = 'a.csv' AND y IN ('a/b', 'c')",
            "SELECT f('a', 'b') FROM g('a', 'b') AS x JOIN t ON x.a = 'b' ORDER BY 'a', 'b'",
            "SELECT extract(year FROM '2024-01-01'), trim(BOTH FROM 'x'), substring('ab' FROM 'b')",
            "SELECT a IS DISTINCT FROM 'x', a IS NOT DISTINCT FROM 'y', a::text, '1'::int, {'a': 'b'}",
            "FROM (VALUES ('a'), ('b')) AS t(x), u SELECT 'a', 'b'",
            "FROM t PIVOT (sum(a) FOR b IN ('x', 'y'))",
            "SELECT * FROM t UNION SELECT 'a', 'b'",
            "SELECT x: 'a', y: 'b' FROM t",
            "SELECT t.table, 'a', show, 'b', t.from, 'c' FROM t",
        ] {
            assert!(!found(sql), "{sql}");
        }
        for sql in [
            "SELECT * FROM 'a'",
            "FROM E'a'",
            "FROM $$a$$",
            "SELECT * FROM t, 'a'",
            "SELECT * FROM t JOIN u ON t.a = 'b', 'a'",
            "SELECT * FROM t POSITIONAL JOIN 'a'",
            "FROM ('a')",
            "FROM (t JOIN ('a') USING (b))",
            "FROM x: 'a'",
            "FROM t, x: 'a'",
            "FROM t JOIN \"x\": 'a' ON true",
            "TABLE 'a'",
            "PIVOT 'a' ON b",
            "SUMMARIZE 'a'",
            "SELECT (SELECT max(b) FROM 'a')",
            "SELECT trim((SELECT b FROM 'a'))",
            "WITH x AS (FROM 'a') FROM x",
            "SELECT DISTINCT b FROM 'a'",
        ] {
            assert!(found(sql), "{sql}");
        }
    }
}
