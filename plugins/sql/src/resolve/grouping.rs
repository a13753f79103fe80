//! Columns that must be grouped or aggregated, where the engine insists: PostgreSQL and SQL Server.

use super::relation::Columns;
use super::{OuterUse, Resolver};
use crate::ast::{Expr, ExprId, List, Name, Select};
use crate::functions;

impl<'a> Resolver<'a> {
    /// Reports columns of the select list, HAVING and ORDER BY that stand outside aggregates and are not grouped.
    pub(super) fn check_grouping(&mut self, select: &'a Select, order: List, frame: usize) {
        let outer_uses = self.take_outer_uses(frame);
        if !(self.postgres() || self.tsql()) || !self.findings.is_empty() {
            return;
        }
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let aggregated = select.grouped
            || select.having.is_some()
            || items.iter().any(|item| self.has_aggregate(item.expr))
            || self.ast.list(order).iter().any(|term| self.has_aggregate(*term));
        if !aggregated {
            return;
        }
        let grouped = self.grouped_expressions(select, frame);
        for item in items {
            self.check_grouped(item.expr, &grouped, frame);
        }
        if let Some(having) = select.having {
            self.check_grouped(having, &grouped, frame);
        }
        let ast = self.ast;
        for window in &ast.windows[select.windows.0 as usize..(select.windows.0 + select.windows.1) as usize] {
            for term in ast.list(window.partition).iter().chain(ast.list(window.order)) {
                self.check_grouped(*term, &grouped, frame);
            }
        }
        for term in self.ast.list(order) {
            let alias = self.plain_name(*term).is_some_and(|name| self.is_alias(frame, &name));
            if !alias {
                self.check_grouped(*term, &grouped, frame);
            }
        }
        for used in outer_uses {
            let is_grouped = grouped.iter().any(|term| match self.ast.expr(*term) {
                Expr::Column(name) => self.locate(name, frame) == Some(used.place),
                _ => false,
            });
            if !is_grouped && !self.is_determined(used.place, &grouped, frame) {
                self.ungrouped(used.name);
                return;
            }
        }
    }

    /// What subqueries use of a level that is about to close.
    fn take_outer_uses(&mut self, frame: usize) -> Vec<OuterUse> {
        let (own, others) = self.outer_uses.iter().partition(|used| used.frame == frame);
        self.outer_uses = others;
        own
    }

    /// GROUP BY terms, aliases and ordinals replaced by what they stand for.
    fn grouped_expressions(&self, select: &Select, frame: usize) -> Vec<ExprId> {
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        self.ast
            .list(select.group)
            .iter()
            .map(|term| {
                let node = &self.ast.exprs[*term as usize];
                let ordinal = match node.kind {
                    Expr::Literal(_) => self.source.raw(node.token).parse::<usize>().ok(),
                    _ => None,
                };
                if let Some(item) = ordinal.and_then(|ordinal| items.get(ordinal.wrapping_sub(1))) {
                    return item.expr;
                }
                match self.plain_name(*term) {
                    Some(name) if self.locate_name(&name, frame).is_none() => {
                        self.aliased_item(frame, &name).unwrap_or(*term)
                    }
                    _ => *term,
                }
            })
            .collect()
    }

    /// Whether an expression aggregates, subqueries aside.
    pub(super) fn has_aggregate(&self, expr: ExprId) -> bool {
        let mut pending = vec![expr];
        while let Some(id) = pending.pop() {
            if let Expr::Call(call) = self.ast.expr(id) {
                let call = &self.ast.calls[call as usize];
                let plain = call.over.is_none() && !call.special && call.name.first == call.name.last;
                let name = self.source.name(call.name.last);
                if plain && functions::is_aggregate(self.dialect, &name, call.args.len as usize) {
                    return true;
                }
            }
            self.children(id, &mut pending);
        }
        false
    }

    /// Direct operands of an expression, subqueries left out.
    pub(super) fn children(&self, id: ExprId, out: &mut Vec<ExprId>) {
        let kind = self.ast.expr(id);
        out.extend(kind.first_child());
        match kind {
            Expr::Binary(_, _, right) => out.push(right),
            Expr::Like { pattern, escape, .. } => {
                out.push(pattern);
                out.extend(escape);
            }
            Expr::Between { low, high, .. } => out.extend([low, high]),
            Expr::InList { list, .. } | Expr::Subscript(_, list) | Expr::Row(list) | Expr::Array(list) => {
                out.extend_from_slice(self.ast.list(list));
            }
            Expr::Case { operand, arms } => {
                out.extend(operand);
                out.extend_from_slice(self.ast.list(arms));
            }
            Expr::Call(call) => {
                let call = &self.ast.calls[call as usize];
                let weekday = usize::from(self.tsql() && call.args.len > 1 && self.is_date_call(call.name));
                out.extend(self.ast.list(call.args).iter().skip(weekday));
                out.extend(self.ast.list(call.order));
                if let Some(crate::ast::Over::Inline(window)) = call.over {
                    let window = &self.ast.windows[window as usize];
                    out.extend(self.ast.list(window.partition));
                    out.extend(self.ast.list(window.order));
                }
            }
            _ => {}
        }
    }

    fn is_date_call(&self, name: Name) -> bool {
        let name = self.source.name(name.last);
        name.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("date"))
    }

    fn check_grouped(&mut self, expr: ExprId, grouped: &[ExprId], frame: usize) {
        let mut pending = vec![expr];
        while let Some(id) = pending.pop() {
            let node = &self.ast.exprs[id as usize];
            if grouped.iter().any(|term| self.is_same(*term, id, frame)) {
                continue;
            }
            match node.kind {
                Expr::Call(call) => {
                    let call = &self.ast.calls[call as usize];
                    let plain = call.over.is_none() && !call.special;
                    let name = self.source.name(call.name.last);
                    if plain && functions::is_aggregate(self.dialect, &name, call.args.len as usize) {
                        continue;
                    }
                    self.children(id, &mut pending);
                }
                Expr::Column(name) => {
                    if let Some(place) = self.locate(name, frame)
                        && !self.is_determined(place, grouped, frame)
                    {
                        self.ungrouped(name);
                        return;
                    }
                }
                _ => self.children(id, &mut pending),
            }
        }
    }

    pub(super) fn is_same(&self, left: ExprId, right: ExprId, frame: usize) -> bool {
        let (a, b) = (&self.ast.exprs[left as usize], &self.ast.exprs[right as usize]);
        match (a.kind, b.kind) {
            (Expr::Column(x), Expr::Column(y)) => {
                let place = self.locate(x, frame);
                place.is_some() && place == self.locate(y, frame)
            }
            (Expr::Column(_), _) | (_, Expr::Column(_)) => false,
            _ => self.source.same_text(self.extent(left), self.extent(right)),
        }
    }

    /// The tokens of an expression, from its leftmost operand on.
    fn extent(&self, id: ExprId) -> (u32, u32) {
        let mut at = id;
        while let Some(first) = self.ast.expr(at).first_child() {
            let before = self.ast.exprs[first as usize].token < self.ast.exprs[at as usize].token;
            if !before {
                break;
            }
            at = first;
        }
        (self.ast.exprs[at as usize].token, self.ast.exprs[id as usize].end)
    }

    /// The relation of this level and the column in it that a name means; nothing for outer and unknown columns.
    pub(super) fn locate(&self, name: Name, frame: usize) -> Option<(usize, usize)> {
        if name.first == name.last {
            return self.locate_name(&self.source.name(name.last), frame);
        }
        let level = &self.frames[frame];
        let relation = self.qualified_relation(
            Name {
                first: name.first,
                last: name.last - 2,
            },
            frame,
        )?;
        if !(level.start..level.end).contains(&relation) {
            return None;
        }
        let index = self
            .find_column(self.relations[relation].columns, &self.source.name(name.last))
            .1?;
        Some((relation, index))
    }

    fn locate_name(&self, text: &str, frame: usize) -> Option<(usize, usize)> {
        let level = &self.frames[frame];
        (level.start..level.end).find_map(|relation| {
            self.find_column(self.relations[relation].columns, text)
                .1
                .map(|index| (relation, index))
        })
    }

    /// PostgreSQL: grouping by the whole primary key of a table determines its other columns. Merged join columns count as one.
    fn is_determined(&self, place: (usize, usize), grouped: &[ExprId], frame: usize) -> bool {
        let columns = self.relations[place.0].columns;
        let Some(name) = self.column_name(columns, place.1) else {
            return true;
        };
        let merged = self.merged[self.frames[frame].merged..self.frames[frame].merged_end]
            .iter()
            .any(|merged| crate::names::same_column(self.dialect, &merged.name, &name));
        if merged {
            return true;
        }
        let Columns::Catalog(table) = columns else { return false };
        let key = &self.schema.tables[table as usize].primary_key;
        self.postgres()
            && !key.is_empty()
            && key.iter().all(|column| {
                let index = self
                    .schema
                    .column(self.dialect, table, column)
                    .map(|index| index as usize);
                grouped.iter().any(|term| match self.ast.expr(*term) {
                    Expr::Column(name) => self
                        .locate(name, frame)
                        .is_some_and(|found| found.0 == place.0 && Some(found.1) == index),
                    _ => false,
                })
            })
    }

    fn ungrouped(&mut self, name: Name) {
        let written = self.source.span(name.first, name.last + 1).to_owned();
        let message = format!("`{written}` must be in GROUP BY or inside an aggregate function");
        self.report_span(name.first, name.last + 1, "ungrouped-column", message, None);
    }
}
