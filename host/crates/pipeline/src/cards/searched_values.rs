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

/// Reads the distinct values of text columns whose policy is to allow them, and tells which tables had to go without, one sentence each.
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
            let values: Vec<String> = values.into_iter().filter(short).collect();
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
        matches!(column.type_class, TypeClass::Text | TypeClass::Enum | TypeClass::Other)
            && policies.of(table, column) == ValuePolicy::Allow
    };
    table.columns.iter().filter(is_searched).collect()
}

fn failed(failure: Failure) -> PipelineError {
    PipelineError::part(Stage::Cards, failure)
}
