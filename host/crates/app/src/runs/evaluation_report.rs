//! The evaluation of a run: figures, and question by question.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use nl2sql_evaluation::report::{Breakdown, Change, ErrorClass, MetricChange, Question, Report, question};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::plain_text::without_places;
use super::run_error::RunError;

/// The report as data, in the run folder.
pub(super) const REPORT: &str = "eval/report.json";

/// The figures of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct EvaluationReport {
    /// What was evaluated.
    pub title: String,
    /// Examples compared.
    pub examples: usize,
    /// Each metric before, after, and the change.
    pub metrics: Vec<MetricChange>,
    /// Questions by what became of them.
    pub changes: BTreeMap<Change, usize>,
    /// The main metric by hardness, feature, tables, language, topic.
    pub breakdowns: Vec<Breakdown>,
    /// Kinds of mistakes.
    pub error_classes: Vec<ErrorClass>,
    /// Rows left out and plugins that failed.
    pub notes: Vec<String>,
}

/// Which questions are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeFilter {
    /// What became of them.
    pub change: Option<Change>,
    /// Part of the question or a statement, in any case.
    pub search: Option<String>,
}

/// Some of the questions that are wanted.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct QuestionPage {
    /// Questions that are wanted.
    pub total: usize,
    /// Place of the first one here.
    pub offset: usize,
    /// The questions, gained and lost first.
    #[schemars(with = "Vec<Question<'static>>")]
    pub questions: Vec<Value>,
}

/// Reads the report of the run in a folder.
pub(super) fn read(folder: &Path) -> Result<Report, RunError> {
    let bytes = match std::fs::read(folder.join(REPORT)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(RunError::NotFound("this run has not been evaluated yet".into()));
        }
        Err(error) => return Err(RunError::unavailable(error)),
    };
    serde_json::from_slice(&bytes)
        .map_err(|error| RunError::Unavailable(format!("{REPORT} cannot be understood: {error}")))
}

impl EvaluationReport {
    /// The figures of a report.
    pub(super) fn of(report: &Report) -> Self {
        let mut changes: BTreeMap<Change, usize> = Change::ALL.map(|change| (change, 0)).into();
        for row in &report.browser {
            *changes.entry(Change::of(row)).or_default() += 1;
        }
        Self {
            title: report.title.clone(),
            examples: report.examples,
            metrics: report.metrics.clone(),
            changes,
            breakdowns: report.breakdowns.clone(),
            error_classes: report.error_classes.clone(),
            notes: report.notes.iter().map(|note| without_places(note)).collect(),
        }
    }
}

impl QuestionPage {
    /// The questions that are wanted, a page of them. Rows of the database are told to those only who may ask it.
    pub(super) fn of(report: &Report, filter: &ChangeFilter, rows: Range<usize>, with_rows: bool) -> Self {
        let search = filter.search.as_ref().map(|search| search.to_lowercase());
        let mut wanted: Vec<_> = report
            .browser
            .iter()
            .map(|row| (Change::of(row), row))
            .filter(|(change, _)| filter.change.is_none_or(|wanted| wanted == *change))
            .filter(|(_, row)| {
                let answers = row.runs.iter().flatten().map(|run| &run.sql);
                let mut texts = [&row.question, &row.gold].into_iter().chain(answers);
                search
                    .as_ref()
                    .is_none_or(|search| texts.any(|text| text.to_lowercase().contains(search.as_str())))
            })
            .collect();
        wanted.sort_by_key(|(change, _)| *change);
        let shown = wanted.iter().skip(rows.start).take(rows.len());
        Self {
            total: wanted.len(),
            offset: rows.start,
            questions: shown.map(|(_, row)| told(&question(row), with_rows)).collect(),
        }
    }
}

/// What engines said of a statement may quote its values, as rows do.
fn told(question: &Question<'_>, with_rows: bool) -> Value {
    let mut value = json!(question);
    if !with_rows {
        value["gold_result"] = Value::Null;
        for answer in value["answers"].as_array_mut().into_iter().flatten() {
            (answer["result"], answer["detail"]) = (Value::Null, Value::Null);
        }
    }
    value
}
