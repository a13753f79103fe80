//! The closing table of a run.

use std::collections::BTreeMap;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, ColumnConstraint, ContentArrangement, Row, Table, Width};
use nl2sql_app::job::{RunOutcome, StageRow};
use nl2sql_llm::{UsageLine, UsageReport};
use nl2sql_pipeline::Stage;

use super::resume::following;
use super::say;
use crate::arguments::Global;

/// Prints the table, the notes, the examples, and what to do next.
pub fn print(global: &Global, run: &RunOutcome) {
    let mut table = empty_table(&["stage", "in", "out", "rejected", "time", "files"]);
    for row in &run.stages {
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
    say(format!("\nrun {} in {}", run.name, run.folder.display()));
    keep_words_whole(&mut table);
    say(table);
    for row in &run.stages {
        for note in &row.summary.notes {
            say(format!("{}: {note}", row.stage.name()));
        }
    }
    print_usage(&run.usage);
    for sample in &run.examples {
        say(format!("\n  {}\n  {}", sample.question, sample.sql));
    }
    if run.stages.iter().any(|row| row.stage == Stage::Export) {
        let model: &[&str] = if run.has_model {
            &[]
        } else {
            &["--model", "<model folder>"]
        };
        say(format!("\nnext: {}", following(global, "train", model)));
    }
}

/// What each stage and topic has cost, dearest first; a run without a language model says nothing.
fn print_usage(usage: &UsageReport) {
    if usage.lines.is_empty() {
        return;
    }
    let row = |name: String, line: &UsageLine| {
        vec![
            name,
            line.requests.to_string(),
            line.input_tokens.to_string(),
            line.output_tokens.to_string(),
            cost(line.known_cost()),
        ]
    };
    let mut rows = Vec::new();
    for stage in usage.by_stage() {
        rows.push(row(stage.stage.clone(), &stage));
        let mut topics: Vec<&UsageLine> = usage.lines.iter().filter(|line| line.stage == stage.stage).collect();
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
    rows.push(row("all".into(), &usage.total()));
    say(table(
        &["language model", "requests", "tokens in", "tokens out", "cost"],
        rows,
    ));
    usage.fallbacks.iter().for_each(say);
    if usage.cached > 0 {
        say(format!("{} answers came from the store and cost nothing", usage.cached));
    }
}

/// Topics of a stage listed by name.
const TOPICS_SHOWN: usize = 20;

/// Money as far as it is worth showing.
pub fn cost(cost: Option<f64>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4}"))
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
    keep_words_whole(&mut table);
    table
}

/// Columns are at least as wide as their longest word, where there is room: a name that is cut in two cannot be copied.
fn keep_words_whole(table: &mut Table) {
    let cells = |row: &Row| row.cell_iter().map(Cell::content).collect::<Vec<_>>();
    let rows = table.header().into_iter().chain(table.row_iter()).map(cells);
    let mut widths: Vec<usize> = Vec::new();
    for (at, text) in rows.flat_map(|row| row.into_iter().enumerate()) {
        let longest = text.split_whitespace().map(|word| word.chars().count()).max();
        widths.resize(widths.len().max(at + 1), 0);
        widths[at] = widths[at].max(longest.unwrap_or_default() + CELL_PADDING);
    }
    if widths.iter().sum::<usize>() > super::width() {
        return;
    }
    for (column, width) in table.column_iter_mut().zip(widths) {
        let width = Width::Fixed(u16::try_from(width).unwrap_or(u16::MAX));
        column.set_constraint(ColumnConstraint::LowerBoundary(width));
    }
}

/// Blanks on both sides of a cell.
const CELL_PADDING: usize = 2;

fn empty_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(super::width()).unwrap_or(u16::MAX));
    table.set_header(header.to_vec());
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_not_cut_in_two_at_80_columns() {
        let cells = [
            "validate",
            "234 samples",
            "200 pairs accepted",
            "34 execution: too-many-empty",
            "0.13 s",
            "analysis.jsonl\ncoverage.json\nverdicts.jsonl",
        ];
        let mut table = empty_table(&["stage", "in", "out", "rejected", "time", "files"]);
        table.set_width(80).add_row(cells);
        keep_words_whole(&mut table);
        let shown = table.to_string();
        for word in ["too-many-empty", "analysis.jsonl", "verdicts.jsonl", "accepted"] {
            assert!(shown.contains(word), "{word} in\n{shown}");
        }
        assert!(
            shown.lines().all(|line| line.trim_end().chars().count() <= 80),
            "{shown}"
        );
    }
}
