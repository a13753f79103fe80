//! Questions answered by window functions, CTEs, CASE and arithmetic.

use super::Pair;
use super::ask::{Ask, Attribute, Pattern};
use super::choose::{Chooser, select};
use super::plain::aggregate_items;
use super::values::number;
use crate::sql::{Aggregate, Compare, Condition, Expr, Literal, Ref, Rows, Select, Source, Statement, Window};
use nl2sql_schema::Role;

/// Rows with their rank, among all or within a group.
pub fn ranked(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let measure = chooser.measure(subject)?;
    let within = chooser
        .draw
        .chance(0.5)
        .then(|| chooser.column_with(subject, &[Role::Category]))
        .flatten();
    let filters = chooser.maybe_filters(subject, 0.3);
    let mut shown = chooser.named(subject);
    shown.retain(|attribute| *attribute != measure && within != Some(*attribute));
    shown.extend(within);
    if shown.is_empty() || super::plain::tests(&filters, measure) {
        return None;
    }
    let descending = chooser.draw.chance(0.75);
    let mut body = select(subject, &shown);
    super::filters::apply(&mut body, 0, &filters, false);
    body.items.push((
        Expr::Window(Window {
            function: "rank",
            of: None,
            partition: within.map(|attribute| Ref::new(0, attribute.column)),
            order: Some((Ref::new(0, measure.column), descending)),
        }),
        None,
    ));
    let pattern = if within.is_some() {
        Pattern::RankedWithin
    } else {
        Pattern::Ranked
    };
    let aggregates = vec![(Aggregate::Maximum, measure)];
    Pair::new(
        Ask {
            shown,
            filters,
            by: within,
            aggregates,
            descending,
            ..Ask::new(pattern, subject)
        },
        body,
    )
}

/// The extreme row of each group, by a rank in a CTE.
pub fn top_within(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let measure = chooser.plain_measure(subject)?;
    let by = chooser.column_with(subject, &[Role::Category])?;
    let [label] = chooser.table(subject).label[..] else {
        return None;
    };
    let shown = vec![Attribute {
        table: subject,
        column: label,
    }];
    if label == by.column {
        return None;
    }
    let descending = chooser.draw.chance(0.75);
    let mut inner = Select::of(subject, &[]);
    if !descending {
        chooser.skip_missing(&mut inner, 0, measure);
    }
    let rank = Window {
        function: "rank",
        of: None,
        partition: Some(Ref::new(0, by.column)),
        order: Some((Ref::new(0, measure.column), descending)),
    };
    inner.items = vec![
        (Expr::Column(Ref::new(0, by.column)), Some("grp")),
        (Expr::Column(Ref::new(0, label)), Some("item")),
        (Expr::Window(rank), Some("place")),
    ];
    let mut body = Select {
        from: vec![from_cte("ranked")],
        ..Select::default()
    };
    body.items = vec![(Expr::Output("grp"), None), (Expr::Output("item"), None)];
    body.also(Condition::Compare(
        Expr::Output("place"),
        Compare::Equal,
        Expr::Literal(Literal::Number("1".to_owned())),
    ));
    let ask = Ask {
        shown,
        by: Some(by),
        aggregates: vec![(Aggregate::Maximum, measure)],
        descending,
        ..Ask::new(Pattern::TopWithin, subject)
    };
    Some(Pair {
        ask,
        statement: Statement {
            ctes: vec![("ranked", inner)],
            body,
        },
    })
}

fn from_cte(name: &'static str) -> Source {
    Source {
        rows: Rows::Cte(name),
        on: Vec::new(),
        outer: false,
    }
}

/// The average number of rows per value, or the values above that average.
pub fn average_count(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let by = chooser.column_with(subject, &[Role::Category, Role::Year])?;
    let mut counts = Select::of(subject, &[]);
    counts.items = vec![
        (Expr::Column(Ref::new(0, by.column)), Some("grp")),
        (Expr::CountAll, Some("total")),
    ];
    counts.group = vec![Expr::Column(Ref::new(0, by.column))];
    let average = Expr::Aggregate(Aggregate::Average, Box::new(Expr::Output("total")));
    let mut body = Select {
        from: vec![from_cte("counts")],
        ..Select::default()
    };
    let above = chooser.draw.chance(0.5);
    if above {
        let inner = Select {
            items: vec![(average, None)],
            from: vec![from_cte("counts")],
            ..Select::default()
        };
        body.items = vec![(Expr::Output("grp"), None)];
        body.also(Condition::Compare(
            Expr::Output("total"),
            Compare::Greater,
            Expr::Scalar(Box::new(inner)),
        ));
    } else {
        body.items = vec![(average, None)];
    }
    let pattern = if above {
        Pattern::AboveAverageCount
    } else {
        Pattern::AverageCount
    };
    let ask = Ask {
        by: Some(by),
        ..Ask::new(pattern, subject)
    };
    Some(Pair {
        ask,
        statement: Statement {
            ctes: vec![("counts", counts)],
            body,
        },
    })
}

/// Rows classed as high or low.
pub fn classed(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let measure = chooser.measure(subject)?;
    let between = chooser.threshold(chooser.column(measure), 0.3, 0.7)?;
    let shown = chooser.named(subject);
    let filters = chooser.maybe_filters(subject, 0.25);
    if shown.contains(&measure) || super::plain::tests(&filters, measure) {
        return None;
    }
    let Literal::Number(bound) = number(between, chooser.column(measure)) else {
        return None;
    };
    let at = Ref::new(0, measure.column);
    let test = Condition::compare(at, Compare::Greater, Literal::Number(bound.clone()));
    let mut body = select(subject, &shown);
    body.items.push((Expr::Case(Box::new(test), "high", "low"), None));
    super::filters::apply(&mut body, 0, &filters, false);
    let ask = Ask {
        shown,
        filters,
        by: Some(measure),
        bound: Some((Compare::Greater, bound)),
        ..Ask::new(Pattern::Classed, subject)
    };
    Pair::new(ask, body)
}

/// Differences and sums of products.
pub fn arithmetic(chooser: &mut Chooser) -> Option<Pair> {
    let subject = chooser.subject()?;
    let measure = chooser.measure(subject)?;
    let filters = chooser.maybe_filters(subject, 0.5);
    let mut body = select(subject, &[]);
    let quantity = chooser
        .table(subject)
        .columns
        .iter()
        .position(|column| column.noun.one.ends_with("quantity") || column.chinese.ends_with("数量"));
    let price = chooser
        .table(subject)
        .columns
        .iter()
        .position(|column| column.noun.one.ends_with("price") || column.chinese.ends_with("单价"));
    if let (Some(quantity), Some(price)) = (quantity, price) {
        let column = |column| Box::new(Expr::Column(Ref::new(0, column)));
        let product = Expr::Times(column(quantity), column(price));
        body.items = vec![(Expr::Aggregate(Aggregate::Sum, Box::new(product)), None)];
        super::filters::apply(&mut body, 0, &filters, false);
        let shown = [quantity, price]
            .map(|column| Attribute { table: subject, column })
            .to_vec();
        return Pair::new(
            Ask {
                shown,
                filters,
                ..Ask::new(Pattern::ProductSum, subject)
            },
            body,
        );
    }
    let ends = [(Aggregate::Maximum, measure), (Aggregate::Minimum, measure)];
    let [(highest, _), (lowest, _)] = aggregate_items(&ends, 0).try_into().ok()?;
    if super::plain::tests(&filters, measure) || chooser.column(measure).degree {
        return None;
    }
    body.items = vec![(Expr::Minus(Box::new(highest), Box::new(lowest)), None)];
    super::filters::apply(&mut body, 0, &filters, false);
    Pair::new(
        Ask {
            by: Some(measure),
            filters,
            ..Ask::new(Pattern::Spread, subject)
        },
        body,
    )
}
