//! The generator's options: the profile's `[generate.options]`.

use std::collections::BTreeMap;

use nl2sql_sdk::types::PluginError;
use serde::Deserialize;

use crate::grammar::FAMILIES;

/// What the profile may set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Weight of each family against its usual weight: 0 leaves it out, 2 doubles its share. Families not named keep theirs.
    pub families: BTreeMap<String, f32>,
    /// Most joins from the table asked about to the one it is related to: 0 to 3.
    pub max_joins: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            families: BTreeMap::new(),
            max_joins: 3,
        }
    }
}

const NAMES: &[&str] = &["families", "max_joins"];

impl Options {
    /// The options in `json`; an unknown name is refused with the nearest known one.
    pub fn parse(json: &str) -> Result<Self, PluginError> {
        let options = match unknown_name(json) {
            Some(name) => return Err(refused("option", &name, NAMES)),
            None => nl2sql_sdk::options::parse::<Self>(json)?,
        };
        let families: Vec<&str> = FAMILIES.iter().map(|family| family.name).collect();
        if let Some(name) = options.families.keys().find(|name| !families.contains(&name.as_str())) {
            return Err(refused("family", name, &families));
        }
        if options
            .families
            .values()
            .any(|weight| !weight.is_finite() || *weight < 0.0)
        {
            return Err(out_of_range("the weights in `families` must be 0 or more"));
        }
        if options.max_joins > 3 {
            return Err(out_of_range("`max_joins` must be from 0 to 3"));
        }
        Ok(options)
    }
}

fn unknown_name(json: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(json).ok()?;
    value
        .as_object()?
        .keys()
        .find(|key| !NAMES.contains(&key.as_str()))
        .cloned()
}

fn refused(what: &str, name: &str, known: &[&str]) -> PluginError {
    let nearest = known
        .iter()
        .min_by_key(|known| strsim::damerau_levenshtein(known, name))
        .copied()
        .unwrap_or_default();
    PluginError {
        code: "bad-options".to_owned(),
        message: format!("generator-grammar knows no {what} called `{name}`"),
        hint: Some(format!("did you mean `{nearest}`? Known: {}", known.join(", "))),
    }
}

fn out_of_range(message: &str) -> PluginError {
    PluginError {
        code: "bad-options".to_owned(),
        message: message.to_owned(),
        hint: Some("correct `[generate.options]` in the profile".to_owned()),
    }
}
