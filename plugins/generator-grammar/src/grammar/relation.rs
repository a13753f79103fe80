//! Ways from one table to another that a question can name in one step: to a parent, to children, or through a junction.

use std::collections::BTreeSet;

use crate::sql::{Ref, Rows, Select, Source};
use nl2sql_schema::{Schema, is_relative};

/// How the two tables of a [`Relation`] stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kinship {
    /// The target is the parent: one for each row.
    Parent,
    /// The target is the child: any number for each row.
    Children,
    /// The target is across a junction: any number for each row.
    Through,
    /// The target is a child of which each row has at most one: a key of its own refers to the row.
    Counterpart,
    /// The target is the parent's parent, or a counterpart's parent.
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
    /// A question can tell the end from the start: they are rows of different tables, or a role says what one is to the other.
    pub apart: bool,
    /// Rows across the first hop, or the start itself, may refer to nothing.
    pub optional: bool,
}

impl Relation {
    /// Each row of the start has at most one at the end.
    pub fn is_single(&self) -> bool {
        matches!(
            self.kinship,
            Kinship::Parent | Kinship::Counterpart | Kinship::Grandparent
        )
    }

    /// The first hop alone.
    pub fn first_hop(&self) -> Self {
        Self {
            hops: self.hops[..1].to_vec(),
            ..self.clone()
        }
    }

    /// The rows of its end have a name of their own across the link: "likes received".
    pub fn names_children(&self, schema: &Schema) -> bool {
        matches!(self.hops.as_slice(), [hop] if matches!(self.kinship, Kinship::Children | Kinship::Counterpart) && schema.links[hop.link].children.is_some())
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
        let named = *to_parent || is_named(schema, hop.link);
        if named {
            let kinship = match *to_parent {
                true => Kinship::Parent,
                false if schema.links[hop.link].one_to_one => Kinship::Counterpart,
                false => Kinship::Children,
            };
            found.push(Relation {
                from: *from,
                to: hop.table,
                hops: vec![hop.clone()],
                kinship,
                apart: *from != hop.table || !to_parent || says_who(schema, hop.link),
                optional: kinship == Kinship::Counterpart || is_optional(schema, hop.link),
            });
        }
        if max_joins < 2 {
            continue;
        }
        for (_, next, next_to_parent) in hops.iter().filter(|(middle, ..)| *middle == hop.table) {
            let back = next
                .columns
                .iter()
                .map(|(a, b)| (*b, *a))
                .eq(hop.columns.iter().copied());
            if next.link == hop.link && back {
                continue;
            }
            let across_itself = next.table == *from;
            let unclear = |link: usize, upward: bool| !upward && is_one_of_several(schema, link);
            if !across_itself && (unclear(hop.link, *to_parent) || unclear(next.link, *next_to_parent)) {
                continue;
            }
            // What goes from row to row by a key of the other is no way to many.
            let to_one = !to_parent && schema.links[hop.link].one_to_one;
            let kinship = match (to_parent, next_to_parent) {
                (false, true) if to_one && !across_itself => Kinship::Grandparent,
                (false, true) if schema.tables[hop.table].junction => Kinship::Through,
                (true, true) => Kinship::Grandparent,
                (false, false) => Kinship::Grandchildren,
                _ => continue,
            };
            let loops = across_itself || next.table == hop.table || hop.table == *from;
            if loops && kinship != Kinship::Through {
                continue;
            }
            let role = schema.links[next.link].role.as_deref();
            found.push(Relation {
                from: *from,
                to: next.table,
                hops: vec![hop.clone(), next.clone()],
                kinship,
                apart: !across_itself || role.is_some_and(is_relative),
                optional: to_one || is_optional(schema, hop.link),
            });
        }
    }
    found
}

/// A question can name the children across the link: only one leads there, or each has words of its own.
fn is_named(schema: &Schema, link: usize) -> bool {
    let own = &schema.links[link];
    own.children.is_some() || (own.child != own.parent && !is_one_of_several(schema, link))
}

/// The table refers to the other in several ways and this one has a role of its own.
fn is_one_of_several(schema: &Schema, link: usize) -> bool {
    let own = &schema.links[link];
    let alike = schema
        .links
        .iter()
        .filter(|other| other.child == own.child && other.parent == own.parent);
    own.role.is_some() && own.child != own.parent && alike.count() > 1
}

/// The referencing columns may hold nothing.
fn is_optional(schema: &Schema, link: usize) -> bool {
    let link = &schema.links[link];
    link.columns
        .iter()
        .any(|(column, _)| schema.tables[link.child].may_lack(*column))
}

/// The referencing column says what the parent is to a row of the same table.
fn says_who(schema: &Schema, link: usize) -> bool {
    schema.links[link].role.is_some() || schema.links[link].phrase.is_some()
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
        if link.child != link.parent || link.children.is_some() {
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
