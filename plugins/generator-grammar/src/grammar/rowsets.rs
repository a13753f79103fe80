//! Questions about rows that pass two filters together, answered by a set operation, or how many there are.

use super::Pair;
use super::ask::{Ask, Attribute, Filter, Pattern};
use super::choose::{Chooser, select};
use super::filters::apply;
use super::grouped::{bound_on, group_by_row};
use super::plain::equal_attributes;
use crate::sql::{Expr, Rows, Select, SetOperator, Source};

/// Rows by two filters, at least one of which goes across a relation.
pub fn rows(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let (first, second) = two_filters(chooser, subject)?;
    let shown = chooser.named(subject);
    // Rows are compared by what is shown of them.
    if !chooser.tells_apart(subject, &shown)
        || shown
            .iter()
            .any(|shown| equal_attributes(std::slice::from_ref(&first)).contains(shown))
    {
        return None;
    }
    let (operator, pattern, _) = operation(chooser)?;
    if operator != SetOperator::Union && contradict(&first, &second) {
        return None;
    }
    let mut body = rows_by(chooser, subject, &shown, &first);
    body.combined = Some((operator, Box::new(rows_by(chooser, subject, &shown, &second))));
    let ask = Ask {
        shown,
        filters: vec![first],
        other_filters: vec![second],
        ..Ask::new(pattern, subject)
    };
    Pair::new(ask, body)
}

/// How many rows there are by two filters: the set operation is counted as a derived table.
pub fn count(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let key: Vec<Attribute> = chooser
        .table(subject)
        .key
        .iter()
        .map(|column| Attribute {
            table: subject,
            column: *column,
        })
        .collect();
    let (first, second) = two_filters(chooser, subject)?;
    if key.len() != 1 {
        return None;
    }
    let (operator, _, pattern) = operation(chooser)?;
    if operator != SetOperator::Union && contradict(&first, &second) {
        return None;
    }
    let mut inner = rows_by(chooser, subject, &key, &first);
    inner.combined = Some((operator, Box::new(rows_by(chooser, subject, &key, &second))));
    let body = Select {
        items: vec![(Expr::CountAll, None)],
        from: vec![Source {
            rows: Rows::Derived(Box::new(inner), "found"),
            on: Vec::new(),
            outer: false,
        }],
        ..Select::default()
    };
    let ask = Ask {
        filters: vec![first],
        other_filters: vec![second],
        ..Ask::new(pattern, subject)
    };
    Pair::new(ask, body)
}

/// The operation with its questions about rows and about their number.
fn operation(chooser: &mut Chooser) -> Option<(SetOperator, Pattern, Pattern)> {
    Some(match chooser.draw.weighted(&[0.38, 0.27, 0.35])? {
        0 => (SetOperator::Intersect, Pattern::RowsBoth, Pattern::CountRowsBoth),
        1 => (SetOperator::Union, Pattern::RowsEither, Pattern::CountRowsEither),
        _ => (SetOperator::Except, Pattern::RowsExcept, Pattern::CountRowsExcept),
    })
}

/// Two different filters of the subject's rows, one of them by what they are related to.
fn two_filters(chooser: &mut Chooser, subject: usize) -> Option<(Filter, Filter)> {
    let related = |chooser: &mut Chooser| {
        if chooser.draw.chance(0.5) {
            let schema = chooser.schema;
            let relation = chooser.relation(|relation| {
                relation.from == subject && relation.apart && !schema.tables[relation.to].junction
            })?;
            return chooser.related_filter(&relation);
        }
        chooser.relational_filter(subject)
    };
    let first = related(chooser)?;
    let second = if chooser.draw.chance(0.5) {
        related(chooser)?
    } else {
        let (attribute, test) = chooser.own_test(subject, None)?;
        Filter::Own(attribute, test)
    };
    if first == second {
        return None;
    }
    Some(if chooser.draw.chance(0.5) {
        (second, first)
    } else {
        (first, second)
    })
}

/// One filter asks for rows without what the other goes across: albums without tracks, with a long track.
fn contradict(first: &Filter, second: &Filter) -> bool {
    let lacks = |one: &Filter, other: &Filter| match one {
        Filter::Without(relation, _) => other
            .relations()
            .iter()
            .any(|across| across.hops[0] == relation.hops[0]),
        _ => false,
    };
    lacks(first, second) || lacks(second, first)
}

/// `shown` of the rows that pass one filter; those with a number of related rows are grouped over the join.
fn rows_by(chooser: &Chooser, subject: usize, shown: &[Attribute], filter: &Filter) -> Select {
    let mut body = select(subject, shown);
    if let Filter::Counted(relation, bound) = filter {
        relation.first_hop().join(&mut body, 0);
        group_by_row(chooser, &mut body, subject, 0, shown);
        body.having = Some(bound_on(Expr::CountAll, bound));
    } else {
        apply(&mut body, 0, std::slice::from_ref(filter), false);
    }
    body
}
