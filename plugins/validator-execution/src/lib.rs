//! Accepts statements that run, read-only and within the time limit, and whose rows are the ones that the question asks for: a `LIMIT`
//! does not cut through rows that share their place.

mod cut;

use nl2sql_sdk::query::{self, QueryError, QueryFailure, Value};
use nl2sql_sdk::sql;
use nl2sql_sdk::types::{Finding, PluginError, Sample};
use nl2sql_sdk::validator::{Context, Validator};
use serde::Deserialize;

/// The validator.
pub struct ExecutionValidator {
    options: Options,
}

/// What a finding is worth.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Weight {
    Accept,
    Reject,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// A statement without rows, or whose one row says nothing: a count of 0, a sum of NULL.
    on_empty: Weight,
    /// A statement whose LIMIT keeps some of several rows that share the last place.
    on_tie: Weight,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            on_empty: Weight::Accept,
            on_tie: Weight::Reject,
        }
    }
}

impl Validator for ExecutionValidator {
    fn open(context: Context) -> Result<Self, PluginError> {
        let options: Options = nl2sql_sdk::options::parse(&context.options)?;
        Ok(Self { options })
    }

    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError> {
        let limited = match sql::with_limit(&sample.sql, 1) {
            Ok(limited) => limited,
            Err(error) => return Ok(vec![error.into()]),
        };
        Ok(match query::run(&limited, 1) {
            Ok(rows) => {
                let first = rows.values(0, 1).into_iter().next();
                let empty = self.finding_on_rows(first.as_deref(), || aggregates(&sample.sql));
                match empty {
                    None => self.finding_on_ties(&sample.sql).into_iter().collect(),
                    empty => empty.into_iter().collect(),
                }
            }
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
    /// Whether the first row says anything; `aggregates` tells whether the statement computes its one row from all others.
    fn finding_on_rows(&self, first: Option<&[Value]>, aggregates: impl FnOnce() -> bool) -> Option<Finding> {
        let (code, message) = match first {
            None => ("empty-result", "the statement returns no rows"),
            Some(row) if row.iter().all(is_nothing) && aggregates() => {
                ("empty-value", "the statement returns nothing but zero or NULL")
            }
            Some(_) => return None,
        };
        Some(self.weighed(self.options.on_empty, code, message))
    }

    /// Whether the statement's LIMIT cuts through rows that share their place. A statement that cannot be asked for places tells nothing.
    fn finding_on_ties(&self, sql: &str) -> Option<Finding> {
        let tied = |cut: &cut::Cut| {
            query::run(&cut.places, cut.kept + 1).is_ok_and(|rows| {
                let around = rows.cells(cut.kept - 1, 2);
                matches!(around.as_slice(), [last, next] if last == next)
            })
        };
        cut::cuts(sql).iter().any(tied).then(|| {
            let message = "LIMIT keeps some of several rows that share the last place";
            self.weighed(self.options.on_tie, "tied-rows", message)
        })
    }

    fn weighed(&self, weight: Weight, code: &str, message: &str) -> Finding {
        match weight {
            Weight::Reject => Finding::error("execution", code, message),
            Weight::Accept => Finding::info("execution", code, message),
        }
    }
}

/// NULL, or a count or sum of nothing.
fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Integer(0) => true,
        Value::Float(number) => *number == 0.0,
        Value::Decimal(number) => number.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-')),
        _ => false,
    }
}

/// The statement has an aggregate and no groups, so that it always returns one row.
fn aggregates(sql: &str) -> bool {
    sql::analyse(sql).is_ok_and(|analysis| {
        let has = |name: &str| analysis.features.iter().any(|feature| feature == name);
        has("aggregate") && !has("group-by")
    })
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
        let severity = |options: &str, row: Option<Value>, aggregates: bool| {
            let row = row.map(|value| vec![value]);
            open(options)
                .ok()?
                .finding_on_rows(row.as_deref(), || aggregates)
                .map(|finding| (finding.code, finding.severity))
        };
        let found = |code: &str, severity| Some((code.to_owned(), severity));
        assert_eq!(severity("{}", Some(Value::Integer(3)), true), None);
        assert_eq!(
            severity("{}", Some(Value::Integer(0)), false),
            None,
            "a discount of 0 is a value"
        );
        assert_eq!(severity("", None, false), found("empty-result", Severity::Info));
        assert_eq!(
            severity("", Some(Value::Integer(0)), true),
            found("empty-value", Severity::Info)
        );
        assert_eq!(
            severity("", Some(Value::Null), true),
            found("empty-value", Severity::Info)
        );
        let reject = r#"{"on_empty": "reject"}"#;
        assert_eq!(severity(reject, None, false), found("empty-result", Severity::Error));
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
