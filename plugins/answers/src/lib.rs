//! Reads what language models answer: JSON, JSON in prose or code fences, JSON cut off half way.

mod salvage;

use serde_json::Value;

/// The objects a model was asked for, found wherever the answer holds them.
///
/// Looked for are objects that have all of `fields`: the elements of an array under `list`, of a bare array, or single objects in a row
/// (JSON Lines). An answer cut off by the token limit gives the objects that are whole.
pub fn objects(answer: &str, list: &str, fields: &[&str]) -> Vec<Value> {
    let mut found = Vec::new();
    for candidate in salvage::json_texts(answer) {
        match serde_json::from_str::<Value>(candidate) {
            Ok(value) => collect(&value, list, fields, &mut found),
            Err(_) => salvage::whole_objects(candidate)
                .iter()
                .for_each(|value| collect(value, list, fields, &mut found)),
        }
        if !found.is_empty() {
            return found;
        }
    }
    found
}

fn collect(value: &Value, list: &str, fields: &[&str], found: &mut Vec<Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, list, fields, found)),
        Value::Object(object) if fields.iter().all(|field| object.contains_key(*field)) => found.push(value.clone()),
        Value::Object(object) => {
            let under = object
                .get(list)
                .or_else(|| object.values().find(|value| value.is_array()));
            under.into_iter().for_each(|value| collect(value, list, fields, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::objects;

    fn questions(answer: &str) -> Vec<String> {
        let found = objects(answer, "pairs", &["question", "sql"]);
        found
            .iter()
            .map(|pair| pair["question"].as_str().unwrap_or("?").to_owned())
            .collect()
    }

    #[test]
    fn the_shape_that_was_asked_for() {
        assert_eq!(
            questions(r#"{"pairs": [{"question": "a", "sql": "s"}, {"question": "b", "sql": "s"}]}"#),
            ["a", "b"]
        );
    }

    #[test]
    fn prose_fences_and_thinking_around_it() {
        let answer = "<think>{\"question\": \"draft\"}</think>Sure {ok}! 好的：\n```json\n[{\"question\": \"a {x}\", \"sql\": \"s\"}]\n```\nBye [1].";
        assert_eq!(questions(answer), ["a {x}"]);
    }

    #[test]
    fn other_names_for_the_list_and_lines_of_objects() {
        assert_eq!(questions(r#"{"data": [{"question": "a", "sql": "s"}]}"#), ["a"]);
        assert_eq!(
            questions("{\"question\": \"a\", \"sql\": \"s\"}\n{\"question\": \"b\", \"sql\": \"s\"}"),
            ["a", "b"]
        );
    }

    #[test]
    fn a_cut_answer_gives_what_is_whole() {
        let answer =
            r#"{"pairs": [{"question": "a \" }", "sql": "s"}, {"question": "b", "sql": "s"}, {"question": "c", "sq"#;
        assert_eq!(questions(answer), [r#"a " }"#, "b"]);
    }

    #[test]
    fn nothing_where_there_is_nothing() {
        for answer in ["", "no", "{", "[[[", r#"{"result": ["x"]}"#, "\u{0}{\"question\": 1}"] {
            assert!(questions(answer).is_empty(), "{answer}");
        }
    }
}
