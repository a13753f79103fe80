//! What `LIMIT` cuts off: where the last row kept and the first one left out share their place, each of them answers the question.

use nl2sql_sql_lexer::{LexicalRules, Token, tokens};

/// The places of the rows around the cut, one row more than the statement keeps.
#[derive(Debug, PartialEq, Eq)]
pub struct Cut {
    /// A statement that shows by what the rows are sorted.
    pub places: String,
    /// How many rows the statement keeps.
    pub kept: u32,
}

/// The cuts of a statement and of the subqueries in it, outermost first.
pub fn cuts(sql: &str) -> Vec<Cut> {
    let all = tokens(sql, &LexicalRules::GENERIC);
    let mut found: Vec<Cut> = cut(sql).into_iter().collect();
    for (index, open) in all.iter().enumerate().filter(|(_, token)| token.is_mark("(")) {
        let begins = all[index + 1..].iter().find(|token| !token.is_blank());
        let close = all[index + 1..]
            .iter()
            .find(|token| token.is_mark(")") && token.depth == open.depth);
        if let (Some(first), Some(close)) = (begins, close)
            && (first.is_word("select") || first.is_word("with"))
        {
            found.extend(cut(&sql[open.end()..close.start]));
        }
    }
    found
}

/// The cut of a statement that ends in `ORDER BY ... LIMIT n`; `None` for every other one, and where rows are told apart or combined
/// before they are cut, so that another select list would give other rows.
fn cut(sql: &str) -> Option<Cut> {
    let tokens: Vec<Token<'_>> = tokens(sql, &LexicalRules::GENERIC)
        .into_iter()
        .filter(|token| !token.is_blank() && token.depth == 0)
        .collect();
    let find = |word: &str| tokens.iter().position(|token| token.is_word(word));
    let (select, from, order) = (find("select")?, find("from")?, find("order")?);
    let apart = ["distinct", "union", "intersect", "except", "offset", "values"];
    if apart.iter().any(|word| find(word).is_some()) || !tokens.get(order + 1)?.is_word("by") || from < select {
        return None;
    }
    let number = |at: usize| tokens.get(at).and_then(|token| token.text.parse::<u32>().ok());
    let end = sql.trim_end().trim_end_matches(';').len();
    let (kept, keys_end, spelling) = if let Some(limit) = find("limit") {
        (number(limit + 1)?, tokens[limit].start, Spelling::Limit)
    } else if let Some(fetch) = find("fetch") {
        (number(fetch + 2)?, tokens[fetch].start, Spelling::Fetch)
    } else if tokens.get(select + 1)?.is_word("top") {
        (number(select + 2)?, end, Spelling::Top)
    } else {
        return None;
    };
    let keys = keys(sql, &tokens, tokens[order + 1].end(), keys_end);
    let rest = sql.get(tokens[from].start..keys_end)?.trim_end();
    let with = sql.get(..tokens[select].start)?;
    let more = kept.checked_add(1)?;
    let places = match spelling {
        Spelling::Limit => format!("{with}SELECT {keys} {rest} LIMIT {more}"),
        Spelling::Fetch => format!("{with}SELECT {keys} {rest} FETCH FIRST {more} ROWS ONLY"),
        Spelling::Top => format!("{with}SELECT TOP {more} {keys} {rest}"),
    };
    (kept > 0).then_some(Cut { places, kept })
}

/// How a dialect asks for the first rows.
enum Spelling {
    Limit,
    Fetch,
    Top,
}

/// The sort keys between two places of the text, without their directions.
fn keys(sql: &str, tokens: &[Token<'_>], start: usize, end: usize) -> String {
    const DIRECTIONS: &[&str] = &["asc", "desc", "nulls", "first", "last"];
    let mut keys = String::new();
    let mut at = start;
    let directions = tokens
        .iter()
        .filter(|token| token.start >= start && token.start < end && DIRECTIONS.iter().any(|word| token.is_word(word)));
    for token in directions {
        keys.push_str(sql[at..token.start].trim_end());
        at = token.end();
    }
    keys.push_str(sql[at..end].trim_end().trim_end_matches(';'));
    keys.trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{cut, cuts};

    fn places(sql: &str) -> String {
        cut(sql).map(|cut| cut.places).unwrap_or_default()
    }

    #[test]
    fn the_places_around_the_cut_are_asked_for() {
        assert_eq!(
            places("SELECT name FROM singer WHERE age > 3 ORDER BY age DESC, name LIMIT 1"),
            "SELECT age, name FROM singer WHERE age > 3 ORDER BY age DESC, name LIMIT 2"
        );
        assert_eq!(
            places("SELECT TOP 3 name FROM singer GROUP BY name ORDER BY count(*) DESC"),
            "SELECT TOP 4 count(*) FROM singer GROUP BY name ORDER BY count(*) DESC"
        );
        assert_eq!(
            places("SELECT name FROM singer ORDER BY age DESC NULLS LAST FETCH FIRST 1 ROWS ONLY"),
            "SELECT age FROM singer ORDER BY age DESC NULLS LAST FETCH FIRST 2 ROWS ONLY"
        );
        assert_eq!(
            places("WITH a AS (SELECT x FROM t LIMIT 9) SELECT x FROM a ORDER BY x LIMIT 1;"),
            "WITH a AS (SELECT x FROM t LIMIT 9) SELECT x FROM a ORDER BY x LIMIT 2"
        );
    }

    #[test]
    fn subqueries_are_cut_as_well() {
        let inner = "SELECT year FROM concert GROUP BY year ORDER BY count(*) DESC LIMIT 1";
        let found = cuts(&format!(
            "SELECT name FROM concert WHERE year = ({inner}) AND x IN (1, (2))"
        ));
        assert_eq!(found.len(), 1);
        assert_eq!(
            found[0].places,
            "SELECT count(*) FROM concert GROUP BY year ORDER BY count(*) DESC LIMIT 2"
        );
    }

    #[test]
    fn statements_without_a_cut_of_their_own_are_left_alone() {
        for sql in [
            "SELECT name FROM singer ORDER BY age",
            "SELECT name FROM singer LIMIT 1",
            "SELECT DISTINCT name FROM singer ORDER BY age LIMIT 1",
            "SELECT a FROM t UNION SELECT a FROM u ORDER BY a LIMIT 1",
            "SELECT a FROM t WHERE x = (SELECT x FROM u ORDER BY x LIMIT 1)",
            "SELECT a FROM t ORDER BY a LIMIT 1 OFFSET 2",
            "",
        ] {
            assert_eq!(cut(sql), None, "{sql}");
        }
    }
}
