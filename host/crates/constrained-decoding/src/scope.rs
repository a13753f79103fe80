//! The tables a query reads, and what was said of them before they were named.

use crate::join_condition::JoinCondition;
use crate::schema_constraint::SchemaConstraint;
use crate::selected_row::{SelectedItem, SelectedRow};

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
    Group,
    Having,
    Window,
    Order,
    /// LIMIT and FETCH.
    Limit,
    /// OFFSET, and the second number behind LIMIT.
    Offset,
}

/// What a name in FROM stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Relation {
    /// A table, by its index; several where schemas have tables of one name.
    Tables(Vec<usize>),
    /// A derived table with these columns, those without a name left out.
    Derived(Vec<Vec<u8>>),
    /// A common table expression or a function, whose columns are not followed up.
    Any,
}

impl Relation {
    pub fn has(&self, column: &[u8], schema: &SchemaConstraint) -> bool {
        match self {
            Self::Derived(columns) => columns.iter().any(|own| own == column),
            Self::Any => true,
            Self::Tables(tables) => tables.iter().any(|table| schema.tables[*table].columns.has(column)),
        }
    }

    /// The names of its columns, as far as they are known.
    fn columns(&self, schema: &SchemaConstraint) -> Vec<Vec<u8>> {
        match self {
            Self::Tables(tables) => {
                let names = tables.iter().flat_map(|table| schema.tables[*table].columns.all());
                names.map(<[u8]>::to_vec).collect()
            }
            Self::Derived(columns) => columns.clone(),
            Self::Any => Vec::new(),
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

/// Qualifiers and columns used before FROM whose tables are not there.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    pub uses: Vec<Use>,
    /// Those without a qualifier.
    pub columns: Vec<Vec<u8>>,
}

impl Missing {
    pub fn is_empty(&self) -> bool {
        self.uses.is_empty() && self.columns.is_empty()
    }

    /// Whether a table brings some of it.
    pub fn is_brought_by(&self, table: usize, schema: &SchemaConstraint) -> bool {
        let columns = &schema.tables[table].columns;
        self.columns.iter().any(|column| columns.has(column))
            || self
                .uses
                .iter()
                .any(|used| used.columns.iter().all(|column| columns.has(column)))
    }
}

/// A column of several tables that NATURAL or USING made one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MergedColumn {
    pub name: Vec<u8>,
    /// Tables so far: those behind them have one of their own.
    pub tables: usize,
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
    /// Columns used without a qualifier before FROM or in it.
    pub columns: Vec<Vec<u8>>,
    /// Columns among the arguments of aggregates, each with its qualifier: they are of its own tables.
    pub aggregated: Vec<(Option<Vec<u8>>, Vec<u8>)>,
    pub merged: Vec<MergedColumn>,
    /// Whether NATURAL says by what the next table is joined.
    pub is_natural: bool,
    /// What its rows consist of.
    pub row: SelectedRow,
    pub has_groups: bool,
    /// Whether it has a window.
    pub has_window: bool,
    /// Aggregates so far: those of SELECT make all rows one group.
    pub aggregates: usize,
    /// Whether the next table follows a comma, and so needs nothing that joins it.
    pub is_listed: bool,
    /// How far the condition is that joins the last table.
    pub join: JoinCondition,
    /// How often AND and OR stand in it.
    pub joined_conditions: usize,
}

impl Scope {
    /// A query in so many parentheses, whose rows have so many columns where that is known.
    pub fn new(depth: usize, wanted: Option<usize>) -> Self {
        Self {
            depth,
            row: SelectedRow {
                wanted,
                ..SelectedRow::default()
            },
            ..Self::default()
        }
    }

    /// Whether rows are grouped, or counted as one group.
    pub fn is_grouped(&self) -> bool {
        self.has_groups || self.aggregates > 0
    }

    /// Whether HAVING has groups to choose from.
    pub fn may_have_having(&self) -> bool {
        self.has_groups || (self.aggregates > 0 && !self.has_window)
    }

    /// Whether its tables are still to come.
    pub fn is_before_from(&self) -> bool {
        self.clause < Clause::From
    }

    pub fn bound(&self, name: &[u8]) -> Option<&Relation> {
        let binding = self.bindings.iter().find(|binding| binding.name == name);
        binding.map(|binding| &binding.relation)
    }

    /// How many columns of its tables go by this name.
    pub fn owners(&self, column: &[u8], schema: &SchemaConstraint) -> usize {
        let merged = self.merged.iter().filter(|merged| merged.name == column);
        let merged = merged.map(|merged| merged.tables).max().unwrap_or_default();
        let has = |binding: &&Binding| binding.relation.has(column, schema);
        usize::from(merged > 0) + self.bindings[merged..].iter().filter(has).count()
    }

    /// Whether the last table has a column, and one before it too.
    pub fn shares(&self, column: &[u8], schema: &SchemaConstraint) -> bool {
        let Some((last, earlier)) = self.bindings.split_last() else {
            return false;
        };
        let has = |binding: &Binding| binding.relation.has(column, schema);
        has(last) && earlier.iter().any(has)
    }

    /// Makes a column of the tables so far one.
    pub fn merge(&mut self, column: &[u8]) {
        self.merged.push(MergedColumn {
            name: column.to_vec(),
            tables: self.bindings.len(),
        });
    }

    /// Whether it reads something whose columns are not followed up.
    pub fn has_unknown_columns(&self) -> bool {
        self.bindings.iter().any(|binding| binding.relation == Relation::Any)
    }

    /// Whether the last table goes by the name of one before it.
    pub fn repeats_name(&self) -> bool {
        let Some((last, earlier)) = self.bindings.split_last() else {
            return false;
        };
        !last.name.is_empty() && earlier.iter().any(|binding| binding.name == last.name)
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
    pub fn missing(&self, around: &[Self], schema: &SchemaConstraint) -> Missing {
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
        Missing {
            uses: self.uses.iter().filter(|used| !meets(used)).cloned().collect(),
            columns: self.columns.iter().filter(|column| !has(column)).cloned().collect(),
        }
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

    /// What a query around it reads it as.
    pub fn derived(mut self, schema: &SchemaConstraint) -> Relation {
        if self.row.is_unknown || self.has_unknown_columns() {
            return Relation::Any;
        }
        self.row.end_item();
        let mut columns = std::mem::take(&mut self.row.names);
        for star in &self.row.stars {
            let is_meant = |binding: &&Binding| star.as_ref().is_none_or(|name| binding.name == *name);
            for binding in self.bindings.iter().filter(is_meant) {
                columns.extend(binding.relation.columns(schema));
            }
        }
        Relation::Derived(columns)
    }

    /// How many columns it selects, as far as that can be counted.
    pub fn width(&self, schema: &SchemaConstraint) -> Option<usize> {
        if self.row.is_unknown || self.clause < Clause::Select {
            return None;
        }
        let of_table = |relation: &Relation| match relation {
            Relation::Tables(tables) => tables.first().map(|table| schema.tables[*table].width),
            Relation::Derived(_) | Relation::Any => None,
        };
        let of_star = |star: &Option<Vec<u8>>| match star {
            Some(name) => self.bound(name).and_then(of_table),
            None => {
                let all: Option<usize> = self.bindings.iter().map(|binding| of_table(&binding.relation)).sum();
                all.map(|all| all.saturating_sub(self.merged.len()))
            }
        };
        let starred: Option<usize> = self.row.stars.iter().map(of_star).sum();
        let last = usize::from(!matches!(self.row.item, SelectedItem::Star));
        Some(self.row.listed + starred? + last)
    }

    /// Whether it selects as many columns as it has to.
    pub fn is_wide_enough(&self, schema: &SchemaConstraint) -> bool {
        let has_tables = self.row.stars.is_empty() || !self.bindings.is_empty();
        let (wanted, width) = (self.row.wanted, self.width(schema));
        has_tables && wanted.is_none_or(|wanted| width.is_none_or(|width| width == wanted))
    }

    /// Begins the next query of a UNION, whose rows have as many columns.
    pub fn begin_next(&mut self, schema: &SchemaConstraint) {
        let wanted = self.row.wanted.or_else(|| self.width(schema));
        self.row.end_item();
        let mut names = std::mem::take(&mut self.row.names);
        // Without its table such a name would mean several columns.
        names.retain(|name| self.owners(name, schema) <= 1);
        *self = Self {
            compound: true,
            ..Self::new(self.depth, wanted)
        };
        self.row.names = names;
    }
}

/// Whether an alias is a letter and this number.
fn is_numbered(alias: &[u8], number: usize) -> bool {
    let digits = alias.split_first().map_or(&[][..], |(_, digits)| digits);
    std::str::from_utf8(digits).is_ok_and(|digits| digits.parse() == Ok(number))
}
