//! The syntax tree: nodes in flat vectors, referring to each other by index and to the text by token.
//!
//! A statement allocates a handful of vectors, whatever its size, and a long chain of operators or joins is deep in the tree but
//! never deep on the stack: [`Expr::first_child`] lets a walk follow the left spine in a loop.

mod query;

use crate::keyword::Kw;
use crate::token::Tok;

pub use query::{Alias, Body, Cte, Item, JoinOn, Operand, Query, Select, SetOp, TableNode, TableRef};

/// Index of an expression.
pub type ExprId = u32;
/// Index of a query.
pub type QueryId = u32;
/// Index of a select core.
pub type SelectId = u32;
/// Index of a table reference.
pub type TableId = u32;
/// Index of a token.
pub type TokenId = u32;

/// A run of entries in [`Ast::ids`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// First entry.
    pub start: u32,
    /// Number of entries.
    pub len: u32,
}

/// A name of one or more parts: tokens `first..=last`, dots in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name {
    /// Token of the first part.
    pub first: TokenId,
    /// Token of the last part.
    pub last: TokenId,
}

/// What kind of constant a [`Expr::Literal`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// NULL.
    Null,
    /// TRUE, FALSE, UNKNOWN.
    Boolean,
    /// Any number.
    Number,
    /// A string, also one with a type or charset before it.
    String,
    /// A bit or hexadecimal string.
    Bytes,
    /// A keyword that stands for a value: CURRENT_DATE, DEFAULT, ...
    Keyword,
}

/// An operator with two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOp {
    /// AND.
    And,
    /// OR, and XOR.
    Or,
    /// `=`, `<>`, `<` and the like, IS \[NOT\] DISTINCT FROM, `<=>`.
    Compare(Tok),
    /// Anything else.
    Other(Tok),
}

/// An expression.
#[derive(Clone, Copy, Debug)]
pub enum Expr {
    /// A constant.
    Literal(Literal),
    /// A parameter or variable.
    Param,
    /// A column, or whatever a bare name can be.
    Column(Name),
    /// `*` or `t.*`.
    Star(Option<Name>),
    /// A prefix or postfix operator, casts and collations included.
    Unary(ExprId),
    /// NOT.
    Not(ExprId),
    /// Two operands.
    Binary(BinaryOp, ExprId, ExprId),
    /// IS \[NOT\] NULL, TRUE, JSON, ...
    Test(ExprId),
    /// IS \[NOT\] NULL.
    NullTest(ExprId),
    /// `expr [NOT] LIKE pattern [ESCAPE e]` and its kin.
    Like {
        /// Left side.
        expr: ExprId,
        /// Pattern.
        pattern: ExprId,
        /// Escape character.
        escape: Option<ExprId>,
        /// NOT before it.
        negated: bool,
    },
    /// `expr [NOT] BETWEEN low AND high`.
    Between {
        /// Tested value.
        expr: ExprId,
        /// Lower bound.
        low: ExprId,
        /// Upper bound.
        high: ExprId,
        /// NOT before it.
        negated: bool,
    },
    /// `expr [NOT] IN (list)`.
    InList {
        /// Tested value.
        expr: ExprId,
        /// Values.
        list: List,
        /// NOT before it.
        negated: bool,
    },
    /// `expr [NOT] IN (query)`.
    InQuery {
        /// Tested value.
        expr: ExprId,
        /// Query.
        query: QueryId,
        /// NOT before it.
        negated: bool,
    },
    /// SQLite's `expr [NOT] IN table`.
    InTable {
        /// Tested value.
        expr: ExprId,
        /// The table, a reference of its own.
        table: TableId,
    },
    /// EXISTS (query).
    Exists(QueryId),
    /// A query as a value.
    Subquery(QueryId),
    /// ANY, ALL or SOME (query), after a comparison.
    Quantified(QueryId),
    /// ARRAY(query).
    ArrayQuery(QueryId),
    /// `(a, b)` or ROW(a, b).
    Row(List),
    /// ARRAY\[...\].
    Array(List),
    /// CASE; `arms` are pairs of condition and value, an ELSE comes last, alone.
    Case {
        /// Operand after CASE.
        operand: Option<ExprId>,
        /// Pairs, then perhaps the ELSE.
        arms: List,
    },
    /// `expr[...]`.
    Subscript(ExprId, List),
    /// `(expr).field` or `(expr).*`.
    Field(ExprId),
    /// A call, see [`Ast::calls`].
    Call(u32),
    /// The value of `name => value`.
    Named(ExprId),
    /// PostgreSQL's LIMIT ALL, or an argument that is a word such as the `year` of DATEADD.
    Word,
}

impl Expr {
    /// The operand a left-associative chain grows on.
    pub fn first_child(self) -> Option<ExprId> {
        match self {
            Expr::Unary(expr)
            | Expr::Not(expr)
            | Expr::Binary(_, expr, _)
            | Expr::Test(expr)
            | Expr::NullTest(expr)
            | Expr::Like { expr, .. }
            | Expr::Between { expr, .. }
            | Expr::InList { expr, .. }
            | Expr::InQuery { expr, .. }
            | Expr::InTable { expr, .. }
            | Expr::Subscript(expr, _)
            | Expr::Field(expr)
            | Expr::Named(expr) => Some(expr),
            _ => None,
        }
    }
}

/// An expression with the token it starts at (operators: the operator itself).
#[derive(Clone, Copy, Debug)]
pub struct ExprNode {
    /// What it is.
    pub kind: Expr,
    /// Where it is.
    pub token: TokenId,
    /// First token past it, closing parentheses around it aside.
    pub end: TokenId,
}

/// A function call.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The function.
    pub name: Name,
    /// Arguments.
    pub args: List,
    /// `f(*)`.
    pub star: bool,
    /// DISTINCT before the arguments.
    pub distinct: bool,
    /// ORDER BY inside the parentheses, or WITHIN GROUP.
    pub order: List,
    /// FILTER (WHERE ...).
    pub filter: Option<ExprId>,
    /// OVER ...
    pub over: Option<Over>,
    /// The call has a grammar of its own (CAST, EXTRACT, ...): argument counts say nothing.
    pub special: bool,
}

/// What follows OVER.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// A window by name.
    Named(TokenId),
    /// A window in parentheses: index into [`Ast::windows`].
    Inline(u32),
}

/// A window specification.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    /// Name given in a WINDOW clause.
    pub name: Option<TokenId>,
    /// Window it builds upon.
    pub base: Option<TokenId>,
    /// PARTITION BY.
    pub partition: List,
    /// ORDER BY.
    pub order: List,
    /// Expressions of the frame's bounds.
    pub bounds: List,
}

/// The tree of one statement.
#[derive(Clone, Debug, Default)]
pub struct Ast {
    /// Expressions.
    pub exprs: Vec<ExprNode>,
    /// Calls.
    pub calls: Vec<Call>,
    /// Windows.
    pub windows: Vec<Window>,
    /// Queries.
    pub queries: Vec<Query>,
    /// Bodies.
    pub bodies: Vec<Body>,
    /// Operands of set operations.
    pub operands: Vec<Operand>,
    /// CTEs.
    pub ctes: Vec<Cte>,
    /// Select cores.
    pub selects: Vec<Select>,
    /// Select items.
    pub items: Vec<Item>,
    /// Table references.
    pub tables: Vec<TableNode>,
    /// Members of every [`List`].
    pub ids: Vec<u32>,
    /// The query of the statement, where it is one.
    pub root: Option<QueryId>,
    /// The leading keyword of a statement that is no query.
    pub leading: Option<Kw>,
    /// What can be read and the engine refuses all the same.
    pub objections: Vec<Objection>,
    /// Indexes that statements name.
    pub index_hints: Vec<IndexHint>,
}

/// An index that is to be used for a table.
#[derive(Clone, Copy, Debug)]
pub struct IndexHint {
    /// The last part of the table's name.
    pub table: TokenId,
    /// The name of the index.
    pub index: TokenId,
}

/// Something that the grammar knows and an engine refuses.
#[derive(Clone, Copy, Debug)]
pub struct Objection {
    /// Where it stands.
    pub token: TokenId,
    /// Why it is refused.
    pub message: &'static str,
    /// Which servers of the dialect refuse it.
    pub servers: Servers,
}

/// Servers of a dialect, as far as the catalog's version tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Servers {
    /// Every server.
    All,
    /// MariaDB, which shares MySQL's dialect.
    MariaDb,
    /// PostgreSQL before a major version.
    PostgresBefore(u32),
}

impl Ast {
    /// Members of a list.
    pub fn list(&self, list: List) -> &[u32] {
        &self.ids[list.start as usize..(list.start + list.len) as usize]
    }

    /// The expression of an id.
    pub fn expr(&self, id: ExprId) -> Expr {
        self.exprs[id as usize].kind
    }

    /// Whether the last operand of a body is VALUES, after which SQLite allows neither ORDER BY nor LIMIT.
    pub fn ends_in_values(&self, body: u32) -> bool {
        match self.bodies[body as usize] {
            Body::Values(_) => true,
            Body::Compound(start, count) => self.ends_in_values(self.operands[(start + count) as usize - 1].body),
            _ => false,
        }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        self.exprs.clear();
        self.calls.clear();
        self.windows.clear();
        self.queries.clear();
        self.bodies.clear();
        self.operands.clear();
        self.ctes.clear();
        self.selects.clear();
        self.items.clear();
        self.tables.clear();
        self.ids.clear();
        self.root = None;
        self.leading = None;
        self.objections.clear();
        self.index_hints.clear();
    }
}
