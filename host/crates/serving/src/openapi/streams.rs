//! Answers that come in parts. OpenAPI 3.1 has no word for a stream: as is usual, its schema is that of one server-sent event.

use serde_json::{Value, json};

/// Describes one event where a route says that it answers with a stream of them.
pub(super) fn describe_streams(document: &mut Value) {
    let operations = document["paths"].as_object_mut().into_iter().flatten();
    let operations = operations.flat_map(|(_, path)| path.as_object_mut().into_iter().flatten());
    for (_, operation) in operations {
        if let Some(stream) = operation.pointer_mut("/responses/200/content/text~1event-stream") {
            *stream = json!({ "schema": { "$ref": "#/components/schemas/StreamEvent" } });
        }
    }
    document["components"]["schemas"]["StreamEvent"] = json!({
        "type": "object",
        "description": "A server-sent event.",
        "required": ["data"],
        "properties": {
            "event": { "type": "string", "description": "Its name, where events have names." },
            "data": { "type": "string", "description": "A JSON document, or `[DONE]` at the end." },
        },
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_described_event_by_event_and_whole_answers_are_left() {
        let text = json!({ "schema": { "type": "string" } });
        let content = json!({ "application/json": text, "text/event-stream": text });
        let mut document =
            json!({ "paths": { "/v1/ask": { "post": { "responses": { "200": { "content": content } } } } } });
        describe_streams(&mut document);
        let content = &document["paths"]["/v1/ask"]["post"]["responses"]["200"]["content"];
        assert_eq!(content["application/json"], text);
        let named = content["text/event-stream"]["schema"]["$ref"].as_str().unwrap();
        assert!(document.pointer(named.trim_start_matches('#')).is_some(), "{named}");
    }
}
