//! Accepts statements whose names resolve as the engine would resolve them.

use nl2sql_sdk::sql;
use nl2sql_sdk::types::{Finding, PluginError, Sample};
use nl2sql_sdk::validator::{Context, Validator};

/// The validator.
pub struct SchemaValidator;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

impl Validator for SchemaValidator {
    fn open(context: Context) -> Result<Self, PluginError> {
        let Options {} = nl2sql_sdk::options::parse(&context.options)?;
        Ok(Self)
    }

    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError> {
        Ok(sql::diagnose(&sample.sql).unwrap_or_else(|error| vec![error.into()]))
    }
}

nl2sql_sdk::register!(validator: SchemaValidator);
