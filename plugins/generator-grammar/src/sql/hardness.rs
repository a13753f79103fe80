//! Spider's hardness levels, counted on the tree.
//!
//! Source: `eval_hardness` of the official Spider evaluator (Yu et al. 2018, <https://github.com/taoyds/spider>),
//! with its habits: a negated condition counts as an aggregate, HAVING does not, and only the outermost query is counted.

use nl2sql_sdk::types::Difficulty;

use super::tree::{Condition, Expr, Rows, Select, Statement};

/// The level of a statement.
pub fn hardness(statement: &Statement) -> Difficulty {
    let select = &statement.body;
    let keywords = keywords(select);
    let nested = nested(select) + statement.ctes.len();
    let others = others(select);
    if keywords <= 1 && others == 0 && nested == 0 {
        Difficulty::Easy
    } else if nested == 0 && ((others <= 2 && keywords <= 1) || (keywords <= 2 && others < 2)) {
        Difficulty::Medium
    } else if (nested == 0 && ((others > 2 && keywords <= 2) || (keywords == 3 && others <= 2)))
        || (keywords <= 1 && others == 0 && nested <= 1)
    {
        Difficulty::Hard
    } else {
        Difficulty::Extra
    }
}

/// Component 1: WHERE, GROUP BY, ORDER BY, LIMIT, joins, OR and LIKE.
fn keywords(select: &Select) -> usize {
    let mut count = usize::from(select.filter.is_some())
        + usize::from(!select.group.is_empty())
        + usize::from(!select.order.is_empty())
        + usize::from(select.limit.is_some())
        + select.from.len().saturating_sub(1);
    for condition in conditions(select) {
        count += usize::from(matches!(condition, Condition::Like(..)));
    }
    for clause in [&select.filter, &select.having].into_iter().flatten() {
        count += ors(clause);
    }
    count
}

/// Component 2: set operations and subqueries in conditions.
fn nested(select: &Select) -> usize {
    let derived = select
        .from
        .iter()
        .filter(|source| matches!(source.rows, Rows::Derived(..)))
        .count();
    let subqueries = conditions(select)
        .into_iter()
        .filter(|condition| match condition {
            Condition::In(..) | Condition::Exists(..) => true,
            Condition::Compare(left, _, right) => [left, right].iter().any(|side| matches!(side, Expr::Scalar(_))),
            _ => false,
        })
        .count();
    subqueries + derived + usize::from(select.combined.is_some())
}

/// The rest: more than one aggregate, select item, condition or group.
fn others(select: &Select) -> usize {
    let aggregates = select.items.iter().filter(|(expr, _)| is_aggregate(expr)).count()
        + select.order.iter().filter(|order| is_aggregate(&order.by)).count()
        + conditions(select)
            .into_iter()
            .filter(|condition| is_negated(condition))
            .count();
    let filters = select.filter.as_ref().map_or(0, |filter| leaves(filter).len());
    usize::from(aggregates > 1)
        + usize::from(select.items.len() > 1)
        + usize::from(filters > 1)
        + usize::from(select.group.len() > 1)
}

fn is_aggregate(expr: &Expr) -> bool {
    matches!(expr, Expr::CountAll | Expr::Aggregate(..))
}

fn is_negated(condition: &Condition) -> bool {
    matches!(
        condition,
        Condition::In(_, _, true) | Condition::Like(_, _, true) | Condition::Exists(_, true)
    )
}

fn conditions(select: &Select) -> Vec<&Condition> {
    [&select.filter, &select.having]
        .into_iter()
        .flatten()
        .flat_map(leaves)
        .collect()
}

fn leaves(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().flat_map(leaves).collect(),
        leaf => vec![leaf],
    }
}

fn ors(condition: &Condition) -> usize {
    match condition {
        Condition::Any(parts) => parts.len() - 1 + parts.iter().map(ors).sum::<usize>(),
        Condition::All(parts) => parts.iter().map(ors).sum(),
        _ => 0,
    }
}
