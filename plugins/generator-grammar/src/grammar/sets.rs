//! Questions answered by set operations.

use super::Pair;
use super::ask::{Ask, Attribute, Filter, Pattern, Test};
use super::choose::{Chooser, select};
use super::filters::apply;
use super::relation::Relation;
use crate::sql::{Compare, Literal, SetOperator};
use nl2sql_schema::Role;

/// Two tests of one attribute that no single row passes: two values, or below one bound and above another.
fn opposites(chooser: &mut Chooser, attribute: Attribute) -> Option<(Test, Test)> {
    let column = chooser.column(attribute);
    if column.role == Role::Measure || (column.role == Role::Year && chooser.draw.chance(0.4)) {
        let mut tries = (0..4).filter_map(|_| match chooser.value(column)? {
            Literal::Number(text) => text.parse::<f64>().ok().map(|value| (value, text)),
            _ => None,
        });
        let (first, second) = (tries.next()?, tries.next()?);
        let (low, high) = if first.0 < second.0 {
            (first, second)
        } else {
            (second, first)
        };
        if low.0 >= high.0 {
            return None;
        }
        let above = Test::Compare(Compare::Greater, Literal::Number(low.1));
        let below = Test::Compare(Compare::Less, Literal::Number(high.1));
        return Some(if chooser.draw.chance(0.5) {
            (above, below)
        } else {
            (below, above)
        });
    }
    let (first, second) = (chooser.frequent_value(column)?, chooser.frequent_value(column)?);
    (first != second).then_some((
        Test::Compare(Compare::Equal, first),
        Test::Compare(Compare::Equal, second),
    ))
}

/// Values that occur with one filter and with the opposite one.
pub fn both(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.category(subject)?;
    let tested = chooser.column_with(subject, &[Role::Category, Role::Measure, Role::Measure, Role::Year])?;
    if tested == by {
        return None;
    }
    let (first, second) = opposites(chooser, tested)?;
    let filters = vec![Filter::Own(tested, first)];
    let other_filters = vec![Filter::Own(tested, second)];
    let mut body = select(subject, &[by]);
    apply(&mut body, 0, &filters, false);
    let mut right = select(subject, &[by]);
    apply(&mut right, 0, &other_filters, false);
    body.combined = Some((SetOperator::Intersect, Box::new(right)));
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            other_filters,
            ..Ask::new(Pattern::Both, subject)
        },
        body,
    )
}

/// Rows related to one thing and to another.
pub fn related_both(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let subject = relation.from;
    let tested = related_attribute(chooser, &relation)?;
    let (first, second) = opposites(chooser, tested)?;
    let shown = chooser.named(subject);
    // Rows are compared by what is shown of them.
    if !chooser.tells_apart(subject, &shown) {
        return None;
    }
    let filters = vec![Filter::Related(relation.clone(), vec![Filter::Own(tested, first)])];
    let other_filters = vec![Filter::Related(relation.clone(), vec![Filter::Own(tested, second)])];
    let mut body = select(subject, &shown);
    apply(&mut body, 0, &filters, false);
    let mut right = select(subject, &shown);
    apply(&mut right, 0, &other_filters, false);
    body.combined = Some((SetOperator::Intersect, Box::new(right)));
    let ask = Ask {
        shown,
        filters,
        other_filters,
        other: Some(relation),
        ..Ask::new(Pattern::RelatedBoth, subject)
    };
    Pair::new(ask, body)
}

fn related_attribute(chooser: &mut Chooser, relation: &Relation) -> Option<Attribute> {
    if let [column] = chooser.table(relation.to).label.as_slice()
        && chooser.draw.chance(0.2)
    {
        return Some(Attribute {
            table: relation.to,
            column: *column,
        });
    }
    chooser.column_with(
        relation.to,
        &[Role::Category, Role::Category, Role::Year, Role::Measure],
    )
}

/// Values that never occur with a filter.
pub fn never(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.category(subject)?;
    let filters = chooser.filters(subject, 0.0);
    let (tested, test) = filters.first()?.tests().into_iter().next()?;
    let negative = matches!(
        test,
        Test::Compare(Compare::NotEqual, _) | Test::Null(_) | Test::Like(_, _, true)
    );
    // Neither is anything asked for without rows that lack something.
    let lacks = matches!(filters.first(), Some(Filter::Without(..)));
    if tested == by || negative || lacks {
        return None;
    }
    let mut body = select(subject, &[by]);
    let mut right = select(subject, &[by]);
    apply(&mut right, 0, &filters, false);
    body.combined = Some((SetOperator::Except, Box::new(right)));
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            ..Ask::new(Pattern::Never, subject)
        },
        body,
    )
}

/// Names here and there in one list.
pub fn together(chooser: &mut Chooser) -> Option<Pair> {
    let first = chooser.subject()?;
    let second = chooser.subject()?;
    let ([here], [there]) = (
        chooser.table(first).label.as_slice(),
        chooser.table(second).label.as_slice(),
    ) else {
        return None;
    };
    let names = |table: usize, column: usize| chooser.table(table).columns[column].role == Role::Name;
    if first == second || !names(first, *here) || !names(second, *there) {
        return None;
    }
    let shown = vec![
        Attribute {
            table: first,
            column: *here,
        },
        Attribute {
            table: second,
            column: *there,
        },
    ];
    let mut body = select(first, &shown[..1]);
    body.combined = Some((SetOperator::Union, Box::new(select(second, &shown[1..]))));
    Pair::new(
        Ask {
            shown,
            ..Ask::new(Pattern::Together, first)
        },
        body,
    )
}

/// Keys that referring rows have, with a filter on either side: an intersection over a foreign key.
pub fn shared(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| {
        let named = !schema.tables[relation.to].junction || relation.names_children(schema);
        !relation.is_single() && relation.hops.len() == 1 && named
    })?;
    let [(own, theirs)] = relation.hops[0].columns[..] else {
        return None;
    };
    let subject = relation.from;
    let filters = chooser.filters(subject, 0.0);
    let other_filters: Vec<Filter> = chooser
        .own_test(relation.to, None)
        .map(|(attribute, test)| Filter::Own(attribute, test))
        .into_iter()
        .collect();
    // Behind what the rows are related to, what else they have would seem to be of that.
    let across = filters.iter().any(|filter| !matches!(filter, Filter::Own(..)));
    if across || filters.is_empty() && other_filters.is_empty() {
        return None;
    }
    let shown = vec![Attribute {
        table: subject,
        column: own,
    }];
    let mut body = select(subject, &shown);
    apply(&mut body, 0, &filters, false);
    let mut right = select(
        relation.to,
        &[Attribute {
            table: relation.to,
            column: theirs,
        }],
    );
    apply(&mut right, 0, &other_filters, false);
    let missing = chooser.draw.chance(0.4);
    let operator = if missing {
        SetOperator::Except
    } else {
        SetOperator::Intersect
    };
    body.combined = Some((operator, Box::new(right)));
    let ask = Ask {
        shown,
        filters,
        other_filters,
        any: missing,
        other: Some(relation),
        ..Ask::new(Pattern::Shared, subject)
    };
    Pair::new(ask, body)
}
