//! Accepts statements that run: read-only, limited to one row, within the time limit.

use nl2sql_sdk::query::{self, QueryError, QueryFailure};
use nl2sql_sdk::sql;
use nl2sql_sdk::types::{Finding, PluginError, Sample};
use nl2sql_sdk::validator::{Context, Validator};
use serde::Deserialize;

/// The validator.
pub struct ExecutionValidator {
    on_empty: OnEmpty,
}

/// What a statement without rows is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum OnEmpty {
    #[default]
    Accept,
    Reject,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default)]
    on_empty: OnEmpty,
}

impl Validator for ExecutionValidator {
    fn open(context: Context) -> Result<Self, PluginError> {
        let options: Options = nl2sql_sdk::options::parse(&context.options)?;
        Ok(Self {
            on_empty: options.on_empty,
        })
    }

    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError> {
        let limited = match sql::with_limit(&sample.sql, 1) {
            Ok(limited) => limited,
            Err(error) => return Ok(vec![error.into()]),
        };
        Ok(match query::run(&limited, 1) {
            Ok(rows) => self.finding_on_rows(rows.row_count()).into_iter().collect(),
            // Without a connection nothing is known about the sample, so the run stops rather than reject what may be good.
            Err(QueryError {
                code: QueryFailure::Unavailable,
                message,
            }) => {
                return Err(PluginError::new("unavailable", message).hint("check the connection and run again"));
            }
            Err(QueryError { code, message }) => vec![Finding::error("execution", code.name(), message)],
        })
    }
}

impl ExecutionValidator {
    fn finding_on_rows(&self, count: u32) -> Option<Finding> {
        let message = "the statement returns no rows";
        match (count, self.on_empty) {
            (0, OnEmpty::Reject) => Some(Finding::error("execution", "empty-result", message)),
            (0, OnEmpty::Accept) => Some(Finding::info("execution", "empty-result", message)),
            _ => None,
        }
    }
}

nl2sql_sdk::register!(validator: ExecutionValidator);

#[cfg(test)]
mod tests {
    use nl2sql_sdk::types::Severity;

    use super::*;

    fn open(options: &str) -> Result<ExecutionValidator, PluginError> {
        ExecutionValidator::open(Context {
            options: options.to_owned(),
            ..Context::default()
        })
    }

    #[test]
    fn an_empty_result_weighs_what_the_profile_says() {
        let severity = |options: &str, rows: u32| {
            open(options)
                .ok()?
                .finding_on_rows(rows)
                .map(|finding| finding.severity)
        };
        assert_eq!(severity("{}", 1), None);
        assert_eq!(severity("", 0), Some(Severity::Info));
        assert_eq!(severity(r#"{"on_empty": "reject"}"#, 0), Some(Severity::Error));
    }

    #[test]
    fn unknown_options_are_refused() {
        assert_eq!(
            open(r#"{"on_emty": "reject"}"#)
                .err()
                .map(|error| error.code)
                .as_deref(),
            Some("bad-options")
        );
    }
}
