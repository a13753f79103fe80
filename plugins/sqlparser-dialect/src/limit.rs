//! Statements with their row count limited.

use nl2sql_sdk::description::LimitStyle;
use sqlparser::ast::{Expr, Fetch, LimitClause, Query, SetExpr, Top, TopQuantity, Value};

/// The query with at most `rows` rows, rewritten.
pub(crate) fn with_limit(style: LimitStyle, mut query: Query, rows: u32) -> String {
    let least = |limit: &Expr| match literal(limit) {
        Some(own) => number(own.min(u64::from(rows))),
        // What a parameter or an expression comes to is not known here.
        None => number(u64::from(rows)),
    };
    if let Some(LimitClause::LimitOffset { limit: Some(limit), .. } | LimitClause::OffsetCommaLimit { limit, .. }) =
        &mut query.limit_clause
    {
        *limit = least(limit);
        return query.to_string();
    }
    if let Some(fetch) = &mut query.fetch {
        let limit = fetch.quantity.as_ref().filter(|_| !fetch.percent).map(least);
        fetch.percent = false;
        fetch.with_ties = false;
        fetch.quantity = Some(limit.unwrap_or_else(|| number(u64::from(rows))));
        return query.to_string();
    }
    match (style, &mut *query.body) {
        (LimitStyle::Top, SetExpr::Select(select)) => {
            let own = select.top.as_ref().and_then(|top| match &top.quantity {
                Some(TopQuantity::Constant(constant)) if !top.percent => Some(*constant),
                _ => None,
            });
            select.top = Some(Top {
                with_ties: false,
                percent: false,
                quantity: Some(TopQuantity::Constant(own.unwrap_or(u64::MAX).min(rows.into()))),
            });
        }
        (LimitStyle::Limit, _) => add_limit(&mut query, rows),
        (LimitStyle::FetchFirst | LimitStyle::Top, _) => {
            query.fetch = Some(Fetch {
                with_ties: false,
                percent: false,
                quantity: Some(number(u64::from(rows))),
            });
        }
    }
    query.to_string()
}

/// A query around the one written, with at most `rows` of its rows.
pub(crate) fn around(style: LimitStyle, query: &str, rows: u32) -> String {
    // A line break ends a comment.
    let derived = format!("FROM (\n{query}\n) limited");
    match style {
        LimitStyle::Limit => format!("SELECT * {derived} LIMIT {rows}"),
        LimitStyle::Top => format!("SELECT TOP {rows} * {derived}"),
        LimitStyle::FetchFirst => format!("SELECT * {derived} FETCH FIRST {rows} ROWS ONLY"),
    }
}

fn add_limit(query: &mut Query, rows: u32) {
    let rows = Some(number(u64::from(rows)));
    match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => *limit = rows,
        clause => {
            *clause = Some(LimitClause::LimitOffset {
                limit: rows,
                offset: None,
                limit_by: Vec::new(),
            });
        }
    }
}

fn number(value: u64) -> Expr {
    Expr::value(Value::Number(value.to_string(), false))
}

fn literal(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Number(text, _) => text.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}
