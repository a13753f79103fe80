//! Every event with its fields, read off the types.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::Event;

/// One event, or one of the events that a field of another holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventDoc {
    /// Its name; `training: step` for the step of a training.
    pub name: String,
    /// What happened.
    pub doc: String,
    /// What it says.
    pub fields: Vec<FieldDoc>,
}

/// One field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDoc {
    /// Dotted path.
    pub path: String,
    /// JSON type in words.
    pub r#type: String,
    /// Whether it may be missing or null.
    pub optional: bool,
    /// What it means.
    pub doc: String,
}

/// Describes every event, in the order of [`EventKind`](crate::EventKind).
pub fn event_reference() -> Vec<EventDoc> {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<Event>();
    let mut events = Vec::new();
    collect_variants(schema.as_value(), "", "", &mut events);
    events
}

/// Adds the variants of a tagged enumeration; `prefix` is the path of the field that holds it.
fn collect_variants(schema: &Value, owner: &str, prefix: &str, events: &mut Vec<EventDoc>) {
    for variant in variants(schema) {
        let Some(tag) = variant.pointer("/properties/event/const").and_then(Value::as_str) else {
            continue;
        };
        let name = if owner.is_empty() {
            tag.to_owned()
        } else {
            format!("{owner}: {tag}")
        };
        let at = events.len();
        events.push(EventDoc {
            name,
            doc: one_line(variant),
            fields: Vec::new(),
        });
        let mut fields = Vec::new();
        collect_fields(variant, tag, prefix, &mut fields, events);
        events[at].fields = fields;
    }
}

fn collect_fields(schema: &Value, owner: &str, prefix: &str, fields: &mut Vec<FieldDoc>, events: &mut Vec<EventDoc>) {
    let empty = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    for (name, property) in properties.iter().filter(|(name, _)| *name != "event") {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        if !variants(property).is_empty() && is_tagged(property) {
            collect_variants(property, owner, &path, events);
            continue;
        }
        if property.get("properties").is_some() {
            collect_fields(property, owner, &path, fields, events);
            continue;
        }
        let required = schema.get("required").and_then(Value::as_array);
        let is_required = required.is_some_and(|required| required.iter().any(|other| other == name));
        let (r#type, is_nullable) = type_of(property);
        fields.push(FieldDoc {
            path,
            r#type,
            optional: !is_required || is_nullable,
            doc: one_line(property),
        });
    }
}

fn variants(schema: &Value) -> &[Value] {
    schema.get("oneOf").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_tagged(schema: &Value) -> bool {
    variants(schema)
        .iter()
        .all(|variant| variant.pointer("/properties/event/const").is_some())
}

/// The type in words, and whether null is one too.
fn type_of(schema: &Value) -> (String, bool) {
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let inner = choices.iter().find(|choice| choice["type"] != "null");
        return (inner.map_or_else(|| "value".into(), |inner| type_of(inner).0), true);
    }
    let constants = variants(schema).iter().filter_map(|variant| variant.get("const"));
    let listed = schema.get("enum").and_then(Value::as_array);
    let names: Vec<String> = constants
        .chain(listed.into_iter().flatten())
        .filter_map(|name| name.as_str().map(|name| format!("`{name}`")))
        .collect();
    if !names.is_empty() {
        return (names.join(", "), false);
    }
    let (kind, is_nullable) = match &schema["type"] {
        Value::Array(kinds) => (
            kinds.iter().find(|kind| *kind != "null").and_then(Value::as_str),
            kinds.iter().any(|kind| kind == "null"),
        ),
        kind => (kind.as_str(), false),
    };
    let name = match kind {
        Some("string") => "text".into(),
        Some("array") => format!("list of {}", type_of(&schema["items"]).0),
        Some("object") => format!("object of {} by name", type_of(&schema["additionalProperties"]).0),
        Some(kind) => kind.to_owned(),
        None => "value".into(),
    };
    (name, is_nullable)
}

fn one_line(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
