//! Queries: CTEs, bodies, set operations.

use std::borrow::Cow;

use super::relation::Columns;
use super::{Clause, CteEntry, Resolver};
use crate::ast::{Body, Cte, Query, QueryId};
use crate::keyword::Kw;

impl<'a> Resolver<'a> {
    /// Resolves a query inside `parent` and says what columns it has.
    pub(super) fn query(&mut self, id: QueryId, parent: Option<usize>, kind: &str) -> Columns {
        let query = self.ast.queries[id as usize];
        if self.tsql() && kind != "query" {
            self.check_inner_order(&query);
        }
        let ctes = self.ctes.len();
        self.with_clause(query, parent);
        let columns = match self.ast.bodies[query.body as usize] {
            Body::Select(select) => self.select(select, parent, kind, query.order),
            body => {
                let columns = self.body(body, parent, kind);
                self.order_of_result(&query, columns);
                columns
            }
        };
        self.row_counts(&query);
        self.ctes.truncate(ctes);
        columns
    }

    /// T-SQL: rows of a derived table, a common table expression or a subquery have no order, unless it chooses among them.
    fn check_inner_order(&mut self, query: &Query) {
        let Some(token) = query.order_token else { return };
        let has_top = match self.ast.bodies[query.body as usize] {
            Body::Select(select) => self.ast.selects[select as usize].top.is_some(),
            _ => false,
        };
        let tail = &self.source.tokens[query.limit_at as usize..query.end as usize];
        let has_for = tail.iter().any(|token| token.kw == Kw::FOR);
        if !has_top && query.offset.is_none() && !has_for {
            let message = "ORDER BY inside parentheses needs TOP, OFFSET or FOR XML".to_owned();
            self.report(token, "misused-order", message, None);
        }
    }

    /// LIMIT and OFFSET know no columns.
    fn row_counts(&mut self, query: &Query) {
        if query.limit.is_none() && query.offset.is_none() {
            return;
        }
        let frame = self.push_hidden_frame();
        for expr in [query.limit, query.offset].into_iter().flatten() {
            self.expr(expr, frame, Clause::Limit);
        }
        self.frames.pop();
    }

    /// A level that sees nothing, for expressions that may not name columns; it is no scope of its own.
    pub(super) fn push_hidden_frame(&mut self) -> usize {
        let scope = self.frames.last().map_or(0, |frame| frame.scope);
        let (start, merged) = (self.relations.len(), self.merged.len());
        self.frames.push(super::Frame {
            parent: None,
            start,
            end: start,
            merged,
            merged_end: merged,
            select: None,
            opened: None,
            scope,
            clause: Clause::Limit,
        });
        self.frames.len() - 1
    }

    fn with_clause(&mut self, query: Query, parent: Option<usize>) {
        let range = query.ctes.0 as usize..(query.ctes.0 + query.ctes.1) as usize;
        let first = self.ctes.len();
        // SQLite and PostgreSQL's WITH RECURSIVE show every CTE to every other, whatever their order.
        let all_visible = self.sqlite() || (self.postgres() && query.recursive);
        for index in range.clone() {
            let cte = &self.ast.ctes[index];
            let name = self.source.name(cte.name);
            self.duplicate_cte(first, &name, cte.name);
            self.ctes.push(CteEntry {
                name,
                columns: Columns::Open,
                visible: all_visible,
                closed: false,
            });
        }
        for (offset, index) in range.enumerate() {
            let ast = self.ast;
            self.cte(
                first + offset,
                &ast.ctes[index],
                parent,
                query.recursive || self.sqlite(),
            );
        }
    }

    fn cte(&mut self, entry: usize, cte: &'a Cte, parent: Option<usize>, recursive: bool) {
        let declared = self.token_names(self.ast.list(cte.columns));
        let (outer_pending, outer_opened) = (self.pending_cte.take(), self.opened_cte.take());
        if recursive {
            self.ctes[entry].visible = true;
            self.ctes[entry].closed = true;
            self.opened_cte = Some(entry);
            if cte.columns.len > 0 {
                self.ctes[entry].columns = self.known(declared.iter().cloned());
            } else {
                self.pending_cte = Some(entry);
            }
        }
        let columns = self.query(cte.query, parent, "cte");
        self.opened_cte = outer_opened;
        self.pending_cte = outer_pending;
        self.ctes[entry].closed = false;
        let found = self.count(columns);
        if cte.columns.len > 0 {
            let fits = match found {
                Some(count) if self.postgres() => declared.len() <= count,
                Some(count) => declared.len() == count,
                None => true,
            };
            if !fits {
                self.cte_width(cte, found.unwrap_or(0), declared.len());
            }
        }
        let columns = if cte.columns.len == 0 {
            self.derived_columns(cte.name, columns)
        } else {
            columns
        };
        let extra = self.token_names(self.ast.list(cte.extra_columns));
        self.ctes[entry].columns = self.renamed(columns, &declared, &extra);
        self.ctes[entry].visible = true;
    }

    /// Names that tokens spell.
    pub(super) fn token_names(&self, tokens: &[u32]) -> Vec<Cow<'a, str>> {
        tokens.iter().map(|token| self.source.name(*token)).collect()
    }

    /// Columns under new names, the rest under their own, more of them appended.
    pub(super) fn renamed(&mut self, columns: Columns, names: &[Cow<'a, str>], extra: &[Cow<'a, str>]) -> Columns {
        if names.is_empty() && extra.is_empty() {
            return columns;
        }
        let Some(count) = self.count(columns) else {
            return if names.is_empty() {
                Columns::Open
            } else {
                self.known(names.iter().chain(extra).cloned())
            };
        };
        let all: Vec<_> = (0..count)
            .filter_map(|index| names.get(index).cloned().or_else(|| self.column_name(columns, index)))
            .chain(extra.iter().cloned())
            .collect();
        self.known(all)
    }

    fn body(&mut self, body: Body, parent: Option<usize>, kind: &str) -> Columns {
        match body {
            Body::Select(select) => self.select(select, parent, kind, Default::default()),
            Body::Values(rows) => self.values(self.ast.list(rows), parent, kind),
            Body::Table(table) => {
                self.push_frame(parent, kind);
                self.table(table);
                let columns = self.relations.last().map_or(Columns::Open, |relation| relation.columns);
                self.pop_frame();
                columns
            }
            Body::Paren(query) => self.query(query, parent, kind),
            Body::Compound(start, count) => self.compound(start as usize, count as usize, parent, kind),
            Body::Modify => Columns::Open,
        }
    }

    fn compound(&mut self, start: usize, count: usize, parent: Option<usize>, kind: &str) -> Columns {
        let pending = self.pending_cte.take();
        let opened = self.opened_cte.take();
        let mut first = Columns::Open;
        let mut families = Vec::new();
        for (index, operand) in self.ast.operands[start..start + count].iter().enumerate() {
            let kind = if index == 0 { kind } else { "operand" };
            self.families.clear();
            let columns = self.body(self.ast.bodies[operand.body as usize], parent, kind);
            if index > 0 {
                self.check_operand_families(&families, self.operand_token(operand));
            }
            if index == 0 {
                families = std::mem::take(&mut self.families);
                first = columns;
                if let Some(entry) = pending {
                    self.ctes[entry].columns = columns;
                }
                if let Some(entry) = opened {
                    self.ctes[entry].closed = false;
                }
                continue;
            }
            if let (Some(left), Some(right)) = (self.count(first), self.count(columns))
                && left != right
            {
                self.set_operation_width(operand, left, right);
            }
            if first == Columns::Open {
                first = columns;
            }
        }
        first
    }

    fn values(&mut self, rows: &'a [u32], parent: Option<usize>, kind: &str) -> Columns {
        let frame = self.push_frame(parent, kind);
        let mut width = None;
        for row in rows {
            let crate::ast::Expr::Row(list) = self.ast.expr(*row) else {
                continue;
            };
            for expr in self.ast.list(list) {
                self.expr(*expr, frame, Clause::Select);
            }
            let len = list.len as usize;
            if width.is_some_and(|width| width != len) {
                self.values_width(*row);
            }
            width.get_or_insert(len);
        }
        self.pop_frame();
        let prefix = if self.mysql() { "column_" } else { "column" };
        let first = usize::from(!self.mysql());
        let names: Vec<Cow<'a, str>> = (0..width.unwrap_or(0))
            .map(|index| Cow::Owned(format!("{prefix}{}", index + first)))
            .collect();
        self.known(names)
    }
}
