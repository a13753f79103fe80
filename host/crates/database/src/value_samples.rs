//! Values of columns for table cards: the most frequent ones among a bounded number of rows.

use std::collections::BTreeMap;

use nl2sql_catalog::{ResultSet, Table, TypeClass, Value};
use serde::Serialize;

/// Least rows read per table; bounds the cost on large tables.
pub const SAMPLED_ROWS: usize = 2_000;
/// Rows read for each value that is wanted, where that is more.
const ROWS_PER_VALUE: usize = 10;
/// Bytes read per table.
pub(crate) const SAMPLED_BYTES: usize = 4 << 20;

/// Frequent values of one column. Nothing is masked: that is the caller's policy.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ColumnValues {
    /// Name of the column.
    pub column: String,
    /// Values other than NULL, by falling count, then by rising text.
    pub values: Vec<(Value, u64)>,
    /// Distinct values among the rows read, NULL apart.
    pub distinct: usize,
    /// NULLs among the rows read.
    pub nulls: u64,
    /// Rows read.
    pub rows: usize,
}

/// Rows that are read to find `n` values of each column.
pub(crate) fn sampled_rows(n: usize) -> usize {
    SAMPLED_ROWS.max(n.saturating_mul(ROWS_PER_VALUE))
}

/// Columns whose values can mean something to a reader.
pub(crate) fn sampled_columns(table: &Table) -> Vec<&str> {
    table
        .columns
        .iter()
        .filter(|column| !matches!(column.type_class, TypeClass::Binary | TypeClass::Geometry))
        .map(|column| column.name.as_str())
        .collect()
}

/// The list of columns (all of them when none is given) and the table, with its schema, as one `SELECT` names them between the quotes `open`
/// and `close`.
pub(crate) fn quoted(table: &Table, columns: &[&str], open: char, close: char) -> (String, String) {
    let quote = |name: &str| format!("{open}{}{close}", name.replace(close, &format!("{close}{close}")));
    let columns: Vec<String> = columns.iter().map(|column| quote(column)).collect();
    let names = table.schema.iter().chain([&table.name]).map(|name| quote(name));
    let columns = match columns.as_slice() {
        [] => "*".to_owned(),
        columns => columns.join(", "),
    };
    (columns, names.collect::<Vec<_>>().join("."))
}

/// Counts the values of each column and keeps the `n` most frequent.
pub(crate) fn most_frequent(result: &ResultSet, columns: &[&str], n: usize) -> Vec<ColumnValues> {
    columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let mut counts: BTreeMap<String, (Value, u64)> = BTreeMap::new();
            let mut nulls = 0;
            for value in result.rows.iter().filter_map(|row| row.get(at)) {
                match value.display_text() {
                    Some(text) => counts.entry(text).or_insert_with(|| (value.clone(), 0)).1 += 1,
                    None => nulls += 1,
                }
            }
            let distinct = counts.len();
            let mut values: Vec<(Value, u64)> = counts.into_values().collect();
            values.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            values.truncate(n);
            ColumnValues {
                column: (*column).to_owned(),
                values,
                distinct,
                nulls,
                rows: result.rows.len(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_values_come_first_and_ties_by_text() {
        let column = ["b", "a", "c", "c"].map(|text| vec![Value::Text(text.into())]);
        let mut rows = column.to_vec();
        rows.push(vec![Value::Null]);
        let result = ResultSet {
            columns: vec!["x".into()],
            rows,
            truncated: false,
        };
        let values = most_frequent(&result, &["x"], 2);
        assert_eq!(
            values[0].values,
            [(Value::Text("c".into()), 2), (Value::Text("a".into()), 1)]
        );
        assert_eq!((values[0].distinct, values[0].nulls, values[0].rows), (3, 1, 5));
    }
}
