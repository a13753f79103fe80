//! The tables a query reads, and what was said of them before they were named.

use crate::join_condition::JoinCondition;
use crate::schema_constraint::SchemaConstraint;

/// How far a query is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Clause {
    /// Before its first word.
    #[default]
    Start,
    /// Among its common table expressions.
    With,
    /// Before FROM.
    Select,
    /// Where tables are named and joined.
    From,
    Where,
    /// GROUP BY and HAVING.
    Group,
    /// ORDER BY and what comes after.
    Order,
}

/// What a name in FROM stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// A table, by its index; several where schemas have tables of one name.
    Tables(Vec<usize>),
    /// A derived table, a common table expression or a function, whose columns are not followed up.
    Any,
}

impl Relation {
    pub fn has(&self, column: &[u8], schema: &SchemaConstraint) -> bool {
        match self {
            Self::Any => true,
            Self::Tables(tables) => tables.iter().any(|table| schema.tables[*table].columns.has(column)),
        }
    }

    fn has_all(&self, columns: &[Vec<u8>], schema: &SchemaConstraint) -> bool {
        columns.iter().all(|column| self.has(column, schema))
    }
}

/// A table of a query, under the name it goes by there.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    pub name: Vec<u8>,
    pub relation: Relation,
}

/// A qualifier used before FROM said what it stands for, and the columns asked of it.
#[derive(Clone, Debug)]
pub(crate) struct Use {
    pub qualifier: Vec<u8>,
    pub columns: Vec<Vec<u8>>,
}

/// One SELECT with its clauses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Open parentheses around it.
    pub depth: usize,
    pub clause: Clause,
    /// Whether it follows UNION, INTERSECT or EXCEPT.
    pub compound: bool,
    pub bindings: Vec<Binding>,
    pub uses: Vec<Use>,
    /// Columns used without a qualifier before FROM.
    pub columns: Vec<Vec<u8>>,
    /// Whether NATURAL or USING made columns of several tables one.
    pub merges_columns: bool,
    /// Whether rows are grouped, or counted as one group.
    pub is_grouped: bool,
    /// How far the condition is that joins the last table.
    pub join: JoinCondition,
}

impl Scope {
    pub fn new(depth: usize) -> Self {
        Self {
            depth,
            ..Self::default()
        }
    }

    /// Whether its tables are still to come.
    pub fn is_before_from(&self) -> bool {
        self.clause < Clause::From
    }

    pub fn bound(&self, name: &[u8]) -> Option<&Relation> {
        let binding = self.bindings.iter().find(|binding| binding.name == name);
        binding.map(|binding| &binding.relation)
    }

    /// How many of its tables have a column.
    pub fn owners(&self, column: &[u8], schema: &SchemaConstraint) -> usize {
        let has = |binding: &&Binding| binding.relation.has(column, schema);
        self.bindings.iter().filter(has).count()
    }

    /// Columns asked of a qualifier so far.
    pub fn asked_of(&self, qualifier: &[u8]) -> &[Vec<u8>] {
        let found = self.uses.iter().find(|used| used.qualifier == qualifier);
        found.map_or(&[], |used| &used.columns)
    }

    /// Remembers a qualifier, and the column asked of it.
    pub fn ask(&mut self, qualifier: &[u8], column: Option<Vec<u8>>) {
        match self.uses.iter_mut().find(|used| used.qualifier == qualifier) {
            Some(used) => used.columns.extend(column),
            None => self.uses.push(Use {
                qualifier: qualifier.to_vec(),
                columns: column.into_iter().collect(),
            }),
        }
    }

    /// Qualifiers and columns used before FROM that neither its own tables nor those of the queries around it have.
    pub fn missing(&self, around: &[Self], schema: &SchemaConstraint) -> (Vec<Use>, Vec<Vec<u8>>) {
        let scopes = || around.iter().chain([self]);
        let meets = |used: &Use| {
            scopes().any(|scope| {
                scope
                    .bound(&used.qualifier)
                    .is_some_and(|relation| relation.has_all(&used.columns, schema))
            })
        };
        let has = |column: &[u8]| {
            let mut bindings = scopes().flat_map(|scope| &scope.bindings);
            bindings.any(|binding| binding.relation.has(column, schema))
        };
        let uses = self.uses.iter().filter(|used| !meets(used)).cloned().collect();
        let columns = self.columns.iter().filter(|column| !has(column)).cloned().collect();
        (uses, columns)
    }

    /// Whether a table may go by this name here: it is free, and the table has the columns asked of it.
    pub fn may_bind(&self, name: &[u8], relation: &Relation, schema: &SchemaConstraint) -> bool {
        let taken = self.bindings.iter().rev().skip(1).any(|binding| binding.name == name);
        !taken && relation.has_all(self.asked_of(name), schema)
    }

    /// Whether a table may be the next one: aliases are numbered as their tables come, so that the second is `T2` and has the
    /// columns asked of that.
    pub fn suits(&self, table: usize, schema: &SchemaConstraint) -> bool {
        let number = self.bindings.len() + 1;
        let numbered = self.uses.iter().find(|used| is_numbered(&used.qualifier, number));
        numbered.is_none_or(|used| {
            used.columns
                .iter()
                .all(|column| schema.tables[table].columns.has(column))
        })
    }

    /// Begins the next query of a UNION.
    pub fn begin_next(&mut self) {
        *self = Self {
            compound: true,
            ..Self::new(self.depth)
        };
    }
}

/// Whether an alias is a letter and this number.
fn is_numbered(alias: &[u8], number: usize) -> bool {
    let digits = alias.split_first().map_or(&[][..], |(_, digits)| digits);
    std::str::from_utf8(digits).is_ok_and(|digits| digits.parse() == Ok(number))
}
