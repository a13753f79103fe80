//! Communities of the foreign-key graph.

use std::collections::{BTreeMap, BTreeSet};

use nl2sql_schema::{Schema, words};

/// Tables that belong together, hub first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Community {
    /// Indices of its tables, in the order they joined.
    pub tables: Vec<usize>,
    /// How many links lie inside.
    pub links: usize,
}

/// Communities of at most about `max_tables` tables that hold every one of `usable` and every link between them.
///
/// The table with the most neighbours that is in no community yet founds the next one and takes in its neighbours, the
/// best connected first; whoever is left without a partner joins by name. Deterministic: ties go to catalog order.
pub fn communities(schema: &Schema, usable: &[usize], max_tables: usize) -> Vec<Community> {
    let neighbours = neighbours(schema);
    let mut free: BTreeSet<usize> = usable.iter().copied().collect();
    let mut by_degree: Vec<usize> = usable.to_vec();
    by_degree.sort_by_key(|table| (std::cmp::Reverse(neighbours[*table].len()), *table));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for hub in by_degree {
        if !free.contains(&hub) || neighbours[hub].is_empty() {
            continue;
        }
        groups.push(grow(hub, &neighbours, &mut free, max_tables));
    }
    join_left_overs(&mut groups, &neighbours, max_tables);
    groups.extend(by_prefix(schema, &free, max_tables));
    cover_links(schema, &mut groups, max_tables);
    groups
        .into_iter()
        .map(|tables| Community {
            links: links_inside(schema, &tables),
            tables,
        })
        .collect()
}

fn neighbours(schema: &Schema) -> Vec<BTreeSet<usize>> {
    let mut neighbours = vec![BTreeSet::new(); schema.tables.len()];
    for link in schema.links.iter().filter(|link| link.child != link.parent) {
        neighbours[link.child].insert(link.parent);
        neighbours[link.parent].insert(link.child);
    }
    neighbours
}

/// The hub with free tables around it, breadth first.
fn grow(hub: usize, neighbours: &[BTreeSet<usize>], free: &mut BTreeSet<usize>, max_tables: usize) -> Vec<usize> {
    let mut tables = vec![hub];
    free.remove(&hub);
    let mut next = 0;
    while next < tables.len() && tables.len() < max_tables {
        let mut around: Vec<usize> = neighbours[tables[next]]
            .iter()
            .filter(|table| free.contains(table))
            .copied()
            .collect();
        around.sort_by_key(|table| (std::cmp::Reverse(neighbours[*table].len()), *table));
        for table in around.into_iter().take(max_tables - tables.len()) {
            free.remove(&table);
            tables.push(table);
        }
        next += 1;
    }
    tables
}

/// A group of one joins the smallest group of a neighbour, when there is room, else takes its neighbours in as well.
fn join_left_overs(groups: &mut Vec<Vec<usize>>, neighbours: &[BTreeSet<usize>], max_tables: usize) {
    let singles: Vec<usize> = groups
        .iter()
        .filter(|group| group.len() == 1)
        .map(|group| group[0])
        .collect();
    for single in singles {
        let host = (0..groups.len())
            .filter(|group| groups[*group].len() > 1 && groups[*group].len() < max_tables)
            .filter(|group| groups[*group].iter().any(|table| neighbours[single].contains(table)))
            .min_by_key(|group| (groups[*group].len(), *group));
        if let Some(host) = host {
            groups[host].push(single);
            groups.retain(|group| group.as_slice() != [single]);
        } else if let Some(own) = groups.iter_mut().find(|group| group.as_slice() == [single]) {
            own.extend(neighbours[single].iter().take(max_tables - 1));
        }
    }
}

/// Tables without links, grouped by the first word of their names.
fn by_prefix(schema: &Schema, free: &BTreeSet<usize>, max_tables: usize) -> Vec<Vec<usize>> {
    let mut prefixes: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for table in free {
        let first = words::words(&schema.tables[*table].name)
            .into_iter()
            .next()
            .unwrap_or_default();
        prefixes.entry(first).or_default().push(*table);
    }
    let (together, alone): (Vec<_>, Vec<_>) = prefixes.into_values().partition(|tables| tables.len() > 1);
    let alone: Vec<usize> = alone
        .into_iter()
        .flatten()
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    together
        .iter()
        .chain(std::iter::once(&alone))
        .flat_map(|tables| tables.chunks(max_tables).map(<[usize]>::to_vec).collect::<Vec<_>>())
        .collect()
}

/// Brings the missing end of each link that lies in no community into one that holds the other end.
fn cover_links(schema: &Schema, groups: &mut Vec<Vec<usize>>, max_tables: usize) {
    let mut homes: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); schema.tables.len()];
    for (index, group) in groups.iter().enumerate() {
        for table in group {
            homes[*table].insert(index);
        }
    }
    for link in &schema.links {
        let (child, parent) = (link.child, link.parent);
        if homes[child].is_empty()
            || homes[parent].is_empty()
            || homes[child].intersection(&homes[parent]).next().is_some()
        {
            continue;
        }
        // A hub is wanted by many; communities may grow to half as much again before a new one is founded.
        let room = max_tables + max_tables / 2;
        let host = homes[child]
            .iter()
            .chain(&homes[parent])
            .copied()
            .filter(|group| groups[*group].len() < room)
            .min_by_key(|group| (groups[*group].len(), *group));
        let host = host.unwrap_or_else(|| {
            groups.push(Vec::new());
            groups.len() - 1
        });
        for table in [child, parent] {
            if homes[table].insert(host) {
                groups[host].push(table);
            }
        }
    }
}

fn links_inside(schema: &Schema, tables: &[usize]) -> usize {
    let inside: BTreeSet<usize> = tables.iter().copied().collect();
    schema
        .links
        .iter()
        .filter(|link| inside.contains(&link.child) && inside.contains(&link.parent))
        .count()
}
