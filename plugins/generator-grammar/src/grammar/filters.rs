//! Drawing filters: tests of a table's own columns and of what it is related to.

use super::ask::{Attribute, Filter, Test};
use super::choose::Chooser;
use super::grouped::count_bound;
use super::referring::{as_many_refer, belongs_to_extreme, none_refers};
use super::related::expected_per_row;
use super::relation::{Kinship, Relation};
use crate::sql::{Compare, Condition, Select};
use nl2sql_schema::Role;

impl Chooser<'_> {
    /// No filter mostly, else one or two of the table's own.
    pub fn maybe_filters(&mut self, table: usize, chance: f32) -> Vec<Filter> {
        let filters = if self.draw.chance(chance) {
            self.filters(table, 0.15)
        } else {
            Vec::new()
        };
        // One row alone is neither sorted nor aggregated.
        let picks_one = filters.iter().any(|filter| self.picks_one(filter));
        if picks_one { Vec::new() } else { filters }
    }

    /// The filter picks one row by a value that no other has.
    pub fn picks_one(&self, filter: &Filter) -> bool {
        matches!(filter, Filter::Own(attribute, Test::Compare(Compare::Equal, _)) if self.identifies(*attribute))
    }

    /// Hardly two rows share a value: a key, a declared or seen unique column, or a text whose values are too many to be known.
    pub fn identifies(&self, attribute: Attribute) -> bool {
        let table = self.table(attribute.table);
        let column = self.column(attribute);
        let unknown = table.rows_per_value(attribute.column).is_none();
        let texts = matches!(column.role, Role::Name | Role::Text | Role::Code | Role::Key);
        table.key == [attribute.column] || (table.is_unique(attribute.column) && (!unknown || texts))
    }

    /// One filter, or two with probability `second`.
    pub fn filters(&mut self, table: usize, second: f32) -> Vec<Filter> {
        if self.draw.chance(0.12)
            && let Some(filter) = self.relational_filter(table)
        {
            let own = if self.draw.chance(second) {
                self.own_test(table, None)
            } else {
                None
            };
            return own
                .map(|(of, test)| Filter::Own(of, test))
                .into_iter()
                .chain([filter])
                .collect();
        }
        let Some((first, test)) = self.own_test(table, None) else {
            return self.relational_filter(table).into_iter().collect();
        };
        let mut filters = vec![Filter::Own(first, test)];
        if self.draw.chance(second)
            && let Some((other, test)) = self.own_test(table, Some(first))
        {
            filters.push(Filter::Own(other, test));
        }
        filters
    }

    /// A filter by what rows are related to, which repeats none of them: what they lack, how many they have, what they belong to.
    pub fn relational_filter(&mut self, table: usize) -> Option<Filter> {
        let schema = self.schema;
        // Nobody asks for the rows of a junction by what they connect.
        if schema.tables[table].junction {
            return None;
        }
        let plain = |relation: &Relation| relation.hops.iter().all(|hop| hop.columns.len() == 1);
        let named = |relation: &Relation| {
            relation.from == table
                && relation.apart
                && plain(relation)
                && (!schema.tables[relation.to].junction || relation.names_children(schema))
        };
        match self.draw.weighted(&[0.36, 0.3, 0.2, 0.14])? {
            0 => {
                let lacks = |relation: &Relation| !relation.is_single() || relation.kinship == Kinship::Counterpart;
                let relation = self.relation(|relation| named(relation) && lacks(relation))?;
                let inner = if self.draw.chance(0.4) {
                    self.own_test(relation.to, None)
                } else {
                    None
                };
                let inner = inner.map(|(of, test)| Filter::Own(of, test)).into_iter().collect();
                Some(Filter::Without(relation, inner))
            }
            1 => {
                let counted = |relation: &Relation| matches!(relation.kinship, Kinship::Children | Kinship::Through);
                let relation = self.relation(|relation| named(relation) && counted(relation))?;
                let expected = expected_per_row(self, &relation);
                let bound = count_bound(self, expected);
                // Rows without any related row are in no group, so an upper bound would leave them out.
                let lower = !matches!(bound.0, Compare::Less | Compare::AtMost);
                lower.then_some(Filter::Counted(relation, bound))
            }
            2 => {
                let relation = self.relation(|relation| {
                    named(relation) && relation.kinship == Kinship::Parent && relation.from != relation.to
                })?;
                let by = self.extremal(relation.to)?;
                Some(Filter::OfExtreme(relation, by, self.draw.chance(0.65)))
            }
            _ => {
                let relation = self.relation(|relation| named(relation) && relation.is_single())?;
                self.related_filter(&relation)
            }
        }
    }

    /// A filter by what the subject is related to, now and then by what that is related to in turn.
    pub fn related_filter(&mut self, relation: &Relation) -> Option<Filter> {
        let target = relation.to;
        if self.draw.chance(0.28)
            && let Some(further) = self.further(relation)
            && let Some((attribute, test)) = self.related_test(further.to)
        {
            let inner = Filter::Related(further, vec![Filter::Own(attribute, test)]);
            return Some(Filter::Related(relation.clone(), vec![inner]));
        }
        let (first, test) = self.related_test(target)?;
        let mut inner = vec![Filter::Own(first, test)];
        if self.draw.chance(0.1)
            && let Some((other, test)) = self.own_test(target, Some(first))
        {
            inner.push(Filter::Own(other, test));
        }
        Some(Filter::Related(relation.clone(), inner))
    }

    /// A way on from the end of a relation to tables that it has not touched; to one row where the relation itself leads to one.
    fn further(&mut self, relation: &Relation) -> Option<Relation> {
        let schema = self.schema;
        let room = self.max_joins.saturating_sub(relation.hops.len());
        let single = relation.is_single();
        let tables: Vec<usize> = relation.tables().collect();
        self.relation(|next| {
            next.from == tables[tables.len() - 1]
                && next.apart
                && next.hops.len() <= room
                && (next.is_single() || !single)
                && !schema.tables[next.to].junction
                && next.hops.iter().all(|hop| !tables.contains(&hop.table))
        })
    }

    /// A test of a related row: mostly by its name.
    pub fn related_test(&mut self, table: usize) -> Option<(Attribute, Test)> {
        let label = self.table(table).label.clone();
        if let [column] = label.as_slice()
            && self.draw.chance(0.4)
        {
            let attribute = Attribute { table, column: *column };
            if let Some(value) = self.value(self.column(attribute)) {
                return Some((attribute, Test::Compare(Compare::Equal, value)));
            }
        }
        self.own_test(table, None)
    }
}

/// Puts `filters` into WHERE of `select`, whose subject stands at `slot`, joining what they relate to.
pub fn apply(select: &mut Select, slot: usize, filters: &[Filter], any: bool) {
    let mut conditions: Vec<Condition> = filters.iter().map(|filter| condition(select, slot, filter)).collect();
    if any && conditions.len() > 1 {
        select.also(Condition::Any(conditions));
    } else {
        for condition in conditions.drain(..) {
            match condition {
                Condition::All(parts) => parts.into_iter().for_each(|part| select.also(part)),
                part => select.also(part),
            }
        }
    }
}

/// The condition of one filter, with the joins that it needs. Filters are drawn over single columns, so that none is lost.
fn condition(select: &mut Select, slot: usize, filter: &Filter) -> Condition {
    let everything = || Condition::All(Vec::new());
    match filter {
        Filter::Without(relation, inner) => none_refers(relation, inner, slot, false).unwrap_or_else(everything),
        Filter::Counted(relation, bound) => as_many_refer(relation, bound, slot).unwrap_or_else(everything),
        Filter::OfExtreme(relation, by, descending) => {
            belongs_to_extreme(relation, *by, *descending, slot).unwrap_or_else(everything)
        }
        Filter::Own(attribute, test) => test.condition(*attribute, slot),
        Filter::Related(relation, inner) => {
            let end = relation.join(select, slot);
            let mut parts: Vec<Condition> = inner.iter().map(|filter| condition(select, end, filter)).collect();
            if parts.len() == 1 {
                parts.remove(0)
            } else {
                Condition::All(parts)
            }
        }
    }
}
