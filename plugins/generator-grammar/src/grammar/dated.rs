//! Questions answered by date and text functions.

use super::Pair;
use super::ask::{Ask, Pattern};
use super::choose::{Chooser, select};
use crate::sql::{Expr, Order, Ref};
use nl2sql_schema::Role;

/// Rows per year.
pub fn by_year(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.column_with(subject, &[Role::Date])?;
    let year = Expr::Year(Ref::new(0, by.column));
    let filters = chooser.maybe_filters(subject, 0.35);
    if super::plain::tests(&filters, by) {
        return None;
    }
    let mut body = select(subject, &[]);
    body.items = vec![(year.clone(), None), (Expr::CountAll, None)];
    super::filters::apply(&mut body, 0, &filters, false);
    body.group = vec![year];
    Pair::new(
        Ask {
            by: Some(by),
            filters,
            ..Ask::new(Pattern::YearCount, subject)
        },
        body,
    )
}

/// Lengths and capitals.
pub fn text(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.column_with(subject, &[Role::Name, Role::Text])?;
    let last = chooser.column(by).noun.one.rsplit(' ').next().unwrap_or_default();
    if !chooser.column(by).textual || matches!(last, "date" | "time" | "year") {
        return None;
    }
    let at = Ref::new(0, by.column);
    let mut body = select(subject, &[by]);
    let mut ask = Ask {
        by: Some(by),
        shown: vec![by],
        ..Ask::new(Pattern::MaxTextLength, subject)
    };
    match chooser.draw.weighted(&[0.5, 0.25, 0.25])? {
        0 => {
            ask.descending = chooser.draw.chance(0.7);
            if !ask.descending {
                chooser.skip_missing(&mut body, 0, by);
            }
            body.order.push(Order {
                by: Expr::Length(at),
                descending: ask.descending,
            });
            body.limit = Some(1);
        }
        1 => {
            ask.pattern = Pattern::TextLength;
            body.items.push((Expr::Length(at), None));
        }
        _ => {
            // Nothing changes where there are no letters.
            let values = &chooser.column(by).values;
            if !values.is_empty() && !values.iter().any(|value| value.chars().any(char::is_lowercase)) {
                return None;
            }
            ask.pattern = Pattern::UpperCase;
            body.items = vec![(Expr::Upper(at), None)];
        }
    }
    ask.filters = chooser.maybe_filters(subject, 0.4);
    if super::plain::tests(&ask.filters, by) {
        return None;
    }
    super::filters::apply(&mut body, 0, &ask.filters, false);
    Pair::new(ask, body)
}
