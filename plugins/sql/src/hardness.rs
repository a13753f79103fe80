//! Spider's hardness of a query, as `eval_hardness` of the official evaluator computes it (taoyds/spider, evaluation.py): three
//! counts over the outermost SELECT.

use nl2sql_catalog::Difficulty;

use crate::ast::{Ast, BinaryOp, Body, Expr, ExprId, JoinOn, List, QueryId, Select, TableId, TableRef};
use crate::names::Source;

/// The five aggregates Spider's grammar knows.
const SPIDER_AGGREGATES: [&str; 5] = ["max", "min", "count", "sum", "avg"];

/// `easy`, `medium`, `hard` or `extra`.
pub(crate) fn hardness(source: Source<'_>, ast: &Ast) -> Difficulty {
    let Some(root) = ast.root else { return Difficulty::Easy };
    let mut counter = Counter {
        source,
        ast,
        clauses: 0,
        nested: 0,
        aggregates: 0,
    };
    let others = counter.query(root);
    let (clauses, nested) = (counter.clauses, counter.nested);
    if clauses <= 1 && others == 0 && nested == 0 {
        Difficulty::Easy
    } else if nested == 0 && ((others <= 2 && clauses <= 1) || (clauses <= 2 && others < 2)) {
        Difficulty::Medium
    } else if (nested == 0 && ((others > 2 && clauses <= 2) || (clauses == 3 && others <= 2)))
        || (clauses <= 1 && others == 0 && nested <= 1)
    {
        Difficulty::Hard
    } else {
        Difficulty::Extra
    }
}

struct Counter<'a> {
    source: Source<'a>,
    ast: &'a Ast,
    /// Clauses, joins, ORs and LIKEs: the evaluator's component 1.
    clauses: usize,
    /// Subqueries in conditions, and set operations: component 2.
    nested: usize,
    aggregates: usize,
}

/// A piece of a condition in written order; the flag says NOT stands around it.
enum Part {
    Condition(ExprId, bool),
    And,
    Or,
}

/// The conditions of a clause, AND and OR taken apart.
#[derive(Default)]
struct Conditions {
    units: usize,
    /// How many are negated.
    negated: usize,
}

impl<'a> Counter<'a> {
    /// Counts the outermost query and returns the evaluator's third count.
    fn query(&mut self, id: QueryId) -> usize {
        let query = &self.ast.queries[id as usize];
        let mut body = query.body;
        let mut order = query.order;
        let mut limited = query.limit.is_some();
        loop {
            match self.ast.bodies[body as usize] {
                Body::Select(select) => {
                    let select = &self.ast.selects[select as usize];
                    return self.select(select, order, limited || select.top.is_some());
                }
                Body::Compound(start, _) => {
                    // Spider's grammar hangs the rest, its ORDER BY and LIMIT included, on the first operand as one nested query.
                    self.nested += 1;
                    body = self.ast.operands[start as usize].body;
                    (order, limited) = (List::default(), false);
                }
                Body::Paren(inner) => {
                    let inner = &self.ast.queries[inner as usize];
                    body = inner.body;
                    if inner.order.len > 0 {
                        order = inner.order;
                    }
                    limited |= inner.limit.is_some();
                }
                _ => return 0,
            }
        }
    }

    fn select(&mut self, select: &Select, order: List, limited: bool) -> usize {
        let group = self.ast.list(select.group);
        self.clauses += usize::from(select.filter.is_some());
        self.clauses += usize::from(!group.is_empty());
        self.clauses += usize::from(order.len > 0);
        self.clauses += usize::from(limited);
        let mut tables = 0;
        for table in self.ast.list(select.from) {
            tables += self.tables(*table);
        }
        self.clauses += tables.max(1) - 1;

        let items = &self.ast.items[select.items.0 as usize..(select.items.0 + select.items.1) as usize];
        self.aggregates += items.iter().filter(|item| self.is_aggregate(item.expr)).count();
        let filter = select.filter.map(|filter| self.conditions(filter)).unwrap_or_default();
        // The evaluator reads a condition's NOT as an aggregate.
        self.aggregates += filter.negated;
        self.aggregates += group.iter().filter(|term| self.is_aggregate(**term)).count();
        for term in self.ast.list(order) {
            self.aggregates += self.aggregates_in(*term);
        }
        if let Some(having) = select.having {
            let having = self.conditions(having);
            // It counts the connectives of HAVING as aggregates, too.
            self.aggregates += having.negated + having.units - 1;
        }
        usize::from(self.aggregates > 1)
            + usize::from(items.len() > 1)
            + usize::from(filter.units > 1)
            + usize::from(group.len() > 1)
    }

    /// Counts the tables of a reference and the conditions between them.
    fn tables(&mut self, id: TableId) -> usize {
        let (mut at, mut count) = (id, 0);
        loop {
            match self.ast.tables[at as usize].kind {
                TableRef::Join { left, right, on, .. } => {
                    if let JoinOn::Condition(condition) = on {
                        self.conditions(condition);
                    }
                    count += self.tables(right);
                    at = left;
                }
                TableRef::Paren { inner, .. } | TableRef::Pivot { inner, .. } => at = inner,
                _ => return count + 1,
            }
        }
    }

    /// Takes a condition apart, counting ORs, LIKEs and nested queries on the way.
    fn conditions(&mut self, expr: ExprId) -> Conditions {
        let mut found = Conditions::default();
        // Read in written order, because the evaluator takes a column that is compared with for everything up to the next AND.
        let mut pending = vec![Part::Condition(expr, false)];
        let (mut compared_with_column, mut swallowed) = (false, false);
        while let Some(part) = pending.pop() {
            match part {
                Part::Or if compared_with_column => swallowed = true,
                Part::Or => self.clauses += usize::from(!swallowed),
                Part::And => swallowed = false,
                Part::Condition(id, negated) => match self.ast.expr(id) {
                    Expr::Binary(op @ (BinaryOp::And | BinaryOp::Or), left, right) => {
                        let connective = if op == BinaryOp::Or { Part::Or } else { Part::And };
                        pending.extend([
                            Part::Condition(right, negated),
                            connective,
                            Part::Condition(left, negated),
                        ]);
                    }
                    Expr::Not(inner) => pending.push(Part::Condition(inner, true)),
                    _ if swallowed => {}
                    unit => {
                        compared_with_column = self.compares_with_column(unit);
                        found.units += 1;
                        found.negated += usize::from(negated || is_negated(unit));
                        self.clauses += usize::from(matches!(unit, Expr::Like { .. }));
                        self.nested += self.queries_in(unit);
                    }
                },
            }
        }
        found
    }

    fn compares_with_column(&self, unit: Expr) -> bool {
        matches!(unit, Expr::Binary(BinaryOp::Compare(_), _, right)
            if matches!(self.ast.expr(right), Expr::Column(_)) && !self.is_quoted(right))
    }

    fn is_quoted(&self, id: ExprId) -> bool {
        self.source.is_quoted(self.ast.exprs[id as usize].token)
    }

    /// Nested queries that are direct operands of a condition.
    fn queries_in(&self, unit: Expr) -> usize {
        let is_query = |id: ExprId| matches!(self.ast.expr(id), Expr::Subquery(_) | Expr::Quantified(_));
        match unit {
            Expr::InQuery { .. } | Expr::Exists(_) => 1,
            Expr::Binary(_, left, right) => usize::from(is_query(left)) + usize::from(is_query(right)),
            Expr::Between { low, high, .. } => usize::from(is_query(low)) + usize::from(is_query(high)),
            _ => 0,
        }
    }

    fn is_aggregate(&self, id: ExprId) -> bool {
        let Expr::Call(call) = self.ast.expr(id) else {
            return false;
        };
        let name = self.source.name(self.ast.calls[call as usize].name.last);
        SPIDER_AGGREGATES.iter().any(|known| known.eq_ignore_ascii_case(&name))
    }

    /// Aggregates among the two operands of an ORDER BY term.
    fn aggregates_in(&self, id: ExprId) -> usize {
        match self.ast.expr(id) {
            Expr::Binary(_, left, right) => {
                usize::from(self.is_aggregate(left)) + usize::from(self.is_aggregate(right))
            }
            _ => usize::from(self.is_aggregate(id)),
        }
    }
}

fn is_negated(unit: Expr) -> bool {
    match unit {
        Expr::Like { negated, .. }
        | Expr::Between { negated, .. }
        | Expr::InList { negated, .. }
        | Expr::InQuery { negated, .. } => negated,
        _ => false,
    }
}
