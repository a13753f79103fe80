//! A metric that is the host's execution match, under the definition that its options name.

use nl2sql_sdk::metric::{Metric, MetricInfo, Row, RowScore};
use nl2sql_sdk::query::{MatchPair, execution_match};
use nl2sql_sdk::types::PluginError;

struct Plugin;

impl Metric for Plugin {
    fn describe() -> Vec<MetricInfo> {
        vec![MetricInfo { name: "matches".into(), direction: "higher".into(), unit: "ratio".into() }]
    }

    fn score(rows: Vec<Row>, options: &str) -> Result<Vec<RowScore>, PluginError> {
        let pair = |row: &Row| MatchPair {
            database: row.database.clone(),
            gold: row.gold.clone(),
            predicted: row.predicted_sql.clone(),
        };
        let outcomes = execution_match(&rows.iter().map(pair).collect::<Vec<_>>(), options);
        let score = |outcome: nl2sql_sdk::query::MatchOutcome| RowScore {
            values: vec![Some(f64::from(outcome.outcome == "match"))],
            labels: vec![("outcome".into(), outcome.outcome)],
        };
        Ok(outcomes.into_iter().map(score).collect())
    }
}

nl2sql_sdk::register!(metric: Plugin);
