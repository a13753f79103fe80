//! What a language model says of names that say little.

use std::collections::BTreeMap;
use std::sync::Arc;

use nl2sql_catalog::{ChatRequest, Database, Message, Role, Table};
use nl2sql_llm::LlmClient;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Glossary;
use crate::{AppError, Session};

/// What the model is told to be.
const TASK: &str = "You write the glossary of a database: what people who ask questions call its tables and columns. Answer with JSON alone: \
    for the table and for each column a `noun` (one row or value, lower case, no article) and up to three `synonyms` that mean the same, \
    each by language.";

/// An answer about a table.
#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    noun: BTreeMap<String, String>,
    #[serde(default)]
    synonyms: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    columns: BTreeMap<String, SaidOfColumn>,
}

/// An answer about a column.
#[derive(Deserialize)]
struct SaidOfColumn {
    #[serde(default)]
    noun: BTreeMap<String, String>,
    #[serde(default)]
    synonyms: BTreeMap<String, Vec<String>>,
}

/// Asks about every table and takes what fits: words in the wanted languages, of tables and columns that are there.
pub fn add_terms(
    session: &Arc<Session>,
    client: &LlmClient,
    catalog: &Database,
    languages: &[String],
    draft: &mut Glossary,
) -> Result<(), AppError> {
    let requests: Vec<ChatRequest> = catalog.tables.iter().map(|table| request(table, languages)).collect();
    let answers = session.runtime().block_on(|| client.chat_all(&requests));
    for (table, answer) in catalog.tables.iter().zip(answers) {
        let name = table.qualified_name();
        let content = answer?.content;
        let said: Said = serde_json::from_str(object_in(&content)).map_err(|error| {
            AppError::Failed(format!(
                "the language model's answer about {name} is no glossary: {error}; try another model, or draft without --ask"
            ))
        })?;
        take(said, languages, draft.entry(name).or_default());
    }
    Ok(())
}

fn request(table: &Table, languages: &[String]) -> ChatRequest {
    let message = |role, content: String| Message { role, content };
    let columns = table
        .columns
        .iter()
        .map(|column| json!({ "name": column.name, "type": column.type_name, "comment": column.comment }));
    let told = json!({
        "languages": languages, "table": table.qualified_name(), "comment": table.comment, "columns": columns.collect::<Vec<_>>(),
    });
    ChatRequest {
        messages: vec![
            message(Role::System, TASK.to_owned()),
            message(Role::User, told.to_string()),
        ],
        schema: Some(schema(languages, table)),
        temperature: Some(0.0),
        max_tokens: None,
        stage: "glossary".to_owned(),
        purpose: table.qualified_name(),
        attempt: 0,
    }
}

fn schema(languages: &[String], table: &Table) -> Value {
    let by_language = |of: Value| {
        let properties: serde_json::Map<String, Value> = languages
            .iter()
            .map(|language| (language.clone(), of.clone()))
            .collect();
        json!({ "type": "object", "properties": properties, "additionalProperties": false })
    };
    let terms = json!({
        "noun": by_language(json!({ "type": "string" })),
        "synonyms": by_language(json!({ "type": "array", "items": { "type": "string" }, "maxItems": 3 })),
    });
    let of_column = json!({ "type": "object", "properties": terms, "additionalProperties": false });
    let columns: serde_json::Map<String, Value> = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), of_column.clone()))
        .collect();
    let mut properties = terms;
    properties["columns"] = json!({ "type": "object", "properties": columns, "additionalProperties": false });
    json!({ "type": "object", "properties": properties, "required": ["noun", "columns"], "additionalProperties": false })
}

/// Models put JSON between fences.
fn object_in(text: &str) -> &str {
    match (text.find('{'), text.rfind('}')) {
        (Some(from), Some(to)) if from < to => &text[from..=to],
        _ => text,
    }
}

fn take(said: Said, languages: &[String], table: &mut nl2sql_profile::TableTerms) {
    let wanted = |language: &String| languages.contains(language);
    let nouns = |said: BTreeMap<String, String>| {
        said.into_iter()
            .filter(|(tag, noun)| wanted(tag) && !noun.trim().is_empty())
    };
    let synonyms = |said: BTreeMap<String, Vec<String>>| {
        let kept = said.into_iter().filter(|(language, _)| wanted(language));
        let spoken = kept.map(|(language, mut words)| {
            words.retain(|word| !word.trim().is_empty());
            (language, words)
        });
        spoken
            .filter(|(_, words)| !words.is_empty())
            .collect::<BTreeMap<_, _>>()
    };
    table.noun.extend(nouns(said.noun));
    table.synonyms.extend(synonyms(said.synonyms));
    for (name, said) in said.columns {
        let Some(column) = table.columns.get_mut(&name) else {
            continue;
        };
        column.noun.extend(nouns(said.noun));
        column.synonyms.extend(synonyms(said.synonyms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_taken() {
        let answer = r#"Here it is: {"noun": {"en": "client", "fr": "client"}, "synonyms": {"en": ["buyer", ""]},
            "columns": {"crdt": {"noun": {"en": "credit limit"}}, "made_up": {"noun": {"en": "x"}}}}"#;
        let said: Said = serde_json::from_str(object_in(answer)).unwrap();
        let mut table: nl2sql_profile::TableTerms = serde_json::from_str(r#"{"columns": {"crdt": {}}}"#).unwrap();
        take(said, &["en".to_owned()], &mut table);
        assert_eq!(table.noun.len(), 1);
        assert_eq!(table.synonyms["en"], ["buyer"]);
        assert_eq!(table.columns["crdt"].noun["en"], "credit limit");
        assert_eq!(table.columns.len(), 1);
    }
}
