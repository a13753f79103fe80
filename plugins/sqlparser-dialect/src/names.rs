//! The names of a statement, resolved against the catalog.

mod columns;

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use nl2sql_sdk::analysis::{ColumnUse, Scope, TableSource, TableUse};
use nl2sql_sdk::description::DialectInfo;
use nl2sql_sdk::types::{Finding, Position};
use sqlparser::ast::{
    AccessExpr, Expr, FunctionArg, FunctionArguments, GroupByExpr, Ident, OneOrManyWithParens, OrderBy, Query, Select,
    SelectItem, SetExpr, TableFactor, Visit, Visitor,
};

use crate::SqlparserDialect;
use crate::catalog_index::{CatalogIndex, identifiers};
use crate::identifiers::key;
use crate::output_columns::{output_columns, push_ctes};
use crate::parsed::position;
use crate::sources::{Columns, Cte, From, Source, Written};

/// What a statement names.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub scopes: Vec<Scope>,
    pub tables: Vec<TableUse>,
    pub columns: Vec<ColumnUse>,
    /// In lower case, in order of first use.
    pub functions: Vec<String>,
    pub findings: Vec<Finding>,
}

impl Names {
    /// The names of a query.
    pub fn of<D: SqlparserDialect>(info: &DialectInfo, catalog: &CatalogIndex, query: &Query) -> Self {
        let mut resolver = Resolver {
            info,
            catalog,
            aliases_anywhere: D::ALIASES_ANYWHERE,
            found: Self::default(),
            queries: Vec::new(),
            selects: Vec::new(),
            ctes: Vec::new(),
            clauses: Vec::new(),
            clause_of: HashMap::new(),
            kind_of: HashMap::new(),
            skipped: HashSet::new(),
            parameters: Vec::new(),
        };
        let ControlFlow::Continue(()) = query.visit(&mut resolver);
        resolver.found
    }
}

/// A query that is being read.
struct QueryFrame {
    kind: &'static str,
    /// Where the common table expressions of those around it end.
    ctes: usize,
    /// The select that is its body.
    direct: Option<*const Select>,
    /// What ORDER BY of a set operation names.
    outputs: Option<Columns>,
    /// The select read last, for ORDER BY.
    read: Option<SelectFrame>,
}

/// A select that is being read.
#[derive(Clone)]
struct SelectFrame {
    from: From,
    /// How many of its sources are seen: a derived table sees those before it.
    seen: usize,
    /// First of its sources among the table references.
    first_use: Option<u32>,
    scope: u32,
    /// Keys of the aliases of its list.
    aliases: Vec<String>,
}

/// Nodes are told apart by where they lie in memory; none is moved while the statement is read, and none is reached through its address.
struct Resolver<'a> {
    info: &'a DialectInfo,
    catalog: &'a CatalogIndex,
    aliases_anywhere: bool,
    found: Names,
    queries: Vec<QueryFrame>,
    selects: Vec<SelectFrame>,
    ctes: Vec<Cte>,
    clauses: Vec<(*const Expr, &'static str)>,
    clause_of: HashMap<*const Expr, &'static str>,
    kind_of: HashMap<*const Query, &'static str>,
    skipped: HashSet<*const Expr>,
    /// Keys of the parameters of lambdas, the innermost last.
    parameters: Vec<Vec<String>>,
}

const NOWHERE: *const Expr = std::ptr::null();

impl Visitor for Resolver<'_> {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        let inherited = if self.queries.is_empty() { "query" } else { "subquery" };
        let frame = QueryFrame {
            kind: self.kind_of.remove(&std::ptr::from_ref(query)).unwrap_or(inherited),
            ctes: self.ctes.len(),
            direct: query.body.as_select().map(std::ptr::from_ref),
            outputs: match &*query.body {
                SetExpr::SetOperation { .. } => Some(output_columns(query, self.catalog, &self.ctes)),
                _ => None,
            },
            read: None,
        };
        self.queries.push(frame);
        if let Some(around) = self.selects.last_mut() {
            let derived = |source: &Source| source.query == Some(std::ptr::from_ref(query));
            around.seen = around.from.sources.iter().position(derived).unwrap_or(around.seen);
        }
        push_ctes(query, self.catalog, &mut self.ctes);
        for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
            self.kind_of.insert(std::ptr::from_ref(&*cte.query), "cte");
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        if let Some(around) = self.selects.last_mut() {
            let derived = |source: &Source| source.query == Some(std::ptr::from_ref(query));
            if around.from.sources.iter().any(derived) {
                around.seen = around.from.sources.len();
            }
        }
        if let Some(frame) = self.queries.pop() {
            self.ctes.truncate(frame.ctes);
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        let from = From::of(select, self.catalog, &self.ctes);
        let scope = self.open_scope(select);
        let first_use = u32::try_from(self.found.tables.len()).ok();
        for source in &from.sources {
            self.record_table(source, scope);
        }
        let case = self.catalog.case;
        let aliases = select.projection.iter().flat_map(|item| match item {
            SelectItem::ExprWithAlias { alias, .. } => vec![key(case, alias)],
            SelectItem::ExprWithAliases { aliases, .. } => aliases.iter().map(|alias| key(case, alias)).collect(),
            _ => Vec::new(),
        });
        let aliases = aliases.collect();
        self.selects.push(SelectFrame {
            seen: from.sources.len(),
            from,
            first_use,
            scope,
            aliases,
        });
        self.note_clauses(select);
        self.clauses.push((NOWHERE, "from"));
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<Self::Break> {
        self.clauses.pop();
        let read = self.selects.pop();
        if let Some(query) = self.queries.last_mut() {
            query.read = read;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_order_by(&mut self, _: &OrderBy) -> ControlFlow<Self::Break> {
        let frame = self
            .queries
            .last()
            .and_then(|query| match (&query.outputs, &query.read) {
                (Some(outputs), Some(read)) => Some(SelectFrame {
                    from: From {
                        sources: vec![unnamed(outputs.clone())],
                        ..From::default()
                    },
                    seen: 1,
                    first_use: None,
                    ..read.clone()
                }),
                (_, read) => read.clone(),
            });
        // VALUES has no names to order by.
        let frame = frame.unwrap_or_else(|| SelectFrame {
            from: From {
                sources: vec![unnamed(None)],
                ..From::default()
            },
            seen: 1,
            first_use: None,
            scope: 0,
            aliases: Vec::new(),
        });
        self.selects.push(frame);
        self.clauses.push((NOWHERE, "order-by"));
        ControlFlow::Continue(())
    }

    fn post_visit_order_by(&mut self, _: &OrderBy) -> ControlFlow<Self::Break> {
        self.selects.pop();
        self.clauses.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_group_by(&mut self, _: &GroupByExpr) -> ControlFlow<Self::Break> {
        self.clauses.push((NOWHERE, "group-by"));
        ControlFlow::Continue(())
    }

    fn post_visit_group_by(&mut self, _: &GroupByExpr) -> ControlFlow<Self::Break> {
        self.clauses.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        if let TableFactor::Derived { subquery, .. } = factor {
            self.kind_of.insert(std::ptr::from_ref(&**subquery), "derived");
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        let at = std::ptr::from_ref(expr);
        if let Some(clause) = self.clause_of.get(&at) {
            self.clauses.push((at, clause));
        }
        if self.skipped.contains(&at) {
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::Identifier(name) => self.bare(name),
            Expr::CompoundIdentifier(parts) => self.qualified(parts),
            Expr::CompoundFieldAccess { access_chain, .. } => {
                let fields = access_chain.iter().filter_map(|access| match access {
                    AccessExpr::Dot(field) => Some(std::ptr::from_ref(field)),
                    AccessExpr::Subscript(_) => None,
                });
                self.skipped.extend(fields);
            }
            Expr::Function(function) => {
                self.record_function(&function.name);
                if let FunctionArguments::List(list) = &function.args {
                    let names = list.args.iter().filter_map(|argument| match argument {
                        FunctionArg::ExprNamed { name, .. } => Some(std::ptr::from_ref(name)),
                        _ => None,
                    });
                    self.skipped.extend(names);
                }
            }
            Expr::Lambda(lambda) => {
                let case = self.catalog.case;
                let parameters = match &lambda.params {
                    OneOrManyWithParens::One(one) => vec![key(case, &one.name)],
                    OneOrManyWithParens::Many(many) => many.iter().map(|one| key(case, &one.name)).collect(),
                };
                self.parameters.push(parameters);
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        if matches!(expr, Expr::Lambda(_)) {
            self.parameters.pop();
        }
        if self.clauses.last().is_some_and(|(at, _)| std::ptr::eq(*at, expr)) {
            self.clauses.pop();
        }
        ControlFlow::Continue(())
    }
}

impl SelectFrame {
    /// The sources that a name may mean.
    fn sources(&self) -> &[Source] {
        &self.from.sources[..self.seen]
    }

    /// Whether a name is an alias of its list.
    fn is_alias(&self, sought: &str) -> bool {
        self.seen == self.from.sources.len() && self.aliases.iter().any(|alias| alias == sought)
    }
}

impl Resolver<'_> {
    fn open_scope(&mut self, select: &Select) -> u32 {
        let scope = u32::try_from(self.found.scopes.len()).unwrap_or(u32::MAX);
        let kind = match self.queries.last() {
            Some(query) if query.direct == Some(std::ptr::from_ref(select)) => query.kind,
            _ => "operand",
        };
        self.found.scopes.push(Scope {
            parent: self.selects.last().map(|around| around.scope),
            kind: kind.to_owned(),
        });
        scope
    }

    fn note_clauses(&mut self, select: &Select) {
        for item in &select.projection {
            if let SelectItem::UnnamedExpr(expr)
            | SelectItem::ExprWithAlias { expr, .. }
            | SelectItem::ExprWithAliases { expr, .. } = item
            {
                self.clause_of.insert(std::ptr::from_ref(expr), "select");
            }
        }
        for (clause, expr) in [
            ("where", &select.selection),
            ("where", &select.prewhere),
            ("having", &select.having),
            ("having", &select.qualify),
        ] {
            if let Some(expr) = expr {
                self.clause_of.insert(std::ptr::from_ref(expr), clause);
            }
        }
    }

    fn record_table(&mut self, source: &Source, scope: u32) {
        let Written { name, schema, alias } = &source.written;
        let catalog = source.table.map(|at| &self.catalog.tables[at]);
        let spelled = name.as_ref().map(|name| name.value.clone());
        let place = name.as_ref().or(alias.as_ref()).map(|name| position(name.span.start));
        let at = place.unwrap_or(Position { line: 1, column: 1 });
        self.found.tables.push(TableUse {
            name: catalog.map(|table| table.name.clone()).or(spelled).unwrap_or_default(),
            schema: catalog.map_or_else(|| schema.clone(), |table| table.schema.clone()),
            alias: alias.as_ref().map(|alias| alias.value.clone()),
            scope,
            source: source.kind,
            position: at,
        });
        if let (TableSource::Unknown, Some(name), false) = (source.kind, name, self.catalog.is_empty()) {
            let message = format!("there is no table `{}`", name.value);
            let nearest = self.catalog.nearest_table(&name.value);
            self.found
                .findings
                .push(finding("unknown-table", message, name, nearest));
        }
    }

    fn record_function(&mut self, name: &sqlparser::ast::ObjectName) {
        let Some(last) = identifiers(name).and_then(|parts| parts.last().map(|last| last.value.to_lowercase())) else {
            return;
        };
        if !self.found.functions.contains(&last) {
            self.found.functions.push(last);
        }
    }

    fn clause(&self) -> &'static str {
        self.clauses.last().map_or("select", |(_, clause)| clause)
    }
}

fn unnamed(columns: Columns) -> Source {
    Source {
        key: None,
        written: Written {
            name: None,
            schema: None,
            alias: None,
        },
        kind: TableSource::Derived,
        table: None,
        columns,
        query: None,
    }
}

fn finding(code: &str, message: String, name: &Ident, suggestion: Option<String>) -> Finding {
    let (start, end) = (position(name.span.start), position(name.span.end));
    let found = Finding::error("schema", code, message).at(start, end);
    match suggestion {
        Some(suggestion) => found.suggest(suggestion),
        None => found,
    }
}
