//! Everything about one statement, for prompts, metrics and reports.

use nl2sql_catalog::Analysis;

use crate::ast::{Ast, Body, Expr, JoinOn, TableRef};
use crate::dialect::Dialect;
use crate::functions;
use crate::hardness;
use crate::names::Source;
use crate::resolve;
use crate::schema::Schema;
use crate::statement::Statement;

/// Analyses a statement that parsed.
pub(crate) fn analyse(dialect: Dialect, statement: &Statement, schema: &Schema) -> Analysis {
    let source = statement.source(dialect);
    let ast = &statement.ast;
    let (findings, uses) = resolve::resolve(source, ast, schema, true);
    let (tables, columns) = in_written_order(uses.tables, uses.columns);
    let features = features(dialect, source, ast, &tables);
    Analysis {
        statement: statement.info(),
        scopes: uses.scopes,
        tables,
        columns,
        functions: functions_used(source, ast),
        ordered: ast.root.is_some_and(|root| is_ordered(ast, root)),
        features,
        hardness: hardness::hardness(source, ast),
        findings,
    }
}

/// ORDER BY of the outermost query, also inside parentheses around all of it.
fn is_ordered(ast: &Ast, root: u32) -> bool {
    let query = &ast.queries[root as usize];
    match ast.bodies[query.body as usize] {
        _ if query.order.len > 0 => true,
        Body::Paren(inner) => is_ordered(ast, inner),
        _ => false,
    }
}

/// Sorts uses by place and lets columns point at the sorted tables.
fn in_written_order(
    tables: Vec<(u32, nl2sql_catalog::TableUse)>,
    mut columns: Vec<(u32, nl2sql_catalog::ColumnUse)>,
) -> (Vec<nl2sql_catalog::TableUse>, Vec<nl2sql_catalog::ColumnUse>) {
    let mut order: Vec<usize> = (0..tables.len()).collect();
    order.sort_by_key(|index| tables[*index].0);
    let mut place = vec![0u32; tables.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new as u32;
    }
    let mut slots: Vec<Option<nl2sql_catalog::TableUse>> = tables.into_iter().map(|(_, table)| Some(table)).collect();
    let tables = order.iter().filter_map(|index| slots[*index].take()).collect();
    columns.sort_by_key(|(offset, _)| *offset);
    let columns = columns
        .into_iter()
        .map(|(_, mut column)| {
            column.table = column.table.and_then(|table| place.get(table as usize).copied());
            column
        })
        .collect();
    (tables, columns)
}

fn functions_used(source: Source<'_>, ast: &Ast) -> Vec<String> {
    let mut calls: Vec<_> = ast.calls.iter().map(|call| call.name.last).collect();
    calls.sort_unstable();
    let mut names: Vec<String> = Vec::new();
    for call in calls {
        let name = source.name(call).to_lowercase();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn features(dialect: Dialect, source: Source<'_>, ast: &Ast, tables: &[nl2sql_catalog::TableUse]) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    let mut note = |name: &'static str, present: bool| {
        if present {
            found.push(name);
        }
    };
    let any = |test: &dyn Fn(Expr) -> bool| ast.exprs.iter().any(|node| test(node.kind));
    let joins = |test: &dyn Fn(bool, JoinOn) -> bool| {
        ast.tables
            .iter()
            .any(|node| matches!(node.kind, TableRef::Join { outer, on, .. } if test(outer, on)))
    };
    let aggregates = ast.calls.iter().any(|call| {
        let name = source.name(call.name.last);
        call.over.is_none() && functions::is_aggregate(dialect, &name, call.args.len as usize)
    });
    let plain_call = ast.calls.iter().any(|call| {
        let name = source.name(call.name.last);
        !functions::is_aggregate(dialect, &name, call.args.len as usize) && !functions::is_window_only(&name)
    });
    let self_join = tables.iter().enumerate().any(|(index, table)| {
        let same = |other: &nl2sql_catalog::TableUse| other.name == table.name && other.scope == table.scope;
        table.source == nl2sql_catalog::TableSource::Catalog && tables[..index].iter().any(same)
    });
    let subquery = any(&|expr| {
        matches!(
            expr,
            Expr::InQuery { .. } | Expr::Exists(_) | Expr::Subquery(_) | Expr::Quantified(_) | Expr::ArrayQuery(_)
        )
    });
    note(
        "join",
        joins(&|_, _| true) || ast.selects.iter().any(|select| select.from.len > 1),
    );
    note("self-join", self_join);
    note("outer-join", joins(&|outer, _| outer));
    note("group-by", ast.selects.iter().any(|select| select.grouped));
    note("having", ast.selects.iter().any(|select| select.having.is_some()));
    note("order-by", ast.queries.iter().any(|query| query.order.len > 0));
    note(
        "limit",
        ast.queries.iter().any(|query| query.limit.is_some()) || ast.selects.iter().any(|select| select.top.is_some()),
    );
    note(
        "distinct",
        ast.selects.iter().any(|select| select.distinct) || ast.calls.iter().any(|call| call.distinct),
    );
    note("set-operation", !ast.operands.is_empty());
    note("subquery", subquery);
    note("in-subquery", any(&|expr| matches!(expr, Expr::InQuery { .. })));
    note("exists", any(&|expr| matches!(expr, Expr::Exists(_))));
    note(
        "scalar-subquery",
        any(&|expr| matches!(expr, Expr::Subquery(_))) && has_scalar(ast),
    );
    note(
        "derived-table",
        ast.tables
            .iter()
            .any(|node| matches!(node.kind, TableRef::Derived { .. })),
    );
    note("window", ast.calls.iter().any(|call| call.over.is_some()));
    note("cte", !ast.ctes.is_empty());
    note("recursive-cte", is_recursive(source, ast, tables));
    note("case", any(&|expr| matches!(expr, Expr::Case { .. })));
    note("like", any(&|expr| matches!(expr, Expr::Like { .. })));
    note("between", any(&|expr| matches!(expr, Expr::Between { .. })));
    note("aggregate", aggregates);
    note("null-test", any(&|expr| matches!(expr, Expr::NullTest(_))));
    note("function", plain_call);
    found.into_iter().map(str::to_owned).collect()
}

/// Whether a subquery stands as a value: those of IN and EXISTS were replaced by nodes of their own.
fn has_scalar(ast: &Ast) -> bool {
    let mut used = vec![false; ast.queries.len()];
    for node in &ast.exprs {
        if let Expr::InQuery { query, .. } | Expr::Exists(query) | Expr::ArrayQuery(query) = node.kind {
            used[query as usize] = true;
        }
    }
    ast.exprs
        .iter()
        .any(|node| matches!(node.kind, Expr::Subquery(query) if !used[query as usize]))
}

/// Whether a CTE refers to itself.
fn is_recursive(source: Source<'_>, ast: &Ast, tables: &[nl2sql_catalog::TableUse]) -> bool {
    ast.ctes.iter().any(|cte| {
        let query = &ast.queries[cte.query as usize];
        let name = source.name(cte.name);
        let (start, end) = (
            source.tokens[query.first as usize].start,
            source.tokens[query.end as usize].start,
        );
        tables.iter().any(|table| {
            table.source == nl2sql_catalog::TableSource::Cte
                && table.name.eq_ignore_ascii_case(&name)
                && within(source.sql, table.position, start, end)
        })
    })
}

fn within(sql: &str, position: nl2sql_catalog::Position, start: u32, end: u32) -> bool {
    let key = |place: nl2sql_catalog::Position| (place.line, place.column);
    let (low, high) = (
        crate::error::position(sql, start as usize),
        crate::error::position(sql, end as usize),
    );
    key(low) <= key(position) && key(position) < key(high)
}
