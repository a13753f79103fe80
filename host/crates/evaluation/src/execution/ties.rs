//! Which rows of an ordered gold result may change places.
//!
//! ORDER BY leaves rows with equal keys in any order, and LIMIT may cut through such a run. The gold is asked once more,
//! without its limit and with the keys as further columns; runs of equal keys are the groups rows may move in.

use crate::sql_text::{Token, TokenKind, clause, extent, significant};

/// The gold without limit and with its ORDER BY keys in sight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeyedGold {
    /// The statement.
    pub sql: String,
    /// How many columns were added at the end.
    pub added: usize,
    /// Columns of the gold itself that are keys.
    pub own: Vec<usize>,
    /// Rows the gold skips.
    pub offset: usize,
}

/// Rewrites `gold`, or `None` where its keys cannot be told from its text: set operations, DISTINCT by other columns,
/// limits that are no literals. There the engine's order counts.
pub(crate) fn keyed_gold(gold: &str) -> Option<KeyedGold> {
    let tokens = significant(gold);
    if ["union", "intersect", "except", "minus"]
        .iter()
        .any(|word| clause(&tokens, word).is_some())
    {
        return None;
    }
    let order = clause(&tokens, "order")?;
    let end = ["limit", "offset", "fetch", "for"]
        .iter()
        .filter_map(|word| clause(&tokens, word).filter(|at| *at > order))
        .min()
        .unwrap_or(tokens.len());
    let select = tokens
        .iter()
        .position(|token| token.depth == 0 && token.is_word("select"))?;
    let from = (select..order).find(|at| tokens[*at].depth == 0 && tokens[*at].is_word("from"))?;
    let list = list_start(&tokens, select);
    let items = split(&tokens[list..from]);
    let (mut added, mut own) = (Vec::new(), Vec::new());
    for key in split(&tokens[order + 2..end]) {
        let key = without_direction(key);
        match own_column(key, &items) {
            Some(at) => own.push(at),
            None => added.push(&gold[extent(key)]),
        }
    }
    let distinct = tokens[select + 1..list].iter().any(|token| token.is_word("distinct"));
    if (distinct && !added.is_empty()) || added.iter().any(|key| key.is_empty()) {
        return None;
    }
    let (head, body) = (
        &gold[..tokens[select].end()],
        &gold[tokens[list].start..tokens[from - 1].end()],
    );
    let distinct = if distinct { " DISTINCT" } else { "" };
    let keys: String = added.iter().map(|key| format!(", {key}")).collect();
    let rest = &gold[tokens[from].start..tokens[end - 1].end()];
    Some(KeyedGold {
        sql: format!("{}{distinct} {body}{keys} {rest}", open_parentheses_stripped(head)),
        added: added.len(),
        own,
        offset: offset(&tokens[end..])?,
    })
}

/// A gold in parentheses lost them with its tokens; the head must lose its opening ones too.
fn open_parentheses_stripped(head: &str) -> &str {
    head.trim_start_matches(|c: char| c == '(' || c.is_whitespace())
}

/// Index just past DISTINCT, ALL and TOP.
fn list_start(tokens: &[Token], select: usize) -> usize {
    let mut at = select + 1;
    while tokens
        .get(at)
        .is_some_and(|token| token.is_word("distinct") || token.is_word("all"))
    {
        at += 1;
    }
    if tokens.get(at).is_some_and(|token| token.is_word("top")) {
        at += if tokens.get(at + 1).is_some_and(|token| token.is_mark("(")) {
            4
        } else {
            2
        };
    }
    at
}

/// Parts between the outermost commas.
fn split<'a, 't>(tokens: &'a [Token<'t>]) -> Vec<&'a [Token<'t>]> {
    tokens.split(|token| token.depth == 0 && token.is_mark(",")).collect()
}

fn without_direction<'a, 't>(key: &'a [Token<'t>]) -> &'a [Token<'t>] {
    match key {
        [rest @ .., nulls, place] if nulls.is_word("nulls") && (place.is_word("first") || place.is_word("last")) => {
            without_direction(rest)
        }
        [rest @ .., direction] if direction.is_word("asc") || direction.is_word("desc") => rest,
        _ => key,
    }
}

/// The gold's own column a key names by position or by alias.
fn own_column(key: &[Token], items: &[&[Token]]) -> Option<usize> {
    let [key] = key else { return None };
    if items
        .iter()
        .any(|item| item.last().is_some_and(|token| token.is_mark("*")))
    {
        return None;
    }
    if let Ok(position) = key.text.parse::<usize>() {
        return position.checked_sub(1).filter(|at| *at < items.len());
    }
    items
        .iter()
        .position(|item| output_name(item).is_some_and(|name| name.eq_ignore_ascii_case(key.text)))
}

/// The name of a select item: its alias, or the column it is.
fn output_name<'t>(item: &[Token<'t>]) -> Option<&'t str> {
    match item {
        [only] => Some(only.text),
        [_, dot, column] if dot.is_mark(".") => Some(column.text),
        [.., before, alias] if before.is_mark(")") || before.kind != TokenKind::Mark => Some(alias.text),
        _ => None,
    }
}

/// Rows skipped by what follows ORDER BY; `None` where that is no literal.
fn offset(limits: &[Token]) -> Option<usize> {
    let number = |at: usize| limits.get(at)?.text.parse().ok();
    if let Some(at) = clause(limits, "offset") {
        return number(at + 1);
    }
    match limits {
        [limit, _, comma, ..] if limit.is_word("limit") && comma.is_mark(",") => number(1),
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_become_columns_and_the_limit_is_dropped() {
        let gold = keyed_gold("SELECT name FROM singer ORDER BY age DESC, id LIMIT 3").unwrap();
        assert_eq!(gold.sql, "SELECT name, age, id FROM singer ORDER BY age DESC, id");
        assert_eq!((gold.added, gold.offset), (2, 0));
    }

    #[test]
    fn positions_and_aliases_are_own_columns() {
        let gold = keyed_gold("SELECT DISTINCT a, count(*) AS n FROM t GROUP BY a ORDER BY n, 1 LIMIT 2, 5;").unwrap();
        assert_eq!(
            gold.sql,
            "SELECT DISTINCT a, count(*) AS n FROM t GROUP BY a ORDER BY n, 1"
        );
        assert_eq!((gold.added, gold.own, gold.offset), (0, vec![1, 0], 2));
    }

    #[test]
    fn set_operations_keep_the_engines_order() {
        assert_eq!(keyed_gold("SELECT a FROM t UNION SELECT a FROM u ORDER BY a"), None);
        assert_eq!(keyed_gold("SELECT DISTINCT a FROM t ORDER BY b"), None);
        assert_eq!(keyed_gold("SELECT 1"), None);
    }

    #[test]
    fn top_and_outer_parentheses_are_dropped() {
        let gold = keyed_gold("(SELECT TOP (3) a FROM t ORDER BY b)").unwrap();
        assert_eq!(gold.sql, "SELECT a, b FROM t ORDER BY b");
    }
}
