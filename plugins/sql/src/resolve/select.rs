//! Select cores.

use std::borrow::Cow;

use super::relation::Columns;
use super::{Clause, Resolver};
use crate::ast::{Expr, ExprId, Item, List, Name, Over, Select, SelectId, Window};
use crate::names::same_column;
use nl2sql_catalog::Resolution;

impl<'a> Resolver<'a> {
    pub(super) fn select(&mut self, id: SelectId, parent: Option<usize>, kind: &str, order: List) -> Columns {
        let select = &self.ast.selects[id as usize];
        let pending = self.pending_cte.take();
        self.opened_cte = None;
        let frame = self.push_frame(parent, kind);
        self.frames[frame].opened = Some(id as usize);
        let conditions = self.conditions.len();
        for table in self.ast.list(select.from) {
            self.table(*table);
        }
        self.frames[frame].end = self.relations.len();
        self.frames[frame].merged_end = self.merged.len();
        for condition in self.conditions.split_off(conditions) {
            self.expr(condition, frame, Clause::From);
        }
        let columns = self.items(select, frame);
        self.frames[frame].select = Some(id);
        if let Some(entry) = pending {
            self.ctes[entry].columns = columns;
        }
        if let Some(filter) = select.filter {
            self.expr(filter, frame, Clause::Where);
        }
        self.group_by(select, frame);
        if let Some(having) = select.having {
            self.expr(having, frame, Clause::Having);
            self.check_having(select);
        }
        self.windows(select, frame);
        for expr in self.ast.list(select.distinct_on) {
            self.expr(*expr, frame, Clause::Select);
        }
        if let Some(top) = select.top {
            let hidden = self.push_hidden_frame();
            self.expr(top, hidden, Clause::Select);
            self.frames.pop();
        }
        self.order_by(self.ast.list(order), frame, columns);
        if select.rolled_up && order.len > 0 && self.schema.mariadb {
            let token = self.ast.exprs[self.ast.list(order)[0] as usize].token;
            self.refused(
                token,
                "MariaDB does not order the rows of WITH ROLLUP: order them in a query around it",
            );
        }
        self.check_order_aggregates(select, order);
        self.check_distinct_order(select, order, frame);
        self.check_grouping(select, order, frame);
        self.check_types(select, order, frame);
        self.pop_frame();
        columns
    }

    /// Resolves the select list and says what it puts out.
    fn items(&mut self, select: &'a Select, frame: usize) -> Columns {
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let mut names: Vec<Cow<'a, str>> = Vec::with_capacity(items.len());
        let mut open = false;
        for item in items {
            match self.ast.expr(item.expr) {
                Expr::Star(qualifier) => open |= !self.star(item.expr, qualifier, frame, &mut names),
                _ => {
                    self.expr(item.expr, frame, Clause::Select);
                    names.push(self.output_name(item));
                }
            }
        }
        if open { Columns::Open } else { self.known(names) }
    }

    /// Adds the columns of a star; false when they are not known.
    fn star(&mut self, expr: ExprId, qualifier: Option<Name>, frame: usize, names: &mut Vec<Cow<'a, str>>) -> bool {
        let token = self.ast.exprs[expr as usize].token;
        let (start, end) = (self.frames[frame].start, self.frames[frame].end);
        let Some(name) = qualifier else {
            if start == end {
                self.star_without_tables(token);
                return false;
            }
            self.record_column(token, "*", None, Clause::Select, Resolution::Column);
            return self.all_columns(token, frame, names);
        };
        let Some(relation) = self.qualified_relation(name, frame) else {
            self.unknown_qualifier(name);
            return false;
        };
        let relation_columns = self.relations[relation].columns;
        let recorded = self.relations[relation].recorded;
        if (start..end).contains(&relation) && self.shares_a_column(relation, frame) {
            self.twins(token);
        }
        self.record_column(token, "*", recorded, Clause::Select, Resolution::Column);
        let Some(count) = self.count(relation_columns) else {
            return false;
        };
        names.extend((0..count).filter_map(|index| self.column_name(relation_columns, index)));
        true
    }

    /// SQLite writes a star out as qualified names: whether one of a relation's would mean a column of another relation, too.
    fn shares_a_column(&self, relation: usize, frame: usize) -> bool {
        let (Some(table), true) = (&self.relations[relation].name, self.sqlite()) else {
            return false;
        };
        let columns = self.relations[relation].columns;
        let count = self.count(columns).unwrap_or(0);
        (0..count)
            .filter_map(|index| self.column_name(columns, index))
            .any(|column| {
                !self.is_merged_away(relation, frame, &column) && self.is_twin(relation, frame, table, &column)
            })
    }

    /// The columns of a level's relations as `*` gives them, merged ones once; false when they are not known.
    fn all_columns(&mut self, token: u32, frame: usize, names: &mut Vec<Cow<'a, str>>) -> bool {
        let (start, end) = (self.frames[frame].start, self.frames[frame].end);
        if (start..end).any(|relation| self.shares_a_column(relation, frame)) {
            self.twins(token);
            return false;
        }
        for index in start..end {
            let columns = self.relations[index].columns;
            if self.relations[index].qualified_only {
                continue;
            }
            let Some(count) = self.count(columns) else { return false };
            for name in (0..count).filter_map(|column| self.column_name(columns, column)) {
                if !self.is_merged_away(index, frame, &name) {
                    names.push(name);
                }
            }
        }
        true
    }

    /// The name an item without alias has for the queries around it.
    pub(super) fn output_name(&self, item: &Item) -> Cow<'a, str> {
        if let Some(alias) = item.alias {
            return self.source.name(alias);
        }
        match self.ast.expr(item.expr) {
            Expr::Column(name) => self.source.name(name.last),
            _ if self.tsql() => Cow::Borrowed(""),
            _ if !self.postgres() => Cow::Borrowed(self.source.span(item.tokens.0, item.tokens.1)),
            _ => self.postgres_name(item.expr),
        }
    }

    /// PostgreSQL names an output after its function or the column beneath casts.
    fn postgres_name(&self, mut expr: ExprId) -> Cow<'a, str> {
        loop {
            match self.ast.expr(expr) {
                Expr::Unary(inner) | Expr::Subscript(inner, _) => expr = inner,
                Expr::Column(name) => return self.source.name(name.last),
                Expr::Call(call) => return self.source.name(self.ast.calls[call as usize].name.last),
                Expr::Case { .. } => return Cow::Borrowed("case"),
                Expr::Exists(_) => return Cow::Borrowed("exists"),
                Expr::Array(_) | Expr::ArrayQuery(_) => return Cow::Borrowed("array"),
                Expr::Field(_) => {
                    let token = self.ast.exprs[expr as usize].end.saturating_sub(1);
                    return self.source.name(token);
                }
                Expr::Subquery(query) => return self.first_name(query),
                Expr::Literal(crate::ast::Literal::Keyword) => {
                    return Cow::Owned(
                        self.source
                            .raw(self.ast.exprs[expr as usize].token)
                            .to_ascii_lowercase(),
                    );
                }
                _ => return Cow::Borrowed("?column?"),
            }
        }
    }

    fn first_name(&self, query: u32) -> Cow<'a, str> {
        let crate::ast::Body::Select(select) = self.ast.bodies[self.ast.queries[query as usize].body as usize] else {
            return Cow::Borrowed("?column?");
        };
        let (first, count) = self.ast.selects[select as usize].items;
        if count == 0 {
            Cow::Borrowed("?column?")
        } else {
            self.output_name(&self.ast.items[first as usize])
        }
    }

    fn windows(&mut self, select: &'a Select, frame: usize) {
        let (start, count) = select.windows;
        for index in start..start + count {
            let window = &self.ast.windows[index as usize];
            // SQLite resolves no names of a window that nobody uses.
            if !self.sqlite() || self.is_window_used(window) {
                self.window(window, frame);
            }
        }
    }

    fn is_window_used(&self, window: &Window) -> bool {
        let Some(name) = window.name else { return true };
        let name = self.source.name(name);
        let windows = &self.ast.windows;
        self.ast
            .calls
            .iter()
            .filter_map(|call| match call.over? {
                Over::Named(token) => Some(token),
                Over::Inline(inline) => windows[inline as usize].base,
            })
            .any(|token| same_column(self.dialect, &self.source.name(token), &name))
    }
}
