//! The prompts.

use nl2sql_sdk::generator::{Context, Rejection, Request};
use nl2sql_sdk::llm::Message;
use nl2sql_sdk::types::{Table, Topic};

use crate::options::Options;

/// Shape of the answer.
pub const SCHEMA: &str = r#"{"type":"object","additionalProperties":false,"required":["pairs"],"properties":{"pairs":{"type":"array","items":{"type":"object","additionalProperties":false,"required":["question","sql","difficulty","language"],"properties":{"question":{"type":"string"},"sql":{"type":"string"},"difficulty":{"type":"string","enum":["easy","medium","hard","extra"]},"language":{"type":"string"}}}}}}"#;

/// What to say when an answer held no pairs.
pub const WRONG_SHAPE: &str = "That is not the JSON asked for. Answer with one JSON object only: an array `pairs` whose elements have question, sql, \
difficulty and language.";

const INSTRUCTIONS: &str = "You write training data for a model that turns questions into {dialect} SQL. Each pair is a question that a colleague would really ask, in \
natural words and without naming columns the way the database does, and one SELECT statement (or WITH … SELECT) that answers it exactly. Use only the tables and columns \
shown. Return only what is asked for. No two pairs may share the question or the SQL.\nAnswer with JSON: {\"pairs\": [{\"question\": …, \"sql\": …, \"difficulty\": \
\"easy\" | \"medium\" | \"hard\" | \"extra\", \"language\": …}]}.";

/// What successive requests of a round put weight on, so that they do not all write the same pairs.
const EMPHASES: [&str; 8] = [
    "filters on several columns, with AND and OR",
    "joins over the foreign keys",
    "counting, sums and averages per group, with HAVING",
    "rankings: the most, the least, the top few, ties included",
    "subqueries: IN, EXISTS, comparison with an average or a maximum",
    "set operations and questions about what is missing",
    "dates, texts and ranges",
    "common table expressions and window functions where they help",
];

/// A topic's tables as the model sees them.
pub struct Schema(String);

impl Schema {
    /// DDL and example values of the topic's tables, in the topic's order.
    pub fn of(context: &Context, topic: &Topic, ddl: &dyn Fn(&Table) -> String) -> Self {
        let tables = topic
            .tables
            .iter()
            .filter_map(|name| context.catalog.tables.iter().find(|table| is_called(table, name)));
        Self(
            tables
                .map(|table| [ddl(table), examples(table)].concat())
                .collect::<Vec<_>>()
                .join("\n"),
        )
    }

    /// Whether no table resolved.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_called(table: &Table, name: &str) -> bool {
    let qualified = table.schema.as_ref().map(|schema| format!("{schema}.{}", table.name));
    table.name == name || qualified.as_deref() == Some(name)
}

/// Example values, of the columns whose values the profile lets out.
fn examples(table: &Table) -> String {
    let shown = table.columns.iter().filter(|column| !column.samples.is_empty());
    let lines: Vec<String> = shown
        .map(|column| {
            let values: Vec<String> = column
                .samples
                .iter()
                .take(5)
                .map(|value| format!("'{value}'"))
                .collect();
            format!("-- {}.{}: {}", table.name, column.name, values.join(", "))
        })
        .collect();
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n-- Example values:\n{}\n", lines.join("\n"))
    }
}

fn system(context: &Context, options: &Options) -> Message {
    let instructions = options
        .instructions
        .as_deref()
        .unwrap_or(INSTRUCTIONS)
        .replace("{dialect}", &context.dialect.name);
    let notes = context.dialect.prompt_notes.iter().map(|note| format!("\n- {note}"));
    Message::system(instructions + &notes.collect::<String>())
}

/// Asks for fresh pairs; `index` is the request's place in the round.
pub fn fresh(
    context: &Context,
    options: &Options,
    request: &Request,
    schema: &Schema,
    count: u32,
    index: u32,
) -> Vec<Message> {
    let emphasis = EMPHASES[(request.round as usize * 3 + index as usize) % EMPHASES.len()];
    let mut parts = vec![
        schema.0.clone(),
        format!("Topic: {}. {}", request.topic.name, request.topic.reason),
        format!("Languages of the questions: {}.", mix(&request.languages)),
        format!("Difficulty (Spider's levels): {}.", mix(&request.difficulties)),
        format!("Put weight on {emphasis}."),
    ];
    parts.extend(
        options
            .style
            .as_ref()
            .map(|style| format!("Style of the questions: {style}")),
    );
    let known: Vec<String> = request
        .accepted
        .iter()
        .rev()
        .take(options.shown)
        .map(|sample| format!("- {}", sample.question))
        .collect();
    if !known.is_empty() {
        parts.push(format!(
            "These questions exist already; do not repeat them:\n{}",
            known.join("\n")
        ));
    }
    parts.push(format!("Write exactly {count} pairs."));
    vec![system(context, options), Message::user(parts.join("\n\n"))]
}

/// Asks for corrected versions of rejected pairs.
pub fn repair(
    context: &Context,
    options: &Options,
    request: &Request,
    schema: &Schema,
    broken: &[&Rejection],
) -> Vec<Message> {
    let described: Vec<String> = broken
        .iter()
        .map(|rejection| {
            let findings: Vec<String> = rejection
                .findings
                .iter()
                .map(|finding| match &finding.suggestion {
                    Some(suggestion) => format!("{} (perhaps {suggestion})", finding.message),
                    None => finding.message.clone(),
                })
                .collect();
            let sample = &rejection.sample;
            format!(
                "question: {}\nsql: {}\nproblem: {}",
                sample.question,
                sample.sql,
                findings.join("; ")
            )
        })
        .collect();
    let parts = [
        schema.0.clone(),
        format!("Topic: {}.", request.topic.name),
        format!(
            "These pairs were rejected. Correct each: keep the question where it can be answered, mend the SQL.\n\n{}",
            described.join("\n\n")
        ),
        format!("Write exactly {} pairs.", broken.len()),
    ];
    vec![system(context, options), Message::user(parts.join("\n\n"))]
}

/// Weights as percentages, e.g. `en 70%, zh 30%`.
fn mix(weights: &[(String, f32)]) -> String {
    let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
    let share = |weight: f32| if sum > 0.0 { (weight * 100.0 / sum).round() } else { 0.0 };
    weights
        .iter()
        .map(|(name, weight)| format!("{name} {}%", share(*weight)))
        .collect::<Vec<_>>()
        .join(", ")
}
