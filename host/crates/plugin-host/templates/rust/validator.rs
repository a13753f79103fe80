//! Rejects samples whose SQL selects every column.

use nl2sql_sdk::types::{Finding, PluginError, Sample};
use nl2sql_sdk::validator::{Context, Validator};

struct Plugin;

impl Validator for Plugin {
    fn open(_: Context) -> Result<Self, PluginError> {
        Ok(Self)
    }

    fn check(&self, sample: &Sample) -> Result<Vec<Finding>, PluginError> {
        let selects_all = sample.sql.to_lowercase().contains("select *");
        let finding = || Finding::error("style", "select-star", "the statement selects every column");
        Ok(selects_all.then(finding).into_iter().collect())
    }
}

nl2sql_sdk::register!(validator: Plugin);

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(sql: &str) -> usize {
        let sample = Sample { sql: sql.into(), ..Sample::default() };
        Plugin.check(&sample).unwrap().len()
    }

    #[test]
    fn only_a_star_is_rejected() {
        assert_eq!(findings("SELECT * FROM singer"), 1);
        assert_eq!(findings("SELECT name FROM singer"), 0);
    }
}
