//! What was evaluated and with which settings: the configuration panel of the page.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Settings that belong together, e.g. those of decoding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SettingGroup {
    /// Heading of the group.
    pub name: String,
    /// Name and value of each setting, in the order they are shown.
    pub settings: Vec<(String, String)>,
}

impl SettingGroup {
    /// A group of the settings that have a value; `None` where none has.
    pub fn new<'s>(name: &str, settings: impl IntoIterator<Item = (&'s str, Option<String>)>) -> Option<Self> {
        let settings: Vec<(String, String)> = settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|value| !value.is_empty())?)))
            .collect();
        (!settings.is_empty()).then(|| Self {
            name: name.to_owned(),
            settings,
        })
    }
}
