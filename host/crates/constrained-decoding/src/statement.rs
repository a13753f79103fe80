//! A statement as far as it is written: its parentheses, its queries, and what stood last.

use crate::conditions::Conditions;
use crate::keywords::{begins_operand, ends_term, is_value};
use crate::name_set::{NameSet, Word};
use crate::parens::Paren;
use crate::place::Reading;
use crate::previous::{Operand, Previous, VALUE};
use crate::schema_constraint::SchemaConstraint;
use crate::scope::{Clause, Missing, Relation, Scope};
use crate::selected_row::SelectedItem;
use crate::table_expressions::TableExpression;

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
    pub table_expressions: Vec<TableExpression>,
    /// Operands in parentheses that are compared with what comes next.
    pub row_before: Option<usize>,
    /// What AND and OR joined so far.
    pub conditions: Conditions,
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
            table_expressions: Vec::new(),
            row_before: None,
            conditions: Conditions::default(),
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
        self.awaited(schema).is_none()
            && self.tells_columns_apart(schema)
            && self.has_what_it_aggregates(schema)
            && self.scope().is_wide_enough(schema)
    }

    /// What the innermost query used before FROM and only its own next tables can have.
    pub fn awaited(&self, schema: &SchemaConstraint) -> Option<Missing> {
        let missing = self.scope().missing(self.around(), schema);
        let may_come_from_around = || self.around().iter().any(|scope| scope.clause == Clause::Select);
        (!missing.is_empty() && !may_come_from_around()).then_some(missing)
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

    /// Takes a word as it was read.
    pub fn take(&mut self, reading: Reading, word: &Word, schema: &SchemaConstraint) {
        self.previous = match reading {
            Reading::Keyword(keyword) => return self.keyword(keyword, schema),
            Reading::Soft => Previous::Soft,
            Reading::Frame(frame) => {
                self.write_frame(frame);
                Previous::Soft
            }
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
                if let (Clause::With, Some(table)) = (self.scope().clause, self.table_expressions.last_mut()) {
                    table.columns.push(word.text.clone());
                }
                Previous::Name
            }
            Reading::ExpressionName => {
                // A recursive one may read itself.
                if self.previous == Previous::Keyword("recursive") || schema.dialect.has_server_grammar {
                    self.expressions.insert_word(word);
                }
                self.table_expressions.push(TableExpression {
                    name: word.clone(),
                    columns: Vec::new(),
                    relation: Relation::Any,
                });
                Previous::Name
            }
        };
    }

    /// Takes a number.
    pub fn number(&mut self, schema: &SchemaConstraint) {
        if let Some(frame) = self.frame_with_number(schema) {
            self.write_frame(frame);
            self.previous = Previous::Soft;
            return;
        }
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

    /// Whether no literal can come, in whatever dialect.
    pub fn excludes_literals(&self) -> bool {
        matches!(self.previous, Previous::Dot(_) | Previous::Ended)
    }

    /// Whether the statement cannot end with what stood last.
    pub fn awaits_more(&self, schema: &SchemaConstraint) -> bool {
        match &self.previous {
            Previous::Dot(_) | Previous::FieldDot | Previous::Open | Previous::Comma | Previous::Operator(_) => true,
            Previous::Operand(Operand::Row(_) | Operand::CallWithoutWindow) => !schema.dialect.has_server_grammar,
            Previous::Keyword(keyword) if schema.dialect.has_server_grammar => {
                begins_operand(keyword) || self.expects_table()
            }
            Previous::Keyword(keyword) => !is_value(keyword) && !ends_term(keyword),
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

    /// What is selected is no column as it is.
    pub(crate) fn select_other(&mut self) {
        if self.selects() {
            self.scope_mut().row.item = SelectedItem::Other;
        }
    }
}
