//! A validator of the names in a statement, whose option `severity` weighs what it finds.

use nl2sql_sdk::sql;
use nl2sql_sdk::types::{Finding, PluginError, Sample};
use nl2sql_sdk::validator::{Context, Validator};

struct Plugin(String);

impl Validator for Plugin {
    fn open(context: Context) -> Result<Self, PluginError> {
        Ok(Self(context.options))
    }

    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError> {
        let tables = match sql::analyse(&sample.sql) {
            Ok(analysis) => analysis.tables,
            Err(error) => return Ok(vec![error.into()]),
        };
        let unknown = tables.iter().filter(|table| table.source == "unknown");
        let finding = |name: &str| Finding { severity: self.0.clone(), ..Finding::error("names", "no-table", name) };
        Ok(unknown.map(|table| finding(&table.name)).collect())
    }
}

nl2sql_sdk::register!(validator: Plugin);
