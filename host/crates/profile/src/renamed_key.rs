//! Keys under a former name, which are still read.

use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Provider};

use crate::ProfileError;
use crate::layers::place_of;

/// A key that has another name now, with what its values are called there.
struct RenamedKey {
    old: &'static str,
    new: &'static str,
    value: fn(bool) -> &'static str,
}

const RENAMED: [RenamedKey; 1] = [RenamedKey {
    old: "evaluate.held_to_schema",
    new: "evaluate.constrain",
    value: |held| if held { "schema" } else { "none" },
}];

/// Puts the values of former keys under the keys of today, and notes which those are.
///
/// # Errors
/// When a former key is no boolean, or the key of today says something else.
pub(crate) fn read(mut given: Figment) -> Result<(Figment, Vec<String>), ProfileError> {
    let mut notes = Vec::new();
    for key in RENAMED {
        let Ok(value) = given.find_value(key.old) else { continue };
        let place = place_of(&given, key.old);
        let bad = |reason: String| ProfileError::BadValue {
            key: key.old.into(),
            place: place.clone(),
            reason,
        };
        let value = value.to_bool().ok_or_else(|| bad("expected true or false".into()))?;
        let value = (key.value)(value);
        if let Ok(other) = given.extract_inner::<String>(key.new)
            && other != value
        {
            let elsewhere = place_of(&given, key.new);
            return Err(bad(format!(
                "it is the former name of `{}`, which is \"{other}\" in {elsewhere}; leave out the former one",
                key.new
            )));
        }
        notes.push(format!(
            "`{}` in {place} is now called `{}`: write {} = \"{value}\"",
            key.old, key.new, key.new
        ));
        given = given.join(UnderNewName { key, value, place });
    }
    Ok((given, notes))
}

/// The value of a former key as a layer.
struct UnderNewName {
    key: RenamedKey,
    value: &'static str,
    place: String,
}

/// How the layer is told from others.
pub(crate) const PLACE: &str = "former key";

impl Provider for UnderNewName {
    fn metadata(&self) -> Metadata {
        Metadata::named(format!("{PLACE} `{}` in {}", self.key.old, self.place))
    }

    fn data(&self) -> Result<Map<figment::Profile, Dict>, figment::Error> {
        let nested = figment::util::nest(self.key.new, Value::from(self.value));
        Ok(figment::Profile::Default.collect(nested.into_dict().unwrap_or_default()))
    }
}
