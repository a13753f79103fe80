//! Name resolution: follows scopes as the engine of the dialect does and finds what it would refuse at prepare time.

mod aggregate;
mod ambiguous_name;
mod column;
mod column_count;
mod derived_columns;
mod distinct;
mod expr;
mod findings;
mod from;
mod full_text;
mod function_call;
mod grouping;
mod index_hint;
mod join;
mod nearest_name;
mod order;
mod postgres_type;
mod query;
mod relation;
mod select;
mod system_tables;
mod tsql_call;
mod tsql_predicate;
mod unknown_name;
mod window;

use std::borrow::Cow;

use nl2sql_catalog::{ColumnUse, Finding, Resolution, Scope, TableSource, TableUse};

use crate::ast::{Ast, ExprId, Name, SelectId, TokenId};
use crate::dialect::Dialect;
use crate::error::position;
use crate::names::Source;
use crate::schema::Schema;
use postgres_type::Family;
use relation::{Columns, Relation};

/// The clause an expression stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    Select,
    From,
    Where,
    GroupBy,
    Having,
    Window,
    OrderBy,
    Limit,
}

impl Clause {
    fn name(self) -> &'static str {
        match self {
            Clause::Select => "select",
            Clause::From => "from",
            Clause::Where => "where",
            Clause::GroupBy => "group-by",
            Clause::Having => "having",
            Clause::Window => "window",
            Clause::OrderBy => "order-by",
            Clause::Limit => "limit",
        }
    }
}

/// What resolution finds besides findings, when it is asked to record it.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    pub scopes: Vec<Scope>,
    /// With the byte offset, for ordering.
    pub tables: Vec<(u32, TableUse)>,
    pub columns: Vec<(u32, ColumnUse)>,
}

/// A query level: its relations and what its select list offers.
#[derive(Debug)]
struct Frame {
    /// Enclosing level.
    parent: Option<usize>,
    /// First of its relations on the stack.
    start: usize,
    /// Past the last of its relations, once a level above it is open.
    end: usize,
    /// First of its merged columns on their stack.
    merged: usize,
    merged_end: usize,
    /// The select core whose aliases may be used.
    select: Option<SelectId>,
    /// The select core under way, whose named windows may be used.
    opened: Option<usize>,
    scope: u32,
    /// The clause under way.
    clause: Clause,
}

/// A column that USING or NATURAL made one of two: not looked for in relations `from..to`.
#[derive(Debug)]
struct Merged<'a> {
    name: Cow<'a, str>,
    from: usize,
    to: usize,
}

/// A column of an outer level that a subquery in its select list, HAVING or ORDER BY uses.
#[derive(Clone, Copy, Debug)]
struct OuterUse {
    frame: usize,
    /// The relation and the column in it.
    place: (usize, usize),
    name: Name,
}

/// A common table expression in scope.
#[derive(Debug)]
struct CteEntry<'a> {
    name: Cow<'a, str>,
    columns: Columns,
    visible: bool,
    /// Its own query is under way and may not read it here.
    closed: bool,
}

pub(crate) struct Resolver<'a> {
    dialect: Dialect,
    source: Source<'a>,
    ast: &'a Ast,
    schema: &'a Schema,
    findings: Vec<Finding>,
    uses: Option<Uses>,
    frames: Vec<Frame>,
    relations: Vec<Relation<'a>>,
    merged: Vec<Merged<'a>>,
    ctes: Vec<CteEntry<'a>>,
    /// Output column names, run by run.
    names: Vec<Cow<'a, str>>,
    /// A recursive CTE that waits for the columns of its first operand.
    pending_cte: Option<usize>,
    /// A CTE whose query is about to begin: it may read itself after the first operand of a set operation.
    opened_cte: Option<usize>,
    /// The innermost frame that columns of the arguments under way belong to.
    hit: Option<usize>,
    inside_aggregate: bool,
    /// The expression under way is inside the arguments of a window function.
    inside_window: bool,
    /// The expression under way may be a row of several values.
    row_allowed: bool,
    /// The expression under way stands where a constant is likely.
    in_value_place: bool,
    /// The expression under way is an argument of a function that is no aggregate.
    in_arguments: bool,
    /// PostgreSQL: families of the outputs of the select core resolved last.
    families: Vec<Option<Family>>,
    /// Columns of outer levels that subqueries use where grouping matters.
    outer_uses: Vec<OuterUse>,
    /// Join conditions of SQLite, which see every table of their FROM.
    conditions: Vec<ExprId>,
}

/// Findings of a statement, and what it uses where `record` asks for it.
pub(crate) fn resolve<'a>(source: Source<'a>, ast: &'a Ast, schema: &'a Schema, record: bool) -> (Vec<Finding>, Uses) {
    let mut resolver = Resolver {
        dialect: source.dialect,
        source,
        ast,
        schema,
        findings: Vec::new(),
        uses: record.then(Uses::default),
        frames: Vec::new(),
        relations: Vec::new(),
        merged: Vec::new(),
        ctes: Vec::new(),
        names: Vec::new(),
        pending_cte: None,
        opened_cte: None,
        hit: None,
        inside_aggregate: false,
        inside_window: false,
        row_allowed: false,
        in_value_place: false,
        in_arguments: false,
        families: Vec::new(),
        outer_uses: Vec::new(),
        conditions: Vec::new(),
    };
    for objection in &ast.objections {
        if schema.is_among(objection.servers) {
            resolver.refused(objection.token, objection.message);
        }
    }
    if let Some(root) = ast.root {
        resolver.query(root, None, "query");
        if resolver.tsql() {
            resolver.check_predicates();
        }
    }
    (resolver.findings, resolver.uses.unwrap_or_default())
}

impl<'a> Resolver<'a> {
    fn sqlite(&self) -> bool {
        self.dialect == Dialect::Sqlite
    }

    fn postgres(&self) -> bool {
        self.dialect == Dialect::Postgres
    }

    fn mysql(&self) -> bool {
        self.dialect == Dialect::Mysql
    }

    fn tsql(&self) -> bool {
        self.dialect == Dialect::Tsql
    }

    /// Opens a level inside `parent`.
    fn push_frame(&mut self, parent: Option<usize>, kind: &str) -> usize {
        let scope = match &mut self.uses {
            Some(uses) => {
                let parent = parent.map(|frame| self.frames[frame].scope);
                uses.scopes.push(Scope {
                    parent,
                    kind: kind.to_owned(),
                });
                uses.scopes.len() as u32 - 1
            }
            None => 0,
        };
        let (start, merged) = (self.relations.len(), self.merged.len());
        self.frames.push(Frame {
            parent,
            start,
            end: start,
            merged,
            merged_end: merged,
            select: None,
            opened: None,
            scope,
            clause: Clause::Select,
        });
        self.frames.len() - 1
    }

    /// Closes the innermost level.
    fn pop_frame(&mut self) {
        if let Some(frame) = self.frames.pop() {
            self.relations.truncate(frame.start);
            self.merged.truncate(frame.merged);
        }
    }

    fn record_table(&mut self, token: TokenId, used: TableUse) -> Option<u32> {
        let offset = self.source.tokens[token as usize].start;
        let uses = self.uses.as_mut()?;
        uses.tables.push((offset, used));
        Some(uses.tables.len() as u32 - 1)
    }

    fn record_column(
        &mut self,
        token: TokenId,
        name: &str,
        table: Option<u32>,
        clause: Clause,
        resolution: Resolution,
    ) {
        let offset = self.source.tokens[token as usize].start;
        let scope = self.frames.last().map_or(0, |frame| frame.scope);
        let sql = self.source.sql;
        if let Some(uses) = &mut self.uses {
            uses.columns.push((
                offset,
                ColumnUse {
                    name: name.to_owned(),
                    table,
                    scope,
                    clause: clause.name().to_owned(),
                    resolution,
                    position: position(sql, offset as usize),
                },
            ));
        }
    }

    fn table_use(&self, token: TokenId, name: &str, alias: Option<&str>, source: TableSource) -> TableUse {
        TableUse {
            name: name.to_owned(),
            schema: None,
            alias: alias.map(str::to_owned),
            scope: self.frames.last().map_or(0, |frame| frame.scope),
            source,
            position: position(self.source.sql, self.source.tokens[token as usize].start as usize),
        }
    }
}
