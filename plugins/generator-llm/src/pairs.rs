//! Pairs out of a model's answer.

use nl2sql_sdk::types::Sample;
use serde_json::Value;

const LEVELS: [&str; 4] = ["easy", "medium", "hard", "extra"];

/// The pairs of an answer; those without a question or without SQL are left out.
pub fn read(answer: &str, topic: &str, language: &str) -> Vec<Sample> {
    nl2sql_answers::objects(answer, "pairs", &["question", "sql"])
        .iter()
        .map(|object| sample(object, topic, language))
        .filter(|sample| !sample.question.is_empty() && !sample.sql.is_empty())
        .collect()
}

fn sample(object: &Value, topic: &str, language: &str) -> Sample {
    let text = |field: &str| object[field].as_str().unwrap_or_default().trim().to_owned();
    let level = text("difficulty").to_lowercase();
    let spoken = text("language");
    Sample {
        id: String::new(),
        topic: topic.to_owned(),
        question: text("question"),
        sql: bare_sql(&text("sql")),
        language: if spoken.is_empty() { language.to_owned() } else { spoken },
        difficulty: if LEVELS.contains(&level.as_str()) {
            level
        } else {
            "medium".to_owned()
        },
        tags: vec!["llm".to_owned()],
    }
}

/// SQL without the code fence and the closing semicolon that models like to add.
fn bare_sql(sql: &str) -> String {
    let inner = sql.trim().trim_start_matches("```sql").trim_matches('`').trim();
    inner
        .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .to_owned()
}

/// What makes two pairs the same: question and SQL without case and spacing.
pub fn identity(sample: &Sample) -> (String, String) {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (folded(&sample.question), folded(&sample.sql))
}
