//! Ways from one table to another that a question can name in one step: to a parent, to children, or through a junction.

use std::collections::BTreeSet;

use crate::sql::{Ref, Rows, Select, Source};
use nl2sql_schema::Schema;

/// How the two tables of a [`Relation`] stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kinship {
    /// The target is the parent: one for each row.
    Parent,
    /// The target is the child: any number for each row.
    Children,
    /// The target is across a junction: any number for each row.
    Through,
    /// The target is the parent's parent.
    Grandparent,
    /// The target is the children's children.
    Grandchildren,
}

/// One join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Table joined.
    pub table: usize,
    /// Pairs of a column of the table before and of this one.
    pub columns: Vec<(usize, usize)>,
    /// Index of the link.
    pub link: usize,
}

/// A way from one table to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// Where it starts.
    pub from: usize,
    /// Where it ends.
    pub to: usize,
    /// The joins, first to last.
    pub hops: Vec<Hop>,
    /// What the end is to the start.
    pub kinship: Kinship,
}

impl Relation {
    /// Each row of the start has at most one at the end.
    pub fn is_single(&self) -> bool {
        matches!(self.kinship, Kinship::Parent | Kinship::Grandparent)
    }

    /// Joins the way to `select`, starting from `slot`; the slot of its end.
    pub fn join(&self, select: &mut Select, slot: usize) -> usize {
        self.join_as(select, slot, false)
    }

    /// The same with LEFT JOIN when `outer`.
    pub fn join_as(&self, select: &mut Select, slot: usize, outer: bool) -> usize {
        let mut before = slot;
        for hop in &self.hops {
            let here = select.from.len();
            let on = hop
                .columns
                .iter()
                .map(|(left, right)| (Ref::new(before, *left), Ref::new(here, *right)))
                .collect();
            select.from.push(Source {
                rows: Rows::Table(hop.table),
                on,
                outer,
            });
            before = here;
        }
        before
    }

    /// The relation's tables, start included.
    pub fn tables(&self) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(self.from).chain(self.hops.iter().map(|hop| hop.table))
    }
}

/// Every relation among `tables` with at most `max_joins` joins, in a fixed order.
pub fn relations(schema: &Schema, tables: &BTreeSet<usize>, max_joins: usize) -> Vec<Relation> {
    let hops = single_hops(schema, tables);
    let mut found = Vec::new();
    for (from, hop, to_parent) in &hops {
        let unclear = !to_parent && is_one_of_several(schema, hop.link);
        if !unclear {
            let kinship = if *to_parent { Kinship::Parent } else { Kinship::Children };
            found.push(Relation {
                from: *from,
                to: hop.table,
                hops: vec![hop.clone()],
                kinship,
            });
        }
        if max_joins < 2 {
            continue;
        }
        for (_, next, next_to_parent) in hops.iter().filter(|(middle, ..)| *middle == hop.table) {
            if next.link == hop.link
                && next
                    .columns
                    .iter()
                    .map(|(a, b)| (*b, *a))
                    .eq(hop.columns.iter().copied())
            {
                continue;
            }
            let across_itself = next.table == *from;
            if !across_itself && (unclear || is_one_of_several(schema, next.link)) {
                continue;
            }
            let kinship = match (to_parent, next_to_parent) {
                (false, true) if schema.tables[hop.table].junction => Kinship::Through,
                (true, true) => Kinship::Grandparent,
                (false, false) => Kinship::Grandchildren,
                _ => continue,
            };
            let loops = next.table == *from || next.table == hop.table || hop.table == *from;
            if loops && kinship != Kinship::Through {
                continue;
            }
            let hops = vec![hop.clone(), next.clone()];
            found.push(Relation {
                from: *from,
                to: next.table,
                hops,
                kinship,
            });
        }
    }
    found
}

/// The table refers to the other in several ways and this one has a role of its own: "the weddings of a person" would leave open
/// whether as bride or groom. From the child, the role says it.
fn is_one_of_several(schema: &Schema, link: usize) -> bool {
    let own = &schema.links[link];
    let alike = schema
        .links
        .iter()
        .filter(|other| other.child == own.child && other.parent == own.parent);
    own.role.is_some() && own.child != own.parent && alike.count() > 1
}

fn single_hops(schema: &Schema, tables: &BTreeSet<usize>) -> Vec<(usize, Hop, bool)> {
    let mut hops = Vec::new();
    for (index, link) in schema.links.iter().enumerate() {
        if !tables.contains(&link.child) || !tables.contains(&link.parent) {
            continue;
        }
        hops.push((
            link.child,
            Hop {
                table: link.parent,
                columns: link.columns.clone(),
                link: index,
            },
            true,
        ));
        if link.child != link.parent {
            let back = link.columns.iter().map(|(child, parent)| (*parent, *child)).collect();
            hops.push((
                link.parent,
                Hop {
                    table: link.child,
                    columns: back,
                    link: index,
                },
                false,
            ));
        }
    }
    hops
}
