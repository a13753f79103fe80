//! Execution match: whether the prediction gives the gold's result.
//!
//! The comparison is the host's, under the definition the option `definition` names (`nl2sql` unless set). A row gets the
//! label `outcome`, and where it is wrong `error-class` and, where there is something to say, `detail`. Rows whose gold fails
//! have no value and so do not count.

use nl2sql_sdk::{
    metric::{Context, Metric, MetricInfo, Row, RowScore},
    options,
    query::{MatchOutcome, MatchPair, Outcome, execution_match},
    sql,
    types::PluginError,
};
use serde::Deserialize;

pub mod error_class;

/// The option of this plugin.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    #[serde(default = "nl2sql")]
    definition: String,
}

fn nl2sql() -> String {
    "nl2sql".to_owned()
}

struct ExecutionMatch {
    definition: String,
}

impl Metric for ExecutionMatch {
    fn describe() -> Vec<MetricInfo> {
        vec![MetricInfo::percent("execution-match")]
    }

    fn open(context: Context) -> Result<Self, PluginError> {
        let Options { definition } = options::parse(&context.options)?;
        Ok(Self { definition })
    }

    fn score(&self, rows: Vec<Row>) -> Result<Vec<RowScore>, PluginError> {
        let pair = |row: &Row| MatchPair {
            database: row.database.clone(),
            gold: row.gold.clone(),
            predicted: row.predicted_sql.clone(),
        };
        let pairs: Vec<MatchPair> = rows.iter().map(pair).collect();
        let outcomes = execution_match(&pairs, &self.definition);
        Ok(rows
            .iter()
            .zip(outcomes)
            .map(|(row, outcome)| score(row, outcome))
            .collect())
    }
}

nl2sql_sdk::register!(metric: ExecutionMatch);

fn score(row: &Row, judged: MatchOutcome) -> RowScore {
    let value = match judged.outcome {
        Outcome::Match | Outcome::EmptyMatch => Some(100.0),
        Outcome::GoldError => None,
        Outcome::Mismatch | Outcome::PredictionError | Outcome::Timeout | Outcome::Refused => Some(0.0),
    };
    let mut labels = vec![("outcome".to_owned(), judged.outcome.name().to_owned())];
    if value == Some(0.0) {
        labels.push(("error-class".to_owned(), class(row, &judged).to_owned()));
    }
    if let Some(detail) = judged.detail {
        labels.push(("detail".to_owned(), detail));
    }
    RowScore {
        values: vec![value],
        labels,
    }
}

fn class(row: &Row, judged: &MatchOutcome) -> &'static str {
    match judged.outcome {
        Outcome::Timeout => error_class::TIMEOUT,
        Outcome::Refused => error_class::REFUSED,
        _ => match sql::analyse(&row.predicted_sql) {
            Err(_) => error_class::SYNTAX,
            Ok(predicted) => error_class::of_names(&predicted).unwrap_or_else(|| {
                let same_template = matches!(
                    (sql::template(&row.gold), sql::template(&row.predicted_sql)),
                    (Ok(gold), Ok(predicted)) if gold == predicted
                );
                match sql::analyse(&row.gold) {
                    _ if same_template => error_class::FILTER_VALUE,
                    Ok(gold) => error_class::of_difference(&gold, &predicted, judged.detail.as_deref()),
                    Err(_) => error_class::OTHER,
                }
            }),
        },
    }
}
