//! Questions about how many related rows each row has.

use super::Pair;
use super::ask::{Ask, Attribute, Filter, Pattern};
use super::choose::{Chooser, items, select};
use super::filters::apply;
use super::grouped::{bound_on, count_bound, group_by_row};
use super::plain::{aggregate_items, aggregates, summable};
use super::referring::{none_refers, referring};
use super::relation::{Kinship, Relation};
use crate::sql::{Aggregate, Compare, Condition, Expr, Order, Ref, Select, SetOperator};

/// The related rows per row of the start, grouped by it.
fn per_row(
    chooser: &Chooser,
    relation: &Relation,
    shown: &[Attribute],
    tests: &[Filter],
    outer: bool,
) -> (Select, usize) {
    let mut body = select(relation.from, shown);
    // Counting across a junction does not need the table behind it, unless something is asked of it.
    let short = relation.kinship == Kinship::Through && tests.is_empty();
    let way = if short { relation.first_hop() } else { relation.clone() };
    let end = way.join_as(&mut body, 0, outer);
    apply(&mut body, end, tests, false);
    group_by_row(chooser, &mut body, relation.from, 0, shown);
    (body, end)
}

/// Filters of the related rows, now and then.
fn their_filters(chooser: &mut Chooser, relation: &Relation, chance: f32) -> Vec<Filter> {
    if !chooser.draw.chance(chance) {
        return Vec::new();
    }
    chooser
        .own_test(relation.to, None)
        .map(|(attribute, test)| Filter::Own(attribute, test))
        .into_iter()
        .collect()
}

/// Filters of the rows themselves, now and then.
fn own_filters(chooser: &mut Chooser, table: usize, chance: f32) -> Vec<Filter> {
    let test = if chooser.draw.chance(chance) {
        chooser.own_test(table, None)
    } else {
        None
    };
    test.map(|(attribute, test)| Filter::Own(attribute, test))
        .into_iter()
        .collect()
}

/// Number of related rows per row.
pub fn count(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let shown = chooser.named(relation.from);
    let other_filters = their_filters(chooser, &relation, 0.12);
    let (mut body, _) = per_row(chooser, &relation, &shown, &other_filters, false);
    body.items.push((Expr::CountAll, None));
    let subject = relation.from;
    Pair::new(
        Ask {
            shown,
            other: Some(relation),
            other_filters,
            ..Ask::new(Pattern::RelatedCount, subject)
        },
        body,
    )
}

/// The same, rows without any included.
pub fn count_all(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let shown = chooser.named(relation.from);
    let (mut body, _) = per_row(chooser, &relation, &shown, &[], true);
    body.items.push((counted(&relation)?, None));
    let subject = relation.from;
    Pair::new(
        Ask {
            shown,
            other: Some(relation),
            ..Ask::new(Pattern::RelatedCountAll, subject)
        },
        body,
    )
}

/// The number of related rows over an outer join, 0 where there is none.
fn counted(relation: &Relation) -> Option<Expr> {
    // Across a junction, its rows are counted.
    let slot = if relation.kinship == Kinship::Through {
        1
    } else {
        relation.hops.len()
    };
    let column = relation.hops.get(slot - 1)?.columns.first()?.1;
    let counted = Expr::Column(Ref::new(slot, column));
    Some(Expr::Aggregate(Aggregate::Count, Box::new(counted)))
}

/// About how many related rows a row has.
pub fn expected_per_row(chooser: &Chooser, relation: &Relation) -> Option<f64> {
    let first = relation.hops.first()?.table;
    let (rows, theirs) = (chooser.table(relation.from).rows?, chooser.table(first).rows?);
    (rows > 0).then(|| theirs as f64 / rows as f64)
}

/// Rows with a bound on the number of related rows.
pub fn having(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let shown = chooser.named(relation.from);
    let expected = expected_per_row(chooser, &relation);
    let bound = count_bound(chooser, expected);
    // Rows without any related row are in no group, so an upper bound would leave them out.
    if matches!(bound.0, Compare::Less | Compare::AtMost) {
        return None;
    }
    let crowded = expected.is_none_or(|rows| rows > 3.0);
    let other_filters = if crowded {
        their_filters(chooser, &relation, 0.3)
    } else {
        Vec::new()
    };
    let (mut body, _) = per_row(chooser, &relation, &shown, &other_filters, false);
    body.having = Some(bound_on(Expr::CountAll, &bound));
    let subject = relation.from;
    let ask = Ask {
        shown,
        other: Some(relation),
        other_filters,
        bound: Some(bound),
        ..Ask::new(Pattern::RelatedHaving, subject)
    };
    Pair::new(ask, body)
}

/// The row with the most or fewest related rows.
pub fn most(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let shown = chooser.named(relation.from);
    let descending = chooser.draw.chance(0.88);
    let other_filters = if descending {
        their_filters(chooser, &relation, 0.12)
    } else {
        Vec::new()
    };
    // The fewest may be none at all.
    let (mut body, _) = per_row(chooser, &relation, &shown, &other_filters, !descending);
    let number = if descending {
        Expr::CountAll
    } else {
        counted(&relation)?
    };
    body.order.push(Order { by: number, descending });
    let limit = if chooser.draw.chance(0.92) {
        1
    } else {
        *chooser.draw.pick(&[2, 3, 5])?
    };
    body.limit = Some(limit);
    let subject = relation.from;
    let ask = Ask {
        shown,
        other: Some(relation),
        other_filters,
        descending,
        limit,
        ..Ask::new(Pattern::RelatedTopCount, subject)
    };
    Pair::new(ask, body)
}

/// Aggregates of related rows per row.
pub fn aggregate(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let aggregates: Vec<_> = aggregates(chooser, relation.to)?.into_iter().take(1).collect();
    let shown = chooser.named(relation.from);
    let other_filters = their_filters(chooser, &relation, 0.2);
    let (mut body, end) = aggregated(chooser, &relation, &shown);
    apply(&mut body, end, &other_filters, false);
    body.items.extend(aggregate_items(&aggregates, end));
    let subject = relation.from;
    Pair::new(
        Ask {
            shown,
            other: Some(relation),
            other_filters,
            aggregates,
            ..Ask::new(Pattern::RelatedAggregate, subject)
        },
        body,
    )
}

fn aggregated(chooser: &Chooser, relation: &Relation, shown: &[Attribute]) -> (Select, usize) {
    let mut body = select(relation.from, shown);
    let end = relation.join(&mut body, 0);
    group_by_row(chooser, &mut body, relation.from, 0, shown);
    (body, end)
}

/// The row with the extreme aggregate of related rows.
pub fn top_aggregate(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_many()?;
    let measure = chooser.measure(relation.to)?;
    let drawn = if chooser.draw.chance(0.55) {
        Aggregate::Sum
    } else {
        Aggregate::Average
    };
    let function = summable(chooser, drawn, measure);
    let shown = chooser.named(relation.from);
    let descending = chooser.draw.chance(0.8);
    let other_filters = their_filters(chooser, &relation, 0.2);
    let (mut body, end) = aggregated(chooser, &relation, &shown);
    apply(&mut body, end, &other_filters, false);
    if !descending {
        chooser.skip_missing(&mut body, end, measure);
    }
    let aggregates = vec![(function, measure)];
    body.order.push(Order {
        by: aggregate_items(&aggregates, end).remove(0).0,
        descending,
    });
    body.limit = Some(1);
    let subject = relation.from;
    let ask = Ask {
        shown,
        other: Some(relation),
        other_filters,
        aggregates,
        descending,
        limit: 1,
        ..Ask::new(Pattern::RelatedTopAggregate, subject)
    };
    Pair::new(ask, body)
}

/// Rows without related rows, or their number.
pub fn none(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_any()?;
    let other_filters = their_filters(chooser, &relation, 0.4);
    let filters = own_filters(chooser, relation.from, 0.22);
    let counted = chooser.draw.chance(0.22);
    let shown = if counted {
        Vec::new()
    } else {
        chooser.named(relation.from)
    };
    let mut body = select(relation.from, &shown);
    if counted {
        body.items = vec![(Expr::CountAll, None)];
    }
    apply(&mut body, 0, &filters, false);
    if !counted && chooser.tells_apart(relation.from, &shown) && chooser.draw.chance(0.35) {
        body.combined = Some((
            SetOperator::Except,
            Box::new(with_related(&relation, &shown, &other_filters)),
        ));
    } else {
        body.also(none_refers(&relation, &other_filters, 0, chooser.draw.chance(0.25))?);
    }
    let pattern = if counted {
        Pattern::CountRelatedNone
    } else {
        Pattern::RelatedNone
    };
    let subject = relation.from;
    Pair::new(
        Ask {
            shown,
            filters,
            other: Some(relation),
            other_filters,
            ..Ask::new(pattern, subject)
        },
        body,
    )
}

/// `shown` of the rows that have related ones which pass.
fn with_related(relation: &Relation, shown: &[Attribute], tests: &[Filter]) -> Select {
    let mut body = select(relation.from, shown);
    let short = relation.kinship == Kinship::Through && tests.is_empty();
    let way = if short { relation.first_hop() } else { relation.clone() };
    let end = way.join(&mut body, 0);
    apply(&mut body, end, tests, false);
    body
}

/// Rows with at least one related row, or how many different ones there are.
pub fn some(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.to_any()?;
    let other_filters = their_filters(chooser, &relation, 0.35);
    let (own, inner) = referring(&relation, &other_filters)?;
    let subject = relation.from;
    if chooser.draw.chance(0.35) && inner.from.len() == 1 {
        let mut body = inner;
        let (column, _) = body.items.remove(0);
        body.items = vec![(Expr::Aggregate(Aggregate::CountDistinct, Box::new(column)), None)];
        return Pair::new(
            Ask {
                other: Some(relation),
                other_filters,
                ..Ask::new(Pattern::CountRelatedSome, subject)
            },
            body,
        );
    }
    let shown = chooser.named(subject);
    let mut body = select(subject, &shown);
    body.also(Condition::In(Expr::Column(Ref::new(0, own)), Box::new(inner), false));
    Pair::new(
        Ask {
            shown,
            other: Some(relation),
            other_filters,
            ..Ask::new(Pattern::RelatedSome, subject)
        },
        body,
    )
}

/// Rows for which a related row exists.
pub fn exists(chooser: &mut Chooser) -> Option<Pair> {
    let relation = {
        let schema = chooser.schema;
        chooser.relation(|relation| {
            matches!(relation.kinship, Kinship::Children | Kinship::Counterpart) && !schema.tables[relation.to].junction
        })?
    };
    let other_filters = their_filters(chooser, &relation, 0.8);
    let hop = relation.hops.first()?;
    let mut inner = Select::of(relation.to, &[hop.columns.first()?.1]);
    for (own, theirs) in &hop.columns {
        inner.also(Condition::Compare(
            Expr::Column(Ref::new(0, *theirs)),
            Compare::Equal,
            Expr::Column(Ref {
                slot: 0,
                column: *own,
                outer: true,
            }),
        ));
    }
    apply(&mut inner, 0, &other_filters, false);
    let shown = chooser.named(relation.from);
    let mut body = select(relation.from, &[]);
    body.items = items(&shown, 0);
    body.also(Condition::Exists(Box::new(inner), false));
    let subject = relation.from;
    Pair::new(
        Ask {
            shown,
            other: Some(relation),
            other_filters,
            ..Ask::new(Pattern::RelatedExists, subject)
        },
        body,
    )
}
