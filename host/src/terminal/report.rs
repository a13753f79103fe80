//! The closing table of a run.

use std::collections::BTreeMap;
use std::path::Path;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use nl2sql_catalog::Sample;
use nl2sql_llm::{UsageLine, UsageReport};
use serde_json::{Value, json};

use super::progress::StageRow;
use super::say;
use crate::commands::usage_as_json;

/// What a run shows at its end.
pub struct RunReport<'a> {
    pub name: &'a str,
    pub folder: &'a Path,
    pub rows: Vec<StageRow>,
    /// What the language model has cost.
    pub usage: UsageReport,
    /// A few accepted pairs.
    pub examples: Vec<Sample>,
}

impl RunReport<'_> {
    /// Prints the table, the notes, and the examples.
    pub fn print(&self) {
        let mut table = empty_table(&["stage", "in", "out", "rejected", "time", "files"]);
        for row in &self.rows {
            table.add_row([
                row.stage.name().to_owned(),
                row.summary.input.clone(),
                row.summary.output.clone(),
                rejections(row),
                row.seconds
                    .map_or_else(|| "done before".into(), |seconds| format!("{seconds:.2} s")),
                files(row),
            ]);
        }
        say(format!("\nrun {} in {}", self.name, self.folder.display()));
        say(table);
        for row in &self.rows {
            for note in &row.summary.notes {
                say(format!("{}: {note}", row.stage.name()));
            }
        }
        self.print_usage();
        for sample in &self.examples {
            say(format!("\n  {}\n  {}", sample.question, sample.sql));
        }
    }

    /// What each stage and topic has cost, dearest first; a run without a language model says nothing.
    fn print_usage(&self) {
        if self.usage.lines.is_empty() {
            return;
        }
        let row = |name: String, line: &UsageLine| {
            vec![
                name,
                line.requests.to_string(),
                line.input_tokens.to_string(),
                line.output_tokens.to_string(),
                cost(line.cost),
            ]
        };
        let mut rows = Vec::new();
        for stage in self.usage.by_stage() {
            rows.push(row(stage.stage.clone(), &stage));
            let mut topics: Vec<&UsageLine> = self
                .usage
                .lines
                .iter()
                .filter(|line| line.stage == stage.stage)
                .collect();
            topics.sort_by_key(|line| std::cmp::Reverse(line.input_tokens + line.output_tokens));
            rows.extend(
                topics
                    .iter()
                    .take(TOPICS_SHOWN)
                    .map(|line| row(format!("  {}", line.purpose), line)),
            );
            if topics.len() > TOPICS_SHOWN {
                rows.push(vec![format!(
                    "  and {} more in usage.json",
                    topics.len() - TOPICS_SHOWN
                )]);
            }
        }
        rows.push(row("all".into(), &self.usage.total()));
        say(table(
            &["language model", "requests", "tokens in", "tokens out", "cost"],
            rows,
        ));
        if self.usage.cached > 0 {
            say(format!(
                "{} answers came from the store and cost nothing",
                self.usage.cached
            ));
        }
    }

    /// The same as data.
    pub fn as_json(&self) -> Value {
        let stages: Vec<_> = self
            .rows
            .iter()
            .map(|row| json!({ "stage": row.stage.name(), "seconds": row.seconds, "summary": row.summary }))
            .collect();
        let mut usage = usage_as_json(&self.usage);
        usage["cached"] = json!(self.usage.cached);
        json!({ "run": self.name, "folder": self.folder, "stages": stages, "usage": usage, "examples": self.examples })
    }
}

/// Topics of a stage listed by name.
const TOPICS_SHOWN: usize = 20;

/// Usage in one line.
pub fn spent_in_words(usage: &UsageReport) -> String {
    let total = usage.total();
    format!(
        "{} answers, {} tokens in, {} tokens out, cost {}",
        total.requests,
        total.input_tokens,
        total.output_tokens,
        cost(total.cost)
    )
}

/// Money as far as it is worth showing.
pub fn cost(cost: f64) -> String {
    format!("{cost:.4}")
}

/// Reasons by falling count.
fn rejections(row: &StageRow) -> String {
    let mut reasons: Vec<_> = row.summary.rejected.iter().collect();
    reasons.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    reasons
        .iter()
        .map(|(reason, count)| format!("{count} {reason}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Names of the files a stage wrote; of a folder with many, the folder and their number.
fn files(row: &StageRow) -> String {
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names = Vec::new();
    for file in &row.summary.files {
        match file.split_once('/') {
            Some((folder, _)) => *folders.entry(folder).or_default() += 1,
            None => names.push(file.clone()),
        }
    }
    names.extend(folders.iter().map(|(folder, count)| format!("{folder}/ ({count})")));
    names.join("\n")
}

/// A table of these rows.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> Table {
    let mut table = empty_table(header);
    table.add_rows(rows);
    table
}

fn empty_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(super::width()).unwrap_or(u16::MAX));
    table.set_header(header.to_vec());
    table
}
