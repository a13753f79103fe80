//! Everything about one statement.

use std::ops::ControlFlow;

use nl2sql_sdk::analysis::{Analysis, StatementInfo, TableSource};
use nl2sql_sdk::description::DialectInfo;
use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, InTarget, JoinOperator, Query, Select, SetExpr, TableFactor, Visit, Visitor,
};

use crate::catalog_index::identifiers;
use crate::hardness;
use crate::names::Names;

/// The features of SQL that an analysis tells of, in the order it lists them.
const FEATURES: [&str; 20] = [
    "join",
    "self-join",
    "group-by",
    "having",
    "order-by",
    "limit",
    "distinct",
    "set-operation",
    "subquery",
    "in-subquery",
    "exists",
    "scalar-subquery",
    "window",
    "cte",
    "recursive-cte",
    "case",
    "like",
    "between",
    "aggregate",
    "null-test",
];

/// Aggregates that a description need not list.
const AGGREGATES: [&str; 5] = ["count", "sum", "avg", "min", "max"];

/// The analysis of a query whose names are resolved.
pub(crate) fn of(info: &DialectInfo, query: &Query, names: Names, statement: StatementInfo) -> Analysis {
    let mut reader = Reader { info, used: Vec::new() };
    let ControlFlow::Continue(()) = query.visit(&mut reader);
    let mut used = reader.used;
    let catalog = || names.tables.iter().filter(|table| table.source == TableSource::Catalog);
    let twice = catalog().any(|table| {
        catalog()
            .filter(|other| (other.scope, &other.name) == (table.scope, &table.name))
            .count()
            > 1
    });
    used.extend(twice.then_some("self-join"));
    used.extend(
        names
            .tables
            .iter()
            .any(|table| table.source == TableSource::Derived)
            .then_some("derived-table"),
    );
    used.extend((!names.functions.is_empty()).then_some("function"));
    let listed = FEATURES.into_iter().chain(["derived-table", "outer-join", "function"]);
    Analysis {
        statement,
        scopes: names.scopes,
        tables: names.tables,
        columns: names.columns,
        functions: names.functions,
        ordered: query.order_by.is_some(),
        features: listed
            .filter(|feature| used.contains(feature))
            .map(str::to_owned)
            .collect(),
        hardness: hardness::of(info, query),
        findings: names.findings,
    }
}

/// Whether a function takes many rows.
pub(crate) fn is_aggregate(info: &DialectInfo, name: &str) -> bool {
    AGGREGATES.contains(&name) || info.functions.aggregate.iter().any(|known| known == name)
}

struct Reader<'a> {
    info: &'a DialectInfo,
    used: Vec<&'static str>,
}

impl Visitor for Reader<'_> {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        self.used.extend(query.order_by.is_some().then_some("order-by"));
        self.used
            .extend((query.limit_clause.is_some() || query.fetch.is_some()).then_some("limit"));
        if let Some(with) = &query.with {
            self.used.push("cte");
            self.used.extend(with.recursive.then_some("recursive-cte"));
        }
        if matches!(*query.body, SetExpr::SetOperation { .. }) {
            self.used.push("set-operation");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        let joins = || select.from.iter().flat_map(|from| &from.joins);
        self.used
            .extend((select.from.len() > 1 || joins().next().is_some()).then_some("join"));
        let outer = joins().any(|join| {
            matches!(
                join.join_operator,
                JoinOperator::Left(_)
                    | JoinOperator::LeftOuter(_)
                    | JoinOperator::Right(_)
                    | JoinOperator::RightOuter(_)
                    | JoinOperator::FullOuter(_)
            )
        });
        self.used.extend(outer.then_some("outer-join"));
        let grouped = match &select.group_by {
            GroupByExpr::All(_) => true,
            GroupByExpr::Expressions(exprs, modifiers) => !exprs.is_empty() || !modifiers.is_empty(),
        };
        self.used.extend(grouped.then_some("group-by"));
        self.used.extend(select.having.is_some().then_some("having"));
        self.used
            .extend(matches!(select.distinct, Some(Distinct::Distinct | Distinct::On(_))).then_some("distinct"));
        self.used.extend(select.top.is_some().then_some("limit"));
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        self.used
            .extend(matches!(factor, TableFactor::Derived { .. }).then_some("subquery"));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        match expr {
            Expr::Subquery(_) => self.used.extend(["subquery", "scalar-subquery"]),
            Expr::Exists { .. } => self.used.extend(["subquery", "exists"]),
            Expr::In {
                target: InTarget::Subquery(_),
                ..
            } => self.used.extend(["subquery", "in-subquery"]),
            Expr::Case { .. } => self.used.push("case"),
            Expr::Like { .. } | Expr::ILike { .. } | Expr::SimilarTo { .. } => self.used.push("like"),
            Expr::Between { .. } => self.used.push("between"),
            Expr::IsNull(_) | Expr::IsNotNull(_) => self.used.push("null-test"),
            Expr::Function(function) => {
                self.used.extend(function.over.is_some().then_some("window"));
                let last =
                    identifiers(&function.name).and_then(|parts| parts.last().map(|last| last.value.to_lowercase()));
                let aggregates = function.over.is_none() && last.is_some_and(|name| is_aggregate(self.info, &name));
                self.used.extend(aggregates.then_some("aggregate"));
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}
