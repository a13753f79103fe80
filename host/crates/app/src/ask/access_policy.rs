//! What a caller may read, held against what the dialect resolved.

use std::collections::BTreeSet;

use nl2sql_catalog::{Analysis, ColumnUse, Database, Resolution, Table, TableKind, TableSource, TableUse};
use nl2sql_profile::ServeKey;

use super::answer::AskFinding;

/// Functions that read nothing but their arguments, in the dialects' words. Where something is withheld no other function may be called:
/// databases have functions that take a table's name or a statement as text.
const PLAIN_FUNCTIONS: &str = "abs avg cast ceil ceiling char_length coalesce concat concat_ws convert count cume_dist current_date \
    current_time current_timestamp curdate date date_add date_format date_part date_sub date_trunc dateadd datediff datename datepart \
    datetime day dayofmonth dayofweek dayofyear dense_rank exp extract first_value floor format greatest group_concat hex hour if ifnull iif \
    instr isnull json_extract json_value julianday lag last_value lead least left len length ln log log10 log2 lower lpad ltrim max \
    mid min minute mod month monthname now nth_value ntile nullif percent_rank percentile_cont percentile_disc pi position pow power \
    printf quarter radians rank replace reverse right round row_number rpad rtrim second sign split_part sqrt stddev stddev_pop \
    stddev_samp strftime string_agg strpos stuff substr substring sum time timestampdiff to_char to_date total trim trunc truncate \
    unixepoch upper var_pop var_samp variance week weekday year";

/// What a caller may read. By default everything that the database's login may.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    /// Most rows of a result.
    pub max_rows: Option<u32>,
    /// Tables and views that may be read, as `table` or `schema.table`; empty: all.
    pub tables: Vec<String>,
    /// Columns that may not be read, as `table.column`.
    pub hidden_columns: Vec<String>,
}

impl AccessPolicy {
    /// The policy of a key.
    pub fn of_key(key: &ServeKey) -> Self {
        Self {
            max_rows: Some(key.max_rows).filter(|rows| *rows > 0),
            tables: key.tables.clone(),
            hidden_columns: key.hidden_columns.clone(),
        }
    }

    /// Whether anything is withheld.
    pub fn restricts(&self) -> bool {
        !(self.tables.is_empty() && self.hidden_columns.is_empty())
    }

    /// Whether a table may be read.
    pub fn allows_table(&self, schema: Option<&str>, table: &str) -> bool {
        let named =
            |allowed: &String| allowed == table || schema.is_some_and(|schema| *allowed == format!("{schema}.{table}"));
        self.tables.is_empty() || self.tables.iter().any(named)
    }

    /// Whether a column may be read. Upper and lower case are one here: withholding too much is the safer mistake.
    pub fn allows_column(&self, schema: Option<&str>, table: &str, column: &str) -> bool {
        let hides = |owner: String| {
            let name = format!("{owner}.{column}");
            self.hidden_columns
                .iter()
                .any(|hidden| hidden.eq_ignore_ascii_case(&name))
        };
        !owners(schema, table).into_iter().any(hides)
    }

    /// Whether some column of a table is hidden.
    pub fn hides_columns_of(&self, schema: Option<&str>, table: &str) -> bool {
        owners(schema, table).into_iter().any(|owner| {
            let begins = format!("{owner}.").to_ascii_lowercase();
            let hides = |hidden: &String| hidden.to_ascii_lowercase().starts_with(&begins);
            self.hidden_columns.iter().any(hides)
        })
    }

    /// What it names that a catalog does not have. A policy that withholds nothing by a slip of the pen would be noticed too late.
    pub fn unknown_name(&self, catalog: &Database) -> Option<String> {
        let named = || {
            let tables = catalog.tables.iter();
            tables.flat_map(|table| {
                owners(table.schema.as_deref(), &table.name)
                    .into_iter()
                    .map(move |owner| (owner, table))
            })
        };
        let has_table = |name: &String| named().any(|(owner, _)| owner == *name);
        let has_column = |name: &String| {
            named().any(|(owner, table)| {
                let mut columns = table.columns.iter().map(|column| format!("{owner}.{}", column.name));
                columns.any(|column| column.eq_ignore_ascii_case(name))
            })
        };
        let table = self.tables.iter().find(|name| !has_table(name));
        let column = self.hidden_columns.iter().find(|name| !has_column(name));
        let table = table.map(|name| format!("table `{name}`"));
        table.or_else(|| column.map(|name| format!("column `{name}`")))
    }

    /// Whether a column may be read, of a table named with its schema where it has one.
    pub fn allows_qualified(&self, table: &str, column: &str) -> bool {
        let (schema, name) = match table.split_once('.') {
            Some((schema, name)) => (Some(schema), name),
            None => (None, table),
        };
        self.allows_table(schema, name) && self.allows_column(schema, name, column)
    }

    /// As much of a catalog as may be read.
    pub(super) fn visible(&self, catalog: &Database) -> Database {
        let mut visible = catalog.clone();
        visible.tables.retain(|table| self.shows(table));
        for table in &mut visible.tables {
            let (schema, name) = (table.schema.as_deref(), table.name.as_str());
            table
                .columns
                .retain(|column| self.allows_column(schema, name, &column.name));
        }
        visible
    }

    /// Whether a table may be read. What a view reads is not known here, so that where something is withheld it is read only where it is named
    /// itself.
    fn shows(&self, table: &Table) -> bool {
        let is_view = table.kind != TableKind::Table;
        let hides_views = self.restricts() && self.tables.is_empty();
        self.allows_table(table.schema.as_deref(), &table.name) && !(is_view && hides_views)
    }

    /// What a statement reads beyond the policy.
    pub(super) fn violation(&self, analysis: &Analysis, catalog: &Database) -> Option<AskFinding> {
        if !self.restricts() {
            return None;
        }
        let message = self
            .function(analysis)
            .or_else(|| analysis.tables.iter().find_map(|table| self.table(table, catalog)))
            .or_else(|| {
                analysis
                    .columns
                    .iter()
                    .find_map(|column| self.column(column, analysis, catalog))
            })?;
        Some(AskFinding {
            code: "not-allowed".into(),
            message,
        })
    }

    fn function(&self, analysis: &Analysis) -> Option<String> {
        let plain: BTreeSet<&str> = PLAIN_FUNCTIONS.split_whitespace().collect();
        let other = analysis.functions.iter().find(|name| !plain.contains(name.as_str()))?;
        Some(format!("this key may not call the function `{other}`"))
    }

    fn table(&self, table: &TableUse, catalog: &Database) -> Option<String> {
        match table.source {
            TableSource::Cte | TableSource::Derived => None,
            TableSource::Function | TableSource::Unknown => Some(format!(
                "this key may not read `{}`, which is no table of the catalog",
                table.name
            )),
            TableSource::Catalog if !self.allows_table(table.schema.as_deref(), &table.name) => {
                Some(format!("this key may not read the table `{}`", table.name))
            }
            TableSource::Catalog => match of_catalog(table, catalog) {
                Some(found) if !self.shows(found) => Some(format!("this key may not read the view `{}`", table.name)),
                Some(_) => None,
                None => Some(format!("this key may not read `{}`", table.name)),
            },
        }
    }

    fn column(&self, column: &ColumnUse, analysis: &Analysis, catalog: &Database) -> Option<String> {
        if self.hidden_columns.is_empty() || column.resolution == Resolution::Alias {
            return None;
        }
        let table = column.table.and_then(|table| analysis.tables.get(table as usize));
        let named = |table: &TableUse, name: &str| {
            let hidden = !self.allows_column(table.schema.as_deref(), &table.name, name);
            hidden.then(|| format!("this key may not read the column `{}.{name}`", table.name))
        };
        if column.name == "*" {
            // A star is every column of its table; without one, of every table of the scope.
            let starred = analysis.tables.iter().filter(|other| match table {
                Some(table) => std::ptr::eq(*other, table),
                None => other.scope == column.scope,
            });
            return starred
                .filter_map(|table| Some((table, of_catalog(table, catalog)?)))
                .find_map(|(table, found)| found.columns.iter().find_map(|column| named(table, &column.name)));
        }
        match (column.resolution, table) {
            (Resolution::Column, Some(table)) if table.source == TableSource::Catalog => named(table, &column.name),
            (Resolution::Column, Some(_)) => None,
            _ => Some(format!(
                "this key may not read `{}`, which is no column of the catalog",
                column.name
            )),
        }
    }
}

/// What a table may be called in a policy: `table`, and `schema.table` where it has a schema.
fn owners(schema: Option<&str>, table: &str) -> Vec<String> {
    let qualified = schema.map(|schema| format!("{schema}.{table}"));
    [table.to_owned()].into_iter().chain(qualified).collect()
}

fn of_catalog<'c>(table: &TableUse, catalog: &'c Database) -> Option<&'c Table> {
    let matches = |known: &&Table| {
        known.name == table.name && (table.schema.is_none() || known.schema.is_none() || known.schema == table.schema)
    };
    catalog.tables.iter().find(matches)
}

#[cfg(test)]
mod tests {
    use nl2sql_catalog::Column;

    use super::*;

    fn shop() -> Database {
        let table = |name: &str, kind, columns: &[&str]| Table {
            name: name.into(),
            kind,
            columns: columns
                .iter()
                .map(|name| Column {
                    name: (*name).into(),
                    ..Column::default()
                })
                .collect(),
            ..Table::default()
        };
        Database {
            tables: vec![
                table("customers", TableKind::Table, &["id", "email"]),
                table("orders", TableKind::Table, &["id", "amount"]),
                table("contacts", TableKind::View, &["id", "email"]),
            ],
            ..Database::default()
        }
    }

    /// `table: columns` for each table that a policy shows.
    fn shown(tables: &[&str], hidden_columns: &[&str]) -> Vec<String> {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let policy = AccessPolicy {
            max_rows: None,
            tables: named(tables),
            hidden_columns: named(hidden_columns),
        };
        let visible = policy.visible(&shop()).tables.into_iter().map(|table| {
            let columns: Vec<String> = table.columns.into_iter().map(|column| column.name).collect();
            format!("{}: {}", table.name, columns.join(" "))
        });
        visible.collect()
    }

    #[test]
    fn what_is_withheld_is_not_visible() {
        let (customers, orders, contacts) = ("customers: id email", "orders: id amount", "contacts: id email");
        assert_eq!(shown(&[], &[]), [customers, orders, contacts]);
        assert_eq!(shown(&["orders"], &[]), [orders]);
        assert_eq!(shown(&["orders", "contacts"], &[]), [orders, contacts]);
        // A view may read what is hidden.
        assert_eq!(shown(&[], &["Customers.EMAIL"]), ["customers: id", orders]);
    }
}
