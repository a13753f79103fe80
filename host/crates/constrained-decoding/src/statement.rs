//! A statement as far as it is written: its parentheses, its queries, and what stood last.

use crate::join_condition::JoinCondition;
use crate::keywords::{begins_operand, is_value};
use crate::name_set::{NameSet, Word};
use crate::place::{Reading, begins};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Binding, Clause, Relation, Scope, SelectedItem};

/// What is open: a parenthesis, or words that others close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paren {
    /// A part of an expression, or a query of one column.
    Plain,
    /// What may be one or several operands.
    Operands,
    /// Several operands, which are compared with as many.
    List,
    /// What IN takes: operands, or a query of one column.
    Choices,
    /// Operands, or a query of any number of columns.
    Rows,
    /// What EXISTS and a common table expression take: a query of any number of columns.
    Subquery,
    /// Arguments of a function.
    Arguments {
        called: Called,
        /// Whether another aggregate is among them, so that only a window makes sense of this one.
        needs_window: bool,
    },
    /// The argument of an aggregate behind DISTINCT.
    DistinctArguments,
    /// What CAST takes, up to AS, and its type.
    Cast,
    CastType,
    /// A window, or an order within a group.
    Window {
        is_ordered: bool,
    },
    /// What FILTER takes.
    Filter {
        /// Whether a window may follow.
        takes_window: bool,
    },
    /// ORDER BY among the arguments of an aggregate.
    OrderedArguments,
    /// What stands before the operands: TOP (5), DISTINCT ON (x).
    Prefix,
    /// Joined tables.
    Join,
    /// A query.
    Query {
        /// Whether it stands for a table.
        source: bool,
    },
    /// New names of columns.
    Names,
    /// Columns behind USING.
    Using,
    /// Arguments of a function that stands for a table, and other things with names of their own.
    Free,
    /// CASE, up to END.
    Case(CaseStage),
    /// BETWEEN, up to its AND.
    Between,
}

/// What stood last of a CASE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseStage {
    Case,
    When,
    Then,
    Else,
}

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Called {
    /// Many rows: `*`, or one operand.
    Count,
    /// One operand of many rows.
    Sum,
    /// One operand of many rows, or several of one row.
    Extreme,
    /// Operands of many rows.
    Aggregate,
    /// What a window tells of a row.
    Window,
    /// What a window tells of a row by its place alone: it takes nothing.
    Rank,
    /// One operand of one row.
    One,
    /// Operands of one row.
    Row,
}

impl Called {
    /// Whether many rows become one.
    pub fn is_aggregate(self) -> bool {
        matches!(self, Self::Count | Self::Sum | Self::Extreme | Self::Aggregate)
    }

    /// Whether it takes more than one operand.
    pub fn takes_several(self) -> bool {
        !matches!(self, Self::Count | Self::Sum | Self::One | Self::Rank)
    }
}

/// What an operand is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    Value,
    /// Several in parentheses.
    Row,
    /// An aggregate that was called.
    Call {
        takes_filter: bool,
        takes_window: bool,
    },
    /// A function of a window, or an aggregate of aggregates: it has no meaning yet.
    CallWithoutWindow,
    /// The number of a column that is selected.
    Ordinal,
}

/// What stood last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Previous {
    #[default]
    Nothing,
    Keyword(&'static str),
    /// NOT behind an operand.
    NotBehind,
    /// DISTINCT behind IS.
    IsDistinct,
    /// FILTER behind an aggregate.
    Filter {
        /// Whether a window may follow it.
        takes_window: bool,
    },
    /// A word of SQL that might as well be a name.
    Soft,
    /// Something an expression may end with.
    Operand(Operand),
    /// `*` for all columns.
    EveryColumn,
    /// A table in FROM.
    Table,
    /// AS after a table.
    AsTable,
    /// A new name.
    Name,
    /// New names of the columns of a table, in parentheses.
    ColumnNames,
    /// What a dot follows.
    Qualifier(Vec<u8>),
    Dot(Vec<u8>),
    /// A dot after an expression in parentheses.
    FieldDot,
    Function(Called),
    /// A function that stands for a table.
    Source,
    Open,
    Comma,
    /// The marks of an operator, and a blank where it cannot grow any more.
    Operator(Vec<u8>),
    /// `::`.
    Cast,
}

/// Something an expression may end with.
pub(crate) const VALUE: Previous = Previous::Operand(Operand::Value);

/// A common table expression.
#[derive(Clone, Debug)]
struct TableExpression {
    name: Word,
    /// The names that it gives to its columns.
    columns: Vec<Vec<u8>>,
    relation: Relation,
}

/// The state.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub scopes: Vec<Scope>,
    pub parens: Vec<Paren>,
    pub previous: Previous,
    /// Names the statement itself gave to columns.
    pub given: NameSet,
    /// Names of its common table expressions that may be read.
    pub expressions: NameSet,
    /// Its common table expressions, in their order.
    tables: Vec<TableExpression>,
    /// Whether several operands in parentheses are compared with what comes next.
    pub is_behind_row: bool,
}

impl Statement {
    pub fn new(schema: &SchemaConstraint) -> Self {
        let set = || NameSet::new(schema.dialect.quoted_names_keep_case);
        Self {
            scopes: vec![Scope::default()],
            parens: Vec::new(),
            previous: Previous::Nothing,
            given: set(),
            expressions: set(),
            tables: Vec::new(),
            is_behind_row: false,
        }
    }

    /// The innermost query. There always is one: the first is never closed.
    pub fn scope(&self) -> &Scope {
        &self.scopes[self.scopes.len() - 1]
    }

    pub fn scope_mut(&mut self) -> &mut Scope {
        let innermost = self.scopes.len() - 1;
        &mut self.scopes[innermost]
    }

    /// The queries around the innermost one.
    pub fn around(&self) -> &[Scope] {
        &self.scopes[..self.scopes.len() - 1]
    }

    /// Whether columns are selected here.
    pub fn selects(&self) -> bool {
        self.is_at_query() && self.scope().clause == Clause::Select
    }

    /// Whether what comes next belongs to the query itself, not to parentheses in it.
    pub fn is_at_query(&self) -> bool {
        self.parens.len() == self.scope().depth
    }

    /// Whether everything the innermost query used before FROM is there, or may yet come from around it.
    pub fn is_settled(&self, schema: &SchemaConstraint) -> bool {
        let scope = self.scope();
        let (uses, columns) = scope.missing(self.around(), schema);
        let has_all = uses.is_empty() && columns.is_empty();
        let is_known = has_all || self.around().iter().any(|scope| scope.clause == Clause::Select);
        is_known
            && self.tells_columns_apart(schema)
            && self.has_what_it_aggregates(schema)
            && scope.is_wide_enough(schema)
    }

    /// Whether every column used before FROM without a qualifier is one of one table, as far as their columns are known.
    pub fn tells_columns_apart(&self, schema: &SchemaConstraint) -> bool {
        self.scope().columns.iter().all(|column| {
            let owner = self.scopes.iter().rev().find(|scope| scope.owners(column, schema) > 0);
            owner.is_none_or(|scope| scope.owners(column, schema) == 1 || scope.has_unknown_columns())
        })
    }

    /// Whether aggregates are over its own tables: those over rows around it belong there.
    fn has_what_it_aggregates(&self, schema: &SchemaConstraint) -> bool {
        let scope = self.scope();
        scope.aggregated.iter().all(|(qualifier, column)| match qualifier {
            Some(qualifier) => scope.bound(qualifier).is_some(),
            None => scope.owners(column, schema) > 0,
        })
    }

    /// Whether the statement may end here.
    pub fn may_end(&self, schema: &SchemaConstraint) -> bool {
        let has_query = self.scope().clause != Clause::With;
        self.parens.is_empty() && has_query && self.is_settled(schema) && !self.awaits_more(schema)
    }

    /// Whether it is a column of a common table expression.
    pub fn is_of_table_expression(&self, word: &Word) -> bool {
        let of_query = |table: &TableExpression| match &table.relation {
            Relation::Derived(columns) => columns.iter().any(|column| begins(column, word)),
            Relation::Tables(_) | Relation::Any => false,
        };
        let is_named = |table: &TableExpression| table.columns.iter().any(|column| begins(column, word));
        self.tables.iter().any(|table| of_query(table) || is_named(table))
    }

    /// Takes a word as it was read.
    pub fn take(&mut self, reading: Reading, word: &Word, schema: &SchemaConstraint) {
        self.previous = match reading {
            Reading::Keyword(keyword) => return self.keyword(keyword, schema),
            Reading::Soft => Previous::Soft,
            Reading::Column => {
                self.join_column(word, schema);
                self.column(word, schema);
                VALUE
            }
            Reading::Given | Reading::Unknown => {
                self.end_join_condition();
                VALUE
            }
            Reading::Qualifier => {
                self.ask(&word.text, None);
                Previous::Qualifier(word.text.clone())
            }
            Reading::Schema => Previous::Qualifier(word.text.clone()),
            Reading::Function => {
                self.end_join_condition();
                self.function(word, schema)
            }
            Reading::Source => {
                self.bind(Vec::new(), Relation::Any);
                Previous::Source
            }
            Reading::Table => {
                self.table(word, schema);
                Previous::Table
            }
            Reading::TableAlias => {
                if let Some(binding) = self.scope_mut().bindings.last_mut() {
                    binding.name.clone_from(&word.text);
                }
                Previous::Name
            }
            Reading::ColumnName if self.parens.last() == Some(&Paren::Using) => {
                self.scope_mut().merge(&word.text);
                Previous::Name
            }
            Reading::ColumnName => {
                self.given.insert_word(word);
                if self.selects() {
                    self.scope_mut().row.rename(&word.text);
                }
                if let (Clause::With, Some(table)) = (self.scope().clause, self.tables.last_mut()) {
                    table.columns.push(word.text.clone());
                }
                Previous::Name
            }
            Reading::ExpressionName => {
                // A recursive one may read itself.
                if self.previous == Previous::Keyword("recursive") || schema.dialect.has_server_grammar {
                    self.expressions.insert_word(word);
                }
                self.tables.push(TableExpression {
                    name: word.clone(),
                    columns: Vec::new(),
                    relation: Relation::Any,
                });
                Previous::Name
            }
        };
    }

    /// Takes a function.
    fn function(&mut self, word: &Word, schema: &SchemaConstraint) -> Previous {
        self.select_other();
        let words = &schema.dialect.words;
        if word.among(&words.window_functions).is_some() && !schema.dialect.has_server_grammar {
            let is_rank = matches!(
                word.text.as_slice(),
                b"cume_dist" | b"dense_rank" | b"percent_rank" | b"rank" | b"row_number"
            );
            return Previous::Function(if is_rank { Called::Rank } else { Called::Window });
        }
        if !word.is_function(&words.aggregates) {
            let takes_one = word.among(&words.functions_of_one).is_some();
            return Previous::Function(if takes_one { Called::One } else { Called::Row });
        }
        let depth = self.scope().depth;
        let around = self.parens[depth..].iter_mut().rev().find_map(|paren| match paren {
            Paren::Arguments { called, needs_window } if called.is_aggregate() => Some(needs_window),
            _ => None,
        });
        if let Some(needs_window) = around {
            *needs_window = true;
        }
        Previous::Function(match word.text.as_slice() {
            b"count" => Called::Count,
            b"avg" | b"sum" | b"total" => Called::Sum,
            b"max" | b"min" => Called::Extreme,
            _ => Called::Aggregate,
        })
    }

    fn keyword(&mut self, keyword: &'static str, schema: &SchemaConstraint) {
        self.end_join_condition();
        if keyword == "on" && self.is_at_join() {
            self.scope_mut().join = JoinCondition::Begun;
        }
        let after = std::mem::replace(&mut self.previous, Previous::Keyword(keyword));
        self.is_behind_row = match after {
            Previous::NotBehind => self.is_behind_row,
            _ => after == Previous::Operand(Operand::Row),
        };
        if self.expression_keyword(keyword, &after) {
            return;
        }
        if !matches!(keyword, "select" | "distinct" | "all" | "as" | "from") {
            self.select_other();
        }
        let at_query = self.is_at_query();
        match keyword {
            "select" | "with" | "values" => {
                if after == Previous::Open {
                    self.open_query();
                }
                let scope = self.scope_mut();
                scope.row.is_unknown |= keyword == "values";
                match (keyword, scope.clause) {
                    ("with", Clause::Start) => scope.clause = Clause::With,
                    ("select" | "values", Clause::Start | Clause::With) => scope.clause = Clause::Select,
                    _ => {}
                }
            }
            "as" if after == Previous::Table => self.previous = Previous::AsTable,
            "pivot" | "unpivot" => self.bind(Vec::new(), Relation::Any),
            "natural" => self.scope_mut().is_natural = true,
            "over" => {
                let scope = self.scope_mut();
                scope.has_window = true;
                if matches!(after, Previous::Operand(Operand::Call { .. })) {
                    // It is no aggregate over groups, but one over rows.
                    scope.aggregates = scope.aggregates.saturating_sub(1);
                }
            }
            "order" if !at_query => match self.parens.last_mut() {
                Some(paren @ (Paren::Arguments { .. } | Paren::DistinctArguments)) => *paren = Paren::OrderedArguments,
                Some(Paren::Window { is_ordered }) => *is_ordered = true,
                _ => {}
            },
            _ if at_query => self.begin_clause(keyword, &after, schema),
            _ => {}
        }
    }

    /// Takes a word that belongs to an expression; false where it does not.
    fn expression_keyword(&mut self, keyword: &'static str, after: &Previous) -> bool {
        match (keyword, self.parens.last_mut()) {
            ("case", _) => self.parens.push(Paren::Case(CaseStage::Case)),
            ("when", Some(Paren::Case(stage))) => *stage = CaseStage::When,
            ("then", Some(Paren::Case(stage))) => *stage = CaseStage::Then,
            ("else", Some(Paren::Case(stage))) => *stage = CaseStage::Else,
            ("end", Some(Paren::Case(_))) => {
                self.parens.pop();
                self.previous = VALUE;
            }
            ("as", Some(paren @ Paren::Cast)) => *paren = Paren::CastType,
            ("between", _) => self.parens.push(Paren::Between),
            ("and", Some(Paren::Between)) => drop(self.parens.pop()),
            ("not", _) if matches!(after, Previous::Operand(_)) => self.previous = Previous::NotBehind,
            ("not", _) if *after == Previous::Keyword("is") => self.previous = Previous::Keyword("is"),
            ("distinct", _) if *after == Previous::Keyword("is") => self.previous = Previous::IsDistinct,
            ("filter", _) => {
                let takes_window = !matches!(
                    after,
                    Previous::Operand(Operand::Call {
                        takes_window: false,
                        ..
                    })
                );
                self.previous = Previous::Filter { takes_window };
            }
            ("precision", Some(Paren::CastType)) => self.previous = VALUE,
            // What it is distinct from.
            ("from", _) if *after == Previous::IsDistinct => self.previous = Previous::Keyword("is"),
            ("distinct", Some(paren @ Paren::Arguments { .. })) if *after == Previous::Open => {
                *paren = Paren::DistinctArguments
            }
            _ => return false,
        }
        true
    }

    fn begin_clause(&mut self, keyword: &str, after: &Previous, schema: &SchemaConstraint) {
        if matches!(keyword, "union" | "intersect" | "except") {
            self.ask_around(schema);
        }
        let scope = self.scope_mut();
        match keyword {
            "from" if scope.is_before_from() => scope.clause = Clause::From,
            "group" if *after == Previous::Keyword("within") => {}
            "where" => scope.clause = Clause::Where,
            "group" => scope.clause = Clause::Group,
            "having" => scope.clause = Clause::Having,
            "window" => scope.clause = Clause::Window,
            "order" => scope.clause = Clause::Order,
            "limit" | "fetch" => scope.clause = Clause::Limit,
            "offset" => scope.clause = Clause::Offset,
            "union" | "intersect" | "except" => scope.begin_next(schema),
            _ => {}
        }
        scope.has_groups |= matches!(scope.clause, Clause::Group | Clause::Having);
    }

    fn open_query(&mut self) {
        if let Some(paren) = self.parens.last_mut() {
            let wanted = matches!(paren, Paren::Plain | Paren::Operands | Paren::Choices).then_some(1);
            *paren = Paren::Query {
                source: *paren == Paren::Join,
            };
            self.scopes.push(Scope::new(self.parens.len(), wanted));
        }
    }

    fn column(&mut self, word: &Word, schema: &SchemaConstraint) {
        if self.selects() {
            self.scope_mut().row.column(&word.text);
        }
        let qualifier = match std::mem::take(&mut self.previous) {
            Previous::Dot(qualifier) => Some(qualifier),
            _ => None,
        };
        if self.is_aggregating() {
            let aggregated = (qualifier.clone(), word.text.clone());
            self.scope_mut().aggregated.push(aggregated);
        }
        match qualifier {
            Some(qualifier) => self.ask(&qualifier, Some(word.text.clone())),
            None => self.column_alone(word, schema),
        }
    }

    /// Whether what comes next is an argument of an aggregate of the innermost query.
    fn is_aggregating(&self) -> bool {
        self.parens[self.scope().depth..].iter().any(|paren| match paren {
            Paren::Arguments { called, .. } => called.is_aggregate(),
            _ => *paren == Paren::DistinctArguments,
        })
    }

    /// Remembers a column that stands without a qualifier.
    fn column_alone(&mut self, word: &Word, schema: &SchemaConstraint) {
        if self.scope().clause <= Clause::From {
            self.scope_mut().columns.push(word.text.clone());
        } else if !self.scopes.iter().any(|scope| scope.owners(&word.text, schema) > 0)
            && let Some(around) = self.undetermined_around()
        {
            around.columns.push(word.text.clone());
        }
    }

    /// Remembers what is used before FROM, where it cannot be looked up yet.
    fn ask(&mut self, qualifier: &[u8], column: Option<Vec<u8>>) {
        if self.scope().is_before_from() {
            self.scope_mut().ask(qualifier, column);
        } else if !self.scopes.iter().any(|scope| scope.bound(qualifier).is_some())
            && let Some(around) = self.undetermined_around()
        {
            around.ask(qualifier, column);
        }
    }

    /// The nearest query around the innermost one whose tables are still to come.
    fn undetermined_around(&mut self) -> Option<&mut Scope> {
        let innermost = self.scopes.len() - 1;
        let mut around = self.scopes[..innermost].iter_mut().rev();
        around.find(|scope| scope.clause == Clause::Select)
    }

    fn table(&mut self, word: &Word, schema: &SchemaConstraint) {
        let owner = match &self.previous {
            Previous::Dot(owner) => Some(owner.clone()),
            _ => None,
        };
        let in_schema = |own: &Option<Vec<u8>>| own.is_none() || owner.is_none() || *own == owner;
        let found = schema.tables.iter().enumerate();
        let tables: Vec<usize> = found
            .filter(|(_, table)| table.name == word.text && in_schema(&table.schema))
            .map(|(at, _)| at)
            .collect();
        let expression = self.tables.iter().rev().find(|table| table.name.text == word.text);
        let relation = match expression.filter(|_| owner.is_none()) {
            Some(expression) => expression.relation.clone(),
            None if tables.is_empty() => Relation::Any,
            None => Relation::Tables(tables),
        };
        self.bind(word.text.clone(), relation);
        if std::mem::take(&mut self.scope_mut().is_natural) {
            self.join_naturally(schema);
        }
    }

    /// Makes the columns one that the last table shares with those before it.
    fn join_naturally(&mut self, schema: &SchemaConstraint) {
        let scope = self.scope_mut();
        scope.join = JoinCondition::Written;
        let Some((last, earlier)) = scope.bindings.split_last() else {
            return;
        };
        let is_shared = |column: &&[u8]| {
            let has = |binding: &Binding| binding.relation.has(column, schema);
            has(last) && earlier.iter().any(has)
        };
        let shared: Vec<Vec<u8>> = schema.columns.all().filter(is_shared).map(<[u8]>::to_vec).collect();
        for column in shared {
            scope.merge(&column);
        }
    }

    fn bind(&mut self, name: Vec<u8>, relation: Relation) {
        let scope = self.scope_mut();
        scope.bindings.push(Binding { name, relation });
        scope.join = if std::mem::take(&mut scope.is_listed) {
            JoinCondition::Written
        } else {
            JoinCondition::Missing
        };
    }

    /// Takes a number.
    pub fn number(&mut self, schema: &SchemaConstraint) {
        self.end_join_condition();
        self.select_other();
        if self.is_at_ordinal() && !schema.dialect.has_server_grammar {
            self.previous = Previous::Operand(Operand::Ordinal);
        } else if self.previous != Previous::Keyword("top") {
            self.previous = VALUE;
        }
    }

    /// Takes a string.
    pub fn text(&mut self) {
        self.end_join_condition();
        self.select_other();
        self.previous = match self.previous {
            Previous::AsTable | Previous::Keyword("as") => Previous::Name,
            Previous::Operand(_) if self.selects() => Previous::Name,
            _ if self.expects_table() => {
                // SQLite takes strings for names where no string can stand.
                self.bind(Vec::new(), Relation::Any);
                Previous::Table
            }
            _ => VALUE,
        };
    }

    /// Whether a number stands for a column that is selected here: at the beginning of what GROUP BY or ORDER BY lists.
    pub fn is_at_ordinal(&self) -> bool {
        let is_listed = matches!(self.scope().clause, Clause::Group | Clause::Order);
        is_listed && self.is_at_query() && matches!(self.previous, Previous::Comma | Previous::Keyword("by"))
    }

    /// Whether a dot stood last.
    pub fn is_after_dot(&self) -> bool {
        matches!(self.previous, Previous::Dot(_))
    }

    /// Whether the statement cannot end with what stood last.
    pub fn awaits_more(&self, schema: &SchemaConstraint) -> bool {
        match &self.previous {
            Previous::Dot(_) | Previous::FieldDot | Previous::Open | Previous::Comma | Previous::Operator(_) => true,
            Previous::Operand(Operand::Row | Operand::CallWithoutWindow) => !schema.dialect.has_server_grammar,
            Previous::Keyword(keyword) if schema.dialect.has_server_grammar => {
                begins_operand(keyword) || self.expects_table()
            }
            Previous::Keyword(keyword) => !is_value(keyword) && !matches!(*keyword, "asc" | "desc"),
            Previous::NotBehind
            | Previous::IsDistinct
            | Previous::Filter { .. }
            | Previous::AsTable
            | Previous::Qualifier(_)
            | Previous::Function(_)
            | Previous::Source => true,
            Previous::Table => !schema.dialect.has_server_grammar && self.scope().repeats_name(),
            _ => false,
        }
    }

    /// Whether tables are joined here: in FROM, outside of conditions and arguments.
    pub fn is_at_join(&self) -> bool {
        self.is_at_query() || self.parens.last() == Some(&Paren::Join)
    }

    /// Whether a table is to be named next.
    pub fn expects_table(&self) -> bool {
        let joining = self.scope().clause == Clause::From && self.is_at_join();
        joining
            && match &self.previous {
                Previous::Keyword(keyword) => {
                    matches!(
                        *keyword,
                        "from" | "join" | "straight_join" | "apply" | "lateral" | "only"
                    )
                }
                Previous::Comma => true,
                Previous::Open => self.parens.last() == Some(&Paren::Join),
                _ => false,
            }
    }

    /// Takes a mark.
    pub fn mark(&mut self, mark: u8, schema: &SchemaConstraint) {
        self.join_mark(mark);
        if !matches!(mark, b',' | b'.' | b'*') {
            self.select_other();
        }
        self.previous = match mark {
            b'(' => {
                self.parens.push(self.opened());
                Previous::Open
            }
            b')' => self.close(schema),
            b',' => self.comma(),
            b'.' => match std::mem::take(&mut self.previous) {
                Previous::Qualifier(qualifier) => Previous::Dot(qualifier),
                Previous::Operand(_) => Previous::FieldDot,
                _ => Previous::Operator(vec![mark]),
            },
            b'*' if self.is_every_column() => self.every_column(),
            b']' => VALUE,
            b';' => {
                *self = Self::new(schema);
                return;
            }
            _ => match std::mem::take(&mut self.previous) {
                Previous::Operator(marks) if marks == b":" && mark == b':' => Previous::Cast,
                Previous::Operator(marks) => Previous::Operator([marks.as_slice(), &[mark]].concat()),
                before => {
                    self.is_behind_row = before == Previous::Operand(Operand::Row);
                    Previous::Operator(vec![mark])
                }
            },
        };
    }

    /// What is selected is no column as it is.
    fn select_other(&mut self) {
        if self.selects() {
            self.scope_mut().row.item = SelectedItem::Other;
        }
    }

    /// Takes a blank: an operator before it is whole.
    pub fn blank(&mut self) {
        if let Previous::Operator(marks) = &mut self.previous
            && marks.last() != Some(&b' ')
        {
            marks.push(b' ');
        }
    }

    fn comma(&mut self) -> Previous {
        if self.selects() {
            self.scope_mut().row.end_item();
        }
        if self.is_at_query() && self.scope().clause == Clause::Limit {
            self.scope_mut().clause = Clause::Offset;
        }
        if self.scope().clause == Clause::From && self.is_at_join() {
            self.scope_mut().is_listed = true;
        }
        match self.parens.last_mut() {
            Some(paren @ Paren::Operands) => *paren = Paren::List,
            Some(Paren::Arguments { called, .. }) if *called == Called::Extreme => *called = Called::Row,
            _ => {}
        }
        Previous::Comma
    }

    fn every_column(&mut self) -> Previous {
        if self.selects() {
            let of = match &self.previous {
                Previous::Dot(qualifier) => Some(qualifier.clone()),
                _ => None,
            };
            self.scope_mut().row.star(of);
        }
        Previous::EveryColumn
    }

    /// Whether `*` stands for columns here, and not for a product.
    fn is_every_column(&self) -> bool {
        matches!(
            self.previous,
            Previous::Dot(_) | Previous::FieldDot | Previous::Open | Previous::Comma | Previous::Keyword(_)
        )
    }

    fn opened(&self) -> Paren {
        match &self.previous {
            _ if self.parens.last() == Some(&Paren::Free) => Paren::Free,
            Previous::Operand(_) if self.parens.last() == Some(&Paren::CastType) => Paren::Free,
            Previous::Function(called) => Paren::Arguments {
                called: *called,
                needs_window: false,
            },
            Previous::Source | Previous::Keyword("pivot" | "unpivot") => Paren::Free,
            Previous::Name => Paren::Names,
            Previous::Keyword("as" | "materialized") if self.scope().clause == Clause::With => Paren::Subquery,
            Previous::Filter { takes_window } => Paren::Filter {
                takes_window: *takes_window,
            },
            Previous::Keyword("over" | "as" | "group") => Paren::Window { is_ordered: false },
            Previous::Keyword("top") => Paren::Prefix,
            Previous::Keyword("on") if self.scope().clause == Clause::Select => Paren::Prefix,
            Previous::Keyword("cast") => Paren::Cast,
            Previous::Keyword("using") if self.scope().clause == Clause::From => Paren::Using,
            Previous::Keyword("exists") => Paren::Subquery,
            Previous::Keyword("union" | "all" | "intersect" | "except" | "values") | Previous::Nothing => Paren::Rows,
            _ if self.expects_table() => Paren::Join,
            _ if self.is_behind_row => Paren::Rows,
            Previous::Keyword("in") => Paren::Choices,
            Previous::Operator(_) | Previous::Keyword("like" | "glob" | "between" | "limit" | "offset" | "is") => {
                Paren::Plain
            }
            _ => Paren::Operands,
        }
    }

    fn close(&mut self, schema: &SchemaConstraint) -> Previous {
        match self.parens.pop() {
            Some(Paren::Query { source }) => {
                let query = self.close_query(schema).map_or(Relation::Any, Scope::derived);
                if source {
                    self.bind(Vec::new(), query);
                    return Previous::Table;
                }
                if self.is_among_expressions() {
                    self.end_table_expression(query);
                }
                VALUE
            }
            Some(Paren::Names) => Previous::ColumnNames,
            Some(Paren::Join) => Previous::Table,
            Some(Paren::Using) => {
                self.scope_mut().join = JoinCondition::Written;
                Previous::Name
            }
            Some(Paren::Free) if self.scope().clause == Clause::From && self.is_at_query() => Previous::Table,
            Some(Paren::Prefix) => Previous::Keyword("distinct"),
            Some(Paren::Arguments { called, needs_window }) if called.is_aggregate() => {
                self.aggregate(needs_window, true)
            }
            Some(Paren::Arguments {
                called: Called::Window | Called::Rank,
                ..
            }) => Previous::Operand(Operand::CallWithoutWindow),
            Some(Paren::DistinctArguments) => self.aggregate(false, false),
            Some(Paren::OrderedArguments) => self.aggregate(false, false),
            Some(Paren::Filter { takes_window }) => Previous::Operand(Operand::Call {
                takes_filter: false,
                takes_window,
            }),
            Some(Paren::List) => Previous::Operand(Operand::Row),
            _ => VALUE,
        }
    }

    /// Whether common table expressions are listed here.
    pub fn is_among_expressions(&self) -> bool {
        self.scope().clause == Clause::With && self.is_at_query()
    }

    /// A common table expression may be read from now on, with the columns that it names or those of its query.
    fn end_table_expression(&mut self, query: Relation) {
        let Some(table) = self.tables.last_mut() else { return };
        table.relation = if table.columns.is_empty() {
            query
        } else {
            Relation::Derived(std::mem::take(&mut table.columns))
        };
        self.expressions.insert_word(&table.name);
    }

    /// Ends the query, and gives it.
    fn close_query(&mut self, schema: &SchemaConstraint) -> Option<Scope> {
        self.ask_around(schema);
        self.scopes.pop()
    }

    /// Ends the call of an aggregate, which makes its query a grouped one.
    fn aggregate(&mut self, needs_window: bool, takes_window: bool) -> Previous {
        let scope = self.scope_mut();
        scope.aggregates += 1;
        if scope.clause == Clause::Select {
            scope.row.aggregates = true;
            scope.row.aggregate.get_or_insert(scope.row.listed);
        }
        Previous::Operand(if needs_window {
            Operand::CallWithoutWindow
        } else {
            Operand::Call {
                takes_filter: true,
                takes_window,
            }
        })
    }

    /// What the query used and has not is asked of the query around it whose tables are still to come.
    fn ask_around(&mut self, schema: &SchemaConstraint) {
        let (uses, columns) = self.scope().missing(self.around(), schema);
        let Some(around) = self.undetermined_around() else {
            return;
        };
        for used in uses {
            around.ask(&used.qualifier, None);
            for column in used.columns {
                around.ask(&used.qualifier, Some(column));
            }
        }
        around.columns.extend(columns);
    }
}
