//! The SQL Spider's `process_sql.get_sql` understands, and what its execution match needs of it: the select items.
//!
//! The parser is as narrow as its model: a statement it stumbles over has no verdict. Indexes run ahead over a slice of
//! tokens; `None` is any of the errors the original raises.

use std::collections::{BTreeMap, BTreeSet};

use super::spider_tokens::tokenize;
use crate::query_runner::SchemaOutline;

const CLAUSES: [&str; 9] = [
    "select",
    "from",
    "where",
    "group",
    "order",
    "limit",
    "intersect",
    "union",
    "except",
];
const JOINS: [&str; 3] = ["join", "on", "as"];
const CONDITIONS: [&str; 12] = [
    "not", "between", "=", ">", "<", ">=", "<=", "!=", "in", "like", "is", "exists",
];
const ARITHMETIC: [&str; 5] = ["none", "-", "+", "*", "/"];
const AGGREGATES: [&str; 6] = ["none", "max", "min", "count", "sum", "avg"];
const SET_OPERATIONS: [&str; 3] = ["intersect", "union", "except"];

/// Deepest nesting followed; the original runs into Python's recursion limit.
const MAX_DEPTH: u32 = 200;

/// A column, `*` or `table.column`, with the aggregate and the DISTINCT written around it inside an item.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ColumnUnit {
    pub(super) aggregate: usize,
    pub(super) column: String,
    pub(super) distinct: bool,
}

/// A select item without its outer aggregate: one column, or two with an operator.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum SelectItem {
    Column(ColumnUnit),
    Operation(usize, ColumnUnit, ColumnUnit),
}

/// What is kept of a parsed statement.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    pub(super) items: Vec<SelectItem>,
    /// Tables of the outermost FROM.
    pub(super) tables: BTreeSet<String>,
}

/// Parses `sql` against a schema; `None` where Spider's parser fails.
pub(super) fn parse(sql: &str, schema: &SchemaOutline) -> Option<Parsed> {
    let tokens = tokenize(sql)?;
    let parser = Parser::new(&tokens, schema)?;
    Some(parser.statement(&tokens, 0, 0)?.1)
}

struct Parser {
    columns: BTreeMap<String, BTreeSet<String>>,
    /// Table behind each alias and each table's own name.
    aliases: BTreeMap<String, String>,
}

type Tokens<'t> = &'t [String];

fn is(tokens: Tokens, at: usize, word: &str) -> bool {
    tokens.get(at).is_some_and(|token| token == word)
}

fn one_of(tokens: Tokens, at: usize, words: &[&str]) -> Option<usize> {
    let token = tokens.get(at)?;
    words.iter().position(|word| word == token)
}

fn ends_clause(tokens: Tokens, at: usize) -> bool {
    one_of(tokens, at, &CLAUSES).is_some() || one_of(tokens, at, &[")", ";"]).is_some()
}

fn expect(tokens: Tokens, at: usize, word: &str) -> Option<usize> {
    is(tokens, at, word).then_some(at + 1)
}

/// Steps over an opening parenthesis, telling whether there was one.
fn open(tokens: Tokens, at: usize) -> Option<(usize, bool)> {
    let block = tokens.get(at)? == "(";
    Some((at + usize::from(block), block))
}

fn close(tokens: Tokens, at: usize, block: bool) -> Option<usize> {
    if block { expect(tokens, at, ")") } else { Some(at) }
}

fn skip_semicolons(tokens: Tokens, mut at: usize) -> usize {
    while is(tokens, at, ";") {
        at += 1;
    }
    at
}

impl Parser {
    fn new(tokens: Tokens, schema: &SchemaOutline) -> Option<Self> {
        let mut aliases = BTreeMap::new();
        for at in (0..tokens.len()).filter(|at| is(tokens, *at, "as")) {
            let before = at.checked_sub(1).unwrap_or(tokens.len() - 1);
            aliases.insert(tokens.get(at + 1)?.clone(), tokens[before].clone());
        }
        let mut columns = BTreeMap::new();
        for (table, names) in &schema.tables {
            let table = table.to_lowercase();
            if aliases.contains_key(&table) {
                return None;
            }
            columns.insert(table, names.iter().map(|name| name.to_lowercase()).collect());
        }
        for table in columns.keys() {
            aliases.insert(table.clone(), table.clone());
        }
        Some(Self { columns, aliases })
    }

    fn statement(&self, tokens: Tokens, start: usize, depth: u32) -> Option<(usize, Parsed)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (select, block) = open(tokens, start)?;
        let (mut at, tables) = self.from(tokens, start, depth)?;
        let items = self.select(tokens, select, &tables)?;
        if is(tokens, at, "where") {
            at = self.condition(tokens, at + 1, &tables, depth)?;
        }
        at = self.group_by(tokens, at, &tables)?;
        if is(tokens, at, "having") {
            at = self.condition(tokens, at + 1, &tables, depth)?;
        }
        at = self.order_by(tokens, at, &tables)?;
        if is(tokens, at, "limit") {
            tokens.get(at + 1)?.parse::<i128>().ok()?;
            at += 2;
        }
        at = close(tokens, skip_semicolons(tokens, at), block)?;
        at = skip_semicolons(tokens, at);
        if one_of(tokens, at, &SET_OPERATIONS).is_some() {
            at = self.statement(tokens, at + 1, depth + 1)?.0;
        }
        let tables = tables.into_iter().collect();
        Some((at, Parsed { items, tables }))
    }

    /// FROM comes first, since unqualified columns are looked up in its tables in turn.
    fn from(&self, tokens: Tokens, start: usize, depth: u32) -> Option<(usize, Vec<String>)> {
        let mut at = (start..tokens.len()).find(|at| is(tokens, *at, "from"))? + 1;
        let mut tables = Vec::new();
        while at < tokens.len() {
            let (next, block) = open(tokens, at)?;
            at = next;
            if tokens.get(at)? == "select" {
                at = self.statement(tokens, at, depth + 1)?.0;
            } else {
                at += usize::from(is(tokens, at, "join"));
                let table = self.aliases.get(tokens.get(at)?)?;
                self.columns.get(table)?;
                tables.push(table.clone());
                at += if is(tokens, at + 1, "as") { 3 } else { 1 };
            }
            if is(tokens, at, "on") {
                at = self.condition(tokens, at + 1, &tables, depth)?;
            }
            at = close(tokens, at, block)?;
            if ends_clause(tokens, at) {
                break;
            }
        }
        Some((at, tables))
    }

    fn select(&self, tokens: Tokens, start: usize, tables: &[String]) -> Option<Vec<SelectItem>> {
        let mut at = expect(tokens, start, "select")?;
        at += usize::from(is(tokens, at, "distinct"));
        let mut items = Vec::new();
        while at < tokens.len() && one_of(tokens, at, &CLAUSES).is_none() {
            at += usize::from(one_of(tokens, at, &AGGREGATES).is_some());
            let (next, item) = self.item(tokens, at, tables)?;
            items.push(item);
            at = next + usize::from(is(tokens, next, ","));
        }
        Some(items)
    }

    fn item(&self, tokens: Tokens, start: usize, tables: &[String]) -> Option<(usize, SelectItem)> {
        let (at, block) = open(tokens, start)?;
        let (mut at, left) = self.column_unit(tokens, at, tables)?;
        let mut item = SelectItem::Column(left.clone());
        if let Some(operator) = one_of(tokens, at, &ARITHMETIC) {
            let (next, right) = self.column_unit(tokens, at + 1, tables)?;
            item = SelectItem::Operation(operator, left, right);
            at = next;
        }
        Some((close(tokens, at, block)?, item))
    }

    fn column_unit(&self, tokens: Tokens, start: usize, tables: &[String]) -> Option<(usize, ColumnUnit)> {
        let (mut at, block) = open(tokens, start)?;
        let aggregate = one_of(tokens, at, &AGGREGATES);
        if aggregate.is_some() {
            at = expect(tokens, at + 1, "(")?;
        }
        let distinct = is(tokens, at, "distinct");
        at += usize::from(distinct);
        let column = self.column(tokens.get(at)?, tables)?;
        // An aggregate closes its own parenthesis; one around it is left open, as in the original.
        let at = close(tokens, at + 1, block || aggregate.is_some())?;
        Some((
            at,
            ColumnUnit {
                aggregate: aggregate.unwrap_or(0),
                column,
                distinct,
            },
        ))
    }

    fn column(&self, token: &str, tables: &[String]) -> Option<String> {
        if token == "*" {
            return Some("*".to_owned());
        }
        if let Some((alias, column)) = token.split_once('.') {
            let table = self.aliases.get(alias)?;
            return self
                .columns
                .get(table)?
                .contains(column)
                .then(|| format!("{table}.{column}"));
        }
        for table in tables {
            if self.columns.get(table)?.contains(token) {
                return Some(format!("{table}.{token}"));
            }
        }
        None
    }

    fn condition(&self, tokens: Tokens, start: usize, tables: &[String], depth: u32) -> Option<usize> {
        let mut at = start;
        while at < tokens.len() {
            (at, _) = self.item(tokens, at, tables)?;
            at += usize::from(tokens.get(at)? == "not");
            let operator = one_of(tokens, at, &CONDITIONS)?;
            at = self.value(tokens, at + 1, tables, depth)?;
            if CONDITIONS[operator] == "between" {
                at = expect(tokens, at, "and")?;
                at = self.value(tokens, at, tables, depth)?;
            }
            if ends_clause(tokens, at) || one_of(tokens, at, &JOINS).is_some() {
                break;
            }
            at += usize::from(one_of(tokens, at, &["and", "or"]).is_some());
        }
        Some(at)
    }

    fn value(&self, tokens: Tokens, start: usize, tables: &[String], depth: u32) -> Option<usize> {
        let (mut at, block) = open(tokens, start)?;
        let token = tokens.get(at)?;
        if token == "select" {
            at = self.statement(tokens, at, depth + 1)?.0;
        } else if token.contains('"') || token.parse::<f64>().is_ok() {
            at += 1;
        } else {
            let ends = |at: &usize| {
                one_of(tokens, *at, &[",", ")", "and"]).is_some()
                    || one_of(tokens, *at, &CLAUSES).is_some()
                    || one_of(tokens, *at, &JOINS).is_some()
            };
            let end = (at..tokens.len()).find(ends).unwrap_or(tokens.len());
            self.column_unit(tokens.get(start..end)?, 0, tables)?;
            at = end;
        }
        close(tokens, at, block)
    }

    fn group_by(&self, tokens: Tokens, start: usize, tables: &[String]) -> Option<usize> {
        if !is(tokens, start, "group") {
            return Some(start);
        }
        let mut at = expect(tokens, start + 1, "by")?;
        while at < tokens.len() && !ends_clause(tokens, at) {
            (at, _) = self.column_unit(tokens, at, tables)?;
            if !is(tokens, at, ",") {
                break;
            }
            at += 1;
        }
        Some(at)
    }

    fn order_by(&self, tokens: Tokens, start: usize, tables: &[String]) -> Option<usize> {
        if !is(tokens, start, "order") {
            return Some(start);
        }
        let mut at = expect(tokens, start + 1, "by")?;
        while at < tokens.len() && !ends_clause(tokens, at) {
            (at, _) = self.item(tokens, at, tables)?;
            at += usize::from(one_of(tokens, at, &["desc", "asc"]).is_some());
            if !is(tokens, at, ",") {
                break;
            }
            at += 1;
        }
        Some(at)
    }
}
