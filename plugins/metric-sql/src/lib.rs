//! What can be said of predicted SQL without running it.
//!
//! | metric | value of a row, in percent |
//! |---|---|
//! | `exact-match` | 100 when gold and prediction have one normal form: comments stripped, keywords lower, white space single |
//! | `token-f1` | F1 of the sets of `\w+` tokens of both, in lower case |
//! | `syntax-valid` | 100 when the prediction is one statement of the dialect |
//! | `schema-valid` | 100 when, besides, every name in it resolves against the catalog |
//!
//! A row without gold has no value for the first two.

use nl2sql_sdk::{
    metric::{Context, Metric, MetricInfo, Row, RowScore},
    options, sql,
    types::{PluginError, Severity},
};

pub mod normal_form;
pub mod token_f1;

struct SqlMetrics;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {}

impl Metric for SqlMetrics {
    fn describe() -> Vec<MetricInfo> {
        ["exact-match", "token-f1", "syntax-valid", "schema-valid"]
            .map(MetricInfo::percent)
            .into()
    }

    fn open(context: Context) -> Result<Self, PluginError> {
        let Options {} = options::parse(&context.options)?;
        Ok(Self)
    }

    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
        Ok(rows.iter().map(score).collect())
    }
}

nl2sql_sdk::register!(metric: SqlMetrics);

fn score(row: &Row) -> RowScore {
    let predicted = row.predicted_sql.trim();
    let gold = Some(row.gold.trim()).filter(|gold| !gold.is_empty());
    let diagnosis = if predicted.is_empty() {
        None
    } else {
        sql::diagnose(predicted).ok()
    };
    let schema_valid = diagnosis
        .as_ref()
        .is_some_and(|findings| findings.iter().all(|finding| finding.severity != Severity::Error));
    RowScore {
        values: vec![
            gold.map(|gold| percent(same_normal_form(predicted, gold))),
            gold.map(|gold| 100.0 * token_f1::token_f1(predicted, gold)),
            Some(percent(diagnosis.is_some())),
            Some(percent(schema_valid)),
        ],
        labels: Vec::new(),
    }
}

fn percent(holds: bool) -> f64 {
    if holds { 100.0 } else { 0.0 }
}

/// Compares by the dialect's normal form, or by the lexical one where the dialect cannot read one of the two.
fn same_normal_form(predicted: &str, gold: &str) -> bool {
    match (sql::normalise(predicted), sql::normalise(gold)) {
        (Ok(predicted), Ok(gold)) => predicted == gold,
        _ => normal_form::normal_form(predicted) == normal_form::normal_form(gold),
    }
}
