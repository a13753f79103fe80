//! Spider's hardness levels, counted on the tree.
//!
//! Source: `eval_hardness` of the official Spider evaluator (Yu et al. 2018, <https://github.com/taoyds/spider>); only the outermost query is counted.

use std::ops::ControlFlow;

use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::types::Difficulty;
use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, OrderByKind, Query, Select, SetExpr, TableFactor, Visit, Visitor,
};

use crate::analysis::is_aggregate;
use crate::catalog_index::identifiers;

/// The level of a query.
pub(crate) fn of(info: &DialectInfo, query: &Query) -> Difficulty {
    let Some(select) = first_select(&query.body) else {
        return Difficulty::Easy;
    };
    let conditions = Conditions::of(info, select, query);
    let joined: usize =
        select.from.iter().map(|from| from.joins.len()).sum::<usize>() + select.from.len().saturating_sub(1);
    let group = match &select.group_by {
        GroupByExpr::All(_) => 1,
        GroupByExpr::Expressions(exprs, _) => exprs.len(),
    };
    let limited = query.limit_clause.is_some() || query.fetch.is_some() || select.top.is_some();
    let keywords = usize::from(select.selection.is_some())
        + usize::from(group > 0)
        + usize::from(query.order_by.is_some())
        + usize::from(limited)
        + joined
        + conditions.ors
        + conditions.likes;
    let combined = usize::from(matches!(*query.body, SetExpr::SetOperation { .. }));
    let nested = conditions.subqueries + combined;
    let others = usize::from(conditions.aggregates > 1)
        + usize::from(select.projection.len() > 1)
        + usize::from(conditions.terms > 1)
        + usize::from(group > 1);
    if keywords <= 1 && others == 0 && nested == 0 {
        Difficulty::Easy
    } else if nested == 0 && ((others <= 2 && keywords <= 1) || (keywords <= 2 && others < 2)) {
        Difficulty::Medium
    } else if (nested == 0 && ((others > 2 && keywords <= 2) || (keywords > 2 && keywords <= 3 && others <= 2)))
        || (keywords <= 1 && others == 0 && nested <= 1)
    {
        Difficulty::Hard
    } else {
        Difficulty::Extra
    }
}

fn first_select(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first_select(&query.body),
        SetExpr::SetOperation { left, .. } => first_select(left),
        _ => None,
    }
}

/// What the expressions of a select hold, those of subqueries left out.
#[derive(Default)]
struct Conditions {
    ors: usize,
    likes: usize,
    aggregates: usize,
    subqueries: usize,
    /// Conditions of WHERE.
    terms: usize,
    depth: usize,
    aggregate_names: Vec<String>,
}

impl Conditions {
    fn of(info: &DialectInfo, select: &Select, query: &Query) -> Self {
        let mut found = Self::default();
        let mut read = |expr: &Expr| {
            let ControlFlow::Continue(()) = expr.visit(&mut found);
        };
        for item in &select.projection {
            if let sqlparser::ast::SelectItem::UnnamedExpr(expr)
            | sqlparser::ast::SelectItem::ExprWithAlias { expr, .. } = item
            {
                read(expr);
            }
        }
        select.selection.iter().chain(&select.having).for_each(&mut read);
        if let Some(OrderByKind::Expressions(exprs)) = query.order_by.as_ref().map(|order| &order.kind) {
            exprs.iter().for_each(|order| read(&order.expr));
        }
        let derived = select
            .from
            .iter()
            .filter(|from| matches!(from.relation, TableFactor::Derived { .. }))
            .count();
        found.subqueries += derived;
        found.terms = select.selection.as_ref().map_or(0, terms);
        found.aggregates = found
            .aggregate_names
            .iter()
            .filter(|name| is_aggregate(info, name))
            .count();
        found
    }
}

fn terms(condition: &Expr) -> usize {
    match condition {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And | BinaryOperator::Or,
            right,
        } => terms(left) + terms(right),
        Expr::Nested(inner) => terms(inner),
        _ => 1,
    }
}

impl Visitor for Conditions {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.subqueries += usize::from(self.depth == 0);
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        if self.depth > 0 {
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::BinaryOp {
                op: BinaryOperator::Or, ..
            } => self.ors += 1,
            Expr::Like { .. } | Expr::ILike { .. } => self.likes += 1,
            Expr::Function(function) => {
                let last =
                    identifiers(&function.name).and_then(|parts| parts.last().map(|last| last.value.to_lowercase()));
                self.aggregate_names.extend(last);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
