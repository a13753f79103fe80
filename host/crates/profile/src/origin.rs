//! Where each value of a resolved profile came from.

use figment::value::{Dict, Value};

use crate::layers::describe;
use crate::{ProfileError, Resolved};

/// The layer a value came from, in words: `default`, a file, a variable or a flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(pub String);

/// One setting of a resolved profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginLine {
    /// Dotted path of the key.
    pub key: String,
    /// The value as TOML.
    pub value: String,
    /// Where it was set.
    pub origin: Origin,
}

impl Resolved {
    /// Every setting that has a value, in the order of the sections, with its origin.
    ///
    /// # Errors
    /// When a value of the profile cannot be written as TOML.
    pub fn origins(&self) -> Result<Vec<OriginLine>, ProfileError> {
        let mut lines = Vec::new();
        let top = self
            .figment
            .find_value("")
            .ok()
            .and_then(Value::into_dict)
            .unwrap_or_default();
        for section in crate::Profile::SECTIONS {
            if let Some(Value::Dict(_, inner)) = top.get(section) {
                self.collect(section, inner, &mut lines);
            }
        }
        Ok(lines)
    }

    fn collect(&self, prefix: &str, dict: &Dict, lines: &mut Vec<OriginLine>) {
        for (name, value) in dict {
            let key = format!("{prefix}.{name}");
            match value {
                Value::Dict(_, inner) => self.collect(&key, inner, lines),
                Value::Empty(..) => {}
                leaf => lines.push(OriginLine {
                    origin: Origin(
                        self.figment
                            .get_metadata(tag_of(leaf))
                            .map_or_else(|| "default".into(), |metadata| describe(metadata, &key)),
                    ),
                    value: crate::redact::shown(&key, as_toml(leaf)),
                    key,
                }),
            }
        }
    }
}

/// An array made of merged layers carries no tag of its own; its first element's layer set it.
fn tag_of(value: &Value) -> figment::value::Tag {
    match value {
        Value::Array(tag, items) => items.first().map_or(*tag, tag_of),
        other => other.tag(),
    }
}

fn as_toml(value: &Value) -> String {
    toml::Value::try_from(value).map_or_else(|_| format!("{value:?}"), |value| value.to_string())
}
