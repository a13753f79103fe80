//! The text of a statement in a dialect.

use std::fmt::Write;

use super::dialect::{Dialect, Driver};
use super::tree::{
    Aggregate, Condition, Expr, Literal, Order, Ref, Rows, Select, SetOperator, Source, Statement, Window,
};
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
struct Frame {
    /// Table index (for column names) and alias of each slot.
    slots: Vec<(Option<usize>, Option<String>)>,
    /// The same of the enclosing query.
    outer: Vec<(Option<usize>, Option<String>)>,
    /// Aliases given so far in the statement.
    given: usize,
}

struct Writer<'a> {
    text: &'a mut String,
    schema: &'a Schema,
    dialect: &'a Dialect,
}

impl Writer<'_> {
    fn select(&mut self, select: &Select, around: &Frame) {
        let frame = self.frame(select, around);
        self.text.push_str("SELECT ");
        if select.distinct {
            self.text.push_str("DISTINCT ");
        }
        if let (Driver::Mssql, Some(limit)) = (self.dialect.driver, select.limit) {
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
        if let (Some(limit), false) = (select.limit, self.dialect.driver == Driver::Mssql) {
            let _ = write!(self.text, " LIMIT {limit}");
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
        let correlated = is_correlated(select) || refers_out(select);
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
                // PostgreSQL alone sorts NULL as the largest value, which would make it every maximum.
                if self.dialect.driver == Driver::Postgres && select.limit.is_some() && self.may_be_null(by, frame) {
                    self.text.push_str(" NULLS LAST");
                }
            }
        }
    }

    fn may_be_null(&self, expr: &Expr, frame: &Frame) -> bool {
        match expr {
            Expr::Column(column) => frame.slots[column.slot]
                .0
                .is_some_and(|table| self.schema.tables[table].columns[column.column].nullable),
            _ => false,
        }
    }

    fn column(&mut self, column: &Ref, frame: &Frame) {
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

    fn expr(&mut self, expr: &Expr, frame: &Frame) {
        match expr {
            Expr::Column(column) => self.column(column, frame),
            Expr::Output(name) => self.text.push_str(name),
            Expr::CountAll => self.text.push_str("count(*)"),
            Expr::Aggregate(function, of) => self.aggregate(*function, of, frame),
            Expr::Literal(literal) => self.literal(literal),
            Expr::Scalar(select) => {
                self.text.push('(');
                self.select(select, frame);
                self.text.push(')');
            }
            Expr::Year(column) => self.date_part("%Y", "YEAR", column, frame),
            Expr::Month(column) => self.date_part("%m", "MONTH", column, frame),
            Expr::Length(column) => {
                let function = match self.dialect.driver {
                    Driver::Mssql => "len",
                    Driver::Mysql => "char_length",
                    Driver::Sqlite | Driver::Postgres => "length",
                };
                self.call(function, column, frame);
            }
            Expr::Upper(column) => self.call("upper", column, frame),
            Expr::Minus(left, right) => self.binary(left, " - ", right, frame),
            Expr::Times(left, right) => self.binary(left, " * ", right, frame),
            Expr::Case(condition, yes, no) => {
                self.text.push_str("CASE WHEN ");
                self.condition(condition, frame, false);
                let _ = write!(self.text, " THEN '{yes}' ELSE '{no}' END");
            }
            Expr::Window(window) => self.window(window, frame),
        }
    }

    fn call(&mut self, function: &str, column: &Ref, frame: &Frame) {
        let _ = write!(self.text, "{function}(");
        self.column(column, frame);
        self.text.push(')');
    }

    fn binary(&mut self, left: &Expr, operator: &str, right: &Expr, frame: &Frame) {
        self.expr(left, frame);
        self.text.push_str(operator);
        self.expr(right, frame);
    }

    fn date_part(&mut self, format: &str, part: &str, column: &Ref, frame: &Frame) {
        match self.dialect.driver {
            Driver::Sqlite => {
                let _ = write!(self.text, "strftime('{format}', ");
            }
            Driver::Postgres => {
                let _ = write!(self.text, "EXTRACT({part} FROM ");
            }
            Driver::Mysql | Driver::Mssql => {
                let _ = write!(self.text, "{part}(");
            }
        }
        self.column(column, frame);
        self.text.push(')');
    }

    fn aggregate(&mut self, function: Aggregate, of: &Expr, frame: &Frame) {
        let integer_average = function == Aggregate::Average && self.dialect.driver == Driver::Mssql;
        self.text.push_str(match function {
            Aggregate::CountDistinct => "count(DISTINCT ",
            Aggregate::Count => "count(",
            Aggregate::Average => "avg(",
            Aggregate::Sum => "sum(",
            Aggregate::Maximum => "max(",
            Aggregate::Minimum => "min(",
        });
        // SQL Server averages integers as an integer.
        if integer_average {
            self.text.push_str("1.0 * ");
        }
        self.expr(of, frame);
        self.text.push(')');
    }

    fn window(&mut self, window: &Window, frame: &Frame) {
        self.text.push_str(window.function);
        self.text.push('(');
        if let Some(of) = &window.of {
            self.column(of, frame);
        }
        self.text.push_str(") OVER (");
        if let Some(partition) = &window.partition {
            self.text.push_str("PARTITION BY ");
            self.column(partition, frame);
        }
        if let Some((by, descending)) = &window.order {
            self.text.push_str(if window.partition.is_some() {
                " ORDER BY "
            } else {
                "ORDER BY "
            });
            self.column(by, frame);
            self.text.push_str(if *descending { " DESC" } else { "" });
            if *descending && self.dialect.driver == Driver::Postgres && self.may_be_null(&Expr::Column(*by), frame) {
                self.text.push_str(" NULLS LAST");
            }
        }
        self.text.push(')');
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Number(number) => self.text.push_str(number),
            Literal::Text(text) => {
                let quoted = self.dialect.string(text);
                self.text.push_str(&quoted);
            }
            Literal::Boolean(value) => self.text.push_str(match (self.dialect.driver, value) {
                (Driver::Postgres | Driver::Mysql, true) => "TRUE",
                (Driver::Postgres | Driver::Mysql, false) => "FALSE",
                (Driver::Sqlite | Driver::Mssql, true) => "1",
                (Driver::Sqlite | Driver::Mssql, false) => "0",
            }),
        }
    }

    fn condition(&mut self, condition: &Condition, frame: &Frame, inside: bool) {
        match condition {
            Condition::Compare(left, operator, right) => {
                self.expr(left, frame);
                let _ = write!(self.text, " {} ", operator.sql());
                self.date_operand(left, right, frame);
            }
            Condition::Between(expr, low, high) => {
                self.expr(expr, frame);
                self.text.push_str(" BETWEEN ");
                self.literal(low);
                self.text.push_str(" AND ");
                self.literal(high);
            }
            Condition::Like(expr, pattern, negated) => {
                self.expr(expr, frame);
                self.text.push_str(if *negated { " NOT LIKE " } else { " LIKE " });
                self.literal(&Literal::Text(pattern.clone()));
            }
            Condition::Null(expr, negated) => {
                self.expr(expr, frame);
                self.text.push_str(if *negated { " IS NOT NULL" } else { " IS NULL" });
            }
            Condition::In(expr, select, negated) => {
                self.expr(expr, frame);
                self.text.push_str(if *negated { " NOT IN (" } else { " IN (" });
                self.select(select, frame);
                self.text.push(')');
            }
            Condition::Exists(select, negated) => {
                self.text.push_str(if *negated { "NOT EXISTS (" } else { "EXISTS (" });
                self.select(select, frame);
                self.text.push(')');
            }
            Condition::All(parts) => self.connected(parts, " AND ", frame, false),
            Condition::Any(parts) => self.connected(parts, " OR ", frame, inside),
        }
    }

    /// The right side of a comparison; SQLite's date parts are text, the others' are numbers.
    fn date_operand(&mut self, left: &Expr, right: &Expr, frame: &Frame) {
        match (left, right, self.dialect.driver) {
            (Expr::Year(_), Expr::Literal(Literal::Number(number)), Driver::Sqlite) => {
                self.literal(&Literal::Text(number.clone()));
            }
            (Expr::Month(_), Expr::Literal(Literal::Number(number)), Driver::Sqlite) => {
                self.literal(&Literal::Text(format!("{number:0>2}")));
            }
            _ => self.expr(right, frame),
        }
    }

    fn connected(&mut self, parts: &[Condition], word: &str, frame: &Frame, brackets: bool) {
        if brackets {
            self.text.push('(');
        }
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.text.push_str(word);
            }
            self.condition(part, frame, true);
        }
        if brackets {
            self.text.push(')');
        }
    }

    fn comma(&mut self, index: usize) {
        if index > 0 {
            self.text.push_str(", ");
        }
    }
}

/// A condition holds a subquery that refers to this query.
fn is_correlated(select: &Select) -> bool {
    fn any(condition: &Condition) -> bool {
        match condition {
            Condition::Exists(inner, _) | Condition::In(_, inner, _) => refers_out(inner),
            Condition::Compare(_, _, Expr::Scalar(inner)) => refers_out(inner),
            Condition::All(parts) | Condition::Any(parts) => parts.iter().any(any),
            _ => false,
        }
    }
    select.filter.as_ref().is_some_and(any)
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
