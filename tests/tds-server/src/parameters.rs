//! Parameters of a statement: named as it declares them, and bound.

use rusqlite::types::Value;

use crate::engine::Outcome;
use crate::schema::sql_error;
use crate::tokens::SqlError;

pub(crate) fn bind(statement: &mut rusqlite::Statement<'_>, parameters: &[(String, Value)]) -> Outcome {
    for (name, value) in parameters {
        if let Some(index) = statement.parameter_index(name).map_err(sql_error)? {
            statement.raw_bind_parameter(index, value).map_err(sql_error)?;
        }
    }
    let missing = (1..=statement.parameter_count())
        .filter_map(|index| statement.parameter_name(index))
        .find(|name| !parameters.iter().any(|(known, _)| known == name));
    match missing {
        Some(name) => Err(SqlError::new(
            137,
            15,
            format!("Must declare the scalar variable \"{name}\"."),
        )),
        None => Ok(()),
    }
}

/// Values for a statement without names of its own.
pub(crate) fn named_parameters(declaration: &str, values: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let declared: Vec<&str> = declaration
        .split(',')
        .filter_map(|part| part.split_whitespace().next())
        .collect();
    values
        .into_iter()
        .enumerate()
        .map(|(at, (name, value))| {
            let name = if name.is_empty() {
                declared.get(at).copied().unwrap_or_default().to_owned()
            } else {
                name
            };
            (name, value)
        })
        .collect()
}
