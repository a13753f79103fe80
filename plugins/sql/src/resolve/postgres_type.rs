//! Families of types in PostgreSQL, as far as columns and constants show them: what it refuses to compare, add or take for a condition.

use nl2sql_catalog::TypeClass;

use super::Resolver;
use super::relation::Columns;
use crate::ast::{BinaryOp, Call, Expr, ExprId, JoinOn, List, Literal, Select, TableId, TableRef};
use crate::keyword::Kw;
use crate::schema::ColumnType;
use crate::token::Tok;

/// How many operators deep the type of an expression is looked for: chains may be long and the stack is not.
const MAX_DEPTH: u32 = 8;

/// Families of types that operators treat the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Number,
    Text,
    Boolean,
    /// Dates and timestamps.
    Moment,
}

impl Family {
    fn of_class(class: TypeClass) -> Option<Self> {
        match class {
            TypeClass::Integer | TypeClass::Decimal | TypeClass::Float => Some(Family::Number),
            TypeClass::Text => Some(Family::Text),
            TypeClass::Boolean => Some(Family::Boolean),
            TypeClass::Date | TypeClass::Datetime => Some(Family::Moment),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Family::Number => "number",
            Family::Text => "text",
            Family::Boolean => "boolean",
            Family::Moment => "date or timestamp",
        }
    }
}

impl<'a> Resolver<'a> {
    /// Checks the expressions of a select core whose names are all known.
    pub(super) fn check_types(&mut self, select: &'a Select, order: List, frame: usize) {
        if !self.postgres() || !self.findings.is_empty() {
            return;
        }
        let ast = self.ast;
        let items = &ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        let mut pending: Vec<ExprId> = items.iter().map(|item| item.expr).collect();
        pending.extend(ast.list(select.group));
        pending.extend(ast.list(order));
        let mut conditions: Vec<ExprId> = select.filter.into_iter().chain(select.having).collect();
        self.join_conditions(ast.list(select.from), &mut conditions);
        for condition in &conditions {
            self.check_condition(*condition, frame);
        }
        pending.append(&mut conditions);
        while let Some(id) = pending.pop() {
            self.check_operand_types(id, frame);
            self.children(id, &mut pending);
        }
        self.families = items.iter().map(|item| self.family(item.expr, frame)).collect();
    }

    fn join_conditions(&self, from: &[TableId], conditions: &mut Vec<ExprId>) {
        let mut tables = from.to_vec();
        while let Some(table) = tables.pop() {
            match self.ast.tables[table as usize].kind {
                TableRef::Join { left, right, on, .. } => {
                    tables.extend([left, right]);
                    if let JoinOn::Condition(condition) = on {
                        conditions.push(condition);
                    }
                }
                TableRef::Paren { inner, alias } if alias.name.is_none() => tables.push(inner),
                _ => {}
            }
        }
    }

    fn check_operand_types(&mut self, id: ExprId, frame: usize) {
        let ast = self.ast;
        match ast.expr(id) {
            Expr::Not(inner) => self.check_condition(inner, frame),
            Expr::Binary(BinaryOp::And | BinaryOp::Or, left, right) => {
                self.check_condition(left, frame);
                self.check_condition(right, frame);
            }
            Expr::Binary(BinaryOp::Compare(_), left, right) => self.check_comparison(id, left, right, frame),
            Expr::Binary(BinaryOp::Other(operator), left, right) => {
                self.check_operator(id, operator, left, right, frame);
            }
            Expr::InList { expr, list, .. } => {
                for value in ast.list(list) {
                    self.check_comparison(*value, expr, *value, frame);
                }
            }
            Expr::Between { expr, low, high, .. } => {
                self.check_comparison(id, expr, low, frame);
                self.check_comparison(id, expr, high, frame);
            }
            Expr::Case { operand: None, arms } => {
                let arms = ast.list(arms);
                for condition in arms.chunks(2).filter(|arm| arm.len() == 2).map(|arm| arm[0]) {
                    self.check_condition(condition, frame);
                }
                let results: Vec<ExprId> = arms.chunks(2).filter_map(|arm| arm.last().copied()).collect();
                self.check_alternatives(&results, frame);
            }
            Expr::Call(call) => self.check_argument_types(&ast.calls[call as usize], frame),
            _ => {}
        }
    }

    fn check_condition(&mut self, expr: ExprId, frame: usize) {
        if let Some(family) = self.family(expr, frame)
            && family != Family::Boolean
        {
            let message = format!("a condition is expected here, not a {}", family.name());
            self.report(self.ast.exprs[expr as usize].token, "type-mismatch", message, None);
        }
    }

    fn check_comparison(&mut self, at: ExprId, left: ExprId, right: ExprId, frame: usize) {
        let token = self.ast.exprs[at as usize].token;
        if let (Some(one), Some(other)) = (self.family(left, frame), self.family(right, frame))
            && one != other
        {
            let message = format!("PostgreSQL does not compare a {} with a {}", one.name(), other.name());
            self.report(token, "type-mismatch", message, None);
            return;
        }
        for (column, constant) in [(left, right), (right, left)] {
            if self.family(column, frame) == Some(Family::Number) {
                self.check_numeric_text(constant);
            }
            self.check_label(column, constant, frame);
        }
    }

    /// A string that stands for a number has to be one.
    fn check_numeric_text(&mut self, constant: ExprId) {
        let token = self.ast.exprs[constant as usize].token;
        let Some(text) = self.string_constant(constant) else {
            return;
        };
        if text.trim().parse::<f64>().is_err() {
            let message = format!("`{text}` is no number, and a number is expected here");
            self.report(token, "type-mismatch", message, None);
        }
    }

    /// A string that stands for a value of an enumeration has to be one of its labels.
    fn check_label(&mut self, column: ExprId, constant: ExprId, frame: usize) {
        let Some(kind) = self.column_type(column, frame) else {
            return;
        };
        let Some(text) = self.string_constant(constant) else {
            return;
        };
        if !kind.labels.is_empty() && !kind.labels.contains(&text) {
            let token = self.ast.exprs[constant as usize].token;
            let suggestion = super::nearest_name::nearest(&text, &kind.labels);
            let message = format!("`{text}` is no value of this enumeration");
            self.report(token, "type-mismatch", message, suggestion);
        }
    }

    fn check_operator(&mut self, id: ExprId, operator: Tok, left: ExprId, right: ExprId, frame: usize) {
        let (Some(one), Some(other)) = (self.family(left, frame), self.family(right, frame)) else {
            return;
        };
        let token = self.ast.exprs[id as usize].token;
        let refused = match operator {
            Tok::Plus | Tok::Minus | Tok::Star | Tok::Slash | Tok::Percent => [one, other]
                .iter()
                .any(|family| matches!(family, Family::Text | Family::Boolean)),
            Tok::Concat => one != Family::Text && other != Family::Text,
            Tok::Op => {
                let text = self.source.raw(token);
                matches!(text, "&&" | "@>" | "<@" | "?" | "?|" | "?&" | "#>" | "#>>" | "@@")
                    && (one == Family::Number || other == Family::Number)
            }
            _ => false,
        };
        if refused {
            let operator = self.source.raw(token);
            let message = format!(
                "PostgreSQL has no `{operator}` between a {} and a {}",
                one.name(),
                other.name()
            );
            self.report(token, "type-mismatch", message, None);
        }
    }

    /// Results of CASE and arguments of COALESCE, which have one type.
    fn check_alternatives(&mut self, exprs: &[ExprId], frame: usize) {
        let mut first = None;
        for expr in exprs {
            let family = self.family(*expr, frame);
            match (first, family) {
                (None, _) => first = family,
                (Some(one), Some(other)) if one != other => {
                    let token = self.ast.exprs[*expr as usize].token;
                    let message = format!("a {} and a {} cannot be one value", one.name(), other.name());
                    self.report(token, "type-mismatch", message, None);
                    return;
                }
                _ => {}
            }
        }
        if first == Some(Family::Number) {
            for expr in exprs {
                self.check_numeric_text(*expr);
            }
        }
    }

    fn check_argument_types(&mut self, call: &Call, frame: usize) {
        let name = self.source.name(call.name.last);
        let args = self.ast.list(call.args);
        if call.name.first != call.name.last {
            return;
        }
        let Some(first) = args.first() else { return };
        let family = self.family(*first, frame);
        let refused = match (&*name, family) {
            ("coalesce" | "greatest" | "least", _) => {
                self.check_alternatives(args, frame);
                false
            }
            ("sum", Some(Family::Text | Family::Boolean | Family::Moment)) => true,
            ("avg" | "stddev" | "variance", Some(Family::Text | Family::Boolean | Family::Moment)) => true,
            ("min" | "max", Some(Family::Boolean)) => true,
            ("abs" | "ceil" | "floor" | "sqrt" | "round", Some(Family::Text | Family::Boolean | Family::Moment)) => {
                true
            }
            (
                "length" | "lower" | "upper" | "initcap" | "char_length" | "ltrim" | "rtrim" | "btrim" | "replace"
                | "split_part",
                Some(Family::Number | Family::Boolean | Family::Moment),
            ) => true,
            ("lower" | "upper" | "initcap", _) => args.len() > 1,
            ("round" | "trunc", _) => args.len() == 2 && self.is_double(*first, frame, MAX_DEPTH),
            _ => false,
        };
        if refused {
            let message = format!("PostgreSQL has no `{name}` for arguments of these types: cast them");
            self.report(call.name.last, "type-mismatch", message, None);
        }
    }

    /// Columns of the sides of a set operation that have no type in common.
    pub(super) fn check_operand_families(&mut self, first: &[Option<Family>], token: u32) {
        let clash = first.iter().zip(&self.families).find_map(|pair| match pair {
            (Some(one), Some(other)) if one != other => Some((*one, *other)),
            _ => None,
        });
        if let Some((one, other)) = clash {
            let message = format!("a {} and a {} cannot be one column", one.name(), other.name());
            self.report(token, "type-mismatch", message, None);
        }
    }

    fn string_constant(&self, expr: ExprId) -> Option<String> {
        let node = &self.ast.exprs[expr as usize];
        let raw = self.source.raw(node.token);
        let plain =
            matches!(node.kind, Expr::Literal(Literal::String)) && raw.starts_with('\'') && node.end == node.token + 1;
        plain.then(|| self.source.name(node.token).into_owned())
    }

    fn column_type(&self, expr: ExprId, frame: usize) -> Option<&'a ColumnType> {
        let Expr::Column(name) = self.ast.expr(expr) else {
            return None;
        };
        let (relation, column) = self.locate(name, frame)?;
        let schema = self.schema;
        match self.relations[relation].columns {
            Columns::Catalog(table) => schema.tables[table as usize].types.get(column),
            _ => None,
        }
    }

    /// The family of an expression, where constants and columns of the catalog tell it.
    fn family(&self, expr: ExprId, frame: usize) -> Option<Family> {
        self.family_within(expr, frame, MAX_DEPTH)
    }

    /// The family of an expression that nests no deeper than `depth` operators.
    fn family_within(&self, expr: ExprId, frame: usize, depth: u32) -> Option<Family> {
        let depth = depth.checked_sub(1)?;
        let node = &self.ast.exprs[expr as usize];
        match node.kind {
            Expr::Literal(Literal::Number) => Some(Family::Number),
            Expr::Literal(Literal::Boolean) => Some(Family::Boolean),
            Expr::Column(_) => Family::of_class(self.column_type(expr, frame)?.class),
            Expr::Unary(inner) if self.source.raw(node.token) == "-" => self
                .family_within(inner, frame, depth)
                .filter(|family| *family == Family::Number),
            Expr::Binary(BinaryOp::And | BinaryOp::Or | BinaryOp::Compare(_), ..)
            | Expr::Not(_)
            | Expr::Test(_)
            | Expr::NullTest(_)
            | Expr::Like { .. }
            | Expr::Between { .. }
            | Expr::InList { .. }
            | Expr::InQuery { .. }
            | Expr::Exists(_) => Some(Family::Boolean),
            Expr::Binary(
                BinaryOp::Other(Tok::Plus | Tok::Minus | Tok::Star | Tok::Slash | Tok::Percent),
                left,
                right,
            ) => {
                let number = |side| self.family_within(side, frame, depth) == Some(Family::Number);
                (number(left) && number(right)).then_some(Family::Number)
            }
            Expr::Call(call) => {
                let call = &self.ast.calls[call as usize];
                let name = self.source.name(call.name.last);
                match &*name {
                    "count" | "length" | "char_length" | "row_number" | "rank" | "dense_rank" => Some(Family::Number),
                    "lower" | "upper" | "concat" | "string_agg" | "to_char" | "initcap" => Some(Family::Text),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether an expression is of type `double precision` or `real`, which ROUND does not cut at a place.
    fn is_double(&self, expr: ExprId, frame: usize, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        let node = &self.ast.exprs[expr as usize];
        match node.kind {
            Expr::Column(_) => self
                .column_type(expr, frame)
                .is_some_and(|kind| kind.class == TypeClass::Float),
            Expr::Unary(_) if self.source.tokens[node.token as usize].kind == Tok::DoubleColon => {
                matches!(
                    self.source.name(node.token + 1).to_ascii_lowercase().as_str(),
                    "double" | "float" | "float8" | "float4" | "real"
                )
            }
            Expr::Binary(BinaryOp::Other(Tok::Plus | Tok::Minus | Tok::Star | Tok::Slash), left, right) => {
                self.is_double(left, frame, depth) || self.is_double(right, frame, depth)
            }
            Expr::Call(call) => {
                let call = &self.ast.calls[call as usize];
                let name = self.source.name(call.name.last);
                let cast_to_double = call.special
                    && name == "cast"
                    && matches!(
                        self.source.tokens[node.end as usize - 2].kw,
                        Kw::REAL | Kw::PRECISION | Kw::FLOAT
                    );
                let args = self.ast.list(call.args);
                let averages = matches!(&*name, "avg" | "sum" | "min" | "max" | "abs") && !args.is_empty();
                cast_to_double || (averages && self.is_double(args[0], frame, depth))
            }
            _ => false,
        }
    }
}
