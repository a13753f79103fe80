//! Pairs out of a model's answer.

use nl2sql_answers::Names;
use nl2sql_sdk::types::{Difficulty, Sample};
use serde_json::{Map, Value};

const QUESTION: Names = &["question", "q", "natural_language", "nl", "instruction", "问题"];
const SQL: Names = &["sql", "query", "sql_query", "statement", "answer", "output"];

/// Languages of the questions, as the profile weighs them.
pub struct Languages<'a> {
    wanted: &'a [(String, f32)],
}

impl<'a> Languages<'a> {
    /// The languages wanted, with their weights.
    pub fn new(wanted: &'a [(String, f32)]) -> Self {
        Self { wanted }
    }

    /// The language with the greatest weight.
    pub fn heaviest(&self) -> &'a str {
        let heaviest = self.wanted.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        heaviest.map_or("en", |(language, _)| language)
    }

    /// The language of a question: what the model says where that was wanted, else what its script tells.
    fn of(&self, question: &str, said: &str) -> String {
        if let Some((wanted, _)) = self.wanted.iter().find(|(wanted, _)| wanted.eq_ignore_ascii_case(said)) {
            return wanted.clone();
        }
        let in_chinese = question.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let told = self
            .wanted
            .iter()
            .find(|(wanted, _)| wanted.starts_with("zh") == in_chinese);
        told.map_or_else(|| self.heaviest().to_owned(), |(language, _)| language.clone())
    }
}

/// The pairs of an answer; those without a question or without SQL are left out.
pub fn read(answer: &str, topic: &str, languages: &Languages) -> Vec<Sample> {
    let mut samples: Vec<Sample> = nl2sql_answers::objects(answer, "pairs", &[QUESTION, SQL])
        .iter()
        .map(|object| sample(object, topic, languages))
        .collect();
    if samples.is_empty() {
        samples = nl2sql_answers::fenced_sql(answer)
            .into_iter()
            .map(|fenced| from_text(fenced.question, &fenced.sql, topic, languages))
            .collect();
    }
    samples.retain(|sample| !sample.question.is_empty() && !sample.sql.is_empty());
    samples
}

fn sample(object: &Map<String, Value>, topic: &str, languages: &Languages) -> Sample {
    let text = |field: &str| {
        object
            .get(field)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .trim()
            .to_owned()
    };
    let level = text("difficulty").to_lowercase();
    let read = from_text(text("question"), &text("sql"), topic, languages);
    Sample {
        language: languages.of(&read.question, &text("language")),
        difficulty: Difficulty::from_name(&level).unwrap_or(read.difficulty),
        ..read
    }
}

fn from_text(question: String, sql: &str, topic: &str, languages: &Languages) -> Sample {
    Sample {
        id: String::new(),
        topic: topic.to_owned(),
        language: languages.of(&question, ""),
        question,
        sql: bare_sql(sql),
        difficulty: Difficulty::Medium,
        tags: vec!["llm".to_owned()],
    }
}

/// SQL without the code fence and the closing semicolon that models like to add.
fn bare_sql(sql: &str) -> String {
    let trimmed = sql.trim();
    let inner = match trimmed.strip_prefix("```") {
        Some(fenced) => {
            let body = fenced.trim_end_matches("```").trim();
            let language = body.split_whitespace().next().unwrap_or_default();
            if language.to_lowercase().contains("sql") {
                &body[language.len()..]
            } else {
                body
            }
        }
        None => trimmed,
    };
    inner
        .trim()
        .trim_end_matches(|c: char| c == ';' || c.is_whitespace())
        .to_owned()
}

/// What makes two pairs the same: question and SQL without case and spacing.
pub fn identity(sample: &Sample) -> (String, String) {
    let folded = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    (folded(&sample.question), folded(&sample.sql))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_those_that_were_asked_for() {
        let wanted = [("en".to_owned(), 1.0), ("zh".to_owned(), 3.0)];
        let languages = Languages::new(&wanted);
        assert_eq!(languages.of("How many?", "English"), "en");
        assert_eq!(languages.of("有多少？", "zh-CN"), "zh");
        assert_eq!(languages.of("有多少？", "en"), "en");
        assert_eq!(Languages::new(&wanted[..1]).of("有多少？", ""), "en");
    }

    #[test]
    fn statements_come_without_their_wrapping() {
        assert_eq!(bare_sql("```sql\nSELECT `a` FROM `t`;\n```"), "SELECT `a` FROM `t`");
        assert_eq!(bare_sql("SELECT 1 ; "), "SELECT 1");
        assert_eq!(bare_sql("SELECT `a` FROM `t`"), "SELECT `a` FROM `t`");
    }
}
