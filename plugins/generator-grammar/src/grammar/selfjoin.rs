//! Questions about a table joined to itself.

use super::Pair;
use super::ask::{Ask, Attribute, Pattern};
use super::choose::{Chooser, items, select};
use super::relation::Kinship;
use crate::sql::{Compare, Condition, Expr, Ref, Rows, Source};
use nl2sql_schema::{Role, is_relative};

/// Rows and the row of the same table that each refers to.
pub fn pairs(chooser: &mut Chooser) -> Option<Pair> {
    let relation = chooser.relation(|relation| {
        relation.from == relation.to && matches!(relation.kinship, Kinship::Parent | Kinship::Through)
    })?;
    let subject = relation.from;
    if let [first, second] = relation.hops.as_slice() {
        // Without two roles a question could not say which row is meant.
        let role = |link: usize| chooser.schema.links[link].role.as_deref();
        let (first, second) = (role(first.link)?, role(second.link)?);
        // Nobody asks who is who in each friend; a match has a winner and a loser.
        if first == second || is_relative(first) || is_relative(second) {
            return None;
        }
    }
    let shown: Vec<Attribute> = chooser
        .table(subject)
        .display()
        .into_iter()
        .map(|column| Attribute { table: subject, column })
        .collect();
    let mut body = select(subject, &shown);
    let end = relation.join(&mut body, 0);
    body.items.extend(items(&shown, end));
    Pair::new(
        Ask {
            shown,
            other: Some(relation),
            ..Ask::new(Pattern::SelfPairs, subject)
        },
        body,
    )
}

/// Pairs of rows with the same value, each pair once.
pub fn same_value(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let [key] = chooser.table(subject).key[..] else {
        return None;
    };
    let [label] = chooser.table(subject).label[..] else {
        return None;
    };
    let by = chooser.column_with(subject, &[Role::Category, Role::Year])?;
    let shown = vec![Attribute {
        table: subject,
        column: label,
    }];
    let mut body = select(subject, &shown);
    let on = vec![(Ref::new(0, by.column), Ref::new(1, by.column))];
    body.from.push(Source {
        rows: Rows::Table(subject),
        on,
        outer: false,
    });
    body.items.extend(items(&shown, 1));
    body.also(Condition::Compare(
        Expr::Column(Ref::new(0, key)),
        Compare::Less,
        Expr::Column(Ref::new(1, key)),
    ));
    Pair::new(
        Ask {
            shown,
            by: Some(by),
            ..Ask::new(Pattern::SameValue, subject)
        },
        body,
    )
}
