//! The shortest schema text that still names everything: for models whose context or training time is small.

use nl2sql_catalog::Table;

/// `table(column, column; column -> other.key)`: columns in the order of the catalog, then foreign keys.
pub fn outline(table: &Table) -> String {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let keys = table.foreign_keys.iter().map(|key| {
        let ends = key.columns.iter().zip(&key.ref_columns);
        let pairs = ends.map(|(from, to)| format!("{from} -> {}.{to}", key.ref_table));
        pairs.collect::<Vec<_>>().join(" and ")
    });
    let parts = [columns.join(", ")].into_iter().chain(keys);
    format!("{}({})", table.qualified_name(), parts.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::{Column, ForeignKey, Table};

    use super::outline;

    #[test]
    fn an_outline_has_one_line_per_table() {
        let column = |name: &str| Column {
            name: name.into(),
            ..Column::default()
        };
        let table = Table {
            name: "song".into(),
            columns: vec![column("id"), column("singer")],
            foreign_keys: vec![ForeignKey {
                columns: vec!["singer".into()],
                ref_table: "singer".into(),
                ref_columns: vec!["id".into()],
                ..ForeignKey::default()
            }],
            ..Table::default()
        };
        assert_eq!(outline(&table), "song(id, singer; singer -> singer.id)");
    }
}
