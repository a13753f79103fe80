//! Questions about groups of one table's rows.

use super::Pair;
use super::ask::{Ask, Attribute, Filter, Pattern};
use super::choose::{Chooser, select};
use super::filters::apply;
use super::plain::{aggregate_items, aggregates, items_and, tests};
use crate::sql::{Aggregate, Compare, Condition, Expr, Literal, Order, Ref, Select};

fn group(chooser: &mut Chooser) -> Option<(usize, Attribute)> {
    let subject = chooser.subject()?;
    let by = chooser.category(subject)?;
    Some((subject, by))
}

fn column(attribute: Attribute) -> Expr {
    Expr::Column(Ref::new(0, attribute.column))
}

/// A column whose values are likely to have many rows each.
fn shared_group(chooser: &mut Chooser) -> Option<(usize, Attribute)> {
    for _ in 0..4 {
        let (subject, by) = group(chooser)?;
        if chooser
            .table(subject)
            .rows_per_value(by.column)
            .is_none_or(|rows| rows >= 1.4)
        {
            return Some((subject, by));
        }
    }
    None
}

/// Rows per value, sometimes sorted by their number.
pub fn count(chooser: &mut Chooser) -> Option<Pair> {
    let (subject, by) = group(chooser)?;
    let filters = chooser.maybe_filters(subject, 0.25);
    if tests(&filters, by) {
        return None;
    }
    let mut body = select(subject, &[]);
    body.items = items_and(&[by], 0, Expr::CountAll);
    body.group = vec![column(by)];
    apply(&mut body, 0, &filters, false);
    let sorted = chooser.draw.chance(0.15);
    let swapped = !sorted && swap(chooser, &mut body);
    let descending = chooser.draw.chance(0.7);
    if sorted {
        body.order.push(Order {
            by: Expr::CountAll,
            descending,
        });
    }
    let pattern = if sorted {
        Pattern::GroupCountOrdered
    } else {
        Pattern::GroupCount
    };
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            descending,
            swapped,
            ..Ask::new(pattern, subject)
        },
        body,
    )
}

/// Puts what groups are computed to before what they are grouped by, as often as people do; the question follows that order.
fn swap(chooser: &mut Chooser, body: &mut Select) -> bool {
    let swapped = chooser.draw.chance(0.4);
    if swapped {
        body.items.rotate_left(1);
    }
    swapped
}

/// Aggregates per value, of the values that have as many rows.
pub fn aggregate_having(chooser: &mut Chooser) -> Option<Pair> {
    let (subject, by) = shared_group(chooser)?;
    let aggregates: Vec<_> = aggregates(chooser, subject)?.into_iter().take(1).collect();
    let expected = chooser.table(subject).rows_per_value(by.column);
    let bound = count_bound(chooser, expected);
    let filters = if expected.is_none_or(|rows| rows > 3.0) {
        chooser.maybe_filters(subject, 0.3)
    } else {
        Vec::new()
    };
    if aggregates.iter().any(|(_, of)| *of == by) || tests(&filters, by) {
        return None;
    }
    let mut body = select(subject, &[by]);
    body.items.extend(aggregate_items(&aggregates, 0));
    body.group = vec![column(by)];
    apply(&mut body, 0, &filters, false);
    body.having = Some(bound_on(Expr::CountAll, &bound));
    let ask = Ask {
        by: Some(by),
        aggregates,
        filters,
        bound: Some(bound),
        ..Ask::new(Pattern::GroupAggregateHaving, subject)
    };
    Pair::new(ask, body)
}

/// Rows counted or computed per value of what they belong to: orders per customer country.
pub fn by_related(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| {
        relation.is_single() && relation.from != relation.to && !schema.tables[relation.from].junction
    })?;
    let subject = relation.from;
    let by = chooser.category(relation.to)?;
    let filters = if chooser.draw.chance(0.25) {
        chooser
            .own_test(subject, None)
            .map(|(of, test)| Filter::Own(of, test))
            .into_iter()
            .collect()
    } else {
        Vec::new()
    };
    let mut body = select(subject, &[]);
    let end = relation.join(&mut body, 0);
    apply(&mut body, 0, &filters, false);
    let value = Expr::Column(Ref::new(end, by.column));
    body.group = vec![value.clone()];
    body.items = vec![(value, None)];
    let mut ask = Ask {
        by: Some(by),
        filters,
        ..Ask::new(Pattern::GroupCount, subject)
    };
    match chooser.draw.weighted(&[0.42, 0.22, 0.16, 0.2])? {
        0 => {
            body.items.push((Expr::CountAll, None));
            ask.swapped = swap(chooser, &mut body);
        }
        1 => {
            ask.aggregates = aggregates(chooser, subject)?.into_iter().take(1).collect();
            body.items.extend(aggregate_items(&ask.aggregates, 0));
            ask.pattern = Pattern::GroupAggregate;
            ask.swapped = swap(chooser, &mut body);
        }
        2 => {
            let bound = count_bound(chooser, None);
            body.having = Some(bound_on(Expr::CountAll, &bound));
            ask.bound = Some(bound);
            ask.pattern = Pattern::GroupHaving;
        }
        _ => {
            ask.descending = chooser.draw.chance(0.85);
            body.order.push(Order {
                by: Expr::CountAll,
                descending: ask.descending,
            });
            body.limit = Some(1);
            ask.limit = 1;
            ask.pattern = Pattern::ModalValue;
        }
    }
    ask.other = Some(relation);
    Pair::new(ask, body)
}

/// Aggregates per value.
pub fn aggregate(chooser: &mut Chooser) -> Option<Pair> {
    let (subject, by) = group(chooser)?;
    let aggregates = aggregates(chooser, subject)?;
    if aggregates.iter().any(|(_, of)| *of == by) {
        return None;
    }
    let filters = chooser.maybe_filters(subject, 0.15);
    if tests(&filters, by) {
        return None;
    }
    let mut body = select(subject, &[by]);
    body.items.extend(aggregate_items(&aggregates, 0));
    body.group = vec![column(by)];
    apply(&mut body, 0, &filters, false);
    let swapped = aggregates.len() == 1 && swap(chooser, &mut body);
    Pair::new(
        Ask {
            by: Some(by),
            aggregates,
            filters,
            swapped,
            ..Ask::new(Pattern::GroupAggregate, subject)
        },
        body,
    )
}

/// Values with a bound on the number of rows.
pub fn having(chooser: &mut Chooser) -> Option<Pair> {
    let (subject, by) = shared_group(chooser)?;
    let expected = chooser.table(subject).rows_per_value(by.column);
    let crowded = expected.is_none_or(|rows| rows > 3.0);
    let filters = if crowded {
        chooser.maybe_filters(subject, 0.4)
    } else {
        Vec::new()
    };
    if tests(&filters, by) {
        return None;
    }
    let bound = count_bound(chooser, expected);
    let mut body = select(subject, &[by]);
    apply(&mut body, 0, &filters, false);
    body.group = vec![column(by)];
    body.having = Some(bound_on(Expr::CountAll, &bound));
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            bound: Some(bound),
            ..Ask::new(Pattern::GroupHaving, subject)
        },
        body,
    )
}

/// Values whose average lies beyond a bound.
pub fn having_average(chooser: &mut Chooser) -> Option<Pair> {
    let (subject, by) = group(chooser)?;
    let measure = chooser.plain_measure(subject).filter(|measure| *measure != by)?;
    let (low, high) = chooser.column(measure).range?;
    let share = 0.25 + 0.3 * chooser.draw.below(100) as f64 / 100.0;
    let number = format!("{:.0}", low + (high - low) * share);
    let operator = if chooser.draw.chance(0.75) {
        Compare::Greater
    } else {
        Compare::Less
    };
    let bound = (operator, number);
    let aggregates = vec![(Aggregate::Average, measure)];
    let mut body = select(subject, &[by]);
    body.group = vec![column(by)];
    body.having = Some(bound_on(aggregate_items(&aggregates, 0).remove(0).0, &bound));
    let ask = Ask {
        by: Some(by),
        aggregates,
        bound: Some(bound),
        ..Ask::new(Pattern::GroupHavingAverage, subject)
    };
    Pair::new(ask, body)
}

/// The value with the most or fewest rows.
pub fn most_common(chooser: &mut Chooser) -> Option<Pair> {
    let (subject, by) = shared_group(chooser)?;
    let filters = chooser.maybe_filters(subject, 0.25);
    if tests(&filters, by) {
        return None;
    }
    let descending = chooser.draw.chance(0.85);
    let counted = chooser.draw.chance(0.22);
    let mut body = select(subject, &[by]);
    if counted {
        body.items.push((Expr::CountAll, None));
    }
    apply(&mut body, 0, &filters, false);
    body.group = vec![column(by)];
    body.order.push(Order {
        by: Expr::CountAll,
        descending,
    });
    body.limit = Some(1);
    let pattern = if counted {
        Pattern::ModalValueCount
    } else {
        Pattern::ModalValue
    };
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            descending,
            limit: 1,
            ..Ask::new(pattern, subject)
        },
        body,
    )
}

/// A bound on a number of rows that about `expected` of them can reach: mostly at least or more than a few.
pub fn count_bound(chooser: &mut Chooser, expected: Option<f64>) -> (Compare, String) {
    let operator = [
        Compare::AtLeast,
        Compare::Greater,
        Compare::Equal,
        Compare::Less,
        Compare::AtMost,
    ];
    let drawn = chooser.draw.weighted(&[0.45, 0.36, 0.1, 0.04, 0.05]).unwrap_or(0);
    let most = expected.map_or(5, |rows| rows.ceil().clamp(2.0, 10.0) as usize);
    let number = match operator[drawn] {
        Compare::Less | Compare::AtLeast => 2 + chooser.draw.below(2) * chooser.draw.below(most - 1),
        _ => 1 + chooser.draw.below(2) * chooser.draw.below(most - 1),
    };
    (operator[drawn], number.to_string())
}

/// `expr op bound`
pub fn bound_on(expr: Expr, bound: &(Compare, String)) -> Condition {
    Condition::Compare(expr, bound.0, Expr::Literal(Literal::Number(bound.1.clone())))
}

/// GROUP BY the key of the table at `slot`, or by what is shown where it has none.
pub fn group_by_row(chooser: &Chooser, body: &mut Select, table: usize, slot: usize, shown: &[Attribute]) {
    let key = &chooser.table(table).key;
    body.group = if key.is_empty() {
        shown
            .iter()
            .map(|attribute| Expr::Column(Ref::new(slot, attribute.column)))
            .collect()
    } else {
        key.iter().map(|column| Expr::Column(Ref::new(slot, *column))).collect()
    };
}
