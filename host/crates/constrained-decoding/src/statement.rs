//! A statement as far as it is written: its parentheses, its queries, and what stood last.

use crate::join_condition::JoinCondition;
use crate::name_set::{NameSet, Word};
use crate::place::{Reading, begins_operand};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Binding, Clause, Relation, Scope};

/// What an open parenthesis encloses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Paren {
    /// A list or a part of an expression.
    Plain,
    /// Arguments of a function.
    Arguments,
    /// The argument of an aggregate behind DISTINCT.
    DistinctArguments,
    /// A window, a filter or an order within a group.
    Clauses,
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
    /// Arguments of a function that stands for a table, and other things with names of their own.
    Free,
}

/// What stood last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Previous {
    #[default]
    Nothing,
    Keyword(&'static str),
    /// A word of SQL that might as well be a name.
    Soft,
    /// Something an expression may end with.
    Operand,
    /// `*` for all columns.
    EveryColumn,
    /// A table in FROM.
    Table,
    /// AS after a table.
    AsTable,
    /// A new name.
    Name,
    /// What a dot follows.
    Qualifier(Vec<u8>),
    Dot(Vec<u8>),
    /// A dot after an expression in parentheses.
    FieldDot,
    Function,
    /// A function that stands for a table.
    Source,
    Open,
    Comma,
    Operator,
    /// `::`.
    Cast,
}

/// The state.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub scopes: Vec<Scope>,
    pub parens: Vec<Paren>,
    pub previous: Previous,
    /// Names the statement itself gave to columns.
    pub given: NameSet,
    /// Names of its common table expressions.
    pub expressions: NameSet,
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

    /// Whether what comes next belongs to the query itself, not to parentheses in it.
    pub fn is_at_query(&self) -> bool {
        self.parens.len() == self.scope().depth
    }

    /// Whether everything the innermost query used before FROM is there, or may yet come from around it.
    pub fn is_settled(&self, schema: &SchemaConstraint) -> bool {
        let (uses, columns) = self.scope().missing(self.around(), schema);
        (uses.is_empty() && columns.is_empty()) || self.around().iter().any(|scope| scope.clause == Clause::Select)
    }

    /// Whether the statement may end here.
    pub fn may_end(&self, schema: &SchemaConstraint) -> bool {
        self.parens.is_empty() && self.is_settled(schema) && !self.awaits_more()
    }

    /// Takes a word as it was read.
    pub fn take(&mut self, reading: Reading, word: &Word, schema: &SchemaConstraint) {
        self.previous = match reading {
            Reading::Keyword(keyword) => return self.keyword(keyword),
            Reading::Soft => Previous::Soft,
            Reading::Column => {
                self.join_column(word, schema);
                self.column(word);
                Previous::Operand
            }
            Reading::Given | Reading::Unknown => {
                self.end_join_condition();
                Previous::Operand
            }
            Reading::Qualifier => {
                self.ask(&word.text, None);
                Previous::Qualifier(word.text.clone())
            }
            Reading::Schema => Previous::Qualifier(word.text.clone()),
            Reading::Function => {
                self.end_join_condition();
                if word.is_function(&schema.dialect.words.aggregates) {
                    self.scope_mut().is_grouped = true;
                }
                Previous::Function
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
            Reading::ColumnName => {
                self.given.insert_word(word);
                Previous::Name
            }
            Reading::ExpressionName => {
                self.expressions.insert_word(word);
                Previous::Name
            }
        };
    }

    fn keyword(&mut self, keyword: &'static str) {
        let at_query = self.is_at_query();
        self.end_join_condition();
        if keyword == "on" && self.is_at_join() {
            self.scope_mut().join = JoinCondition::Begun;
        }
        let after = std::mem::replace(&mut self.previous, Previous::Keyword(keyword));
        match keyword {
            "select" | "with" | "values" => {
                if after == Previous::Open {
                    self.open_query();
                }
                let scope = self.scope_mut();
                match (keyword, scope.clause) {
                    ("with", Clause::Start) => scope.clause = Clause::With,
                    ("select" | "values", Clause::Start | Clause::With) => scope.clause = Clause::Select,
                    _ => {}
                }
            }
            "as" if after == Previous::Table => self.previous = Previous::AsTable,
            "distinct" if after == Previous::Open && self.parens.last() == Some(&Paren::Arguments) => {
                self.parens.pop();
                self.parens.push(Paren::DistinctArguments);
            }
            "pivot" | "unpivot" => self.bind(Vec::new(), Relation::Any),
            "natural" | "using" => self.scope_mut().merges_columns = true,
            _ if !at_query => {}
            "from" if after != Previous::Keyword("distinct") && self.scope().is_before_from() => {
                self.scope_mut().clause = Clause::From;
            }
            "group" if after == Previous::Keyword("within") => {}
            "where" => self.scope_mut().clause = Clause::Where,
            "group" | "having" => {
                self.scope_mut().clause = Clause::Group;
                self.scope_mut().is_grouped = true;
            }
            "order" | "limit" | "window" | "fetch" | "offset" => self.scope_mut().clause = Clause::Order,
            "union" | "intersect" | "except" => self.scope_mut().begin_next(),
            _ => {}
        }
    }

    fn open_query(&mut self) {
        if let Some(paren) = self.parens.last_mut() {
            *paren = Paren::Query {
                source: *paren == Paren::Join,
            };
            self.scopes.push(Scope::new(self.parens.len()));
        }
    }

    fn column(&mut self, word: &Word) {
        match std::mem::take(&mut self.previous) {
            Previous::Dot(qualifier) => self.ask(&qualifier, Some(word.text.clone())),
            _ if self.scope().is_before_from() => self.scope_mut().columns.push(word.text.clone()),
            _ => {}
        }
    }

    /// Remembers what is used before FROM, where it cannot be looked up yet.
    fn ask(&mut self, qualifier: &[u8], column: Option<Vec<u8>>) {
        if self.scope().is_before_from() {
            self.scope_mut().ask(qualifier, column);
        } else if !self.scopes.iter().any(|scope| scope.bound(qualifier).is_some())
            && let Some(around) = self
                .scopes
                .iter_mut()
                .rev()
                .find(|scope| scope.clause == Clause::Select)
        {
            around.ask(qualifier, column);
        }
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
        let relation = if tables.is_empty() || (owner.is_none() && self.expressions.has(&word.text)) {
            Relation::Any
        } else {
            Relation::Tables(tables)
        };
        self.bind(word.text.clone(), relation);
    }

    fn bind(&mut self, name: Vec<u8>, relation: Relation) {
        let scope = self.scope_mut();
        scope.bindings.push(Binding { name, relation });
        scope.join = JoinCondition::Missing;
    }

    /// Takes a number.
    pub fn number(&mut self) {
        self.end_join_condition();
        if self.previous != Previous::Keyword("top") {
            self.previous = Previous::Operand;
        }
    }

    /// Takes a string.
    pub fn text(&mut self) {
        self.end_join_condition();
        self.previous = match self.previous {
            Previous::AsTable => Previous::Name,
            _ if self.expects_table() => {
                // SQLite takes strings for names where no string can stand.
                self.bind(Vec::new(), Relation::Any);
                Previous::Table
            }
            _ => Previous::Operand,
        };
    }

    /// Whether a dot stood last.
    pub fn is_after_dot(&self) -> bool {
        matches!(self.previous, Previous::Dot(_))
    }

    /// Whether an operand or a table must come next.
    fn awaits_more(&self) -> bool {
        match &self.previous {
            Previous::Dot(_) | Previous::FieldDot | Previous::Open | Previous::Comma | Previous::Operator => true,
            Previous::Keyword(keyword) => begins_operand(keyword) || self.expects_table(),
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

    /// Whether a name or a literal may come here that begins with a mark.
    pub fn admits_opening(&self) -> bool {
        self.previous != Previous::Nothing
    }

    /// Whether a mark may come here: a query is not closed before what it uses is there.
    pub fn admits_mark(&self, mark: u8, schema: &SchemaConstraint) -> bool {
        // Operators of several marks go on after their first.
        let awaits_operand = self.previous != Previous::Operator && self.awaits_more();
        match (&self.previous, mark) {
            _ if schema.dialect.foreign_marks.contains(&mark) => false,
            (Previous::Nothing, _) => mark == b'(',
            (Previous::Dot(_), _) => mark == b'*',
            (Previous::Open, b')') => true,
            (_, b',' | b')' | b'=' | b'<' | b'>' | b'|' | b'/' | b'%' | b';') if awaits_operand => false,
            // An aggregate over rows that differ takes one expression; servers know others.
            (_, b',') => self.parens.last() != Some(&Paren::DistinctArguments) || schema.dialect.has_server_grammar,
            (_, b')') => match self.parens.last() {
                None => false,
                Some(Paren::Query { .. }) => self.is_settled(schema),
                Some(_) => true,
            },
            (_, b';') => self.is_settled(schema),
            _ => true,
        }
    }

    /// Takes a mark.
    pub fn mark(&mut self, mark: u8, schema: &SchemaConstraint) {
        self.join_mark(mark);
        self.previous = match mark {
            b'(' => {
                self.parens.push(self.opened());
                Previous::Open
            }
            b')' => self.close(schema),
            b',' => Previous::Comma,
            b'.' => match std::mem::take(&mut self.previous) {
                Previous::Qualifier(qualifier) => Previous::Dot(qualifier),
                Previous::Operand => Previous::FieldDot,
                _ => Previous::Operator,
            },
            b'*' if self.is_every_column() => Previous::EveryColumn,
            b']' => Previous::Operand,
            b':' if self.previous == Previous::Operator => Previous::Cast,
            b';' => {
                *self = Self::new(schema);
                return;
            }
            _ => Previous::Operator,
        };
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
            Previous::Function => Paren::Arguments,
            Previous::Source | Previous::Keyword("pivot" | "unpivot") => Paren::Free,
            Previous::Name => Paren::Names,
            Previous::Keyword("over" | "filter" | "as") => Paren::Clauses,
            Previous::Keyword("group") => Paren::Clauses,
            Previous::Keyword("top") => Paren::Prefix,
            Previous::Keyword("on") if self.scope().clause == Clause::Select => Paren::Prefix,
            _ if self.expects_table() => Paren::Join,
            _ => Paren::Plain,
        }
    }

    fn close(&mut self, schema: &SchemaConstraint) -> Previous {
        match self.parens.pop() {
            Some(Paren::Query { source }) => {
                self.close_query(schema);
                if source {
                    self.bind(Vec::new(), Relation::Any);
                    return Previous::Table;
                }
                Previous::Operand
            }
            Some(Paren::Free) if self.scope().clause == Clause::From && self.is_at_query() => Previous::Table,
            Some(Paren::Prefix) => Previous::Keyword("distinct"),
            _ => Previous::Operand,
        }
    }

    /// What the query used and has not is asked of the query around it whose tables are still to come.
    fn close_query(&mut self, schema: &SchemaConstraint) {
        let (uses, columns) = self.scope().missing(self.around(), schema);
        self.scopes.pop();
        let around = self
            .scopes
            .iter_mut()
            .rev()
            .find(|scope| scope.clause == Clause::Select);
        let Some(around) = around else { return };
        for used in uses {
            around.ask(&used.qualifier, None);
            for column in used.columns {
                around.ask(&used.qualifier, Some(column));
            }
        }
        around.columns.extend(columns);
    }
}
