//! The values that questions are searched for: read with the cards, of columns whose policy lets them out.

use std::collections::BTreeMap;

use nl2sql_catalog::{Column, Database, Table, TypeClass};
use nl2sql_profile::{CardSettings, PrivacySettings, ValuePolicy};

use crate::privacy::ColumnPolicies;
use crate::{Failure, PipelineError, Source, Stage};

/// Values that questions are searched for, by table and column.
pub type SearchedValues = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Those of a column.
pub fn values_of<'v>(values: &'v SearchedValues, table: &Table, column: &Column) -> &'v [String] {
    let of_table = values.get(&table.qualified_name());
    of_table
        .and_then(|columns| columns.get(&column.name))
        .map_or(&[], Vec::as_slice)
}

/// Values searched of a whole database: more would make cards that take longer to read than the questions.
const MAX_IN_ALL: usize = 500_000;

/// Reads the distinct values of text columns, and the words of flags, whose policy is to allow them, and tells which tables had to go without, one
/// sentence each.
///
/// # Errors
/// When a rule of the privacy settings is no pattern, or the source fails for good.
pub fn read_searched_values(
    catalog: &Database,
    source: &dyn Source,
    settings: &CardSettings,
    privacy: &PrivacySettings,
) -> Result<(SearchedValues, Vec<String>), PipelineError> {
    let policies = ColumnPolicies::new(privacy)?;
    let (mut found, mut notes, mut in_all) = (SearchedValues::new(), Vec::new(), 0);
    for table in &catalog.tables {
        let columns = searched_columns(table, &policies);
        if columns.is_empty() || settings.searched_values == 0 {
            continue;
        }
        if in_all >= MAX_IN_ALL {
            let name = table.qualified_name();
            notes.push(format!(
                "questions are not searched for values from {name} on: there are more than {MAX_IN_ALL}"
            ));
            break;
        }
        let values = match source.values(table, &columns, settings.searched_values) {
            Ok(values) => values,
            Err(failure) if failure.stops_the_stage() => return Err(failed(failure)),
            Err(failure) => {
                let name = table.qualified_name();
                notes.push(format!(
                    "questions are not searched for values of {name}: {}",
                    failure.message
                ));
                continue;
            }
        };
        let short = |value: &String| value.chars().nth(settings.value_chars as usize).is_none();
        let by_column = columns.iter().zip(values).map(|(column, values)| {
            let written = |value: &String| column.type_class != TypeClass::Boolean || is_word(value);
            let values: Vec<String> = values.into_iter().filter(short).filter(written).collect();
            (column.name.clone(), values)
        });
        let kept: BTreeMap<_, _> = by_column.filter(|(_, values)| !values.is_empty()).collect();
        in_all += kept.values().map(Vec::len).sum::<usize>();
        found.insert(table.qualified_name(), kept);
    }
    Ok((found, notes))
}

fn searched_columns<'t>(table: &'t Table, policies: &ColumnPolicies) -> Vec<&'t Column> {
    let is_searched = |column: &&Column| {
        let holds_words = matches!(
            column.type_class,
            TypeClass::Text | TypeClass::Enum | TypeClass::Other | TypeClass::Boolean
        );
        holds_words && policies.of(table, column) == ValuePolicy::Allow
    };
    table.columns.iter().filter(is_searched).collect()
}

/// Whether a flag is written as a word of its own: SQLite keeps `'T'` in a column of type BOOL. What SQL writes without quotes needs no search.
fn is_word(value: &str) -> bool {
    let is_literal = |literal: &str| value.eq_ignore_ascii_case(literal);
    value.parse::<f64>().is_err() && !is_literal("true") && !is_literal("false")
}

fn failed(failure: Failure) -> PipelineError {
    PipelineError::part(Stage::Cards, failure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A table with one flag, whose values are those of the source.
    struct Flags(&'static [&'static str]);

    impl Source for Flags {
        fn catalog(&self) -> Result<(Database, Vec<String>), Failure> {
            let column = Column {
                name: "is_male".into(),
                type_class: TypeClass::Boolean,
                ..Column::default()
            };
            let table = Table {
                name: "singer".into(),
                columns: vec![column],
                ..Table::default()
            };
            let catalog = Database {
                tables: vec![table],
                ..Database::default()
            };
            Ok((catalog, Vec::new()))
        }

        fn values(&self, _: &Table, columns: &[&Column], _: u32) -> Result<Vec<Vec<String>>, Failure> {
            let values: Vec<String> = self.0.iter().map(|value| (*value).to_owned()).collect();
            Ok(vec![values; columns.len()])
        }
    }

    fn searched(values: &'static [&'static str]) -> Vec<String> {
        let source = Flags(values);
        let (catalog, _) = source.catalog().unwrap();
        let privacy = PrivacySettings {
            sample_values: true,
            ..PrivacySettings::default()
        };
        let (found, notes) = read_searched_values(&catalog, &source, &CardSettings::default(), &privacy).unwrap();
        assert_eq!(notes, [""; 0]);
        let table = &catalog.tables[0];
        values_of(&found, table, &table.columns[0]).to_vec()
    }

    #[test]
    fn flags_that_are_words_are_searched_for() {
        assert_eq!(searched(&["T", "F"]), ["T", "F"]);
        assert_eq!(searched(&["1", "0"]), [""; 0]);
        assert_eq!(searched(&["true", "FALSE"]), [""; 0]);
    }
}
