//! What kind of mistake a wrong prediction made: the first difference from its gold, in the order a reader would look.

use std::collections::BTreeSet;

use nl2sql_sdk::analysis::{Analysis, ColumnUse, Resolution, TableSource};
use nl2sql_sdk::types::Severity;

/// Not a statement of the dialect.
pub const SYNTAX: &str = "syntax";
/// A table the catalog does not have.
pub const TABLE: &str = "unknown-table";
/// A column that does not resolve, or to more than one table.
pub const COLUMN: &str = "unknown-column";
/// Other tables than the gold's, or the same joined another number of times.
pub const JOIN: &str = "wrong-join";
/// Other aggregates, grouping or HAVING.
pub const AGGREGATION: &str = "wrong-aggregation";
/// The same statement with other literals, or a condition on other columns.
pub const FILTER_VALUE: &str = "wrong-filter-value";
/// Another ORDER BY or LIMIT.
pub const ORDER_OR_LIMIT: &str = "wrong-order-or-limit";
/// More, fewer or other columns in the result.
pub const RESULT_COLUMN: &str = "extra-or-missing-column";
/// It ran into the time limit.
pub const TIMEOUT: &str = "timeout";
/// Not one read-only statement.
pub const REFUSED: &str = "refused";
/// None of these.
pub const OTHER: &str = "other";

const AGGREGATES: [&str; 7] = ["count", "sum", "avg", "min", "max", "total", "group_concat"];

/// The class of a prediction whose names do not resolve.
pub fn of_names(predicted: &Analysis) -> Option<&'static str> {
    let has = |code: &str| {
        predicted
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && finding.code == code)
    };
    if predicted
        .tables
        .iter()
        .any(|table| table.source == TableSource::Unknown)
        || has("unknown-table")
    {
        Some(TABLE)
    } else if ["unknown-column", "ambiguous-column", "unknown-alias"]
        .into_iter()
        .any(has)
        || predicted
            .columns
            .iter()
            .any(|column| matches!(column.resolution, Resolution::Unknown | Resolution::Ambiguous))
    {
        Some(COLUMN)
    } else {
        None
    }
}

/// The class of a prediction that runs and gives another result; `detail` is what the comparison said.
pub fn of_difference(gold: &Analysis, predicted: &Analysis, detail: Option<&str>) -> &'static str {
    if tables(gold) != tables(predicted) {
        JOIN
    } else if aggregates(gold) != aggregates(predicted)
        || clause(gold, "group-by") != clause(predicted, "group-by")
        || clause(gold, "having") != clause(predicted, "having")
    {
        AGGREGATION
    } else if detail.is_some_and(|detail| detail.contains("columns"))
        || clause(gold, "select") != clause(predicted, "select")
    {
        RESULT_COLUMN
    } else if clause(gold, "where") != clause(predicted, "where") {
        FILTER_VALUE
    } else if feature(gold, "limit") != feature(predicted, "limit")
        || clause(gold, "order-by") != clause(predicted, "order-by")
        || detail.is_some_and(|detail| detail.contains("order"))
    {
        ORDER_OR_LIMIT
    } else if feature(gold, "order-by") && feature(gold, "limit") {
        // Same columns and values everywhere else: the direction or the number of rows.
        ORDER_OR_LIMIT
    } else if feature(gold, "set-operation") != feature(predicted, "set-operation") {
        JOIN
    } else {
        FILTER_VALUE
    }
}

fn tables(analysis: &Analysis) -> Vec<String> {
    let catalog = analysis
        .tables
        .iter()
        .filter(|table| table.source == TableSource::Catalog);
    let mut names: Vec<String> = catalog.map(|table| table.name.to_lowercase()).collect();
    names.sort();
    names
}

fn aggregates(analysis: &Analysis) -> BTreeSet<&str> {
    analysis
        .functions
        .iter()
        .map(String::as_str)
        .filter(|name| AGGREGATES.contains(name))
        .collect()
}

fn clause(analysis: &Analysis, clause: &str) -> BTreeSet<(Option<String>, String)> {
    let of_table = |column: &ColumnUse| {
        column
            .table
            .and_then(|at| analysis.tables.get(at as usize))
            .map(|table| table.name.to_lowercase())
    };
    let columns = analysis.columns.iter().filter(|column| column.clause == clause);
    columns
        .map(|column| (of_table(column), column.name.to_lowercase()))
        .collect()
}

fn feature(analysis: &Analysis, name: &str) -> bool {
    analysis.features.iter().any(|feature| feature == name)
}

#[cfg(test)]
mod tests {
    use nl2sql_sdk::analysis::{Position, StatementInfo, TableUse};
    use nl2sql_sdk::types::Difficulty;

    use super::*;

    fn analysis(tables: &[&str], selected: &[&str], functions: &[&str]) -> Analysis {
        let position = Position { line: 1, column: 1 };
        let table = |name: &&str| TableUse {
            name: (*name).to_owned(),
            schema: None,
            alias: None,
            scope: 0,
            source: TableSource::Catalog,
            position,
        };
        let column = |name: &&str| ColumnUse {
            name: (*name).to_owned(),
            table: Some(0),
            scope: 0,
            clause: "select".to_owned(),
            resolution: Resolution::Column,
            position,
        };
        Analysis {
            statement: StatementInfo {
                kind: "select".to_owned(),
                read_only: true,
                reason: None,
            },
            scopes: Vec::new(),
            tables: tables.iter().map(table).collect(),
            columns: selected.iter().map(column).collect(),
            functions: functions.iter().map(|name| (*name).to_owned()).collect(),
            ordered: false,
            features: Vec::new(),
            hardness: Difficulty::Easy,
            findings: Vec::new(),
        }
    }

    #[test]
    fn the_first_difference_names_the_class() {
        let gold = analysis(&["singer"], &["name"], &[]);
        assert_eq!(
            of_difference(&gold, &analysis(&["singer", "concert"], &["name"], &[]), None),
            JOIN
        );
        assert_eq!(
            of_difference(&gold, &analysis(&["singer"], &["name"], &["max"]), None),
            AGGREGATION
        );
        assert_eq!(
            of_difference(&gold, &analysis(&["singer"], &["age"], &[]), None),
            RESULT_COLUMN
        );
        assert_eq!(of_difference(&gold, &gold, None), FILTER_VALUE);
        assert_eq!(
            of_difference(&gold, &gold, Some("the same rows in another order")),
            ORDER_OR_LIMIT
        );
    }

    #[test]
    fn names_that_do_not_resolve_come_first() {
        let mut predicted = analysis(&["singer"], &["nme"], &[]);
        assert_eq!(of_names(&predicted), None);
        predicted.columns[0].resolution = Resolution::Unknown;
        assert_eq!(of_names(&predicted), Some(COLUMN));
        predicted.tables[0].source = TableSource::Unknown;
        assert_eq!(of_names(&predicted), Some(TABLE));
    }
}
