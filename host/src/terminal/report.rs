//! The closing table of a run.

use std::path::Path;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table};
use nl2sql_catalog::Sample;
use serde_json::{Value, json};

use super::progress::StageRow;
use super::say;

/// What a run shows at its end.
pub struct RunReport<'a> {
    pub name: &'a str,
    pub folder: &'a Path,
    pub rows: Vec<StageRow>,
    /// A few accepted pairs.
    pub examples: Vec<Sample>,
}

impl RunReport<'_> {
    /// Prints the table, the notes, and the examples.
    pub fn print(&self) {
        let mut table = empty_table(&["stage", "in", "out", "rejected", "time"]);
        for row in &self.rows {
            table.add_row([
                row.stage.name().to_owned(),
                row.summary.input.clone(),
                row.summary.output.clone(),
                rejections(row),
                row.seconds
                    .map_or_else(|| "done before".into(), |seconds| format!("{seconds:.2} s")),
            ]);
        }
        say(format!("\nrun {}", self.name));
        say(table);
        for row in &self.rows {
            for note in &row.summary.notes {
                say(format!("{}: {note}", row.stage.name()));
            }
        }
        say(format!("files: {}", self.folder.display()));
        for sample in &self.examples {
            say(format!("\n  {}\n  {}", sample.question, sample.sql));
        }
    }

    /// The same as data.
    pub fn as_json(&self) -> Value {
        let stages: Vec<_> = self
            .rows
            .iter()
            .map(|row| json!({ "stage": row.stage.name(), "seconds": row.seconds, "summary": row.summary }))
            .collect();
        json!({ "run": self.name, "folder": self.folder, "stages": stages, "examples": self.examples })
    }
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

/// A table of these rows.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> Table {
    let mut table = empty_table(header);
    table.add_rows(rows);
    table
}

fn empty_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_preset(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic);
    if table.width().is_none() {
        table.set_width(120);
    }
    table.set_header(header.to_vec());
    table
}
