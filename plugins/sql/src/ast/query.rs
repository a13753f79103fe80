//! Nodes of queries: bodies, select cores, table references.

use super::{ExprId, List, Name, QueryId, SelectId, TableId, TokenId};

/// A query expression: everything a pair of parentheses can hold.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// CTEs: first index and count in [`Ast::ctes`].
    pub ctes: (u32, u32),
    /// WITH RECURSIVE (in T-SQL every WITH).
    pub recursive: bool,
    /// What it selects: index into [`Ast::bodies`].
    pub body: u32,
    /// ORDER BY expressions.
    pub order: List,
    /// LIMIT or FETCH count.
    pub limit: Option<ExprId>,
    /// OFFSET count.
    pub offset: Option<ExprId>,
    /// First token of LIMIT, OFFSET or FETCH and the one past them, where there are any.
    pub limit_tokens: Option<(TokenId, TokenId)>,
    /// LIMIT or FETCH ... WITH TIES.
    pub with_ties: bool,
    /// Token where ORDER BY starts.
    pub order_token: Option<TokenId>,
    /// First token.
    pub first: TokenId,
    /// Token past what a row limit may follow: FOR UPDATE, FOR XML and OPTION come after it.
    pub limit_at: TokenId,
    /// First token past it all.
    pub end: TokenId,
}

/// A set operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetOp {
    /// UNION.
    Union,
    /// INTERSECT.
    Intersect,
    /// EXCEPT.
    Except,
}

/// The body of a query.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// A select core.
    Select(SelectId),
    /// Rows of VALUES: each an [`Expr::Row`].
    Values(List),
    /// TABLE t.
    Table(TableId),
    /// A query in parentheses.
    Paren(QueryId),
    /// Operands of set operations of one precedence: run of [`Ast::operands`].
    Compound(u32, u32),
    /// A data-modifying statement: never read-only, its inside is not looked at.
    Modify,
}

/// One operand of a [`Body::Compound`]; whether its operator has ALL changes no name.
#[derive(Clone, Copy, Debug)]
pub struct Operand {
    /// The operator before it; of the first operand, the one after it.
    pub op: SetOp,
    /// The body.
    pub body: u32,
}

/// A common table expression.
#[derive(Clone, Copy, Debug)]
pub struct Cte {
    /// Name.
    pub name: TokenId,
    /// Column names: tokens.
    pub columns: List,
    /// Its query.
    pub query: QueryId,
    /// Tokens of columns that SEARCH and CYCLE add.
    pub extra_columns: List,
}

/// A select core.
#[derive(Clone, Copy, Debug)]
pub struct Select {
    /// DISTINCT.
    pub distinct: bool,
    /// DISTINCT ON (...).
    pub distinct_on: List,
    /// TOP: the count.
    pub top: Option<ExprId>,
    /// TOP n PERCENT or WITH TIES: no plain row count.
    pub top_relative: bool,
    /// Tokens of the TOP clause, end exclusive.
    pub top_tokens: Option<(TokenId, TokenId)>,
    /// Token past SELECT, ALL and DISTINCT, where TOP goes.
    pub top_at: TokenId,
    /// First item and count in [`Ast::items`].
    pub items: (u32, u32),
    /// Comma-separated table references.
    pub from: List,
    /// WHERE.
    pub filter: Option<ExprId>,
    /// GROUP BY expressions; sets, cubes and rollups flattened.
    pub group: List,
    /// There is a GROUP BY.
    pub grouped: bool,
    /// GROUP BY ends in WITH ROLLUP or WITH CUBE.
    pub rolled_up: bool,
    /// HAVING.
    pub having: Option<ExprId>,
    /// Named windows: first and count in [`Ast::windows`].
    pub windows: (u32, u32),
    /// Token of SELECT.
    pub token: TokenId,
}

/// An item of a select list.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// The expression.
    pub expr: ExprId,
    /// Its alias.
    pub alias: Option<TokenId>,
    /// Tokens of the expression without alias, end exclusive.
    pub tokens: (TokenId, TokenId),
}

/// An alias of a table with perhaps its columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct Alias {
    /// Its name.
    pub name: Option<TokenId>,
    /// Column names: tokens.
    pub columns: List,
}

/// How a join meets its sides.
#[derive(Clone, Copy, Debug)]
pub enum JoinOn {
    /// No condition.
    Nothing,
    /// ON.
    Condition(ExprId),
    /// USING (tokens), in PostgreSQL with perhaps an alias for the merged columns.
    Using(List, Option<TokenId>),
    /// NATURAL.
    Natural,
}

/// A table reference.
#[derive(Clone, Copy, Debug)]
pub enum TableRef {
    /// A table by name.
    Table {
        /// Its name.
        name: Name,
        /// Its alias.
        alias: Alias,
    },
    /// A query in FROM.
    Derived {
        /// The query.
        query: QueryId,
        /// Sees what stands before it.
        lateral: bool,
        /// Its alias.
        alias: Alias,
    },
    /// A table-valued function.
    Function {
        /// Calls (more than one in ROWS FROM), as expressions.
        calls: List,
        /// Columns a WITH or COLUMNS clause declares: tokens.
        declared: List,
        /// WITH ORDINALITY.
        ordinality: bool,
        /// T-SQL: it stands after APPLY and sees what stands before it; elsewhere every function does.
        lateral: bool,
        /// Its alias.
        alias: Alias,
    },
    /// A join.
    Join {
        /// Left side.
        left: TableId,
        /// Right side.
        right: TableId,
        /// LEFT, RIGHT or FULL, or an OUTER APPLY.
        outer: bool,
        /// Condition.
        on: JoinOn,
    },
    /// A join in parentheses, with perhaps an alias.
    Paren {
        /// What is inside.
        inner: TableId,
        /// Its alias.
        alias: Alias,
    },
    /// PIVOT or UNPIVOT of a table.
    Pivot {
        /// What is pivoted.
        inner: TableId,
        /// Columns that go into the pivot and are no longer there: tokens.
        removed: List,
        /// Columns that come out of it: tokens.
        added: List,
        /// Its alias.
        alias: Alias,
    },
}

/// A table reference with the token it starts at.
#[derive(Clone, Copy, Debug)]
pub struct TableNode {
    /// What it is.
    pub kind: TableRef,
    /// Where it is.
    pub token: TokenId,
}
