//! Drawing tables, columns and relations.

use std::collections::{BTreeMap, BTreeSet};

use super::ask::Attribute;
use super::relation::{Kinship, Relation};
use crate::random::Draw;
use crate::sql::{Condition, Dialect, Expr, Ref, Select};
use nl2sql_schema::{Column, Role, Schema, Table};

/// Draws in which the table of an uncovered column is preferred; behind them the next column has its turn, for some can hardly be asked about.
const TURN: u32 = 100;

/// What the families draw from: the schema, the tables of the topic and the source of randomness.
pub struct Chooser<'a> {
    /// The schema.
    pub schema: &'a Schema,
    /// The run's dialect.
    pub dialect: &'a Dialect,
    /// Tables of the topic.
    pub tables: &'a [usize],
    /// Relations among them.
    pub relations: &'a [Relation],
    /// Randomness.
    pub draw: Draw,
    /// Columns that no accepted pair uses yet; preferred.
    pub uncovered: BTreeSet<Attribute>,
    /// How often the table of each of these was preferred.
    pub turns: BTreeMap<Attribute, u32>,
    /// Links that no accepted pair uses yet; preferred.
    pub unlinked: BTreeSet<usize>,
    /// Most joins a filter goes across.
    pub max_joins: usize,
}

impl<'a> Chooser<'a> {
    /// A table of the schema.
    pub fn table(&self, table: usize) -> &'a Table {
        &self.schema.tables[table]
    }

    /// The column an attribute names.
    pub fn column(&self, attribute: Attribute) -> &'a Column {
        &self.schema.tables[attribute.table].columns[attribute.column]
    }

    /// A table to ask about: rarely a junction.
    pub fn subject(&mut self) -> Option<usize> {
        let has_turn = |attribute: &&Attribute| self.turns.get(attribute).is_none_or(|turns| *turns < TURN);
        let waiting = self.uncovered.iter().find(has_turn).copied();
        if let Some(attribute) = waiting
            && self.draw.chance(0.5)
        {
            *self.turns.entry(attribute).or_default() += 1;
            return Some(attribute.table);
        }
        let empty = |table: usize| self.schema.tables[table].rows == Some(0);
        let all_empty = self.tables.iter().all(|table| empty(*table));
        let weights: Vec<f32> = self
            .tables
            .iter()
            .map(|table| {
                let rowless = empty(*table) && !all_empty;
                let table = &self.schema.tables[*table];
                let width = (table.columns.len().min(12) as f32).sqrt() * if rowless { 0.1 } else { 1.0 };
                if table.columns.is_empty() {
                    0.0
                } else if table.junction {
                    0.25 * width
                } else {
                    width
                }
            })
            .collect();
        self.draw.weighted(&weights).map(|index| self.tables[index])
    }

    /// One of the table's columns with one of these roles, uncovered ones first.
    pub fn column_with(&mut self, table: usize, roles: &[Role]) -> Option<Attribute> {
        let candidates: Vec<Attribute> = self
            .table(table)
            .with_role(roles)
            .into_iter()
            .map(|column| Attribute { table, column })
            .collect();
        let waiting: Vec<Attribute> = candidates
            .iter()
            .filter(|attribute| self.uncovered.contains(attribute))
            .copied()
            .collect();
        if !waiting.is_empty() && self.draw.chance(0.85) {
            return self.draw.pick(&waiting).copied();
        }
        self.draw.pick(&candidates).copied()
    }

    /// A quantity that can be averaged.
    pub fn measure(&mut self, table: usize) -> Option<Attribute> {
        self.column_with(table, &[Role::Measure])
    }

    /// A quantity of which the average or the highest can be said: its name does not say a degree itself.
    pub fn plain_measure(&mut self, table: usize) -> Option<Attribute> {
        self.measure(table).filter(|measure| !self.column(*measure).degree)
    }

    /// Something that sorts: a quantity, a place in an order, a year or a date.
    pub fn sortable(&mut self, table: usize) -> Option<Attribute> {
        self.column_with(table, &[Role::Measure, Role::Ordinal, Role::Year, Role::Date])
    }

    /// Something of which there is a highest or a latest: a quantity, a year or a date. The highest rank may be the first or the last.
    pub fn extremal(&mut self, table: usize) -> Option<Attribute> {
        self.column_with(table, &[Role::Measure, Role::Year, Role::Date])
    }

    /// Something rows share.
    pub fn category(&mut self, table: usize) -> Option<Attribute> {
        let years = self.draw.chance(0.25);
        let first = if years { Role::Year } else { Role::Category };
        let second = if years { Role::Category } else { Role::Year };
        self.column_with(table, &[first])
            .or_else(|| self.column_with(table, &[second]))
    }

    /// One to three attributes to show: mostly what names a row.
    pub fn shown(&mut self, table: usize) -> Vec<Attribute> {
        let description = self.table(table);
        let label = description.label.clone();
        let mut columns: Vec<usize> = Vec::new();
        let kind = self.draw.weighted(&[0.5, 0.25, 0.15, 0.1]).unwrap_or(0);
        match kind {
            0 if !label.is_empty() => columns.extend(&label),
            1 if !label.is_empty() => {
                columns.extend(&label);
                columns.extend(self.any_column(table));
            }
            2 => {
                columns.extend(self.any_column(table));
                columns.extend(self.any_column(table));
            }
            3 => {
                columns.extend(&label);
                columns.extend(self.any_column(table));
                columns.extend(self.any_column(table));
            }
            _ => columns.extend(self.any_column(table)),
        }
        if columns.len() > 1 && self.draw.chance(0.15) {
            self.draw.shuffle(&mut columns);
        }
        let mut seen = BTreeSet::new();
        columns.retain(|column| seen.insert(*column));
        columns.truncate(3);
        columns.into_iter().map(|column| Attribute { table, column }).collect()
    }

    /// What names a row, in short.
    pub fn named(&mut self, table: usize) -> Vec<Attribute> {
        if self.draw.chance(0.25) {
            return self.shown(table);
        }
        self.table(table)
            .display()
            .into_iter()
            .map(|column| Attribute { table, column })
            .collect()
    }

    /// Leaves rows without the attribute out of `body`, where there may be some: they would come first in ascending order.
    pub fn skip_missing(&self, body: &mut Select, slot: usize, attribute: Attribute) {
        if self.table(attribute.table).may_lack(attribute.column) {
            body.also(Condition::Null(Expr::Column(Ref::new(slot, attribute.column)), true));
        }
    }

    /// What is shown tells the rows of the table apart.
    pub fn tells_apart(&self, table: usize, shown: &[Attribute]) -> bool {
        let description = self.table(table);
        let shows = |column: &usize| shown.iter().any(|attribute| attribute.column == *column);
        let named = match description.label.as_slice() {
            [] => false,
            [label] => shows(label) && description.is_unique(*label),
            label => label.iter().all(shows),
        };
        named || (!description.key.is_empty() && description.key.iter().all(shows))
    }

    fn any_column(&mut self, table: usize) -> Option<usize> {
        const NATURAL: &[Role] = &[
            Role::Name,
            Role::Category,
            Role::Measure,
            Role::Ordinal,
            Role::Year,
            Role::Date,
            Role::Code,
            Role::Text,
        ];
        let roles: &[Role] = match self.draw.weighted(&[0.82, 0.13, 0.05]) {
            Some(0) => NATURAL,
            Some(1) if !self.table(table).key.is_empty() => {
                let key = self.table(table).key.clone();
                return self.draw.pick(&key).copied();
            }
            // What is true or false of rows is tested, hardly shown.
            _ => &[Role::Opaque, Role::Text],
        };
        let waiting: Vec<Attribute> = self
            .uncovered
            .iter()
            .filter(|attribute| attribute.table == table && self.column(**attribute).role != Role::Flag)
            .copied()
            .collect();
        if !waiting.is_empty() && self.draw.chance(0.65) {
            return self.draw.pick(&waiting).map(|attribute| attribute.column);
        }
        let found = self.column_with(table, roles).or_else(|| {
            let columns = &self.table(table).columns;
            let all = (0..columns.len())
                .filter(|column| columns[*column].role != Role::Flag)
                .collect::<Vec<_>>();
            self.draw.pick(&all).map(|column| Attribute { table, column: *column })
        });
        found.map(|attribute| attribute.column)
    }

    /// A relation that fits, links no pair uses yet first.
    pub fn relation(&mut self, fits: impl Fn(&Relation) -> bool) -> Option<Relation> {
        let candidates: Vec<&Relation> = self.relations.iter().filter(|relation| fits(relation)).collect();
        let waiting: Vec<&Relation> = candidates
            .iter()
            .filter(|relation| relation.hops.iter().any(|hop| self.unlinked.contains(&hop.link)))
            .copied()
            .collect();
        if !waiting.is_empty() && self.draw.chance(0.6) {
            return self.draw.pick(&waiting).map(|relation| (*relation).clone());
        }
        let weights: Vec<f32> = candidates
            .iter()
            .map(|relation| match relation.kinship {
                _ if relation.tables().any(|table| self.schema.tables[table].rows == Some(0)) => 0.05,
                Kinship::Parent | Kinship::Counterpart | Kinship::Children | Kinship::Through => 1.0,
                Kinship::Grandparent => 0.5,
                Kinship::Grandchildren => 0.2,
            })
            .collect();
        self.draw.weighted(&weights).map(|index| candidates[index].clone())
    }

    /// A relation to many rows: children, or across a junction, whose own rows nobody asks for.
    pub fn to_many(&mut self) -> Option<Relation> {
        self.rows_across(|relation| !relation.is_single())
    }

    /// The same, or to the one row that there may be for each.
    pub fn to_any(&mut self) -> Option<Relation> {
        self.rows_across(|relation| !relation.is_single() || relation.kinship == Kinship::Counterpart)
    }

    fn rows_across(&mut self, fits: impl Fn(&Relation) -> bool) -> Option<Relation> {
        let schema = self.schema;
        self.relation(|relation| {
            relation.apart
                && fits(relation)
                && !schema.tables[relation.from].junction
                && (!schema.tables[relation.to].junction || relation.names_children(schema))
        })
    }
}

/// The attributes as select items from `slot`.
pub fn items(attributes: &[Attribute], slot: usize) -> Vec<(Expr, Option<&'static str>)> {
    attributes
        .iter()
        .map(|attribute| (Expr::Column(Ref::new(slot, attribute.column)), None))
        .collect()
}

/// `SELECT attributes FROM table`
pub fn select(table: usize, attributes: &[Attribute]) -> Select {
    Select::of(
        table,
        &attributes.iter().map(|attribute| attribute.column).collect::<Vec<_>>(),
    )
}
