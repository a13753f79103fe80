//! Whole numbers without a sign. OpenAPI has no format for them, and those that it has end at half of what such a number can be.

use serde_json::{Value, json};

/// Gives numbers that are 0 or more the bound of their type in place of a format.
pub(super) fn bound_whole_numbers(value: &mut Value) {
    if value["minimum"].as_i64().is_some_and(|minimum| minimum >= 0) {
        let max = match value["format"].as_str() {
            Some("int32" | "uint32") => Some(u64::from(u32::MAX)),
            Some("int64" | "uint64") => Some(u64::MAX),
            _ => None,
        };
        if let (Some(max), Some(schema)) = (max, value.as_object_mut()) {
            schema.remove("format");
            schema.entry("maximum").or_insert_with(|| json!(max));
        }
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(bound_whole_numbers),
        Value::Object(fields) => fields.values_mut().for_each(bound_whole_numbers),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_without_a_sign_end_where_their_type_does() {
        let mut document = json!({ "a": [{ "type": "integer", "format": "int32", "minimum": 0 }],
            "b": { "type": "integer", "format": "uint64", "minimum": 0 }, "c": { "type": "integer", "format": "int64" },
            "d": { "type": "integer", "format": "int32", "minimum": 0, "maximum": 20 }, "e": "minimum",
            "f": { "type": ["integer", "null"], "format": "int32", "minimum": 1 } });
        bound_whole_numbers(&mut document);
        assert_eq!(
            document,
            json!({ "a": [{ "type": "integer", "minimum": 0, "maximum": u32::MAX }],
                "b": { "type": "integer", "minimum": 0, "maximum": u64::MAX }, "c": { "type": "integer", "format": "int64" },
                "d": { "type": "integer", "minimum": 0, "maximum": 20 }, "e": "minimum",
                "f": { "type": ["integer", "null"], "minimum": 1, "maximum": u32::MAX } })
        );
    }
}
