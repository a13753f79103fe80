//! Questions about one table without grouping.

use super::Pair;
use super::ask::{Ask, Attribute, Filter, Pattern, Test};
use super::choose::{Chooser, items, select};
use super::filters::apply;
use crate::sql::{Aggregate, Compare, Expr, Order, Ref};
use nl2sql_schema::Role;

/// Attributes of all rows.
pub fn list(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let shown = chooser.shown(subject);
    let body = select(subject, &shown);
    Pair::new(
        Ask {
            shown,
            ..Ask::new(Pattern::List, subject)
        },
        body,
    )
}

/// Attributes of rows that pass one or two filters.
pub fn filter(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let filters = chooser.filters(subject, 0.3);
    let any = filters.len() > 1 && chooser.draw.chance(0.25);
    let mut shown = chooser.shown(subject);
    let equal = equal_attributes(&filters);
    shown.retain(|attribute| !equal.contains(attribute));
    let only_tested = shown.iter().all(|attribute| tests(&filters, *attribute));
    if only_tested || filters.is_empty() || filters.iter().any(|filter| chooser.picks_one(filter)) {
        return None;
    }
    let mut body = select(subject, &shown);
    apply(&mut body, 0, &filters, any);
    Pair::new(
        Ask {
            shown,
            filters,
            any,
            ..Ask::new(Pattern::List, subject)
        },
        body,
    )
}

/// Attributes of the one row that its name or key picks out.
pub fn lookup(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let table = chooser.table(subject);
    let by_key = chooser.draw.chance(0.15);
    let column = match (by_key, table.label.as_slice(), table.key.as_slice()) {
        (false, [name], _) | (true, _, [name]) => *name,
        _ => return None,
    };
    let name = Attribute { table: subject, column };
    let value = chooser.value(chooser.column(name))?;
    let mut shown = chooser.shown(subject);
    shown.retain(|attribute| *attribute != name);
    if shown.is_empty() {
        return None;
    }
    let filters = vec![Filter::Own(name, Test::Compare(Compare::Equal, value))];
    let mut body = select(subject, &shown);
    apply(&mut body, 0, &filters, false);
    Pair::new(
        Ask {
            shown,
            filters,
            ..Ask::new(Pattern::Lookup, subject)
        },
        body,
    )
}

/// Attributes without duplicates.
pub fn distinct(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let mut shown =
        vec![chooser.category(subject).or_else(|| {
            chooser.column_with(subject, &[Role::Text, Role::Name, Role::Measure, Role::Date, Role::Key])
        })?];
    if chooser.table(subject).is_unique(shown[0].column) && chooser.table(subject).key == [shown[0].column] {
        return None;
    }
    if chooser.draw.chance(0.15) {
        shown.extend(chooser.category(subject).filter(|other| *other != shown[0]));
    }
    let filters = chooser.maybe_filters(subject, 0.4);
    if shown.iter().any(|shown| tests(&filters, *shown)) {
        return None;
    }
    let mut body = select(subject, &shown);
    body.distinct = true;
    apply(&mut body, 0, &filters, false);
    Pair::new(
        Ask {
            shown,
            filters,
            ..Ask::new(Pattern::Distinct, subject)
        },
        body,
    )
}

/// How many rows.
pub fn count(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let filters = if chooser.draw.chance(0.88) {
        chooser.filters(subject, 0.25)
    } else {
        Vec::new()
    };
    if filters.iter().any(|filter| chooser.picks_one(filter)) {
        return None;
    }
    let any = filters.len() > 1 && chooser.draw.chance(0.25);
    let mut body = select(subject, &[]);
    body.items = vec![(Expr::CountAll, None)];
    apply(&mut body, 0, &filters, any);
    Pair::new(
        Ask {
            filters,
            any,
            ..Ask::new(Pattern::Count, subject)
        },
        body,
    )
}

/// How many different values.
pub fn count_distinct(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser
        .category(subject)
        .or_else(|| chooser.column_with(subject, &[Role::Text, Role::Measure, Role::Date, Role::Key]))?;
    let filters = chooser.maybe_filters(subject, 0.45);
    if chooser.table(subject).key == [by.column] || tests(&filters, by) {
        return None;
    }
    let mut body = select(subject, &[]);
    let column = Expr::Column(Ref::new(0, by.column));
    body.items = vec![(Expr::Aggregate(Aggregate::CountDistinct, Box::new(column)), None)];
    apply(&mut body, 0, &filters, false);
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            ..Ask::new(Pattern::CountDistinct, subject)
        },
        body,
    )
}

/// One to three aggregates.
pub fn aggregate(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let aggregates = aggregates(chooser, subject)?;
    let filters = chooser.maybe_filters(subject, 0.6);
    if equal_attributes(&filters)
        .iter()
        .any(|tested| aggregates.iter().any(|(_, of)| of == tested))
    {
        return None;
    }
    let mut body = select(subject, &[]);
    body.items = aggregate_items(&aggregates, 0);
    apply(&mut body, 0, &filters, false);
    Pair::new(
        Ask {
            aggregates,
            filters,
            ..Ask::new(Pattern::Aggregate, subject)
        },
        body,
    )
}

/// One to three aggregates of the table's quantities.
pub fn aggregates(chooser: &mut Chooser, table: usize) -> Option<Vec<(Aggregate, Attribute)>> {
    use Aggregate::{Average, Maximum, Minimum, Sum};
    let measure = chooser.measure(table);
    let Some(measure) = measure else {
        let year = chooser.column_with(table, &[Role::Year, Role::Date])?;
        return Some(vec![(*chooser.draw.pick(&[Maximum, Minimum])?, year)]);
    };
    let several: &[&[Aggregate]] = &[
        &[Maximum, Minimum],
        &[Average, Maximum],
        &[Minimum, Maximum, Average],
        &[Average, Minimum],
        &[Average, Sum],
    ];
    let drawn: Vec<Aggregate> = match chooser.draw.weighted(&[0.36, 0.16, 0.13, 0.13, 0.22])? {
        0 => vec![Average],
        1 => vec![Sum],
        2 => vec![Maximum],
        3 => vec![Minimum],
        _ => chooser.draw.pick(several)?.to_vec(),
    };
    let mut found: Vec<(Aggregate, Attribute)> = drawn
        .into_iter()
        .map(|function| (summable(chooser, function, measure), measure))
        .collect();
    found.dedup();
    if found.len() == 1
        && chooser.draw.chance(0.25)
        && let Some(other) = chooser.measure(table).filter(|other| *other != measure)
    {
        let function = if chooser.draw.chance(0.7) {
            found[0].0
        } else {
            *chooser.draw.pick(&[Maximum, Sum, Average])?
        };
        found.push((summable(chooser, function, other), other));
    }
    Some(found)
}

/// `function`, or the average where a sum would mean nothing.
pub fn summable(chooser: &Chooser, function: Aggregate, of: Attribute) -> Aggregate {
    if function == Aggregate::Sum && !chooser.column(of).sums() {
        Aggregate::Average
    } else {
        function
    }
}

/// The aggregates as select items from `slot`.
pub fn aggregate_items(aggregates: &[(Aggregate, Attribute)], slot: usize) -> Vec<(Expr, Option<&'static str>)> {
    aggregates
        .iter()
        .map(|(function, of)| {
            (
                Expr::Aggregate(*function, Box::new(Expr::Column(Ref::new(slot, of.column)))),
                None,
            )
        })
        .collect()
}

/// Rows in order.
pub fn ordered(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let mut shown = chooser.shown(subject);
    let by = if chooser.draw.chance(0.25) {
        chooser.column_with(subject, &[Role::Name, Role::Category, Role::Text])?
    } else {
        chooser.sortable(subject)?
    };
    let descending = chooser.draw.chance(0.45);
    let filters = chooser.maybe_filters(subject, 0.3);
    let equal = equal_attributes(&filters);
    shown.retain(|attribute| !equal.contains(attribute));
    if equal.contains(&by) || shown.is_empty() {
        return None;
    }
    let mut body = select(subject, &shown);
    apply(&mut body, 0, &filters, false);
    body.order.push(Order {
        by: Expr::Column(Ref::new(0, by.column)),
        descending,
    });
    Pair::new(
        Ask {
            shown,
            filters,
            by: Some(by),
            descending,
            ..Ask::new(Pattern::Ordered, subject)
        },
        body,
    )
}

/// The row with the extreme value.
pub fn top(chooser: &mut Chooser) -> Option<Pair> {
    extreme(chooser, Pattern::Top)
}

/// The few rows with the most extreme values.
pub fn top_many(chooser: &mut Chooser) -> Option<Pair> {
    extreme(chooser, Pattern::TopMany)
}

fn extreme(chooser: &mut Chooser, pattern: Pattern) -> Option<Pair> {
    let subject = chooser.subject()?;
    let shown = chooser.named(subject);
    let by = chooser.extremal(subject)?;
    let descending = chooser.draw.chance(0.62);
    let limit = if pattern == Pattern::Top {
        1
    } else {
        *chooser.draw.pick(&[2, 3, 3, 3, 4, 5, 5, 8, 10])?
    };
    let filters = chooser.maybe_filters(subject, 0.22);
    if tests(&filters, by) || shown == [by] {
        return None;
    }
    let mut body = select(subject, &shown);
    apply(&mut body, 0, &filters, false);
    if !descending {
        chooser.skip_missing(&mut body, 0, by);
    }
    body.order.push(Order {
        by: Expr::Column(Ref::new(0, by.column)),
        descending,
    });
    body.limit = Some(limit);
    Pair::new(
        Ask {
            shown,
            filters,
            by: Some(by),
            descending,
            limit,
            ..Ask::new(pattern, subject)
        },
        body,
    )
}

/// One of the filters tests `attribute`.
pub fn tests(filters: &[Filter], attribute: Attribute) -> bool {
    filters
        .iter()
        .flat_map(Filter::tests)
        .any(|(tested, _)| tested == attribute)
}

/// Attributes that an equality fixes: asking for them, or sorting by them, would be pointless.
pub fn equal_attributes(filters: &[Filter]) -> Vec<Attribute> {
    filters
        .iter()
        .flat_map(Filter::tests)
        .filter(|(_, test)| matches!(test, Test::Compare(Compare::Equal, _) | Test::Null(false)))
        .map(|(attribute, _)| attribute)
        .collect()
}

/// Items for `attributes` followed by `last`.
pub fn items_and(attributes: &[Attribute], slot: usize, last: Expr) -> Vec<(Expr, Option<&'static str>)> {
    let mut list = items(attributes, slot);
    list.push((last, None));
    list
}
