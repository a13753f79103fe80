//! Every key of a profile with its type, default and meaning, read off the types of the sections.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::Profile;
use crate::file::PATH_KEYS;

/// One key of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Dotted path, for example `plan.total`; `<name>` stands for a name of the user's choice.
    pub key: String,
    /// What it takes, in words: `integer`, `text`, `path`, `list of text`, `` `off` or `require` ``, ...
    pub r#type: String,
    /// The default as TOML; `None` where the key is unset by default.
    pub default: Option<String>,
    /// What it means, in one line.
    pub doc: String,
}

/// Describes every key, in the order of the sections.
pub fn reference() -> Vec<Key> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<Profile>();
    let mut keys = Vec::new();
    collect(schema.as_value(), "", None, &mut keys);
    keys
}

/// Adds the keys below one schema; `given` is the default of the section it stands in.
fn collect(schema: &Value, prefix: &str, given: Option<&Value>, keys: &mut Vec<Key>) {
    for (name, property) in properties(schema) {
        let key = match prefix {
            "" => name.clone(),
            _ => format!("{prefix}.{name}"),
        };
        let default = given
            .and_then(|section| section.get(name))
            .or_else(|| property.get("default"))
            .filter(|value| !value.is_null());
        let (inner, of_many) = inner_section(property);
        match inner {
            Some(section) if of_many == Many::Named => collect(section, &format!("{key}.<name>"), None, keys),
            Some(section) if of_many == Many::One => collect(section, &key, default, keys),
            _ => keys.push(Key {
                r#type: type_of(&key, property),
                default: default.and_then(|value| toml(property, value)),
                doc: one_line(property),
                key,
            }),
        }
    }
}

/// How often a section may stand below a key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Many {
    One,
    Named,
    Listed,
}

/// The section below a key, if there is one.
fn inner_section(property: &Value) -> (Option<&Value>, Many) {
    let property = without_null(property);
    if let Some(item) = property.get("items").filter(|item| item.get("properties").is_some()) {
        return (Some(item), Many::Listed);
    }
    match property.get("additionalProperties") {
        Some(named) if named.get("properties").is_some() => (Some(named), Many::Named),
        _ if property.get("properties").is_some() => (Some(property), Many::One),
        _ => (None, Many::One),
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let properties = without_null(schema).get("properties").and_then(Value::as_object);
    properties.into_iter().flat_map(Map::iter)
}

/// The schema of what is inside an optional value.
fn without_null(schema: &Value) -> &Value {
    let choices = schema.get("anyOf").and_then(Value::as_array);
    choices
        .and_then(|choices| choices.iter().find(|choice| choice["type"] != "null"))
        .unwrap_or(schema)
}

fn type_of(key: &str, schema: &Value) -> String {
    let schema = without_null(schema);
    if let Some(choices) = choices(schema) {
        return choices.join(" or ");
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("string") if is_path(key) => "path".into(),
        Some("string") => "text".into(),
        Some("array") if schema["items"].get("properties").is_some() => {
            let names: Vec<&str> = properties(&schema["items"]).map(|(name, _)| name.as_str()).collect();
            format!("list of tables with {}", names.join(", "))
        }
        Some("array") => format!("list of {}", type_of("", &schema["items"])),
        Some("object") => match schema.get("additionalProperties") {
            Some(values) if values.is_object() => format!("table of {} by name", type_of("", values)),
            _ => "table".into(),
        },
        Some(kind) => kind.into(),
        None => "value".into(),
    }
}

/// The values of an enumeration.
fn choices(schema: &Value) -> Option<Vec<String>> {
    let quoted = |value: &Value| value.as_str().map(|value| format!("`{value}`"));
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return Some(values.iter().filter_map(quoted).collect());
    }
    let variants = schema.get("oneOf").and_then(Value::as_array)?;
    let mut all = Vec::new();
    for variant in variants {
        match variant.get("const") {
            Some(value) => all.extend(quoted(value)),
            None => all.extend(choices(variant)?),
        }
    }
    Some(all)
}

fn is_path(key: &str) -> bool {
    PATH_KEYS.iter().any(|path| path.replace('*', "<name>") == key)
}

fn one_line(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn toml(schema: &Value, value: &Value) -> Option<String> {
    if let (Some("float"), Some(number)) = (schema["format"].as_str(), value.as_f64()) {
        // The shortest text of a number in single precision: 0.7, not 0.699999988079071.
        return Some(format!("{:?}", number as f32));
    }
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        let found = reference().into_iter().find(|key| key.key == name);
        found.unwrap_or_else(|| panic!("no key {name}"))
    }

    #[test]
    fn every_key_is_documented() {
        let keys = reference();
        assert!(keys.len() > 120, "{}", keys.len());
        for key in &keys {
            assert!(
                key.doc.ends_with('.') && key.doc.len() > 3,
                "{} has no doc: {:?}",
                key.key,
                key.doc
            );
            assert_ne!(key.r#type, "value", "{}", key.key);
        }
        for section in Profile::SECTIONS {
            assert!(
                keys.iter().any(|key| key.key.starts_with(&format!("{section}."))),
                "{section}"
            );
        }
    }

    #[test]
    fn types_and_defaults_are_those_of_the_code() {
        for (name, kind, default) in [
            ("plan.total", "integer", Some("500")),
            ("run.dir", "path", Some("\"runs\"")),
            ("evaluate.top_p", "number", Some("1.0")),
            ("evaluate.candidate_temperature", "number", Some("0.7")),
            (
                "database.tls",
                "`off` or `prefer` or `require` or `verify`",
                Some("\"prefer\""),
            ),
            ("database.port", "integer", None),
            ("llm.attempts", "integer", Some("8")),
            ("llm.budget.tokens", "integer", None),
            ("llm.providers.<name>.rate.concurrency", "integer", Some("8")),
            ("llm.providers.<name>.key_file", "path", None),
            ("plugins.<name>.limits.time_ms", "integer", None),
            ("privacy.rules", "list of tables with columns, policy", Some("[]")),
            ("generate.languages", "table of number by name", Some("{ en = 1.0 }")),
            ("export.split.train", "number", Some("0.8")),
        ] {
            let key = key(name);
            assert_eq!((key.r#type.as_str(), key.default.as_deref()), (kind, default), "{name}");
        }
    }
}
