//! What the fields of a row mean in each layout.

use std::{fmt, str::FromStr};

use serde_json::{Map, Value};

use super::Example;

/// A layout of datasets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `instruction`, `input`, `output`, `system`, `history`.
    Alpaca,
    /// `conversations` of `from`/`value`, or `messages` of `role`/`content`.
    ShareGpt,
    /// `db_id`, `question`, `query`.
    Spider,
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alpaca => "alpaca",
            Self::ShareGpt => "sharegpt",
            Self::Spider => "spider",
        })
    }
}

impl FromStr for Layout {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        [Self::Alpaca, Self::ShareGpt, Self::Spider]
            .into_iter()
            .find(|layout| layout.to_string() == name)
            .ok_or_else(|| format!("`{name}` is no layout; there are alpaca, sharegpt and spider"))
    }
}

type Row = Map<String, Value>;

/// The example a row holds, or what it lacks.
pub(super) fn example(row: &Row, layout: Option<Layout>, number: usize) -> Result<Example, String> {
    let mut example = match layout.or_else(|| told_from(row)) {
        Some(Layout::Alpaca) => alpaca(row),
        Some(Layout::ShareGpt) => sharegpt(row),
        Some(Layout::Spider) => spider(row),
        None => Err("it has none of the fields `instruction`, `conversations`, `messages` and `question`".to_owned()),
    }?;
    if example.prompt.trim().is_empty() {
        return Err("its question is empty".to_owned());
    }
    // BIRD calls it question_id, Spider 2 instance_id.
    let id = ["id", "question_id", "instance_id"]
        .iter()
        .find_map(|field| text(row, field));
    example.id = id.unwrap_or_else(|| (number - 1).to_string());
    if let Some(database) = text(row, "db_id").or_else(|| text(row, "database")) {
        example.database = database;
    }
    if let Some(question) = text(row, "question") {
        example.question = question;
    }
    for fact in ["language", "topic", "difficulty"] {
        if let Some(value) = text(row, fact) {
            example.facts.insert(fact.to_owned(), value);
        }
    }
    Ok(example)
}

fn told_from(row: &Row) -> Option<Layout> {
    let has = |field: &str| row.contains_key(field);
    if has("conversations") || has("messages") {
        Some(Layout::ShareGpt)
    } else if has("instruction") {
        Some(Layout::Alpaca)
    } else if has("question") {
        Some(Layout::Spider)
    } else {
        None
    }
}

/// A field as text; numbers too, since ids often are.
fn text(row: &Row, field: &str) -> Option<String> {
    match row.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn alpaca(row: &Row) -> Result<Example, String> {
    let instruction = text(row, "instruction").ok_or("its field `instruction` is missing or no text")?;
    let input = text(row, "input").unwrap_or_default();
    let parts: Vec<&str> = [&instruction, &input]
        .into_iter()
        .map(String::as_str)
        .filter(|part| !part.is_empty())
        .collect();
    let prompt = parts.join("\n");
    let turn = |turn: &Value| match turn.as_array().map(Vec::as_slice) {
        Some([Value::String(user), Value::String(assistant)]) => Ok((user.clone(), assistant.clone())),
        _ => Err("its field `history` is not a list of pairs of texts".to_owned()),
    };
    let history = row
        .get("history")
        .and_then(Value::as_array)
        .map_or(Ok(Vec::new()), |turns| {
            turns.iter().map(turn).collect::<Result<Vec<_>, _>>()
        })?;
    Ok(Example {
        system: text(row, "system").filter(|system| !system.is_empty()),
        history,
        question: if input.is_empty() { instruction } else { input },
        prompt,
        gold: text(row, "output").filter(|gold| !gold.is_empty()),
        ..Example::default()
    })
}

fn spider(row: &Row) -> Result<Example, String> {
    let question = text(row, "question").ok_or("its field `question` is missing or no text")?;
    let gold = ["query", "SQL", "sql", "gold"]
        .iter()
        .find_map(|field| text(row, field));
    let evidence = match row.get("evidence") {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(evidence)) => evidence.trim().to_owned(),
        Some(_) => return Err("its field `evidence` is no text".to_owned()),
    };
    Ok(Example {
        prompt: question.clone(),
        question,
        evidence,
        bare: true,
        gold: gold.filter(|gold| !gold.trim().is_empty()),
        ..Example::default()
    })
}

fn sharegpt(row: &Row) -> Result<Example, String> {
    let turns = ["conversations", "messages"]
        .iter()
        .find_map(|field| row.get(*field)?.as_array());
    let turns = turns.ok_or("its conversation is not a list")?;
    let mut example = Example {
        system: text(row, "system"),
        ..Example::default()
    };
    let mut asked: Option<String> = None;
    for turn in turns {
        let turn = turn.as_object().ok_or("a turn of its conversation is not an object")?;
        let field = |names: [&str; 2]| names.iter().find_map(|name| text(turn, name));
        let role = field(["from", "role"]).ok_or("a turn of its conversation has no role")?;
        let said = field(["value", "content"]).ok_or("a turn of its conversation has no text")?;
        match role.as_str() {
            "system" => example.system = Some(said),
            "human" | "user" | "observation" => {
                if let (Some(user), Some(assistant)) = (asked.replace(said), example.gold.take()) {
                    example.history.push((user, assistant));
                }
            }
            "gpt" | "assistant" | "function_call" => example.gold = Some(said),
            other => return Err(format!("a turn of its conversation has the unknown role `{other}`")),
        }
    }
    example.prompt = asked.ok_or("its conversation has no user turn")?;
    example.question.clone_from(&example.prompt);
    Ok(example)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Example, String> {
        example(
            serde_json::from_str::<Value>(json).unwrap().as_object().unwrap(),
            None,
            1,
        )
    }

    #[test]
    fn alpaca_joins_instruction_and_input() {
        let example =
            read(r#"{"instruction": "Schema", "input": "How many?", "output": "SELECT 1", "history": [["a", "b"]]}"#)
                .unwrap();
        assert_eq!(example.prompt, "Schema\nHow many?");
        assert_eq!(example.gold.as_deref(), Some("SELECT 1"));
        assert_eq!(example.history, [("a".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn sharegpt_keeps_the_last_turn_as_prompt_and_gold() {
        let example = read(
            r#"{"conversations": [{"from": "system", "value": "s"}, {"from": "human", "value": "q1"},
                {"from": "gpt", "value": "a1"}, {"from": "human", "value": "q2"}, {"from": "gpt", "value": "a2"}]}"#,
        )
        .unwrap();
        assert_eq!((example.prompt.as_str(), example.gold.as_deref()), ("q2", Some("a2")));
        assert_eq!(example.history, [("q1".to_owned(), "a1".to_owned())]);
    }

    #[test]
    fn spider_keeps_database_and_id() {
        let example = read(r#"{"id": "d1", "db_id": "pets", "question": "How many?", "query": "SELECT 1"}"#).unwrap();
        assert_eq!((example.id.as_str(), example.database.as_str()), ("d1", "pets"));
    }

    #[test]
    fn evidence_comes_with_its_question() {
        let evidence = |field: &str| read(&format!(r#"{{"question": "q", "SQL": "SELECT 1"{field}}}"#));
        assert_eq!(evidence(r#", "evidence": " a = 1 ""#).unwrap().evidence, "a = 1");
        assert_eq!(evidence(r#", "evidence": null"#).unwrap().evidence, "");
        assert!(evidence(r#", "evidence": ["a"]"#).unwrap_err().contains("evidence"));
    }

    #[test]
    fn missing_fields_of_a_row_are_named() {
        assert!(read("{}").unwrap_err().contains("none of the fields"));
        assert!(read(r#"{"instruction": 3.5}"#).is_ok());
        assert!(read(r#"{"question": "  "}"#).unwrap_err().contains("empty"));
        assert!(
            read(r#"{"messages": [{"role": "robot", "content": ""}]}"#)
                .unwrap_err()
                .contains("robot")
        );
        assert_eq!(read(r#"{"question": "no gold"}"#).unwrap().gold, None);
    }
}
