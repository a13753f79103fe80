//! Execution match by database, as a table of the book.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

/// Answers of one kind: a language and a way of writing.
pub struct Score {
    name: String,
    /// Right answers and questions, by database.
    by_database: BTreeMap<String, Share>,
    /// Answers that do not run.
    failing: usize,
    minutes: Option<f64>,
}

/// So many of so many.
#[derive(Clone, Copy, Default)]
struct Share {
    part: usize,
    whole: usize,
}

impl Share {
    fn percent(self) -> f64 {
        100.0 * self.part as f64 / self.whole.max(1) as f64
    }
}

impl Score {
    /// Reads the report of an evaluation.
    pub fn read(name: &str, folder: &Path, minutes: Option<f64>) -> Result<Self> {
        let file = folder.join("report.json");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let report: Value = serde_json::from_str(&text)?;
        let rows = report["browser"].as_array().context("the report lists no questions")?;
        let mut score = Self {
            name: name.to_owned(),
            by_database: BTreeMap::new(),
            failing: 0,
            minutes,
        };
        for row in rows {
            let database = row["database"].as_str().unwrap_or_default();
            score.count(database, &row["runs"][1]);
        }
        Ok(score)
    }

    fn count(&mut self, database: &str, answer: &Value) {
        let outcome = answer["labels"]["outcome"].as_str();
        if outcome == Some("gold-error") {
            return;
        }
        let share = self.by_database.entry(database.to_owned()).or_default();
        share.whole += 1;
        match outcome {
            Some("match" | "empty-match") => share.part += 1,
            Some("mismatch") => {}
            _ => self.failing += 1,
        }
    }

    fn overall(&self) -> Share {
        let add = |sum: Share, share: &Share| Share {
            part: sum.part + share.part,
            whole: sum.whole + share.whole,
        };
        self.by_database.values().fold(Share::default(), add)
    }
}

/// Prints a row for each score, and a column for each database.
pub fn print_table(scores: &[Score], databases: &[String]) {
    println!(
        "| answers | questions | execution match | do not run | {} | minutes |",
        databases.join(" | ")
    );
    println!("|---|---|---|---|{}---|", "---|".repeat(databases.len()));
    for score in scores {
        let all = score.overall();
        let failing = Share {
            part: score.failing,
            whole: all.whole,
        };
        let cells: Vec<String> = databases
            .iter()
            .map(|name| {
                score
                    .by_database
                    .get(name)
                    .map_or_else(String::new, |share| format!("{:.1}", share.percent()))
            })
            .collect();
        let minutes = score
            .minutes
            .map_or_else(String::new, |minutes| format!("{minutes:.1}"));
        println!(
            "| {} | {} | {:.1} | {:.1} | {} | {minutes} |",
            score.name,
            all.whole,
            all.percent(),
            failing.percent(),
            cells.join(" | ")
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_counted_by_database() {
        let mut score = Score {
            name: "en-greedy".into(),
            by_database: BTreeMap::new(),
            failing: 0,
            minutes: None,
        };
        for (database, outcome) in [
            ("a", "match"),
            ("a", "mismatch"),
            ("b", "empty-match"),
            ("b", "prediction-error"),
            ("b", "gold-error"),
        ] {
            score.count(database, &json!({ "labels": { "outcome": outcome } }));
        }
        assert_eq!((score.overall().part, score.overall().whole, score.failing), (2, 4, 1));
        assert_eq!(score.by_database["b"].percent(), 50.0);
    }
}
