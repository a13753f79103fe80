//! Questions about a table's rows and what they are related to.

use super::Pair;
use super::ask::{Ask, Attribute, Filter, Pattern};
use super::choose::{Chooser, items, select};
use super::filters::apply;
use super::nested::{aggregate_of, extreme_function};
use super::plain::{aggregate_items, aggregates, equal_attributes};
use super::referring::some_refers;
use super::relation::{Kinship, Relation};
use crate::sql::{Aggregate, Compare, Condition, Expr, Order, Ref, Select};
use nl2sql_schema::{Role, Schema};

/// Attributes of rows together with attributes of what each is related to.
pub fn pairs(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| {
        relation.apart
            && !schema.tables[relation.to].junction
            && (!schema.tables[relation.from].junction
                || (relation.is_single() && says_something(schema, relation.from)))
    })?;
    let mut shown = chooser.named(relation.from);
    shown.truncate(2);
    let mut theirs = chooser.named(relation.to);
    // What refers to the row says of it what its own key does.
    theirs.retain(|attribute| !refers_back(&relation, *attribute) && !repeats(&relation, &shown, *attribute));
    theirs.truncate(2);
    if theirs.is_empty() {
        return None;
    }
    let mut body = select(relation.from, &shown);
    let end = relation.join(&mut body, 0);
    body.items.extend(items(&theirs, end));
    let count = theirs.len();
    shown.extend(theirs);
    let mut ask = Ask {
        shown,
        theirs: count,
        other: Some(relation.clone()),
        ..Ask::new(Pattern::Pairs, relation.from)
    };
    if chooser.draw.chance(0.2)
        && let Some(by) = chooser.sortable(relation.from)
    {
        let descending = chooser.draw.chance(0.4);
        body.order.push(Order {
            by: Expr::Column(Ref::new(0, by.column)),
            descending,
        });
        ask.by = Some(by);
        ask.descending = descending;
    }
    Pair::new(ask, body)
}

/// The attribute is how what a relation leads to refers to where it comes from.
fn refers_back(relation: &Relation, attribute: Attribute) -> bool {
    let [hop] = relation.hops.as_slice() else { return false };
    let down = !relation.is_single() || relation.kinship == Kinship::Counterpart;
    down && hop.columns.iter().any(|(_, column)| *column == attribute.column)
}

/// The attribute is the key that what is shown of the rows refers to.
fn repeats(relation: &Relation, shown: &[Attribute], attribute: Attribute) -> bool {
    let [hop] = relation.hops.as_slice() else { return false };
    let own = hop.columns.iter().find(|(_, column)| *column == attribute.column);
    own.is_some_and(|(own, _)| shown.iter().any(|shown| shown.column == *own))
}

/// A junction with columns that are no keys.
fn says_something(schema: &Schema, table: usize) -> bool {
    schema.tables[table]
        .columns
        .iter()
        .any(|column| column.role != Role::Key)
}

/// Relations that a filter can go across.
fn filterable(schema: &Schema, relation: &Relation) -> bool {
    relation.apart
        && !schema.tables[relation.from].junction
        && (!schema.tables[relation.to].junction || says_something(schema, relation.to))
}

/// Attributes of rows by what they are related to.
pub fn filter(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| filterable(schema, relation))?;
    let subject = relation.from;
    let mut filters = vec![chooser.related_filter(&relation)?];
    let mut any = false;
    if chooser.draw.chance(0.28) {
        // First, for behind the other it would seem to be about what that ends with.
        let own = chooser.own_test(subject, None);
        filters.splice(0..0, own.map(|(attribute, test)| Filter::Own(attribute, test)));
        // A row without the related one would be lost to the join, whatever else is true of it.
        any = filters.len() > 1 && relation.is_single() && !relation.optional && chooser.draw.chance(0.3);
    } else if chooser.draw.chance(0.08)
        && let Some(second) = chooser.relation(|other| {
            let apart = other
                .hops
                .iter()
                .all(|hop| relation.hops.iter().all(|known| known.table != hop.table));
            other.from == subject && apart && filterable(schema, other)
        })
    {
        filters.extend(chooser.related_filter(&second));
    }
    let mut shown = chooser.shown(subject);
    shown.retain(|attribute| !equal_attributes(&filters).contains(attribute));
    if shown.is_empty() {
        return None;
    }
    let body = restricted(chooser, subject, &shown, &filters, any)?;
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

/// `shown` of the rows that pass, each row once: a join to many rows repeats them, so DISTINCT or a subquery goes with it.
fn restricted(
    chooser: &mut Chooser,
    subject: usize,
    shown: &[Attribute],
    filters: &[Filter],
    any: bool,
) -> Option<Select> {
    let many: Vec<&Filter> = filters
        .iter()
        .filter(|filter| matches!(filter, Filter::Related(relation, _) if !relation.is_single()))
        .collect();
    let mut body = select(subject, shown);
    let joins = chooser.tells_apart(subject, shown) && chooser.draw.chance(0.75);
    if many.is_empty() || joins {
        body.distinct = !many.is_empty();
        apply(&mut body, 0, filters, any);
        return Some(body);
    }
    for filter in filters {
        match filter {
            Filter::Related(relation, inner) if !relation.is_single() => {
                body.also(some_refers(relation, inner, 0)?);
            }
            other => apply(&mut body, 0, std::slice::from_ref(other), false),
        }
    }
    Some(body)
}

/// How many rows by what they are related to.
pub fn count(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| {
        relation.apart && !schema.tables[relation.from].junction && filterable(schema, relation)
    })?;
    let subject = relation.from;
    let key = match chooser.table(subject).key.as_slice() {
        _ if relation.is_single() => None,
        [key] => Some(*key),
        _ => return None,
    };
    let mut filters = vec![chooser.related_filter(&relation)?];
    if chooser.draw.chance(0.15) {
        filters.extend(
            chooser
                .own_test(subject, None)
                .map(|(attribute, test)| Filter::Own(attribute, test)),
        );
    }
    let mut body = select(subject, &[]);
    // A row related to several that pass counts once.
    let counted = key.map_or(Expr::CountAll, |key| {
        Expr::Aggregate(Aggregate::CountDistinct, Box::new(Expr::Column(Ref::new(0, key))))
    });
    body.items = vec![(counted, None)];
    apply(&mut body, 0, &filters, false);
    Pair::new(
        Ask {
            filters,
            ..Ask::new(Pattern::Count, subject)
        },
        body,
    )
}

/// Aggregates of rows by what they are related to.
pub fn aggregate(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| filterable(schema, relation))?;
    let subject = relation.from;
    let aggregates = aggregates(chooser, subject)?;
    let filters = vec![chooser.related_filter(&relation)?];
    let mut body = select(subject, &[]);
    body.items = aggregate_items(&aggregates, 0);
    match &filters[0] {
        Filter::Related(relation, inner) if !relation.is_single() => {
            body.also(some_refers(relation, inner, 0)?);
        }
        _ => apply(&mut body, 0, &filters, false),
    }
    Pair::new(
        Ask {
            aggregates,
            filters,
            ..Ask::new(Pattern::Aggregate, subject)
        },
        body,
    )
}

/// Attributes of the row whose related row has the extreme value; of all such rows where several may share that one.
pub fn top(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| filterable(schema, relation))?;
    let by = chooser.extremal(relation.to)?;
    let descending = chooser.draw.chance(0.62);
    let shown = chooser.named(relation.from);
    let mut body = select(relation.from, &shown);
    let end = relation.join(&mut body, 0);
    let limit = u32::from(!relation.is_single());
    if limit == 1 {
        if !descending {
            chooser.skip_missing(&mut body, end, by);
        }
        body.order.push(Order {
            by: Expr::Column(Ref::new(end, by.column)),
            descending,
        });
        body.limit = Some(1);
    } else {
        let extreme = Expr::Scalar(Box::new(aggregate_of(extreme_function(descending), by)));
        body.also(Condition::Compare(
            Expr::Column(Ref::new(end, by.column)),
            Compare::Equal,
            extreme,
        ));
    }
    let subject = relation.from;
    let ask = Ask {
        shown,
        by: Some(by),
        descending,
        limit,
        other: Some(relation),
        ..Ask::new(Pattern::RelatedTop, subject)
    };
    Pair::new(ask, body)
}

/// Attributes of the row with an extreme value among those that are related to something.
pub fn superlative(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| filterable(schema, relation))?;
    let subject = relation.from;
    let by = chooser.extremal(subject)?;
    let filters = vec![chooser.related_filter(&relation)?];
    let shown = chooser.named(subject);
    if shown == [by] {
        return None;
    }
    let descending = chooser.draw.chance(0.64);
    let mut body = select(subject, &shown);
    match &filters[0] {
        // A row that is related to several would share its place with itself.
        Filter::Related(relation, inner) if !relation.is_single() => body.also(some_refers(relation, inner, 0)?),
        _ => apply(&mut body, 0, &filters, false),
    }
    if !descending {
        chooser.skip_missing(&mut body, 0, by);
    }
    body.order.push(Order {
        by: Expr::Column(Ref::new(0, by.column)),
        descending,
    });
    let limit = if chooser.draw.chance(0.85) {
        1
    } else {
        *chooser.draw.pick(&[2, 3, 5])?
    };
    body.limit = Some(limit);
    let pattern = if limit == 1 { Pattern::Top } else { Pattern::TopMany };
    let ask = Ask {
        shown,
        filters,
        by: Some(by),
        descending,
        limit,
        ..Ask::new(pattern, subject)
    };
    Pair::new(ask, body)
}

/// Different values of rows by what they are related to, or how many.
pub fn distinct(chooser: &mut Chooser) -> Option<Pair> {
    let schema = chooser.schema;
    let relation = chooser.relation(|relation| filterable(schema, relation))?;
    let subject = relation.from;
    let filters = vec![chooser.related_filter(&relation)?];
    let named = chooser.table(subject).label.first().map(|column| Attribute {
        table: subject,
        column: *column,
    });
    let value = if chooser.draw.chance(0.5) {
        named
    } else {
        chooser.category(subject)
    }?;
    let mut body = select(subject, &[value]);
    apply(&mut body, 0, &filters, false);
    if chooser.draw.chance(0.4) {
        let column = Box::new(Expr::Column(Ref::new(0, value.column)));
        body.items = vec![(Expr::Aggregate(Aggregate::CountDistinct, column), None)];
        return Pair::new(
            Ask {
                by: Some(value),
                filters,
                ..Ask::new(Pattern::CountDistinct, subject)
            },
            body,
        );
    }
    body.distinct = true;
    Pair::new(
        Ask {
            shown: vec![value],
            filters,
            ..Ask::new(Pattern::Distinct, subject)
        },
        body,
    )
}
