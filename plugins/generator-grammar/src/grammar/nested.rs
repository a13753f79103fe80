//! Questions that compare rows of one table with an aggregate of it.

use super::Pair;
use super::ask::{Ask, Attribute, Pattern};
use super::choose::{Chooser, select};
use super::filters::apply;
use super::plain::equal_attributes;
use crate::sql::{Aggregate, Compare, Condition, Expr, Ref, Select};
use nl2sql_schema::Role;

/// The function that gives the extreme value.
pub fn extreme_function(descending: bool) -> Aggregate {
    if descending {
        Aggregate::Maximum
    } else {
        Aggregate::Minimum
    }
}

/// `SELECT function(of) FROM its table`
pub fn aggregate_of(function: Aggregate, of: Attribute) -> Select {
    let mut inner = Select::of(of.table, &[]);
    inner.items = vec![(
        Expr::Aggregate(function, Box::new(Expr::Column(Ref::new(0, of.column)))),
        None,
    )];
    inner
}

fn compare_with(body: &mut Select, of: Attribute, operator: Compare, inner: Select) {
    let column = Expr::Column(Ref::new(0, of.column));
    body.also(Condition::Compare(column, operator, Expr::Scalar(Box::new(inner))));
}

/// All rows that share the extreme value.
pub fn ties(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.extremal(subject).filter(|by| !chooser.column(*by).degree)?;
    let mut shown = chooser.named(subject);
    shown.retain(|attribute| *attribute != by);
    if shown.is_empty() {
        return None;
    }
    let descending = chooser.draw.chance(0.6);
    let mut body = select(subject, &shown);
    let extreme = aggregate_of(extreme_function(descending), by);
    compare_with(&mut body, by, Compare::Equal, extreme);
    Pair::new(
        Ask {
            shown,
            by: Some(by),
            descending,
            ..Ask::new(Pattern::Ties, subject)
        },
        body,
    )
}

/// Rows beyond the average, or their number.
pub fn beyond_average(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.plain_measure(subject)?;
    let descending = chooser.draw.chance(0.78);
    let operator = if descending { Compare::Greater } else { Compare::Less };
    let counted = chooser.draw.chance(0.3);
    let mut shown = if counted { Vec::new() } else { chooser.named(subject) };
    shown.retain(|attribute| *attribute != by);
    let mut body = select(subject, &shown);
    if counted {
        body.items = vec![(Expr::CountAll, None)];
    }
    if body.items.is_empty() {
        return None;
    }
    compare_with(&mut body, by, operator, aggregate_of(Aggregate::Average, by));
    let pattern = if counted {
        Pattern::CountBeyondAverage
    } else {
        Pattern::BeyondAverage
    };
    Pair::new(
        Ask {
            shown,
            by: Some(by),
            descending,
            ..Ask::new(pattern, subject)
        },
        body,
    )
}

/// Rows beyond every row of another kind.
pub fn beyond_group(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser
        .column_with(subject, &[Role::Measure, Role::Year])
        .filter(|by| !chooser.column(*by).degree)?;
    let other_filters = chooser.filters(subject, 0.0);
    if other_filters.is_empty() || other_filters[0].tests().iter().any(|(attribute, _)| *attribute == by) {
        return None;
    }
    let mut shown = chooser.named(subject);
    shown.retain(|attribute| *attribute != by && !equal_attributes(&other_filters).contains(attribute));
    if shown.is_empty() {
        return None;
    }
    let upward = chooser.draw.chance(0.6);
    let any = chooser.draw.chance(0.4);
    let (operator, function) = match (upward, any) {
        (true, true) => (Compare::Greater, Aggregate::Minimum),
        (true, false) => (Compare::Greater, Aggregate::Maximum),
        (false, true) => (Compare::Less, Aggregate::Maximum),
        (false, false) => (Compare::Less, Aggregate::Minimum),
    };
    let mut inner = aggregate_of(function, by);
    apply(&mut inner, 0, &other_filters, false);
    let mut body = select(subject, &shown);
    compare_with(&mut body, by, operator, inner);
    let aggregates = vec![(function, by)];
    let ask = Ask {
        shown,
        by: Some(by),
        descending: upward,
        aggregates,
        other_filters,
        ..Ask::new(Pattern::BeyondGroup, subject)
    };
    Pair::new(ask, body)
}

/// Rows above the average of their own group: a correlated subquery.
pub fn beyond_own_group(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.plain_measure(subject)?;
    let group = chooser.column_with(subject, &[Role::Category])?;
    let mut shown = chooser.named(subject);
    shown.retain(|attribute| *attribute != by);
    if shown.is_empty() {
        return None;
    }
    let mut inner = aggregate_of(Aggregate::Average, by);
    inner.also(Condition::Compare(
        Expr::Column(Ref::new(0, group.column)),
        Compare::Equal,
        Expr::Column(Ref {
            slot: 0,
            column: group.column,
            outer: true,
        }),
    ));
    let mut body = select(subject, &shown);
    compare_with(&mut body, by, Compare::Greater, inner);
    let aggregates = vec![(Aggregate::Average, by)];
    let ask = Ask {
        shown,
        by: Some(group),
        descending: true,
        aggregates,
        ..Ask::new(Pattern::BeyondOwnGroup, subject)
    };
    Pair::new(ask, body)
}
