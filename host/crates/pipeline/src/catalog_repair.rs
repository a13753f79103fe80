//! Makes an extracted catalog consistent: order, implicit references, keys that lead nowhere.

use nl2sql_catalog::{Database, ForeignKey, Table};

use crate::summary::count;

/// Orders tables, leaves out those without columns, completes foreign keys and drops the ones that lead nowhere. Says what it did.
pub(crate) fn repair(catalog: &mut Database) -> Vec<String> {
    let mut notes = Vec::new();
    catalog
        .tables
        .sort_by(|a, b| (&a.schema, &a.name).cmp(&(&b.schema, &b.name)));
    let bare: Vec<_> = catalog
        .tables
        .iter()
        .filter(|table| table.columns.is_empty())
        .map(Table::qualified_name)
        .collect();
    if !bare.is_empty() {
        notes.push(format!(
            "left out {} without columns: {}",
            count(bare.len(), "table"),
            listed(&bare)
        ));
        catalog.tables.retain(|table| !table.columns.is_empty());
    }
    let mut dangling = Vec::new();
    for index in 0..catalog.tables.len() {
        let keys = std::mem::take(&mut catalog.tables[index].foreign_keys);
        let (good, bad): (Vec<_>, Vec<_>) = keys
            .into_iter()
            .map(|key| completed(catalog, index, key))
            .partition(Result::is_ok);
        let table = &mut catalog.tables[index];
        table.foreign_keys = good.into_iter().flatten().collect();
        dangling.extend(bad.into_iter().filter_map(Result::err).map(|key| {
            format!(
                "{}({}) -> {}",
                table.qualified_name(),
                key.columns.join(", "),
                key.ref_table
            )
        }));
    }
    if !dangling.is_empty() {
        let what = count(dangling.len(), "foreign key");
        notes.push(format!(
            "left out {what} whose target is not in the catalog: {}",
            listed(&dangling)
        ));
    }
    notes
}

/// The key with its target spelled as the catalog spells it and its columns filled in, or the key as it was when it leads nowhere.
fn completed(catalog: &Database, from: usize, mut key: ForeignKey) -> Result<ForeignKey, ForeignKey> {
    let table = &catalog.tables[from];
    let schema = key.ref_schema.as_ref().or(table.schema.as_ref());
    let Some(target) = find(catalog, schema, &key.ref_table) else {
        return Err(key);
    };
    let referenced = if key.ref_columns.is_empty() {
        target.primary_key.clone()
    } else {
        key.ref_columns.clone()
    };
    let spelled = |owner: &Table, names: &[String]| -> Option<Vec<String>> {
        names.iter().map(|name| spelling(owner, name)).collect()
    };
    let (Some(columns), Some(ref_columns)) = (spelled(table, &key.columns), spelled(target, &referenced)) else {
        return Err(key);
    };
    if columns.is_empty() || columns.len() != ref_columns.len() {
        return Err(key);
    }
    key.ref_table.clone_from(&target.name);
    key.columns = columns;
    key.ref_columns = ref_columns;
    Ok(key)
}

fn find<'a>(catalog: &'a Database, schema: Option<&String>, name: &str) -> Option<&'a Table> {
    let in_schema = |table: &&Table| schema.is_none() || table.schema.as_ref() == schema;
    catalog
        .tables
        .iter()
        .filter(in_schema)
        .find(|table| table.name == name)
        .or_else(|| {
            catalog
                .tables
                .iter()
                .filter(in_schema)
                .find(|table| table.name.eq_ignore_ascii_case(name))
        })
}

fn spelling(table: &Table, name: &str) -> Option<String> {
    let column = table.column(name).or_else(|| {
        table
            .columns
            .iter()
            .find(|column| column.name.eq_ignore_ascii_case(name))
    })?;
    Some(column.name.clone())
}

/// The first few of a list.
pub(crate) fn listed(names: &[String]) -> String {
    const SHOWN: usize = 5;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Column, Database, ForeignKey, Table};

    use super::repair;

    fn table(name: &str, columns: &[&str], keys: Vec<ForeignKey>) -> Table {
        Table {
            name: name.into(),
            columns: columns
                .iter()
                .map(|name| Column {
                    name: (*name).into(),
                    ..Column::default()
                })
                .collect(),
            primary_key: columns.first().map(|name| (*name).to_owned()).into_iter().collect(),
            foreign_keys: keys,
            ..Table::default()
        }
    }

    fn key(columns: &[&str], target: &str, referenced: &[&str]) -> ForeignKey {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        ForeignKey {
            columns: owned(columns),
            ref_table: target.into(),
            ref_columns: owned(referenced),
            ..ForeignKey::default()
        }
    }

    #[test]
    fn implicit_references_are_completed_and_dangling_ones_left_out() {
        let mut catalog = Database {
            tables: vec![
                table(
                    "b",
                    &["id", "a_id"],
                    vec![key(&["A_ID"], "A", &[]), key(&["a_id"], "gone", &["id"])],
                ),
                table("a", &["id"], vec![]),
                table("none", &[], vec![]),
            ],
            ..Database::default()
        };
        let notes = repair(&mut catalog);
        assert_eq!(catalog.tables.len(), 2);
        assert_eq!(catalog.tables[1].foreign_keys, [key(&["a_id"], "a", &["id"])]);
        assert_eq!(notes.len(), 2);
        assert!(notes[1].contains("b(a_id) -> gone"), "{notes:?}");
    }

    #[test]
    fn keys_with_unequal_columns_are_left_out() {
        let mut catalog = Database {
            tables: vec![table("a", &["id", "x"], vec![key(&["id", "x"], "a", &["id"])])],
            ..Database::default()
        };
        repair(&mut catalog);
        assert!(catalog.tables[0].foreign_keys.is_empty());
    }
}
