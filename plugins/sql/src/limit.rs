//! A statement with its row count limited.

use crate::ast::{Body, Expr, Literal};
use crate::dialect::Dialect;
use crate::keyword::Kw;
use crate::statement::Statement;

/// The text with at most `rows` rows: a smaller limit of its own is kept, comments and semicolons at the end go.
pub(crate) fn with_limit(dialect: Dialect, statement: &Statement, rows: u32) -> String {
    let ast = &statement.ast;
    let Some(root) = ast.root else {
        return statement.sql.clone();
    };
    let query = &ast.queries[root as usize];
    if matches!(ast.bodies[query.body as usize], Body::Modify) {
        return statement.sql.clone();
    }
    match dialect {
        Dialect::Tsql => tsql(statement, rows),
        _ => standard(dialect, statement, rows),
    }
}

/// The number an expression is; FETCH without a count fetches one row.
fn number(statement: &Statement, expr: u32) -> Option<u64> {
    let node = &statement.ast.exprs[expr as usize];
    match node.kind {
        Expr::Word if statement.tokens[node.token as usize].kw == Kw::FETCH => Some(1),
        Expr::Literal(Literal::Number) => {
            let token = statement.tokens[node.token as usize];
            statement.sql[token.start as usize..token.end as usize].parse().ok()
        }
        _ => None,
    }
}

fn text(statement: &Statement, first: u32, end: u32) -> &str {
    if end <= first {
        return "";
    }
    let (start, stop) = (
        statement.tokens[first as usize].start,
        statement.tokens[end as usize - 1].end,
    );
    &statement.sql[start as usize..stop as usize]
}

fn standard(dialect: Dialect, statement: &Statement, rows: u32) -> String {
    let Some(root) = statement.ast.root else {
        return statement.sql.clone();
    };
    let query = &statement.ast.queries[root as usize];
    let whole = text(statement, query.first, query.end);
    if dialect == Dialect::Sqlite && statement.ast.ends_in_values(query.body) {
        return wrapped(dialect, whole, rows);
    }
    let Some(tokens) = query.limit_tokens else {
        let head = text(statement, query.first, query.limit_at);
        let tail = text(statement, query.limit_at, query.end);
        let gap = if tail.is_empty() { "" } else { " " };
        return format!("{head} LIMIT {rows}{gap}{tail}");
    };
    if let Some(limit) = query.limit {
        let own = number(statement, limit);
        if own.is_some_and(|own| own <= u64::from(rows)) && !query.with_ties {
            return whole.to_owned();
        }
        // A count that is no plain number, ALL, and ties that could make more rows are left as they are inside.
        if own.is_none_or(|own| query.with_ties && own < u64::from(rows)) {
            return wrapped(dialect, whole, rows);
        }
    }
    let head = text(statement, query.first, tokens.0);
    let tail = text(statement, tokens.1, query.end);
    let offset = query.offset.map(|expr| {
        let node = &statement.ast.exprs[expr as usize];
        format!(" OFFSET {}", operand(statement, expr, node.end))
    });
    let gap = if tail.is_empty() { "" } else { " " };
    format!("{head} LIMIT {rows}{}{gap}{tail}", offset.unwrap_or_default())
}

/// The text of an expression from its leftmost token, in parentheses unless it is one token.
fn operand(statement: &Statement, expr: u32, end: u32) -> String {
    let mut first = expr;
    while let Some(child) = statement.ast.expr(first).first_child() {
        first = child;
    }
    let start = statement.ast.exprs[first as usize]
        .token
        .min(statement.ast.exprs[expr as usize].token);
    let written = text(statement, start, end);
    if end - start == 1 {
        written.to_owned()
    } else {
        format!("({written})")
    }
}

fn wrapped(dialect: Dialect, whole: &str, rows: u32) -> String {
    let alias = if dialect == Dialect::Sqlite { "" } else { " AS limited" };
    format!("SELECT * FROM ({whole}){alias} LIMIT {rows}")
}

/// T-SQL: TOP in a plain select, FETCH after ORDER BY and OFFSET.
fn tsql(statement: &Statement, rows: u32) -> String {
    let ast = &statement.ast;
    let Some(root) = ast.root else {
        return statement.sql.clone();
    };
    let query = &ast.queries[root as usize];
    let whole = text(statement, query.first, query.end);
    if let Some((first, end)) = query.limit_tokens {
        let own = query.limit.and_then(|limit| number(statement, limit));
        if own.is_some_and(|own| own <= u64::from(rows)) {
            return whole.to_owned();
        }
        let offset = query.offset.map_or_else(
            || "0".to_owned(),
            |expr| operand(statement, expr, ast.exprs[expr as usize].end),
        );
        let head = text(statement, query.first, first);
        let tail = text(statement, end, query.end);
        return format!("{head} OFFSET {offset} ROWS FETCH NEXT {rows} ROWS ONLY {tail}")
            .trim_end()
            .to_owned();
    }
    if let Body::Select(select) = ast.bodies[query.body as usize] {
        let select = &ast.selects[select as usize];
        if select.items.1 == 0 {
            return whole.to_owned();
        }
        return match (select.top, select.top_tokens) {
            (Some(top), Some((first, end))) => {
                let own = number(statement, top);
                if !select.top_relative && own.is_some_and(|own| own <= u64::from(rows)) {
                    return whole.to_owned();
                }
                let head = text(statement, query.first, first);
                format!("{head} TOP {rows} {}", text(statement, end, query.end))
            }
            _ => {
                let head = text(statement, query.first, select.top_at);
                format!("{head} TOP {rows} {}", text(statement, select.top_at, query.end))
            }
        };
    }
    let head = text(statement, query.first, query.limit_at);
    let tail = text(statement, query.limit_at, query.end);
    if query.order_token.is_some() {
        return format!("{head} OFFSET 0 ROWS FETCH NEXT {rows} ROWS ONLY {tail}")
            .trim_end()
            .to_owned();
    }
    // ORDER BY of a set operation takes outputs only, so an unordered one becomes a derived table.
    let with = text(statement, query.first, body_start(statement));
    let body = text(statement, body_start(statement), query.limit_at);
    format!("{with} SELECT TOP {rows} * FROM ({body}) AS limited {tail}")
        .trim()
        .to_owned()
}

/// The token after the WITH clause.
fn body_start(statement: &Statement) -> u32 {
    let ast = &statement.ast;
    let Some(root) = ast.root else { return 0 };
    let query = &ast.queries[root as usize];
    let mut body = query.body;
    loop {
        match ast.bodies[body as usize] {
            Body::Compound(start, _) => body = ast.operands[start as usize].body,
            Body::Select(select) => return ast.selects[select as usize].token,
            Body::Paren(inner) => return ast.queries[inner as usize].first.saturating_sub(1),
            _ => return query.first,
        }
    }
}
