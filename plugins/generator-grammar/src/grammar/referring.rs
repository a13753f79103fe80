//! Conditions on the rows that refer to a row: that some do, that none does, how many do.

use super::ask::{Attribute, Filter};
use super::filters::apply;
use super::grouped::bound_on;
use super::nested::{aggregate_of, extreme_function};
use super::relation::{Kinship, Relation};
use crate::sql::{Compare, Condition, Expr, Ref, Select};

/// The condition that some related row passes `tests`.
pub fn some_refers(relation: &Relation, tests: &[Filter], slot: usize) -> Option<Condition> {
    let (own, inner) = referring(relation, tests)?;
    Some(Condition::In(Expr::Column(Ref::new(slot, own)), Box::new(inner), false))
}

/// The subquery of the keys under which related rows refer to a row, and the row's key; single columns only.
pub fn referring(relation: &Relation, tests: &[Filter]) -> Option<(usize, Select)> {
    let first = relation.hops.first()?;
    let [(own, theirs)] = first.columns.as_slice() else {
        return None;
    };
    let mut inner = Select::of(first.table, &[*theirs]);
    let rest = Relation {
        hops: relation.hops[1..].to_vec(),
        from: first.table,
        ..relation.clone()
    };
    // A row of a junction has the row behind it; children need not have children.
    let short = relation.kinship == Kinship::Through && tests.is_empty();
    let end = if short { 0 } else { rest.join(&mut inner, 0) };
    apply(&mut inner, end, tests, false);
    Some((*own, inner))
}

/// The condition that no related row passes `tests`. NOT IN is never true over a list with a NULL, so these are left out of it; `exists`
/// asks with NOT EXISTS where that is as short.
pub fn none_refers(relation: &Relation, tests: &[Filter], slot: usize, exists: bool) -> Option<Condition> {
    let (own, mut inner) = referring(relation, tests)?;
    let theirs = relation.hops[0].columns[0].1;
    if exists && inner.from.len() == 1 {
        let refers = Condition::Compare(
            Expr::Column(Ref::new(0, theirs)),
            Compare::Equal,
            Expr::Column(Ref {
                slot,
                column: own,
                outer: true,
            }),
        );
        inner.also(refers);
        return Some(Condition::Exists(Box::new(inner), true));
    }
    if relation.optional {
        inner.also(Condition::Null(Expr::Column(Ref::new(0, theirs)), true));
    }
    Some(Condition::In(Expr::Column(Ref::new(slot, own)), Box::new(inner), true))
}

/// The condition that so many related rows refer to a row.
pub fn as_many_refer(relation: &Relation, bound: &(Compare, String), slot: usize) -> Option<Condition> {
    let (own, mut inner) = referring(&relation.first_hop(), &[])?;
    let key = inner.items.first()?.0.clone();
    inner.group = vec![key];
    inner.having = Some(bound_on(Expr::CountAll, bound));
    Some(Condition::In(Expr::Column(Ref::new(slot, own)), Box::new(inner), false))
}

/// The condition that the row belongs to the one with the extreme of `by`, or to one of those that share it.
pub fn belongs_to_extreme(relation: &Relation, by: Attribute, descending: bool, slot: usize) -> Option<Condition> {
    let [hop] = relation.hops.as_slice() else { return None };
    let [(own, key)] = hop.columns.as_slice() else {
        return None;
    };
    let mut inner = Select::of(hop.table, &[*key]);
    let extreme = aggregate_of(extreme_function(descending), by);
    inner.also(Condition::Compare(
        Expr::Column(Ref::new(0, by.column)),
        Compare::Equal,
        Expr::Scalar(Box::new(extreme)),
    ));
    Some(Condition::In(
        Expr::Column(Ref::new(slot, *own)),
        Box::new(inner),
        false,
    ))
}
