//! Reads what language models answer: JSON, JSON in prose or code fences, JSON with slips, JSON cut off half way, and SQL in code fences.

mod fences;
mod json_extraction;
mod json_repair;

use serde_json::{Map, Value};

pub use fences::{FencedSql, fenced_sql};

/// A field by its name, then the other names models give it.
pub type Names<'a> = &'a [&'a str];

/// The objects a model was asked for, found wherever the answer holds them, their fields under the first of their names.
///
/// Looked for are objects that have all of `fields`: the elements of an array under `list`, of a bare array, or single objects in a row
/// (JSON Lines). An answer cut off by the token limit gives the objects that are whole.
pub fn objects(answer: &str, list: &str, fields: &[Names]) -> Vec<Map<String, Value>> {
    let mut found = Vec::new();
    for candidate in json_extraction::json_texts(answer) {
        match json_extraction::parse(candidate) {
            Some(value) => collect(value, list, fields, &mut found),
            None => json_extraction::whole_objects(candidate)
                .into_iter()
                .for_each(|value| collect(value, list, fields, &mut found)),
        }
        if !found.is_empty() {
            return found;
        }
    }
    found
}

/// The beginning of an answer that is quoted back to the model; all of a long one would only fill the prompt.
pub fn beginning(answer: &str) -> String {
    const SHOWN: usize = 800;
    match answer.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{} …", &answer[..end]),
        // Providers take no empty turn.
        None if answer.trim().is_empty() => "…".to_owned(),
        None => answer.to_owned(),
    }
}

fn collect(value: Value, list: &str, fields: &[Names], found: &mut Vec<Map<String, Value>>) {
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| collect(item, list, fields, found)),
        Value::Object(object) => match named(&object, fields) {
            Some(object) => found.push(object),
            None => {
                let under = object
                    .get(list)
                    .or_else(|| object.values().find(|value| value.is_array()))
                    .or_else(|| object.values().find(|value| value.is_object()));
                if let Some(under) = under.cloned() {
                    collect(under, list, fields, found);
                }
            }
        },
        _ => {}
    }
}

/// The object with its fields under their own names; `None` when one is missing.
fn named(object: &Map<String, Value>, fields: &[Names]) -> Option<Map<String, Value>> {
    let lower: Map<String, Value> = object
        .iter()
        .map(|(key, value)| (key.trim().to_lowercase().replace([' ', '-'], "_"), value.clone()))
        .collect();
    let mut renamed = lower.clone();
    for names in fields {
        let value = names.iter().find_map(|name| lower.get(*name))?;
        renamed.insert((*names.first()?).to_owned(), value.clone());
    }
    Some(renamed)
}

#[cfg(test)]
mod tests {
    use super::objects;

    fn questions(answer: &str) -> Vec<String> {
        let found = objects(answer, "pairs", &[&["question", "q"], &["sql", "query"]]);
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
    fn other_names_for_the_list_and_the_fields_and_lines_of_objects() {
        assert_eq!(questions(r#"{"data": [{"Question": "a", "SQL": "s"}]}"#), ["a"]);
        assert_eq!(questions(r#"{"result": {"pairs": [{"q": "a", "query": "s"}]}}"#), ["a"]);
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
    fn slips_are_repaired() {
        for answer in [
            "{\"pairs\": [{\"question\": \"a\", \"sql\": \"s\",},],}",
            "{'pairs': [{'question': 'a', 'sql': \"s = 'x'\", 'ok': True}]}",
            "{\"pairs\": [{\"question\": \"a\", \"sql\": \"SELECT\n\t1\"}]} // done",
            "{pairs: [{question: \"a\", sql: \"s\", /* why */ difficulty: None}]}",
            "{“pairs”: [{“question”: “a”, “sql”: “s”}]}",
            "{\"pairs\": [{\"question\": \"a\", \"sql\": \"x LIKE \\'a\\_%\\'\"}]}",
        ] {
            assert_eq!(questions(answer), ["a"], "{answer}");
        }
    }

    #[test]
    fn nothing_where_there_is_nothing() {
        for answer in ["", "no", "{", "[[[", r#"{"result": ["x"]}"#, "\u{0}{\"question\": 1}"] {
            assert!(questions(answer).is_empty(), "{answer}");
        }
    }
}
