//! Two runs on the same examples, side by side: the report of `eval --before --after`.
//!
//! Either run may be missing. [`Report::new`] computes everything from the scored runs; [`write()`] renders it as JSON, Markdown,
//! CSV and one self-contained HTML page.

mod breakdown;
mod comparison;
mod configuration;
mod csv_table;
mod html;
mod markdown;
mod plot;
mod question;
mod reliability;
mod results;
mod side_by_side;
mod sql_diff;
mod training_run;

use std::{collections::BTreeMap, io, path::Path};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use breakdown::{Breakdown, ErrorClass, Group};
pub use comparison::{Figure, MetricChange};
pub use configuration::SettingGroup;
pub use question::{Answer, Change, Question, question};
pub use reliability::{Reliability, ReliabilityBin};
pub use results::{ResultPreview, Results, preview};
pub use side_by_side::OtherRun;
pub use sql_diff::Segment;
pub use training_run::{Curve, TrainingRun, UnreadableTrainingRun};

use crate::{
    dataset::RowError,
    manifest::Manifest,
    scoring::{ScoredRow, ScoredRun},
};

/// The metric breakdowns are made of, where a run has it.
pub const MAIN_METRIC: &str = "execution-match";

/// What a report is made from.
pub struct Material<'m> {
    /// Title of the page.
    pub title: String,
    /// The run before, e.g. of the base model.
    pub before: Option<&'m ScoredRun>,
    /// The run after, e.g. of the adapter.
    pub after: Option<&'m ScoredRun>,
    /// Facts of examples by id, such as `language` and `topic`.
    pub facts: &'m BTreeMap<String, BTreeMap<String, String>>,
    /// What was judged, as name and value: models, template, dataset.
    pub identity: Vec<(String, String)>,
    /// Settings of the evaluation.
    pub configuration: Vec<SettingGroup>,
    /// The training run of the adapter that is judged.
    pub training: Option<TrainingRun>,
    /// Other runs to show beside it.
    pub beside: Vec<OtherRun>,
    /// Schema text by database, for the example browser.
    pub schemas: BTreeMap<String, String>,
    /// Result sets by example id.
    pub results: BTreeMap<String, Results>,
    /// Rows of the inputs that were left out.
    pub row_errors: Vec<RowError>,
    /// What it was made from; the figures are filled in.
    pub manifest: Manifest,
}

/// Everything the report says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Title of the page.
    pub title: String,
    /// Examples compared.
    pub examples: usize,
    /// Each metric before, after, and the change.
    pub metrics: Vec<MetricChange>,
    /// The main metric by hardness, feature, tables, language, topic.
    pub breakdowns: Vec<Breakdown>,
    /// Kinds of mistakes.
    pub error_classes: Vec<ErrorClass>,
    /// Outcomes of execution match, before and after.
    pub outcomes: BTreeMap<String, [usize; 2]>,
    /// Before and after: whether answers are right as often as their confidence says, where they have one.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub reliability: [Option<Reliability>; 2],
    /// What was judged, as name and value: models, template, dataset.
    pub identity: Vec<(String, String)>,
    /// Settings of the evaluation.
    pub configuration: Vec<SettingGroup>,
    /// The training run of the adapter that is judged.
    pub training: Option<TrainingRun>,
    /// Other runs that are shown beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<OtherRun>,
    /// The example browser.
    pub browser: Vec<BrowserRow>,
    /// Schema text by database.
    pub schemas: BTreeMap<String, String>,
    /// Rows left out and plugins that failed.
    pub notes: Vec<String>,
    /// What it was made from.
    pub manifest: Manifest,
}

fn is_unknown(reliability: &[Option<Reliability>; 2]) -> bool {
    reliability.iter().all(Option::is_none)
}

/// One example with both predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BrowserRow {
    /// Id of the example.
    pub id: String,
    /// Database it is asked of.
    pub database: String,
    /// The question.
    pub question: String,
    /// Reference statement.
    pub gold: String,
    /// Predicted SQL, outcome and class of error before and after.
    pub runs: [Option<RunCell>; 2],
    /// Result sets of gold, before and after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results: Option<Results>,
}

/// One run's answer to one example.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunCell {
    /// The SQL extracted from the answer.
    pub sql: String,
    /// Labels such as `outcome`.
    pub labels: BTreeMap<String, String>,
    /// Value of the main metric.
    pub value: Option<f64>,
}

impl Report {
    /// Compares the runs on the examples both have.
    pub fn new(material: Material<'_>) -> Self {
        let pairs = pairs(material.before, material.after);
        let metrics = comparison::metrics(material.before, material.after, &pairs, material.manifest.seed);
        let mut manifest = material.manifest;
        for (name, run) in [("before", material.before), ("after", material.after)] {
            if let Some(run) = run {
                let figures = run
                    .metrics
                    .iter()
                    .map(|metric| metric.name.clone())
                    .zip(run.figures.iter().copied());
                manifest.figures.insert(name.to_owned(), figures.collect());
            }
        }
        let plugin_notes = [material.before, material.after]
            .into_iter()
            .flatten()
            .flat_map(|run| run.notes.clone());
        let notes = material
            .row_errors
            .iter()
            .map(ToString::to_string)
            .chain(plugin_notes)
            .collect();
        let main = [material.before, material.after].map(|run| run.and_then(|run| run.metric(MAIN_METRIC)));
        Self {
            title: material.title,
            examples: pairs.len(),
            metrics,
            breakdowns: breakdown::breakdowns(&pairs, main, material.facts),
            error_classes: breakdown::error_classes(&pairs),
            outcomes: breakdown::outcomes(&pairs),
            reliability: reliability::reliability(&pairs, main),
            identity: material.identity,
            configuration: material.configuration,
            training: material.training,
            beside: material.beside,
            browser: browser(&pairs, main, material.results),
            schemas: material.schemas,
            notes,
            manifest,
        }
    }
}

/// Rows of one example in both runs.
pub(crate) type Pair<'r> = [Option<&'r ScoredRow>; 2];

/// Examples in the order of the run after; with two runs, those both have.
fn pairs<'r>(before: Option<&'r ScoredRun>, after: Option<&'r ScoredRun>) -> Vec<Pair<'r>> {
    match (before, after) {
        (Some(before), Some(after)) => {
            let by_id: BTreeMap<&str, &ScoredRow> = before
                .rows
                .iter()
                .map(|row| (row.prediction.id.as_str(), row))
                .collect();
            let pair = |row: &'r ScoredRow| Some([Some(*by_id.get(row.prediction.id.as_str())?), Some(row)]);
            after.rows.iter().filter_map(pair).collect()
        }
        (Some(run), None) => run.rows.iter().map(|row| [Some(row), None]).collect(),
        (None, Some(run)) => run.rows.iter().map(|row| [None, Some(row)]).collect(),
        (None, None) => Vec::new(),
    }
}

fn browser(pairs: &[Pair], main: [Option<usize>; 2], mut results: BTreeMap<String, Results>) -> Vec<BrowserRow> {
    let cell = |row: Option<&ScoredRow>, metric: Option<usize>| {
        row.map(|row| RunCell {
            sql: shortened(&row.prediction.predicted_sql),
            labels: row.labels.clone(),
            value: metric.and_then(|at| row.values.get(at).copied().flatten()),
        })
    };
    let row = |pair: &Pair| {
        let prediction = &pair[1].or(pair[0])?.prediction;
        Some(BrowserRow {
            id: prediction.id.clone(),
            database: prediction.db_id.clone(),
            question: shortened(&prediction.question),
            gold: shortened(&prediction.label),
            runs: [cell(pair[0], main[0]), cell(pair[1], main[1])],
            results: results.remove(&prediction.id),
        })
    };
    pairs.iter().filter_map(row).collect()
}

/// Longest text shown of a prediction, in characters: a page must stay readable when a model does not stop.
const SHOWN: usize = 4_000;

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text.to_owned(),
    }
}

/// Makes a file of a report.
type MadeFile = fn(&Report) -> io::Result<Vec<u8>>;

/// The files of a report, by their names.
const FILES: [(&str, MadeFile); 5] = [
    ("report.html", |report| {
        let page = html::page(report).map_err(io::Error::other)?;
        Ok(page.into_bytes())
    }),
    ("report.json", |report| Ok(serde_json::to_vec_pretty(report)?)),
    ("report.md", |report| Ok(markdown::page(report).into_bytes())),
    ("report.csv", csv_table::rows),
    ("manifest.json", |report| {
        Ok(serde_json::to_vec_pretty(&report.manifest)?)
    }),
];

/// Writes `report.html`, `report.json`, `report.md`, `report.csv` and `manifest.json` into `folder`.
///
/// # Errors
/// A file cannot be written, or a plot or the page cannot be made.
pub fn write(report: &Report, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    FILES
        .par_iter()
        .try_for_each(|(name, made)| std::fs::write(folder.join(name), made(report)?))
}
