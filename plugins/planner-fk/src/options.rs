//! The planner's options: the profile's `[plan.options]`.

use nl2sql_sdk::types::PluginError;
use serde::Deserialize;

/// What the profile may set.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Most tables of a topic; tables that complete a foreign key may come on top.
    pub max_tables: usize,
    /// Views are asked about like tables. What they show is in the tables already, and their names are seldom what people say.
    pub views: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            max_tables: 6,
            views: false,
        }
    }
}

impl Options {
    /// Refuses sizes that make no topics.
    pub fn check(&self) -> Result<(), PluginError> {
        if (2..=100).contains(&self.max_tables) {
            return Ok(());
        }
        Err(PluginError::new("bad-options", "`max_tables` must be from 2 to 100")
            .hint("correct `[plan.options]` in the profile"))
    }
}
