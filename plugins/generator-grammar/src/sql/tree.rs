//! A query as a tree over tables and columns of the schema, without names or dialect.

/// A column of one of the sources of a [`Select`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ref {
    /// Index into [`Select::from`].
    pub slot: usize,
    /// Index of the column in its table.
    pub column: usize,
    /// The slot is one of the enclosing query.
    pub outer: bool,
}

impl Ref {
    /// A column of the query's own source `slot`.
    pub fn new(slot: usize, column: usize) -> Self {
        Self {
            slot,
            column,
            outer: false,
        }
    }
}

/// A constant.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A number in SQL spelling.
    Number(String),
    /// A string, unquoted.
    Text(String),
    /// A truth value.
    Boolean(bool),
}

/// An aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// `count(DISTINCT x)`
    CountDistinct,
    /// `count(x)`
    Count,
    /// `avg(x)`
    Average,
    /// `sum(x)`
    Sum,
    /// `max(x)`
    Maximum,
    /// `min(x)`
    Minimum,
}

/// A window function over a partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// `rank`, `row_number` or an aggregate of `of`.
    pub function: &'static str,
    /// Argument; `None` for ranking functions.
    pub of: Option<Ref>,
    /// PARTITION BY.
    pub partition: Option<Ref>,
    /// ORDER BY with its direction (descending).
    pub order: Option<(Ref, bool)>,
}

/// A value expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A column.
    Column(Ref),
    /// A column that a CTE or derived table names.
    Output(&'static str),
    /// `count(*)`
    CountAll,
    /// An aggregate of an expression.
    Aggregate(Aggregate, Box<Expr>),
    /// A constant.
    Literal(Literal),
    /// A subquery that gives one value.
    Scalar(Box<Select>),
    /// Year of a date.
    Year(Ref),
    /// Month of a date.
    Month(Ref),
    /// Characters of a text.
    Length(Ref),
    /// A text in upper case.
    Upper(Ref),
    /// `left - right`
    Minus(Box<Expr>, Box<Expr>),
    /// `left * right`
    Times(Box<Expr>, Box<Expr>),
    /// `CASE WHEN condition THEN yes ELSE no END`
    Case(Box<Condition>, &'static str, &'static str),
    /// A window function.
    Window(Window),
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compare {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    AtLeast,
    /// `<`
    Less,
    /// `<=`
    AtMost,
}

impl Compare {
    /// The operator in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::AtLeast => ">=",
            Self::Less => "<",
            Self::AtMost => "<=",
        }
    }
}

/// A truth-valued expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `left op right`
    Compare(Expr, Compare, Expr),
    /// `x BETWEEN low AND high`
    Between(Expr, Literal, Literal),
    /// `x [NOT] LIKE pattern`
    Like(Expr, String, bool),
    /// `x IS [NOT] NULL`; `true` for NOT.
    Null(Expr, bool),
    /// `x [NOT] IN (subquery)`; `true` for NOT.
    In(Expr, Box<Select>, bool),
    /// `[NOT] EXISTS (subquery)`; `true` for NOT.
    Exists(Box<Select>, bool),
    /// All of them.
    All(Vec<Condition>),
    /// Any of them.
    Any(Vec<Condition>),
}

/// Where rows come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Index of a table of the schema.
    Table(usize),
    /// A CTE of the statement by its name.
    Cte(&'static str),
    /// A subquery in FROM, under this alias.
    Derived(Box<Select>, &'static str),
}

/// One entry of FROM.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its rows.
    pub rows: Rows,
    /// Pairs of an earlier source's column and one of this source; empty for the first.
    pub on: Vec<(Ref, Ref)>,
    /// LEFT JOIN.
    pub outer: bool,
}

/// ORDER BY entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// What to sort by.
    pub by: Expr,
    /// Largest first.
    pub descending: bool,
}

/// A set operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SetOperator {
    /// Rows of both.
    Intersect,
    /// Rows of the left only.
    Except,
    /// Rows of either, without duplicates.
    Union,
}

/// One SELECT.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Select {
    /// DISTINCT.
    pub distinct: bool,
    /// Select list with output names where one is needed.
    pub items: Vec<(Expr, Option<&'static str>)>,
    /// FROM and JOIN.
    pub from: Vec<Source>,
    /// WHERE.
    pub filter: Option<Condition>,
    /// GROUP BY.
    pub group: Vec<Expr>,
    /// HAVING.
    pub having: Option<Condition>,
    /// ORDER BY.
    pub order: Vec<Order>,
    /// LIMIT.
    pub limit: Option<u32>,
    /// A second query combined with this one.
    pub combined: Option<(SetOperator, Box<Select>)>,
}

/// A whole statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Statement {
    /// WITH, in order.
    pub ctes: Vec<(&'static str, Select)>,
    /// The query.
    pub body: Select,
}

impl Select {
    /// `SELECT columns FROM table`
    pub fn of(table: usize, columns: &[usize]) -> Self {
        Self {
            items: columns
                .iter()
                .map(|column| (Expr::Column(Ref::new(0, *column)), None))
                .collect(),
            from: vec![Source::table(table)],
            ..Self::default()
        }
    }

    /// Adds a condition to WHERE with AND.
    pub fn also(&mut self, condition: Condition) {
        self.filter = Some(match self.filter.take() {
            None => condition,
            Some(Condition::All(mut all)) => {
                all.push(condition);
                Condition::All(all)
            }
            Some(first) => Condition::All(vec![first, condition]),
        });
    }
}

impl Source {
    /// A table without join.
    pub fn table(table: usize) -> Self {
        Self {
            rows: Rows::Table(table),
            on: Vec::new(),
            outer: false,
        }
    }
}

impl Condition {
    /// `column op literal`
    pub fn compare(column: Ref, operator: Compare, literal: Literal) -> Self {
        Self::Compare(Expr::Column(column), operator, Expr::Literal(literal))
    }
}
