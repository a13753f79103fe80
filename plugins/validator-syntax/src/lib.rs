//! Accepts one read-only statement of the run's dialect.

use nl2sql_sdk::sql;
use nl2sql_sdk::types::{Finding, PluginError, Sample};
use nl2sql_sdk::validator::{Context, Validator};

/// The validator.
pub struct SyntaxValidator;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

impl Validator for SyntaxValidator {
    fn open(context: Context) -> Result<Self, PluginError> {
        let Options {} = nl2sql_sdk::options::parse(&context.options)?;
        Ok(Self)
    }

    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError> {
        let statement = sql::statement(&sample.sql);
        let may_be_query = matches!(statement.kind.as_str(), "select" | "values" | "unknown");
        if may_be_query && let Err(error) = sql::check_syntax(&sample.sql) {
            return Ok(vec![error.into()]);
        }
        if statement.read_only {
            return Ok(Vec::new());
        }
        let reason = statement
            .reason
            .unwrap_or_else(|| format!("this is a statement of kind `{}`, not a query", statement.kind));
        Ok(vec![Finding::error("syntax", "not-read-only", reason)])
    }
}

nl2sql_sdk::register!(validator: SyntaxValidator);
