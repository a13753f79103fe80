//! The text of a statement in a dialect.

use std::fmt::Write;

use nl2sql_sdk::description::LimitStyle;

use super::dialect::Dialect;
use super::tree::{Condition, Expr, Order, Ref, Rows, Select, SetOperator, Source, Statement};
use nl2sql_schema::Schema;

/// `statement` as one line of SQL.
pub fn render(statement: &Statement, schema: &Schema, dialect: &Dialect) -> String {
    let mut text = String::with_capacity(160);
    for (index, (name, select)) in statement.ctes.iter().enumerate() {
        text.push_str(if index == 0 { "WITH " } else { ", " });
        text.push_str(name);
        text.push_str(" AS (");
        Writer {
            text: &mut text,
            schema,
            dialect,
        }
        .select(select, &Frame::default());
        text.push(')');
    }
    if !statement.ctes.is_empty() {
        text.push(' ');
    }
    Writer {
        text: &mut text,
        schema,
        dialect,
    }
    .select(&statement.body, &Frame::default());
    text
}

/// What the sources of a query are called, and what they are.
#[derive(Clone, Default)]
pub(super) struct Frame {
    /// Table index (for column names) and alias of each slot.
    slots: Vec<(Option<usize>, Option<String>)>,
    /// The same of the enclosing query.
    outer: Vec<(Option<usize>, Option<String>)>,
    /// Aliases given so far in the statement.
    given: usize,
}

pub(super) struct Writer<'a> {
    pub(super) text: &'a mut String,
    schema: &'a Schema,
    pub(super) dialect: &'a Dialect,
}

impl Writer<'_> {
    pub(super) fn select(&mut self, select: &Select, around: &Frame) {
        let frame = self.frame(select, around);
        self.text.push_str("SELECT ");
        if select.distinct {
            self.text.push_str("DISTINCT ");
        }
        if let (LimitStyle::Top, Some(limit)) = (self.dialect.limit(), select.limit) {
            let _ = write!(self.text, "TOP {limit} ");
        }
        for (index, (expr, name)) in select.items.iter().enumerate() {
            self.comma(index);
            self.expr(expr, &frame);
            if let Some(name) = name {
                let _ = write!(self.text, " AS {name}");
            }
        }
        self.from(select, &frame);
        if let Some(filter) = &select.filter {
            self.text.push_str(" WHERE ");
            self.condition(filter, &frame, false);
        }
        for (index, expr) in self.grouping(select).iter().enumerate() {
            self.text.push_str(if index == 0 { " GROUP BY " } else { ", " });
            self.expr(expr, &frame);
        }
        if let Some(having) = &select.having {
            self.text.push_str(" HAVING ");
            self.condition(having, &frame, false);
        }
        self.order(select, &frame);
        if let Some(limit) = select.limit {
            let _ = match self.dialect.limit() {
                LimitStyle::Limit => write!(self.text, " LIMIT {limit}"),
                LimitStyle::FetchFirst => write!(self.text, " FETCH FIRST {limit} ROWS ONLY"),
                LimitStyle::Top => Ok(()),
            };
        }
        if let Some((operator, right)) = &select.combined {
            self.text.push_str(match operator {
                SetOperator::Intersect => " INTERSECT ",
                SetOperator::Except => " EXCEPT ",
                SetOperator::Union => " UNION ",
            });
            self.select(right, around);
        }
    }

    /// Aliases T1, T2 ... where there is more than one source or an enclosing query to tell apart.
    fn frame(&self, select: &Select, around: &Frame) -> Frame {
        let correlated = select.is_correlated() || refers_out(select);
        let named = select.from.len() > 1 || correlated;
        let mut frame = Frame {
            slots: Vec::new(),
            outer: around.slots.clone(),
            given: around.given,
        };
        for source in &select.from {
            let (table, alias) = match &source.rows {
                Rows::Table(table) if named => {
                    frame.given += 1;
                    (Some(*table), Some(format!("T{}", frame.given)))
                }
                Rows::Table(table) => (Some(*table), None),
                Rows::Cte(name) | Rows::Derived(_, name) => (None, Some((*name).to_owned())),
            };
            frame.slots.push((table, alias));
        }
        frame
    }

    /// GROUP BY, completed where the dialect wants every selected column in it.
    fn grouping(&self, select: &Select) -> Vec<Expr> {
        let mut group = select.group.clone();
        if group.is_empty() {
            return group;
        }
        let selected = select
            .items
            .iter()
            .map(|(expr, _)| expr)
            .chain(select.order.iter().map(|order| &order.by));
        for expr in selected {
            let Expr::Column(column) = expr else { continue };
            let determined = self.dialect.key_determines_row() && self.groups_by_key_of(select, column.slot);
            if !determined && !group.contains(expr) {
                group.push(expr.clone());
            }
        }
        group
    }

    fn groups_by_key_of(&self, select: &Select, slot: usize) -> bool {
        let Some(Source {
            rows: Rows::Table(table),
            ..
        }) = select.from.get(slot)
        else {
            return false;
        };
        let key = &self.schema.tables[*table].key;
        !key.is_empty()
            && key
                .iter()
                .all(|column| select.group.contains(&Expr::Column(Ref::new(slot, *column))))
    }

    fn from(&mut self, select: &Select, frame: &Frame) {
        for (index, source) in select.from.iter().enumerate() {
            self.text.push_str(match (index, source.outer) {
                (0, _) => " FROM ",
                (_, false) => " JOIN ",
                (_, true) => " LEFT JOIN ",
            });
            match &source.rows {
                Rows::Table(table) => {
                    self.table(*table);
                    if let Some(alias) = &frame.slots[index].1 {
                        let _ = write!(self.text, " AS {alias}");
                    }
                }
                Rows::Cte(name) => self.text.push_str(name),
                Rows::Derived(inner, name) => {
                    self.text.push('(');
                    self.select(inner, &Frame::default());
                    let _ = write!(self.text, ") AS {name}");
                }
            }
            for (pair, (left, right)) in source.on.iter().enumerate() {
                self.text.push_str(if pair == 0 { " ON " } else { " AND " });
                self.column(left, frame);
                self.text.push_str(" = ");
                self.column(right, frame);
            }
        }
    }

    fn table(&mut self, table: usize) {
        let table = &self.schema.tables[table];
        if let Some(schema) = &table.qualifier {
            let schema = self.dialect.identifier(schema);
            let _ = write!(self.text, "{schema}.");
        }
        let name = self.dialect.identifier(&table.name);
        self.text.push_str(&name);
    }

    fn order(&mut self, select: &Select, frame: &Frame) {
        for (index, Order { by, descending }) in select.order.iter().enumerate() {
            self.text.push_str(if index == 0 { " ORDER BY " } else { ", " });
            self.expr(by, frame);
            if *descending {
                self.text.push_str(" DESC");
                // Where NULL is the largest value, it would be every maximum.
                if select.limit.is_some() && self.may_be_null(by, frame) {
                    self.text.push_str(self.dialect.nulls_last_descending());
                }
            }
        }
    }

    pub(super) fn may_be_null(&self, expr: &Expr, frame: &Frame) -> bool {
        match expr {
            Expr::Column(column) => frame.slots[column.slot]
                .0
                .is_some_and(|table| self.schema.tables[table].columns[column.column].nullable),
            _ => false,
        }
    }

    /// Whether an expression is a column of dates, and not of texts that read like dates.
    pub(super) fn is_date(&self, expr: &Expr, frame: &Frame) -> bool {
        let Expr::Column(column) = expr else { return false };
        let slots = if column.outer { &frame.outer } else { &frame.slots };
        let table = slots.get(column.slot).and_then(|(table, _)| *table);
        table.is_some_and(|table| self.schema.tables[table].columns[column.column].dated)
    }

    pub(super) fn column(&mut self, column: &Ref, frame: &Frame) {
        let slots = if column.outer { &frame.outer } else { &frame.slots };
        let Some((Some(table), alias)) = slots.get(column.slot) else {
            return;
        };
        if let Some(alias) = alias {
            let _ = write!(self.text, "{alias}.");
        }
        let name = self
            .dialect
            .identifier(&self.schema.tables[*table].columns[column.column].name);
        self.text.push_str(&name);
    }

    pub(super) fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push_str(", ");
        }
    }
}

impl Select {
    /// A condition holds a subquery that refers to this query.
    pub fn is_correlated(&self) -> bool {
        fn any(condition: &Condition) -> bool {
            match condition {
                Condition::Exists(inner, _) | Condition::In(_, inner, _) => refers_out(inner),
                Condition::Compare(_, _, Expr::Scalar(inner)) => refers_out(inner),
                Condition::All(parts) | Condition::Any(parts) => parts.iter().any(any),
                _ => false,
            }
        }
        self.filter.as_ref().is_some_and(any)
    }
}

/// A condition refers to the enclosing query.
fn refers_out(select: &Select) -> bool {
    fn expr(expr: &Expr) -> bool {
        matches!(expr, Expr::Column(column) if column.outer)
    }
    fn any(condition: &Condition) -> bool {
        match condition {
            Condition::Compare(left, _, right) => expr(left) || expr(right),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(any),
            _ => false,
        }
    }
    select.filter.as_ref().is_some_and(any)
}
