//! ORDER BY and GROUP BY: ordinals, aliases, and outputs of set operations.

use super::relation::Columns;
use super::{Clause, Resolver};
use crate::ast::{Body, Expr, ExprId, Literal, Query, Select, SelectId, TableId, TableRef};
use crate::names::{same_column, same_table};
use nl2sql_catalog::Resolution;

impl<'a> Resolver<'a> {
    /// ORDER BY of a select core.
    pub(super) fn order_by(&mut self, terms: &'a [ExprId], frame: usize, columns: Columns) {
        for (index, term) in terms.iter().enumerate() {
            self.check_constant_term(*term, self.ordinal(*term).is_some(), "ORDER BY");
            if let Some(ordinal) = self.ordinal(*term) {
                self.check_ordinal(*term, ordinal, index, columns, "ORDER BY");
                continue;
            }
            if let Some(name) = self.plain_name(*term)
                && (self.is_alias(frame, &name) || self.is_selected(frame, &name, columns))
            {
                let token = self.ast.exprs[*term as usize].token;
                self.record_column(token, &name, None, Clause::OrderBy, Resolution::Alias);
                continue;
            }
            self.expr(*term, frame, Clause::OrderBy);
        }
    }

    /// PostgreSQL and T-SQL: a constant that is no ordinal sorts and groups nothing, and is refused.
    fn check_constant_term(&mut self, term: ExprId, ordinal: bool, clause: &str) {
        let constant = matches!(
            self.ast.expr(term),
            Expr::Literal(Literal::String | Literal::Number | Literal::Null | Literal::Bytes)
        );
        let refused = (self.postgres() && !ordinal) || (self.tsql() && (!ordinal || clause == "GROUP BY"));
        if constant && refused {
            let token = self.ast.exprs[term as usize].token;
            let message = format!("{clause} takes columns and expressions here, not a constant");
            self.report(token, "constant-term", message, None);
        }
    }

    pub(super) fn group_by(&mut self, select: &'a Select, frame: usize) {
        let terms = self.ast.list(select.group);
        let width = self.output_count(select);
        for (index, term) in terms.iter().enumerate() {
            self.check_constant_term(*term, self.ordinal(*term).is_some(), "GROUP BY");
            if let Some(ordinal) = self.ordinal(*term) {
                if let Some(count) = width
                    && !self.tsql()
                    && (ordinal < 1 || ordinal > count as i64)
                {
                    self.bad_ordinal(*term, index, count, "GROUP BY");
                } else if let Some(item) = self.item_at(select, ordinal)
                    && (self.has_aggregate(item) || self.has_window(item))
                {
                    self.grouped_aggregate(*term);
                }
                continue;
            }
            if self.mysql()
                && let Some(name) = self.plain_name(*term)
                && self.is_ambiguous(frame, &name)
                && self.is_selected(frame, &name, Columns::Open)
            {
                let token = self.ast.exprs[*term as usize].token;
                self.record_column(token, &name, None, Clause::GroupBy, Resolution::Alias);
                continue;
            }
            if self.postgres()
                && let Some(name) = self.plain_name(*term)
                && self.is_alias(frame, &name)
                && !self.is_input(frame, &name)
            {
                let token = self.ast.exprs[*term as usize].token;
                self.record_column(token, &name, None, Clause::GroupBy, Resolution::Alias);
                continue;
            }
            self.expr(*term, frame, Clause::GroupBy);
        }
    }

    /// Whether more than one table of a level has a column.
    fn is_ambiguous(&self, frame: usize, name: &str) -> bool {
        let level = &self.frames[frame];
        let relations = &self.relations[level.start..level.end];
        relations
            .iter()
            .filter(|relation| self.find_column(relation.columns, name).0 > 0)
            .count()
            > 1
    }

    /// Whether a name that more than one table has is told by the select list: by a qualified column of it, in SQLite by a star.
    fn is_selected(&self, frame: usize, name: &str, columns: Columns) -> bool {
        if !self.is_ambiguous(frame, name) {
            return false;
        }
        let Some(select) = self.frames[frame].select else {
            return false;
        };
        let (start, count) = self.ast.selects[select as usize].items;
        let items = &self.ast.items[start as usize..(start + count) as usize];
        if self.sqlite() {
            let starred = items
                .iter()
                .any(|item| matches!(self.ast.expr(item.expr), Expr::Star(_)));
            return starred && self.find_column(columns, name).0 > 0;
        }
        items.iter().any(|item| {
            let plain = item.alias.is_none() && matches!(self.ast.expr(item.expr), Expr::Column(_));
            plain && same_column(self.dialect, &self.output_name(item), name)
        })
    }

    fn is_input(&self, frame: usize, name: &str) -> bool {
        let level = &self.frames[frame];
        self.relations[level.start..level.end]
            .iter()
            .any(|relation| self.find_column(relation.columns, name).0 > 0)
    }

    fn output_count(&self, select: &Select) -> Option<usize> {
        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let starred = items
            .iter()
            .any(|item| matches!(self.ast.expr(item.expr), Expr::Star(_)));
        (!starred).then_some(items.len())
    }

    /// The expression of the item at an ordinal, where no star shifts them.
    fn item_at(&self, select: &Select, ordinal: i64) -> Option<ExprId> {
        let count = self.output_count(select)?;
        let index = usize::try_from(ordinal).ok()?.checked_sub(1)?;
        (index < count).then(|| self.ast.items[select.items.0 as usize + index].expr)
    }

    /// Whether an expression computes something over a window, subqueries aside.
    pub(super) fn has_window(&self, expr: ExprId) -> bool {
        let mut pending = vec![expr];
        while let Some(id) = pending.pop() {
            if matches!(self.ast.expr(id), Expr::Call(call) if self.ast.calls[call as usize].over.is_some()) {
                return true;
            }
            self.children(id, &mut pending);
        }
        false
    }

    /// The whole number a term is, if it is one; SQLite and PostgreSQL see through a minus.
    pub(super) fn ordinal(&self, term: ExprId) -> Option<i64> {
        let node = &self.ast.exprs[term as usize];
        match node.kind {
            Expr::Literal(Literal::Number) => self.source.raw(node.token).parse().ok(),
            Expr::Unary(inner) if self.source.raw(node.token) == "-" && (self.sqlite() || self.postgres()) => {
                self.ordinal(inner).map(|ordinal| -ordinal)
            }
            _ => None,
        }
    }

    fn check_ordinal(&mut self, term: ExprId, ordinal: i64, index: usize, columns: Columns, clause: &str) {
        if let Some(count) = self.count(columns)
            && (ordinal < 1 || ordinal > count as i64)
        {
            self.bad_ordinal(term, index, count, clause);
        }
    }

    /// ORDER BY after a set operation or VALUES: its terms are outputs.
    pub(super) fn order_of_result(&mut self, query: &Query, columns: Columns) {
        for (index, term) in self.ast.list(query.order).iter().enumerate() {
            if let Some(ordinal) = self.ordinal(*term) {
                self.check_ordinal(*term, ordinal, index, columns, "ORDER BY");
                continue;
            }
            let Some(count) = self.count(columns) else { continue };
            let inner = match self.ast.expr(*term) {
                Expr::Unary(inner) => inner,
                _ => *term,
            };
            let name = match self.ast.expr(inner) {
                Expr::Column(name) if name.first == name.last => Some(self.source.name(name.last)),
                _ => None,
            };
            let known = name.as_ref().is_some_and(|name| {
                (0..count).any(|index| {
                    self.column_name(columns, index)
                        .is_some_and(|column| same_column(self.dialect, &column, name))
                })
            });
            let computed = name.is_none() && !matches!(self.ast.expr(inner), Expr::Column(_));
            if self.mysql() && computed && !self.has_aggregate(inner) {
                // MySQL computes with the columns of the result.
                continue;
            }
            let token = self.ast.exprs[inner as usize].token;
            if known || (self.sqlite() && self.is_operand_output(query, inner)) {
                if let Some(name) = name {
                    self.record_column(token, &name, None, Clause::OrderBy, Resolution::Alias);
                }
                continue;
            }
            self.not_an_output(*term, index);
        }
    }

    /// Whether two columns have the same name, and one of them a qualifier: the other may leave it out.
    fn is_same_column(&self, left: ExprId, right: ExprId) -> bool {
        let (Expr::Column(left), Expr::Column(right)) = (self.ast.expr(left), self.ast.expr(right)) else {
            return false;
        };
        let bare = left.first == left.last || right.first == right.last;
        bare && same_column(
            self.dialect,
            &self.source.name(left.last),
            &self.source.name(right.last),
        )
    }

    /// Whether the qualifier of a column, if it has one, names a table in the FROM clause of a select core.
    fn is_qualified_within(&self, column: ExprId, select: SelectId) -> bool {
        let Expr::Column(name) = self.ast.expr(column) else {
            return true;
        };
        if name.first == name.last {
            return true;
        }
        let qualifier = self.source.name(name.last - 2);
        let mut pending: Vec<TableId> = self.ast.list(self.ast.selects[select as usize].from).to_vec();
        while let Some(table) = pending.pop() {
            let visible = match self.ast.tables[table as usize].kind {
                TableRef::Table { name, alias } => Some(alias.name.unwrap_or(name.last)),
                TableRef::Derived { alias, .. } => alias.name,
                TableRef::Function { calls, alias, .. } => {
                    alias
                        .name
                        .or_else(|| match self.ast.expr(*self.ast.list(calls).first()?) {
                            Expr::Call(call) => Some(self.ast.calls[call as usize].name.last),
                            _ => None,
                        })
                }
                TableRef::Join { left, right, .. } => {
                    pending.extend([left, right]);
                    None
                }
                TableRef::Paren { inner, alias } | TableRef::Pivot { inner, alias, .. } => {
                    pending.push(inner);
                    alias.name
                }
            };
            if visible.is_some_and(|visible| same_table(self.dialect, &self.source.name(visible), &qualifier)) {
                return true;
            }
        }
        false
    }

    /// SQLite takes any output of any operand, by its text or its name.
    fn is_operand_output(&self, query: &Query, term: ExprId) -> bool {
        let mut bodies = vec![query.body];
        let node = &self.ast.exprs[term as usize];
        while let Some(body) = bodies.pop() {
            match self.ast.bodies[body as usize] {
                Body::Compound(start, count) => {
                    let operands = &self.ast.operands[start as usize..(start + count) as usize];
                    bodies.extend(operands.iter().map(|operand| operand.body));
                }
                Body::Select(select) => {
                    let (start, count) = self.ast.selects[select as usize].items;
                    for item in &self.ast.items[start as usize..(start + count) as usize] {
                        if self.source.same_text(item.tokens, (node.token, node.end))
                            || (self.is_same_column(item.expr, term) && self.is_qualified_within(term, select))
                        {
                            return true;
                        }
                        let name = self.plain_name(term);
                        if name.is_some_and(|name| same_column(self.dialect, &name, &self.output_name(item))) {
                            return true;
                        }
                    }
                }
                _ => {}
            }
        }
        false
    }
}
