//! The structure of a query as its tokens show it: brackets, arguments, branches, TOP and casts.

use super::Token;
use crate::tokens::SqlError;

/// A type as one word: `decimal(10,2)`.
pub(super) fn type_text(tokens: &[Token]) -> String {
    let texts = tokens.iter().map(|token| match token {
        Token::Word(text) | Token::Name(text) | Token::Number(text) => text.to_lowercase(),
        Token::Mark(mark) => (*mark).to_owned(),
        _ => String::new(),
    });
    texts.collect()
}

pub(super) fn syntax_error(near: &str) -> SqlError {
    SqlError::new(102, 15, format!("Incorrect syntax near '{near}'."))
}

/// Positions outside brackets.
pub(super) fn depth_zero(tokens: &[Token]) -> impl DoubleEndedIterator<Item = usize> + '_ {
    let mut depth = 0i32;
    let mut outside = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Mark("(") => depth += 1,
            Token::Mark(")") => depth -= 1,
            _ if depth == 0 => outside.push(at),
            _ => {}
        }
    }
    outside.into_iter()
}

/// The tokens between the bracket at `open` and its partner.
pub(super) fn inside(tokens: &[Token], open: usize) -> Result<&[Token], SqlError> {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate().skip(open) {
        match token {
            Token::Mark("(") => depth += 1,
            Token::Mark(")") => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Ok(&tokens[open + 1..at]);
        }
    }
    Err(syntax_error("("))
}

/// Arguments between commas.
pub(super) fn arguments(inside: &[Token]) -> Vec<&[Token]> {
    let mut arguments = Vec::new();
    let mut start = 0;
    for at in depth_zero(inside).filter(|at| inside[*at] == Token::Mark(",")) {
        arguments.push(&inside[start..at]);
        start = at + 1;
    }
    if start < inside.len() {
        arguments.push(&inside[start..]);
    }
    arguments
}

/// Branches of a query, each with the set operator before it.
pub(super) fn branches(tokens: &[Token]) -> Vec<(&[Token], &[Token])> {
    let operators = ["union", "except", "intersect"];
    let mut branches = Vec::new();
    let (mut operator, mut start): (&[Token], usize) = (&[], 0);
    for at in depth_zero(tokens).filter(|at| tokens[*at].is_one_of(&operators)) {
        branches.push((operator, &tokens[start..at]));
        let length = 1 + usize::from(tokens.get(at + 1).is_some_and(|token| token.is("all")));
        operator = &tokens[at..at + length];
        start = at + length;
    }
    branches.push((operator, &tokens[start..]));
    branches
}

/// A branch without `TOP n` or `TOP (n)`, and its n.
pub(super) fn without_top(branch: &[Token]) -> Result<(Vec<Token>, Option<Vec<Token>>), SqlError> {
    let top = depth_zero(branch)
        .find(|at| branch[*at].is("top") && *at > 0 && branch[*at - 1].is_one_of(&["select", "distinct", "all"]));
    let Some(top) = top else {
        return Ok((branch.to_vec(), None));
    };
    let (count, end) = match branch.get(top + 1) {
        Some(Token::Mark("(")) => {
            let count = inside(branch, top + 1)?;
            (count.to_vec(), top + 3 + count.len())
        }
        Some(number @ (Token::Number(_) | Token::Variable(_))) => (vec![number.clone()], top + 2),
        _ => return Err(syntax_error("TOP")),
    };
    if branch
        .get(end)
        .is_some_and(|token| token.is_one_of(&["percent", "with"]))
    {
        return Err(SqlError::new(
            40_000,
            16,
            "TOP PERCENT and WITH TIES are beyond this test server.",
        ));
    }
    Ok(([&branch[..top], &branch[end..]].concat(), Some(count)))
}

pub(super) fn matching_open(tokens: &[Token], close: usize) -> Option<usize> {
    let mut depth = 0;
    (0..=close).rev().find(|at| {
        match tokens[*at] {
            Token::Mark(")") => depth += 1,
            Token::Mark("(") => depth -= 1,
            _ => {}
        }
        depth == 0
    })
}

/// Types declared by casts that are whole columns of the outermost select list.
pub(super) fn casts(statement: &[Token]) -> Vec<Option<String>> {
    let Some(select) = depth_zero(statement).find(|at| statement[*at].is("select")) else {
        return Vec::new();
    };
    let end = depth_zero(statement)
        .find(|at| *at > select && statement[*at].is_one_of(&["from", "union", "where", "order"]))
        .unwrap_or(statement.len());
    let items = arguments(&statement[select + 1..end]);
    if items.iter().any(|item| item.last() == Some(&Token::Mark("*"))) {
        return Vec::new();
    }
    items.into_iter().map(cast_type).collect()
}

fn cast_type(item: &[Token]) -> Option<String> {
    let open = 1;
    if !item.first()?.is("cast") || item.get(open) != Some(&Token::Mark("(")) {
        return None;
    }
    let inside = inside(item, open).ok()?;
    let rest = &item[inside.len() + 3..];
    let is_whole = matches!(rest, [] | [Token::Word(_) | Token::Name(_)]) || rest.first()?.is("as");
    let of = depth_zero(inside).rfind(|at| inside[*at].is("as"))?;
    is_whole.then(|| type_text(&inside[of + 1..]))
}
