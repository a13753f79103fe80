//! The questions of the page: gained and lost first, each with SQL differences and result sets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    BrowserRow, ResultPreview,
    sql_diff::{Segment, segments},
};

/// What became of a question between the runs, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Wrong before, right after.
    Gained,
    /// Right before, wrong after.
    Lost,
    /// Wrong in every run there is.
    Wrong,
    /// Right in every run there is.
    Right,
    /// Not scored in some run, e.g. because the gold fails.
    Unscored,
}

impl Change {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 5] = [Self::Gained, Self::Lost, Self::Wrong, Self::Right, Self::Unscored];

    /// What became of a question.
    pub fn of(row: &BrowserRow) -> Self {
        let verdicts: Vec<Option<bool>> = row
            .runs
            .iter()
            .flatten()
            .map(|run| run.value.map(|value| value >= 100.0))
            .collect();
        match verdicts[..] {
            [Some(false), Some(true)] => Self::Gained,
            [Some(true), Some(false)] => Self::Lost,
            [Some(true)] | [Some(true), Some(true)] => Self::Right,
            [Some(false)] | [Some(false), Some(false)] => Self::Wrong,
            _ => Self::Unscored,
        }
    }
}

/// One question as the page reads it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Question<'r> {
    /// What became of it.
    pub change: Change,
    /// Id of the example.
    pub id: &'r str,
    /// Database it is asked of.
    pub database: &'r str,
    /// The question.
    pub text: &'r str,
    /// Reference statement.
    pub gold: &'r str,
    /// What the reference returns.
    pub gold_result: Option<&'r ResultPreview>,
    /// What the runs answered.
    pub answers: Vec<Answer<'r>>,
}

/// What one run answered.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "EvaluatedAnswer")]
pub struct Answer<'r> {
    /// `before` or `after`.
    pub run: &'static str,
    /// Whether it was right; nothing where it was not scored.
    pub is_right: Option<bool>,
    /// Outcome of execution match.
    pub outcome: Option<&'r str>,
    /// Kind of mistake.
    pub error_class: Option<&'r str>,
    /// What the engine or the judge said.
    pub detail: Option<&'r str>,
    /// The statement against the reference.
    pub sql: Vec<Segment>,
    /// What it returns.
    pub result: Option<&'r ResultPreview>,
}

/// Every row with what became of it, by that and else as in the dataset.
pub(super) fn by_change(rows: &[BrowserRow]) -> Vec<(Change, &BrowserRow)> {
    let mut rows: Vec<_> = rows.iter().map(|row| (Change::of(row), row)).collect();
    rows.sort_by_key(|(change, _)| *change);
    rows
}

/// One question with SQL differences.
pub fn question(row: &BrowserRow) -> Question<'_> {
    let answer = |side: usize| {
        let run = row.runs[side].as_ref()?;
        let label = |name: &str| run.labels.get(name).map(String::as_str);
        Some(Answer {
            run: ["before", "after"][side],
            is_right: run.value.map(|value| value >= 100.0),
            outcome: label("outcome"),
            error_class: label("error-class"),
            detail: label("detail"),
            sql: segments(&row.gold, &run.sql),
            result: row.results.as_ref().and_then(|results| results.runs[side].as_ref()),
        })
    };
    Question {
        change: Change::of(row),
        id: &row.id,
        database: &row.database,
        text: &row.question,
        gold: &row.gold,
        gold_result: row.results.as_ref().map(|results| &results.gold),
        answers: [answer(0), answer(1)].into_iter().flatten().collect(),
    }
}
